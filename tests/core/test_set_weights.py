"""`set_weights` and `Variable.fill`: values as `assign` gives them, in memory of their own, and nothing is compiled for them."""

import numpy as np
import pytest

import kerata
from kerata import ops

VALUES = np.array([[1.7, -2.0, 0.0], [3.5, -0.5, 100.0]])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "int32", "uint8", "bool"])
@pytest.mark.parametrize("source", ["float64", "float32", "int8", "bool"])
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 3)])
def test_fill_gives_what_assign_gives(dtype, source, shape, backend):
    given = np.resize(np.abs(VALUES) if dtype == "uint8" else VALUES, shape).astype(source)
    filled, assigned = (kerata.Variable(np.ones(shape), dtype=dtype) for _ in range(2))
    kept = given.copy()
    filled.fill(given)
    assigned.assign(kept)
    given[...] = 0  # the caller may use the array again
    assert filled.dtype == assigned.dtype and tuple(filled.shape) == shape
    np.testing.assert_array_equal(filled.numpy().astype("float32"), assigned.numpy().astype("float32"))
    filled.fill(ops.convert_to_tensor(kept.astype("float32")))
    np.testing.assert_array_equal(filled.numpy().astype("float32"), assigned.numpy().astype("float32"))


def test_gradients_notice_a_filled_weight(train_backend):
    layer = kerata.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    layer.build((None, 2))
    x = np.ones((1, 2), "float32")
    loss = lambda: ops.sum(ops.square(layer(x)))
    for value in (1.0, 3.0):
        layer.set_weights([np.full((2, 1), value)])
        model = kerata.Sequential([kerata.Input((2,)), layer])
        model.compile(kerata.optimizers.SGD(0.5), "mse")
        model.fit(x, np.zeros((1, 1)), verbose=0)  # the slope is 2 * 2 * value
        np.testing.assert_allclose(layer.get_weights()[0], np.full((2, 1), value - 2 * value), rtol=1e-6)
    assert loss() > 0


def test_programs_are_not_compiled_again_for_weights_that_were_set(tmp_path):
    pytest.importorskip("jax")
    with kerata.backend.backend_scope("jax"):
        model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(4), kerata.layers.BatchNormalization()])
        model.compile("adam", "mse")
        x, y = np.ones((16, 3), "float32"), np.ones((16, 4), "float32")

        def programs():
            model.fit(x, y, batch_size=8, verbose=0)
            model.fit(x, y, batch_size=8, verbose=0)
            return [step.program._call._cache_size() for step in model._compiled_steps.values()]

        first = programs()
        model.set_weights([w + 1 for w in model.get_weights()])
        assert programs() == first
        model.save_weights(tmp_path / "a.weights.h5")
        model.load_weights(tmp_path / "a.weights.h5")
        assert programs() == first
