"""Names that Keras gives automatically, and the forms in which graphs stand in files: they are part of the format."""

import copy
import json
import pickle

import numpy as np
import pytest
from twins import check_twins, compare, normal, of_keras, plain, start

import kerata


def plain_config(x):
    """A config as JSON has it, without what says nothing (`mask: None`)."""

    def clean(x):
        if isinstance(x, dict):
            return {k: clean(v) for k, v in x.items() if not (k == "mask" and not v)}
        return [clean(v) for v in x] if isinstance(x, list) else x

    return clean(json.loads(json.dumps(x)))


def names(K):
    """The names of models after everything that makes, and so numbers, inner models."""
    L, out = K.layers, []

    def note(model):
        out.append([model.name, *[x.name for x in model.layers]])

    def fresh():
        i = K.Input((3,))
        note(K.Model(i, L.Dense(2)(i)))

    i = K.Input((3,))
    model = K.Model(i, L.Dense(2)(i))
    stack = K.Sequential([K.Input((3,)), L.Dense(2), L.Dense(2), L.Dense(3)])
    deferred = K.Sequential([L.Dense(2), L.Dense(3)])
    deferred(normal(2, 3))
    nested = K.Sequential([K.Sequential([K.Sequential([L.Dense(2), L.ReLU()]), L.Dense(2)])])
    nested.build((None, 3))
    for m in (model, stack, deferred, nested):
        note(K.models.clone_model(m))
        fresh()
        note(type(m).from_config(m.get_config()))
        fresh()
        note(K.models.model_from_json(m.to_json()))
        fresh()
    L.TimeDistributed(K.Sequential([L.Dense(2)]))(np.ones((2, 3, 2), "float32"))
    fresh()
    out.append([K.Input((2,)).name.rpartition("_")[0], K.Input((2,), name="n").name])
    x = K.Input((3, 4))
    for layer in (L.MultiHeadAttention(2, 2), L.GroupQueryAttention(2, 2, 1), L.MultiHeadAttention(2, 2, dropout=0.5)):
        layer(x, x)
        out.append([L.Dropout(0.5).name, L.Softmax().name])
    return out


def ends(K):
    """Configs and results of models whose outputs are calls of nested models, of several containers, of inner tensors."""
    L, out = K.layers, []
    h = L.Dense(3)(K.Input((4,)))
    from_inside = K.Model(h, K.ops.concatenate([L.ReLU()(h) + 1.0, h]))
    i = K.Input((4,), name="i")
    inner = K.Model(i, L.Dense(3)(i), name="inner")
    j = K.Input((4,), name="j")
    a, b = inner(j), inner(j * 2)
    models = [
        K.Model(j, [a + 2 * b, b, a]), K.Model([j], [a]), K.Model({"j": j}, {"b": b, "a": [a, (j,)]}), K.Model((j,), (b,)),
        from_inside,
    ]  # fmt: skip
    x = normal(2, 4)
    inputs = [x, x, {"j": x}, x, normal(2, 3)]
    for model, given in zip(models, inputs):
        start(model)
        config = plain_config(model.get_config())
        out.append([config, model(given), model.predict(given, verbose=0), model.input_shape, model.output_shape])
        again = start(K.Model.from_config(model.get_config()))
        out.append([plain_config(again.get_config()), again(given)])
    return out


