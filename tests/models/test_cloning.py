"""clone_model: names, weights, containers and calls as in Keras."""

import pytest
from test_naming import plain_config
from twins import check_twins, normal, start

import kerata


def described(model, *inputs):
    start(model)
    return [
        model.name, [x.name for x in model.layers], [w.path for w in model.weights], plain_config(model.get_config()),
        [model(x) for x in inputs],
    ]  # fmt: skip


def functional(K):
    i = K.Input((4,), name="i")
    x = K.layers.Dense(3)(i)
    y = K.layers.BatchNormalization()(x)
    inner = K.Sequential([K.Input((3,)), K.layers.Dense(3, name="in_d")], name="inner")
    return K.Model(i, [inner(y), y + 1.0, x[:, :2]], name="orig")


def stack(K):
    inner = K.Sequential([K.Input((2,)), K.layers.Dense(2, name="q")], name="inner")
    return K.Sequential([K.Input((4,)), K.layers.Dense(2), inner], name="s")


def renamed(K, seen):
    def clone(layer):
        seen.append(layer.name)
        config = layer.get_config()
        if isinstance(layer, K.layers.Dense):
            config["name"] = f"new_{layer.name}"
        return type(layer).from_config(config)

    return clone


def plainly(K):
    x, out = normal(2, 4), []
    for make in (functional, stack):
        model = make(K)
        clone = K.models.clone_model(model)
        out.append([described(clone, x), [a is b for a, b in zip(model.layers, clone.layers)]])
    a, b = K.Input((2,), name="a"), K.Input((2,), name="b")
    model = K.Model({"a": a, "b": b}, {"s": a + b, "d": K.layers.Dense(2)(a)})
    return [*out, described(K.models.clone_model(model), {"a": normal(2, 2), "b": normal(2, 2, seed=1)})]


def on_given_tensors(K):
    x, out = normal(2, 4), []
    for make in (functional, stack):
        clone = K.models.clone_model(make(K), input_tensors=K.Input((4,), name="t"))
        out.append([[layer.name for layer in clone.layers if layer.name != "t"], start(clone)(x)])
    inner = K.layers.Dense(4)(K.Input((5,), name="t"))
    clone = K.models.clone_model(functional(K), input_tensors=inner)
    return [*out, len(clone.weights), start(clone)(x)]


def with_functions(K):
    x, out = normal(2, 4), []
    for recursive in (False, True):
        for make in (functional, stack):
            seen = []
            clone = K.models.clone_model(make(K), clone_function=renamed(K, seen), recursive=recursive)
            inner = clone.get_layer("inner")
            out.append([described(clone, x), [layer.name for layer in inner.layers]])
    model, calls = functional(K), []

    def call(layer, *args, **kwargs):
        calls.append(layer.name)
        return layer(*args, **kwargs)

    clone = K.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    same = [a is b for a, b in zip(model.layers, clone.layers)][1:]
    return [*out, same, set(calls) >= {"dense", "batch_normalization", "inner"}]


def frozen_and_unbuilt(K):
    model = functional(K)
    model.trainable = False
    clone = K.models.clone_model(model)
    deferred = K.models.clone_model(K.Sequential([K.layers.Dense(2)], name="u"))

    class Net(K.Model):
        def __init__(self, units=2, **kwargs):
            super().__init__(**kwargs)
            self.units, self.dense = units, K.layers.Dense(units)

        def call(self, x):
            return self.dense(x)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    net = K.models.clone_model(Net(3, name="k"))
    return [clone.trainable, len(clone.trainable_weights), deferred.name, deferred.built, net.name, net.units]


@pytest.mark.parametrize(
    "program", [plainly, on_given_tensors, with_functions, frozen_and_unbuilt], ids=lambda p: p.__name__
)
def test_clones(program):
    with kerata.backend_scope("numpy"):
        check_twins(program)


def test_clones_learn_apart(train_backend):
    model = start(functional(kerata))
    clone = kerata.models.clone_model(model)
    clone.set_weights(model.get_weights())
    before = model.get_weights()
    clone.compile("sgd", "mse")
    clone.train_on_batch(normal(4, 4), [normal(4, 3), normal(4, 3), normal(4, 2)])
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))
    assert any((a != b).any() for a, b in zip(before, clone.get_weights()))


def test_a_subclassed_model_is_cloned_built_and_compiled(train_backend):
    class Net(kerata.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units, self.inner = units, kerata.layers.Dense(units)

        def call(self, x):
            return self.inner(x)

    model = Net(3, name="net")
    assert not kerata.models.clone_model(model).built
    model.build((None, 4))
    model.compile("adam", "mse")
    clone = kerata.models.clone_model(model)
    assert type(clone) is Net and clone.built and type(clone.optimizer) is kerata.optimizers.Adam and clone.loss == "mse"
    assert [w.shape for w in clone.weights] == [(4, 3), (3,)] and clone.name == "net"
    clone.fit(normal(4, 4), normal(4, 3), verbose=0)


def test_mistakes():
    L, clone = kerata.layers, kerata.models.clone_model
    t = kerata.Input((4,))

    class Net(kerata.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="wants a model"):
        clone(L.Dense(2))
    with pytest.raises(ValueError, match=r"1 inputs.*2 `input_tensors`"):
        clone(functional(kerata), input_tensors=[t, t])
    with pytest.raises(ValueError, match="one input; 2"):
        clone(stack(kerata), input_tensors=[t, t])
    with pytest.raises(ValueError, match=r"`call_function`.*Sequential"):
        clone(stack(kerata), call_function=lambda layer, x: layer(x))
    with pytest.raises(ValueError, match="subclassed"):
        clone(Net(), clone_function=lambda layer: layer)
    with pytest.raises(TypeError, match="'wrong'"):
        clone(stack(kerata), wrong=1)
