"""`predict` on batches of many sizes: few programs, and the same outputs as one by one."""

import numpy as np
import pytest

import kerata
from kerata import backend as backends

pytestmark = pytest.mark.skipif("jax" not in backends.installed(), reason="programs of fixed shapes are JAX's")
x = np.random.default_rng(0).normal(size=(100, 6)).astype("float32")


@pytest.fixture(autouse=True)
def on_jax():
    with backends.backend_scope("jax"):
        yield


def programs(model) -> int:
    return model._compiled("predict")._step.program._call._cache_size()


def sizes(model, counts):
    return {n: model.predict(x[:n], batch_size=100, verbose=0) for n in counts}


def test_a_bounded_number_of_programs():
    model = kerata.Sequential([kerata.Input((6,)), kerata.layers.Dense(5, "relu"), kerata.layers.BatchNormalization()])
    want = np.asarray(model(x))
    for n, out in sizes(model, range(1, 101)).items():
        np.testing.assert_allclose(out, want[:n], rtol=1e-5, atol=1e-6)
    assert programs(model) <= 8 + 1 + 8  # sizes of their own, the one that was tried, powers of two


def test_the_last_batch_costs_one_program():
    model = kerata.Sequential([kerata.Input((6,)), kerata.layers.Dense(5)])
    for _ in range(3):
        assert model.predict(x, batch_size=32, verbose=0).shape == (100, 5)
    assert programs(model) == 2


class Centred(kerata.layers.Layer):
    def call(self, inputs):
        return inputs - kerata.ops.mean(inputs, axis=0, keepdims=True)


class Shared(kerata.layers.Layer):
    def call(self, inputs):
        return inputs / kerata.ops.shape(inputs)[0]


@pytest.mark.parametrize("layer", [Centred, Shared])
def test_models_whose_rows_depend_on_each_other(layer):
    model = kerata.Sequential([kerata.Input((6,)), layer()])
    for n, out in sizes(model, range(1, 20)).items():
        want = x[:n] - x[:n].mean(0) if layer is Centred else x[:n] / n
        np.testing.assert_allclose(out, want, rtol=1e-5, atol=1e-6)


def test_several_inputs_and_outputs():
    a, b = kerata.Input((6,)), kerata.Input((2,))
    model = kerata.Model({"a": a, "b": b}, {"sum": kerata.layers.Dense(2)(a) + b, "b": b * 2})
    want = model({"a": x, "b": x[:, :2]})
    for n in range(1, 40):
        out = model.predict({"a": x[:n], "b": x[:n, :2]}, batch_size=64, verbose=0)
        np.testing.assert_allclose(out["sum"], np.asarray(want["sum"])[:n], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(out["b"], 2 * x[:n, :2], rtol=1e-6)
    assert programs(model) <= 17


def test_layers_with_state_keep_it():
    """A program that assigns variables is never run for a trial."""

    class Counting(kerata.layers.Layer):
        def __init__(self):
            super().__init__()
            self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

        def call(self, inputs):
            self.calls.assign_add(1.0)
            return inputs

    layer = Counting()
    model = kerata.Sequential([kerata.Input((6,)), layer])
    sizes(model, range(1, 30))
    assert float(layer.calls.numpy()) == 29
