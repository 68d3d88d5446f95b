"""Dtype names and the promotion rules of the public API.

The lattice is JAX's (https://docs.jax.dev/en/latest/type_promotion.html). Python scalars are weak: they take the other
operand's kind and width.
"""

from __future__ import annotations

import functools

import ml_dtypes
import numpy as np

from kerata.core import config

FLOATS = ("float8_e4m3fn", "float8_e5m2", "bfloat16", "float16", "float32", "float64")
SIGNED = ("int4", "int8", "int16", "int32", "int64")
UNSIGNED = ("uint4", "uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
ALLOWED = frozenset((*FLOATS, *SIGNED, *UNSIGNED, *COMPLEX, "bool", "string"))

_ALIASES = {bool: "bool", int: "int32", float: "floatx", str: "string", "int": "int32", "float": "floatx", "str": "string", "half": "float16", "double": "float64"}

_EXTENDED = {n: np.dtype(getattr(ml_dtypes, n)) for n in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "int4", "uint4")}


def numpy_dtype(name: str) -> np.dtype:
    """NumPy's dtype object for a dtype name."""
    return _EXTENDED.get(name) or np.dtype("bool" if name == "bool" else name)


def is_text(x) -> bool:
    """Whether this is a NumPy array of texts (or of other Python objects), which only TensorFlow has tensors for."""
    return isinstance(x, np.ndarray) and x.dtype.kind in "USO"


def standardize_dtype(dtype) -> str:
    """The name of a dtype, from any form in which one is written.

    Args:
        dtype: a name ("float32", "half", "double"), a Python type (`int` is "int32", `float` is floatx), a dtype object of
            NumPy, JAX, PyTorch or TensorFlow, or None for floatx.

    Returns:
        A string such as "float32".

    Raises:
        ValueError: for what is no dtype, or one that no backend has.

    >>> [kerata.backend.standardize_dtype(d) for d in (None, int, np.uint8, "half")]
    ['float32', 'int32', 'uint8', 'float16']
    """
    if type(dtype) is str and dtype in ALLOWED:
        return dtype
    if dtype is None:
        return config.floatx()
    try:
        alias = _ALIASES.get(dtype)
    except TypeError:
        alias = None
    if alias is not None:
        return config.floatx() if alias == "floatx" else alias
    name = getattr(dtype, "name", None) or getattr(dtype, "__name__", None) or str(dtype)
    name = str(name).removeprefix("torch.")
    if name.startswith("str") or name in ("object", "bytes_"):
        name = "string"
    if name == "bool_":
        name = "bool"
    if name not in ALLOWED:
        raise ValueError(f"{dtype!r} is not a dtype. Known dtypes: {', '.join(sorted(ALLOWED))}.")
    return name


def is_float(dtype) -> bool:
    """Whether a dtype holds real floating-point numbers, of 8 to 64 bits.

    Args:
        dtype: a name, or any form that `standardize_dtype` takes.

    >>> kerata.backend.is_float_dtype("bfloat16"), kerata.backend.is_float_dtype("int32")
    (True, False)
    """
    return standardize_dtype(dtype) in FLOATS


def is_int(dtype) -> bool:
    """Whether a dtype holds integers, signed or not; "bool" does not.

    Args:
        dtype: a name, or any form that `standardize_dtype` takes.

    >>> kerata.backend.is_int_dtype("uint8"), kerata.backend.is_int_dtype("bool")
    (True, False)
    """
    name = standardize_dtype(dtype)
    return name in SIGNED or name in UNSIGNED


def is_complex(dtype) -> bool:
    """Whether the dtype is complex."""
    return standardize_dtype(dtype) in COMPLEX


is_float_dtype = is_float
is_int_dtype = is_int


def _bits(name: str) -> int:
    digits = "".join(c for c in name.split("_")[0] if c.isdigit())
    return int(digits)


def _promote_two(a: str, b: str) -> str:
    if a == b or b == "bool":
        return a
    if a == "bool":
        return b
    if a in COMPLEX or b in COMPLEX:
        wide = any(x in ("complex128", "float64") for x in (a, b))
        return "complex128" if wide else "complex64"
    a_float, b_float = a in FLOATS, b in FLOATS
    if a_float and b_float:
        if {a, b} == {"bfloat16", "float16"}:
            return "float32"
        if a.startswith("float8") and b.startswith("float8"):
            return "float16"
        return a if FLOATS.index(a) > FLOATS.index(b) else b
    if a_float or b_float:
        return a if a_float else b
    a_signed, b_signed = a in SIGNED, b in SIGNED
    if a_signed == b_signed:
        return a if _bits(a) >= _bits(b) else b
    signed, unsigned = (a, b) if a_signed else (b, a)
    if _bits(signed) > _bits(unsigned):
        return signed
    wider = {4: "int8", 8: "int16", 16: "int32", 32: "int64"}
    return wider.get(_bits(unsigned), config.floatx())


@functools.lru_cache(4096)
def _result_type(names: tuple, floatx: str) -> str:
    strong = [n for n in names if n not in ("weak_int", "weak_float", "weak_complex")]
    weak = [n for n in names if n in ("weak_int", "weak_float", "weak_complex")]
    out = functools.reduce(_promote_two, strong) if strong else "bool"
    if "weak_complex" in weak and out not in COMPLEX:
        return "complex128" if out == "float64" else "complex64"
    if "weak_float" in weak and out not in FLOATS and out not in COMPLEX:
        return floatx
    if "weak_int" in weak and out == "bool":
        return "int32"
    return out


def _as_name(dtype) -> str:
    if dtype is int:
        return "weak_int"
    if dtype is float:
        return "weak_float"
    if dtype is complex:
        return "weak_complex"
    if dtype is bool:
        return "bool"
    return standardize_dtype(dtype)


def result_type(*dtypes) -> str:
    """The dtype that an op gives for operands of these dtypes.

    The rules are JAX's: of two kinds the later in bool, integer, float, complex decides, and within a kind the wider one;
    "bfloat16" and "float16" give "float32".

    Args:
        dtypes: names or other forms of dtypes; the Python types `int` and `float` stand for plain numbers, which take
            the width of the others. Without any, the result is floatx.

    Returns:
        The dtype's name.

    Raises:
        ValueError: for what is no dtype.

    >>> kerata.backend.result_type("int32", "float16"), kerata.backend.result_type("bfloat16", float)
    ('float16', 'bfloat16')
    >>> kerata.backend.result_type("int8", "uint8"), kerata.backend.result_type("int8", float)
    ('int16', 'float32')
    """
    if not dtypes:
        return config.floatx()
    return _result_type(tuple(_as_name(d) for d in dtypes), config.floatx())
