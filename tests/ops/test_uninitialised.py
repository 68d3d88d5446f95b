"""Tensors whose values are whatever the memory holds: they have shapes and dtypes."""

import numpy as np
import pytest

import kerata
from kerata import ops


@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", None])
@pytest.mark.parametrize("shape", [(2, 3), (0, 4), ()])
def test_shapes_and_dtypes(backend, shape, dtype):
    x = ops.empty(shape, dtype=dtype)
    assert tuple(x.shape) == shape and kerata.backend.standardize_dtype(x.dtype) == (dtype or "float32")
    like = ops.empty_like(np.zeros(shape, "int8"), dtype=dtype)
    assert tuple(like.shape) == shape and kerata.backend.standardize_dtype(like.dtype) == (dtype or "int8")


def test_symbols(backend):
    like = ops.empty_like(kerata.Input((3,), dtype="int16"))
    assert like.shape == (None, 3) and like.dtype == "int16"
