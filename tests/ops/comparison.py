"""Running one call in the real Keras (on JAX) and in Kerata, and comparing all that comes out."""

from __future__ import annotations

import hashlib
import pickle
import warnings

import numpy as np
from remember import remembered


def _find(module, name):
    for part in name.split("."):
        module = getattr(module, part)
    return module


def _outputs(result):
    if isinstance(result, list | tuple):
        return [o for r in result for o in _outputs(r)]
    return [result]


def run(ops, name, args, kwargs):
    """The outputs as (dtype, array) pairs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = _outputs(_find(ops, name)(*args, **kwargs))
        return [(ops.dtype(r), np.asarray(ops.convert_to_numpy(r))) for r in result]


_CACHE: dict = {}


def expected(name, args, kwargs, key):
    def ask():
        import keras

        return run(keras.ops, name, args, kwargs)

    try:
        question = hashlib.sha256(pickle.dumps((args, kwargs))).hexdigest()
    except (pickle.PicklingError, AttributeError, TypeError):  # a local function among the arguments
        if key not in _CACHE:
            _CACHE[key] = ask()
        return _CACHE[key]
    return remembered((name, question), ask, __file__)


def compare(name, args, kwargs, key, dtype=True, rtol=1e-5, atol=1e-5):
    from kerata import ops

    want = expected(name, args, kwargs, key)
    got = run(ops, name, args, kwargs)
    assert len(got) == len(want), f"{len(got)} outputs, wanted {len(want)}"
    for (kind, value), (wanted_kind, wanted) in zip(got, want):
        assert value.shape == wanted.shape, f"shape {value.shape}, wanted {wanted.shape}"
        if dtype:
            assert kind == wanted_kind, f"dtype {kind}, wanted {wanted_kind}"
        exact = wanted.dtype.kind in "iub"
        complex_ = wanted.dtype.kind == "c"
        value, wanted = (v.astype("complex128" if complex_ else "float64") for v in (value, wanted))
        if exact:
            np.testing.assert_array_equal(value, wanted)
        else:
            np.testing.assert_allclose(value, wanted, rtol=rtol, atol=atol)
