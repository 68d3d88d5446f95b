"""Result dtypes (and values) of every pair of dtypes and of Python numbers, as the real Keras gives them."""

import json
import pathlib

import cases
import comparison
import numpy as np
import pytest

from kerata import ops
from kerata.core.keras_tensor import KerasTensor

GOLDEN = json.loads((pathlib.Path(__file__).parent / "golden_dtypes.json").read_text())


def _defined(case):
    """Integer division by zero (False) has no defined value, and is an error in some backends."""
    return not (case.name in ("floor_divide", "mod") and _is_bool(case.args[1]))


def _is_bool(x):
    return isinstance(x, np.ndarray) and x.dtype.kind == "b"


CASES = [c for c in cases.dtype_cases() if repr(c) in GOLDEN and _defined(c)]


def _mismatch(case):
    try:
        got = comparison.run(ops, case.name, case.args, case.kwargs)
        for (kind, value), (wanted_kind, wanted) in zip(got, GOLDEN[repr(case)], strict=True):
            assert kind == wanted_kind, f"dtype {kind}, wanted {wanted_kind}"
            wanted = np.asarray(wanted)
            assert value.shape == wanted.shape, f"shape {value.shape}, wanted {wanted.shape}"
            np.testing.assert_allclose(value.astype("float64"), wanted, rtol=2e-2, atol=2e-2)
    except Exception as e:
        return f"{case!r}: {type(e).__name__}: {str(e).strip()[:200]}"
    return None


@pytest.mark.parametrize("name", sorted({c.name for c in CASES}))
def test_result_dtypes(backend, name):
    chosen = [c for c in CASES if c.name == name]
    if backend == "jax":  # compiles each call; its dtypes are tested below without computing
        chosen = chosen[:: 1 + len(chosen) // 8]
    bad = [m for c in chosen if (m := _mismatch(c))]
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("name", sorted({c.name for c in CASES}))
def test_symbolic_dtypes(train_backend, name):
    """A call on KerasTensors announces the dtype that the call on values gives."""
    bad = []
    for case in [c for c in CASES if c.name == name][:40]:
        args = [KerasTensor(a.shape, a.dtype) if isinstance(a, np.ndarray) else a for a in case.args]
        if not any(isinstance(a, KerasTensor) for a in args):
            continue
        out = getattr(ops, name)(*args, **case.kwargs)
        kinds = [o.dtype for o in (out if isinstance(out, list | tuple) else [out])]
        if kinds != [k for k, _ in GOLDEN[repr(case)]]:
            bad.append(f"{case!r}: {kinds}, wanted {GOLDEN[repr(case)]}")
    assert not bad, "\n".join(bad)


DTYPES_64 = [*cases.DTYPES, "int64", "uint64", "float64", int, float]


@pytest.mark.parametrize("a", DTYPES_64, ids=str)
def test_result_type(a):
    """As Keras's on JAX, which cuts 64-bit dtypes to 32 bits."""
    import keras

    from kerata.core.dtypes import result_type

    for b in DTYPES_64:
        got = result_type(a, b)
        assert got.replace("64", "32") == keras.backend.result_type(a, b).replace("64", "32"), (a, b)
