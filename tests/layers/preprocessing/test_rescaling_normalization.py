"""Rescaling and Normalization against Keras."""

import numpy as np
import pytest
from common import check_layer, plain

import kerata
from kerata import ops

CASES = [
    ("Rescaling", {"scale": 0.5, "offset": -1.0}, {"inputs": (2, 3)}),
    ("Rescaling", {"scale": 1 / 255}, {"inputs": np.arange(6).reshape(2, 3)}),
    ("Rescaling", {"scale": [1.0, 2.0, 3.0], "offset": [0.5, 0.0, 1.0]}, {"inputs": (2, 4, 3)}),
    ("Normalization", {"mean": 2.0, "variance": 4.0, "axis": None}, {"inputs": (2, 3)}),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 9.0]}, {"inputs": (2, 3)}),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 9.0], "invert": True}, {"inputs": (2, 4, 3)}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


@pytest.mark.parametrize("axis", [-1, None, 1, (1, 2)])
def test_adapt(axis, backend):
    import keras

    x = np.random.default_rng(0).normal(3.0, 2.0, size=(6, 4, 3)).astype("float32")
    found, wanted = kerata.layers.Normalization(axis=axis, name="n"), keras.layers.Normalization(axis=axis, name="n")
    found.adapt(x)
    wanted.adapt(x)
    assert plain(found.get_config()) == plain(wanted.get_config())
    assert [w.path for w in found.weights] == [w.path for w in wanted.weights]
    np.testing.assert_allclose(ops.convert_to_numpy(found(x)), np.asarray(wanted(x)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(found.mean), np.asarray(wanted.mean), rtol=1e-5)


def test_adapt_to_batches(backend):
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(10, 3)).astype("float32")
    layer = kerata.layers.Normalization()
    layer.adapt(x[i : i + 4] for i in (0, 4, 8))
    out = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(out.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(out.std(0), 1, atol=1e-4)


def test_errors():
    with pytest.raises(ValueError, match="both"):
        kerata.layers.Normalization(mean=1.0)
    with pytest.raises(ValueError, match="adapt"):
        kerata.layers.Normalization(mean=1.0, variance=1.0, axis=None).adapt(np.ones((2, 3)))
    with pytest.raises(ValueError, match="no data"):
        kerata.layers.Normalization().adapt(iter(()))
    for axis in (9, -4, (1, 5)):
        with pytest.raises(ValueError, match="no axis"):
            kerata.layers.Normalization(axis=axis)(np.ones((2, 3, 4), "float32"))


def test_lists_of_numbers_are_taken(backend):
    """As in Keras by the layers that prepare data, unlike by the others."""
    found = kerata.layers.Discretization([0.0, 1.0])([[-1.0, 0.5, 2.0]])
    assert kerata.ops.convert_to_numpy(found).tolist() == [[0, 1, 2]]
    found = kerata.layers.Rescaling(2.0, offset=1)([[1, 2.5]])
    assert kerata.backend.standardize_dtype(found.dtype) == "float32"
    assert kerata.ops.convert_to_numpy(found).tolist() == [[3.0, 6.0]]
    with pytest.raises(ValueError, match="numpy"):
        kerata.layers.Dense(1)([[1.0, 2.0]])
