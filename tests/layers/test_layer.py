"""The base class: weights and their paths, freezing, losses, dtypes, configs, errors."""

import numpy as np
import pytest

import kerata
from kerata import layers, ops

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


class Scale(layers.Layer):
    def __init__(self, factor=2.0, *, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.multiplier, self.shift = factor, offset

    def build(self, input_shape):
        self.weight = self.add_weight(shape=(input_shape[-1],), initializer="ones", regularizer="l2", name="weight")

    def call(self, x):
        return x * self.weight * self.multiplier + self.shift


class Outer(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.inner = layers.Dense(4, name="inner")
        self.more = [layers.Dense(2, name="last"), {"bn": layers.BatchNormalization(name="bn")}]

    def call(self, x, training=False):
        return self.more[1]["bn"](self.more[0](self.inner(x)), training=training)


def test_paths_and_order_of_weights_are_those_of_keras():
    import keras

    class KerasOuter(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = keras.layers.Dense(4, name="inner")
            self.more = [keras.layers.Dense(2, name="last"), {"bn": keras.layers.BatchNormalization(name="bn")}]

        def call(self, x, training=False):
            return self.more[1]["bn"](self.more[0](self.inner(x)), training=training)

    theirs, ours = KerasOuter(name="outer"), Outer(name="outer")
    theirs(X), ours(X)
    for listing in ("weights", "trainable_weights", "non_trainable_weights", "variables"):
        assert [v.path for v in getattr(ours, listing)] == [v.path for v in getattr(theirs, listing)], listing


def test_lists_and_dictionaries_may_change_after_they_were_set(backend):
    layer = Outer()
    layer.more.append(layers.Dense(1))
    layer(X)
    layer.more[-1].build((None, 2))
    assert len(layer.weights) == 2 + 2 + 4 + 2


def test_freezing(backend):
    layer = Outer()
    layer(X)
    layer.inner.trainable = False
    assert [v.path.split("/")[-2] for v in layer.trainable_weights] == ["last", "last", "bn", "bn"]
    layer.trainable = False
    assert not layer.trainable_weights and len(layer.non_trainable_weights) == 8
    layer.trainable = True
    assert len(layer.trainable_weights) == 6  # the moving averages are never trained


def test_frozen_weights_stay_and_a_frozen_batch_norm_uses_its_averages(train_backend):
    layer = Outer()
    model = kerata.Sequential([kerata.Input((3,)), layer])
    model.compile("sgd", "mse")
    layer.inner.trainable = False
    layer.more[1]["bn"].trainable = False
    before = [w.numpy().copy() for w in layer.weights]
    model.fit(X, np.ones((4, 2), "float32"), verbose=0)
    changed = [not np.array_equal(a, w.numpy()) for a, w in zip(before, layer.weights)]
    assert changed == [False, False, True, True, False, False, False, False]


def test_losses_of_weights_calls_and_activities(backend):
    class Adds(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x) * 0.0 + 3.0)
            return x

    scale, adds = Scale(), Adds()
    model = kerata.Sequential([kerata.Input((3,)), scale, adds, layers.Dense(1, activity_regularizer="l1")])
    for _ in range(2):  # a call forgets what the call before it added
        out = model(X)
        found = sorted(float(ops.convert_to_numpy(v)) for v in model.losses)
        activity = 0.01 * float(np.abs(ops.convert_to_numpy(out)).sum()) / len(X)
        np.testing.assert_allclose(found, sorted([0.03, 3.0, activity]), rtol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_dtype_policies(train_backend, policy):
    layer = layers.Dense(2, dtype=policy)
    out = layer(X)
    narrow = policy.removeprefix("mixed_")
    assert kerata.backend.standardize_dtype(out.dtype) == narrow == layer.compute_dtype
    assert layer.kernel.dtype == ("float32" if policy.startswith("mixed") else narrow)
    wide = X @ layer.kernel.numpy().astype("float32")
    np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(out, "float32")), wide, atol=5e-2)
    assert layer.get_config()["dtype"]["config"]["name"] == policy


def test_inner_layers_keep_their_own_dtype(backend):
    class Mixed(layers.Layer):
        def __init__(self):
            super().__init__(dtype="mixed_bfloat16")
            self.exact = layers.Dense(2, dtype="float32")

        def call(self, x):
            return self.exact(x)

    layer = Mixed()
    assert kerata.backend.standardize_dtype(layer(X).dtype) == "float32"
    assert layer.exact.kernel.value.dtype == layer.exact.kernel._value.dtype


def test_configs_of_layers_of_users_are_derived(backend):
    for layer in (Scale(3.0, offset=1.0, name="s"), Scale(factor=3.0, offset=1.0, name="s")):
        config = layer.get_config()
        assert (config["factor"], config["offset"], config["name"]) == (3.0, 1.0, "s")
        again = Scale.from_config(config)
        np.testing.assert_allclose(ops.convert_to_numpy(again(X)), X * 3 + 1, rtol=1e-6)


def test_a_layer_whose_init_forgets_super_says_so():
    class Forgets(layers.Layer):
        def __init__(self):
            self.units = 3

        def call(self, x):
            return x

    with pytest.raises(RuntimeError, match=r"super\(\).__init__"):
        Forgets()(X)


def test_errors_name_the_layer_and_what_is_wanted(backend):
    dense = layers.Dense(2, name="head")
    dense(X)
    with pytest.raises(ValueError, match=r"'head'.*wanted size 3 on axis -1, found 5"):
        dense(np.ones((2, 5), "float32"))
    with pytest.raises(ValueError, match=r"'head'.*takes tensors"):
        dense([[1.0, 2.0, 3.0]])
    with pytest.raises(TypeError, match="twice|argument"):
        dense(X, inputs=X)
    with pytest.raises(ValueError, match="unitss"):
        layers.Dense(2, unitss=3)


def test_stateless_call_is_pure():
    jax = pytest.importorskip("jax")
    with kerata.backend_scope("jax"):
        layer = Outer()
        layer(X)
        trainable = [v.value for v in layer.trainable_variables]
        rest = [v.value for v in layer.non_trainable_variables]
        before = layer.get_weights()
        call = jax.jit(lambda t, n, x: layer.stateless_call(t, n, x, training=True))
        out, new = call(trainable, rest, X)
        assert out.shape == (4, 2)
        assert not np.allclose(new[0], rest[0])  # the moving mean has moved, in the result alone
        for a, b in zip(before, layer.get_weights()):
            np.testing.assert_array_equal(a, b)


def test_weights_set_and_got(backend):
    a, b = Outer(), Outer()
    a(X), b(X)
    b.set_weights(a.get_weights())
    np.testing.assert_allclose(ops.convert_to_numpy(a(X)), ops.convert_to_numpy(b(X)), rtol=1e-6)
    with pytest.raises(ValueError, match="8 weights"):
        b.set_weights(a.get_weights()[:3])
    assert a.count_params() == 3 * 4 + 4 + 4 * 2 + 2 + 4 * 2
