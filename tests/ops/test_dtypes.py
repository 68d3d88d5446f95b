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


@pytest.mark.parametrize("x", [1j, [1j, 2.0], np.array([1j]), [np.complex128(1j)]], ids=str)
def test_complex_numbers(backend, x):
    """As in Keras, Python's are narrow (but on TensorFlow); NumPy's keep their width (but on JAX, which has no wide ones)."""
    python = type(x) is complex or type(x[0]) is complex
    wanted = "complex128" if backend == "tensorflow" or (not python and backend != "jax") else "complex64"
    assert ops.dtype(ops.convert_to_tensor(x)) == wanted
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.convert_to_tensor(x)), x)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint16", "uint32", "uint64", "int32", "int64"])
def test_targets_of_in_top_k(backend, dtype):
    """Integers of any kind (beyond 300 classes, which 8 bits cannot count)."""
    scores = np.zeros((2, 300), "float32")
    scores[0, 1] = scores[1, 5] = 1
    found = ops.in_top_k(ops.cast(np.array([1, 0]), dtype), scores, 1)
    assert ops.convert_to_numpy(found).tolist() == [True, False]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_nextafter_in_half_precision(train_backend, dtype):
    """The bits differ by one from those of the number, in the order of the magnitudes."""
    x = np.array([1.0, 1.0, -1.0, -1.0, 0.0, 0.0, -0.0, 5.0, np.inf, -np.inf, np.nan, 1.0, 2.0])
    y = np.array([2.0, 0.0, -2.0, 0.0, 1.0, -1.0, 3.0, 5.0, 0.0, 0.0, 1.0, np.nan, np.inf])
    step = np.array([1, -1, 1, -1, 0, 0, 0, 0, -1, -1, 0, 0, 1], "int16")
    x, y = ops.cast(x, dtype), ops.cast(y, dtype)
    bits = ops.convert_to_numpy(x).view("int16") + step
    bits[4:7] = [1, 1 - 2**15, 1]  # the smallest numbers there are
    want = bits.view(ops.convert_to_numpy(x).dtype).astype("float64")
    want[10:12] = np.nan
    out = ops.nextafter(x, y)
    assert ops.dtype(out) == ops.nextafter(KerasTensor((2,), dtype), KerasTensor((2,), dtype)).dtype == dtype
    np.testing.assert_array_equal(ops.convert_to_numpy(out).astype("float64"), want)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "uint16", "int32", "int64"])
def test_bincount_of_small_integers(backend, dtype):
    """Also with more counts than the dtype can number."""
    counts = ops.convert_to_numpy(ops.bincount(ops.cast(np.array([0, 1, 1]), dtype), minlength=300))
    assert counts.tolist() == [1, 2] + [0] * 298 and counts.dtype == "int32"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_where_kernels_lack_it(train_backend, dtype):
    x, y = ops.cast(np.array([5.5, -7.0, 0.75]), dtype), ops.cast(np.array([2.0, 3.0, -0.5]), dtype)
    for out, wanted in ((ops.fmod(x, y), [1.5, -1.0, 0.25]), (ops.erfinv(y * 0.25), [0.47693628, 0.81341985, -0.11123545])):
        assert ops.dtype(out) == dtype
        np.testing.assert_allclose(ops.convert_to_numpy(ops.cast(out, "float32")), wanted, rtol=8e-3)