def variables(K):
    """Variables that are set as attributes stand among those of `add_weight` in the order of their making."""

    class Mixed(K.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.v = K.Variable(np.ones(3, "float32"), name="v")
            self.w = self.add_weight(shape=(3,), name="w", initializer="ones")
            self.more = [K.Variable(1.0, trainable=False, name="n")]
            self.inner = {"k": K.layers.Dense(3)}

        def call(self, x):
            return self.inner["k"](x * self.v + self.w)

    class WithExtra(K.Model):
        def __init__(self, inputs, outputs, **kwargs):
            super().__init__(inputs=inputs, outputs=outputs, **kwargs)
            self.extra = K.layers.Dense(4)

    model = K.Sequential([K.Input((3,)), Mixed(name="z")])
    i = K.Input((3,))
    extra = WithExtra(i, K.layers.Dense(2)(i), name="f")
    extra.extra(normal(2, 3))
    return [[w.path for w in m.weights] + [x.name for x in m.layers] for m in (model, extra)]


@pytest.mark.parametrize("program", [names, ends, variables], ids=lambda p: p.__name__)
def test_as_in_keras(program):
    with kerata.backend_scope("numpy"):
        check_twins(program)


def casts(K):
    """A layer of another dtype casts its inputs when it is called; the graph has no op for it."""
    i = K.Input((3,), dtype="float16")
    x = K.layers.Dense(2, dtype="mixed_bfloat16")(i)
    model = K.Model(i, K.layers.Dense(2, dtype="float32")(x))
    return [plain_config(model.get_config()), [x.name for x in model.operations], str(model.outputs[0].dtype)]


def test_casts_are_no_part_of_the_graph():
    with kerata.backend_scope("numpy"):
        kerata.utils.clear_session()
        compare(plain(casts(kerata)), of_keras(casts))


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_models_in_files_of_both(tmp_path, suffix):
    """A nested model that is called twice, and a dropout, in files of Keras's and of ours."""
    import keras

    def make(K):
        i = K.Input((4,))
        inner = K.Model(i, K.layers.Dense(3)(i), name="b")
        j = K.Input((4,))
        a, b = inner(j), inner(j * 2)
        return start(K.Model(j, [a + 2 * b, b, K.layers.Dropout(0.9)(a)]))

    theirs, ours = make(keras), make(kerata)
    theirs.save(tmp_path / f"theirs{suffix}"), ours.save(tmp_path / f"ours{suffix}")
    x = normal(2, 4)
    for load, name in (
        (kerata.saving.load_model, "theirs"), (keras.saving.load_model, "ours"), (kerata.saving.load_model, "ours")
    ):  # fmt: skip
        model = load(tmp_path / f"{name}{suffix}")
        compare(plain(model(x)), plain(theirs(x)))
        assert (np.asarray(plain(model(x, training=True))[2]) == 0).any(), "the dropout is off"


def test_copies_and_pickles(backend):
    class Block(kerata.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.parts = [kerata.layers.Dense(3), {"n": kerata.layers.LayerNormalization()}]

        def call(self, x):
            return self.parts[1]["n"](self.parts[0](x))

    L = kerata.layers
    i = kerata.Input((3,), name="i")
    dense = L.Dense(3)
    a = dense(i)
    nested = kerata.Sequential([L.Dense(3), L.BatchNormalization(), L.Dropout(0.5)])
    model = kerata.Model({"i": i}, [dense(a + 1.0), a, nested(a), nested(i)])
    x = {"i": normal(2, 3)}
    wanted = plain(model(x))
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), copy.deepcopy(copy.deepcopy(model))):
        compare(plain(other(x)), wanted)
        assert other.get_config() == model.get_config()
        other.set_weights([w + 1 for w in other.get_weights()])
        compare(plain(model(x)), wanted)  # nothing is shared
    block = Block(name="block")
    y = plain(block(x["i"]))
    compare(plain(copy.deepcopy(block)(x["i"])), y)
    single = copy.deepcopy(model.layers[1])
    assert single.name == dense.name and not single._inbound_nodes
    unbuilt = copy.deepcopy(L.Dense(2))
    assert unbuilt(x["i"]).shape[-1] == 2


def test_copies_keep_the_state_of_training(train_backend):
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2), kerata.layers.Dropout(0.5)])
    model.compile("adam", "mse", metrics=["mae"], jit_compile=False)
    data = normal(4, 3), normal(4, 2)
    model.train_on_batch(*data)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        other.train_on_batch(*data)
        assert int(other.optimizer.iterations) == 2 and int(model.optimizer.iterations) == 1


def test_long_graphs_can_be_copied():
    with kerata.backend_scope("numpy"):
        x = i = kerata.Input((1,))
        for _ in range(600):
            x = x + 1.0
        for model in (copy.deepcopy(kerata.Model(i, x)), pickle.loads(pickle.dumps(kerata.Model(i, x)))):
            assert float(model(np.zeros((1, 1), "float32"))[0, 0]) == 600
