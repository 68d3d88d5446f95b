"""Discretization and CategoryEncoding against Keras."""

import numpy as np
import pytest
from common import check_layer, plain

import kerata
from kerata import ops

SHAPES = [(3,), (1,), (3, 1), (2, 3), (2, 1, 3), (2, 3, 4), (2, 3, 1)]
X = np.random.default_rng(1).integers(-1, 5, size=24)
INTEGERS = {"symbolic": False, "gradients": False}


def some(shape, dtype="int32"):
    return X[: np.prod(shape, dtype=int)].reshape(shape).astype(dtype)


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_category_encoding(mode, shape, backend):
    check_layer("CategoryEncoding", {"num_tokens": 4, "output_mode": mode}, some(shape), **INTEGERS)


@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_discretization(mode, shape, backend):
    arguments = {"bin_boundaries": [-0.5, 1.0, 2.5], "output_mode": mode}
    check_layer("Discretization", arguments, some(shape, "float32"), gradients=False, symbolic=False)


@pytest.mark.parametrize("name, arguments", [
    ("CategoryEncoding", {"num_tokens": 4}),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "one_hot"}),
    ("Discretization", {"bin_boundaries": [0.0, 1.0]}),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "one_hot"}),
    ("Discretization", {"bin_boundaries": [0.0, 1.0], "output_mode": "count"}),
])  # fmt: skip
@pytest.mark.parametrize("shape", [(None, 3), (None, 1)], ids=str)
def test_symbolic(name, arguments, shape, backend):
    import keras

    found = getattr(kerata.layers, name)(**arguments)(kerata.KerasTensor(shape))
    wanted = getattr(keras.layers, name)(**arguments)(keras.KerasTensor(shape))
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)


def test_count_weights(backend):
    layer = kerata.layers.CategoryEncoding(3, output_mode="count")
    out = layer(np.array([[0, 0, 1]]), count_weights=np.array([[0.5, 0.25, 2.0]]))
    np.testing.assert_allclose(ops.convert_to_numpy(out), [[0.75, 2.0, 0.0]])
    with pytest.raises(ValueError, match="count_weights"):
        kerata.layers.CategoryEncoding(3)(np.array([[0, 1]]), count_weights=np.array([[0.5, 0.25]]))


@pytest.mark.parametrize("size, bins, epsilon, parts", [
    (150, 4, 0.01, 1), (150, 4, 0.1, 1), (1000, 10, 0.01, 1), (7, 3, 0.01, 1), (5, 3, 0.5, 1), (2000, 5, 0.01, 4),
    (40, 1, 0.01, 2), (333, 7, 0.03, 3),
])  # fmt: skip
def test_adapt(size, bins, epsilon, parts):
    import keras

    x = np.random.default_rng(0).normal(size=size).astype("float32")
    mine = kerata.layers.Discretization(num_bins=bins, epsilon=epsilon, name="d")
    keras_ = keras.layers.Discretization(num_bins=bins, epsilon=epsilon, name="d")
    if parts == 1:
        keras_.adapt(x)
        mine.adapt(x)
    else:
        keras_.reset_state()
        for part in np.array_split(x, parts):
            keras_.update_state(part)
        keras_.finalize_state()
        mine.adapt(iter(np.array_split(x, parts)))
    assert mine.bin_boundaries == keras_.bin_boundaries
    assert plain(mine.get_config()) == plain(keras_.get_config())
    again = kerata.layers.Discretization.from_config(mine.get_config())
    assert again.get_config() == mine.get_config()


def test_adapt_takes_steps():
    layer = kerata.layers.Discretization(num_bins=2)
    layer.adapt(iter([np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([1e6, 1e6])]), steps=2)
    assert 1.0 < layer.bin_boundaries[0] < 4.0


def test_errors():
    layers = kerata.layers
    for arguments, words in [
        ({}, "either"), ({"num_bins": 3, "bin_boundaries": [1.0]}, "either"), ({"num_bins": -1}, "at least 0"),
        ({"num_bins": 2, "output_mode": "onehot"}, "one_hot"), ({"num_bins": 2, "sparse": True}, "int"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            layers.Discretization(**arguments)
    with pytest.raises(ValueError, match="num_bins"):
        layers.Discretization([1.0]).adapt(np.ones(3))
    with pytest.raises(ValueError, match="adapt"):
        layers.Discretization(num_bins=3)(np.ones((2, 1), "float32"))
    with pytest.raises(ValueError, match="no data"):
        layers.Discretization(num_bins=3).adapt(iter(()))
    for arguments, words in [
        ({}, "num_tokens"), ({"num_tokens": 0}, "at least 1"), ({"num_tokens": 2, "output_mode": "int"}, "multi_hot"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            layers.CategoryEncoding(**arguments)


def test_dtype_of_encodings_with_mixed_precision(backend):
    """Keras's too: the layer's dtype, not the one it would compute in."""
    indices = np.array([[1], [2]])
    for layer, x in [
        (kerata.layers.CategoryEncoding(4, output_mode="one_hot", dtype="mixed_float16"), indices),
        (kerata.layers.Hashing(3, output_mode="one_hot", dtype="mixed_float16"), indices),
        (kerata.layers.HashedCrossing(3, output_mode="one_hot", dtype="mixed_float16"), (indices, indices)),
    ]:
        assert kerata.backend.standardize_dtype(layer(x).dtype) == "float32"


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16"])
@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_the_dtype_of_discretization_is_that_of_results(mode, dtype, backend):
    layer = kerata.layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5], output_mode=mode, dtype=dtype)
    out = ops.convert_to_numpy(layer(np.array([-0.7, -0.3, 0.2, 0.9], "float32")))
    np.testing.assert_array_equal(out.argmax(-1) if mode == "one_hot" else out, [0, 1, 2, 3])


@pytest.mark.parametrize("mode", ["multi_hot", "count"])
def test_rows_without_categories(mode, backend):
    out = kerata.layers.CategoryEncoding(num_tokens=3, output_mode=mode)(np.zeros((2, 0), "int32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(out), np.zeros((2, 3)))
