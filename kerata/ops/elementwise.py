"""Elementwise functions of one tensor."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, floating, op


@op
def absolute(x):
    """Absolute value, |x|; the modulus of a complex number.

    >>> kerata.ops.absolute([-1.5, 2.0])  # [1.5, 2.0]
    """
    x, xp = arrays(x)
    return xp.abs(x)


@op
def abs(x):
    """Absolute value, |x|; the same as `absolute`."""
    x, xp = arrays(x)
    return xp.abs(x)


@op
def fabs(x):
    """Absolute value as a float."""
    x, xp = floating(x)
    return xp.abs(x)


@op
def negative(x):
    """-x."""
    x, xp = arrays(x)
    return xp.negative(x)


@op
def sign(x):
    """-1, 0 or 1 by the sign of each element."""
    x, xp = arrays(x)
    return xp.sign(x)


@op
def signbit(x):
    """True where the sign bit is set: negative numbers and -0.0."""
    x, xp = arrays(x)
    return xp.signbit(_no_bool(x))


def _no_bool(x):
    """Booleans as int32; everything else unchanged."""
    b = backend.current()
    return b.cast(x, "int32") if b.dtype(x) == "bool" else x


@op
def square(x):
    """x * x.

    >>> kerata.ops.square([2.0, 3.0])  # [4.0, 9.0]
    """
    x, xp = arrays(x)
    return xp.square(_no_bool(x))


@op
def sqrt(x):
    """Square root; NaN for negative numbers."""
    x, xp = floating(x)
    return xp.sqrt(x)


@op
def rsqrt(x):
    """1 / sqrt(x)."""
    x, xp = floating(x)
    return xp.rsqrt(x)


@op
def cbrt(x):
    """Cube root, real for negative numbers too."""
    x, xp = floating(x)
    return xp.cbrt(x)


@op
def reciprocal(x):
    """1 / x."""
    x, xp = floating(x)
    return xp.reciprocal(x)


@op
def ceil(x):
    """The smallest integer not below x, as a float."""
    x, xp = floating(x)
    return xp.ceil(x)


@op
def floor(x):
    """The largest integer not above x, as a float."""
    x, xp = floating(x)
    return xp.floor(x)


@op
def trunc(x):
    """The integer part of x; integers stay as they are."""
    x, xp = arrays(x)
    return xp.trunc(x) if _is_inexact(x) else x


@op
def round(x, decimals=0):
    """Round to `decimals` decimal places, halves to even."""
    x, xp = arrays(x)
    if _is_inexact(x):
        return xp.round(x, decimals)
    if decimals >= 0:
        return x
    b = backend.current()
    return b.cast(xp.round(b.cast(x, "float64"), decimals), b.dtype(x))


def _is_inexact(x) -> bool:
    name = backend.current().dtype(x)
    return name in dtypes.FLOATS or name in dtypes.COMPLEX


def _is_complex(x) -> bool:
    return backend.current().dtype(x) in dtypes.COMPLEX


@op
def isfinite(x):
    """True where x is neither infinite nor NaN."""
    x, xp = arrays(x)
    return xp.isfinite(x)


@op
def isinf(x):
    """True where x is infinite, of either sign."""
    x, xp = arrays(x)
    return xp.isinf(x)


@op
def isposinf(x):
    """True where x is positive infinity."""
    x, xp = arrays(x)
    return xp.logical_and(xp.isinf(x), x > 0) if _is_inexact(x) else xp.zeros_like(x, dtype=xp.bool)


@op
def isneginf(x):
    """True where x is negative infinity."""
    x, xp = arrays(x)
    return xp.logical_and(xp.isinf(x), x < 0) if _is_inexact(x) else xp.zeros_like(x, dtype=xp.bool)


@op
def isnan(x):
    """True where x is NaN."""
    x, xp = arrays(x)
    return xp.isnan(x)


@op
def isreal(x):
    """True where the imaginary part is zero."""
    x, xp = arrays(x)
    return xp.imag(x) == 0 if _is_complex(x) else xp.ones_like(x, dtype=xp.bool)


@op
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Replace NaN by `nan` and infinities by `posinf`, `neginf` (by default the dtype's extremes)."""
    x, xp = arrays(x)
    return xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf) if _is_inexact(x) else x


@op
def clip(x, x_min, x_max):
    """Limit x to the interval [x_min, x_max].

    >>> kerata.ops.clip([-1.0, 0.5, 9.0], 0.0, 1.0)  # [0.0, 0.5, 1.0]
    """
    b = backend.current()
    x = x if type(x) is b.Tensor else b.convert(x)
    x = _no_bool(x)
    if type(x_min) in (int, float) and type(x_max) in (int, float):
        if b.dtype(x) in dtypes.FLOATS or (type(x_min) is int and type(x_max) is int):
            return b.xp.clip(x, x_min, x_max)
    target = b.dtype(x)
    low, high = (None if m is None else b.convert(m, target) for m in (x_min, x_max))
    x = x if low is None else b.xp.maximum(x, low)
    return x if high is None else b.xp.minimum(x, high)


@op
def angle(x):
    """The angle of a complex number, in radians: 0 or pi for real ones."""
    x, xp = floating(x)
    return xp.angle(x)


@op
def real(x):
    """The real part."""
    x, xp = arrays(x)
    return xp.real(x) if _is_complex(x) else x


@op
def imag(x):
    """The imaginary part: zeros for real numbers."""
    x, xp = arrays(x)
    return xp.imag(x) if _is_complex(x) else xp.zeros_like(x)


@op
def conjugate(x):
    """The complex conjugate."""
    x, xp = arrays(x)
    return xp.conj(x) if _is_complex(x) else x


@op
def conj(x):
    """The complex conjugate; the same as `conjugate`."""
    x, xp = arrays(x)
    return xp.conj(x) if _is_complex(x) else x


@op
def logical_not(x):
    """The negation of x read as truth values."""
    x, xp = arrays(x)
    return xp.logical_not(x)


@op
def bitwise_invert(x):
    """Flip each bit of integers; the negation of booleans."""
    x, xp = arrays(x)
    return xp.bitwise_invert(x)


@op
def bitwise_not(x):
    """Flip each bit; the same as `bitwise_invert`."""
    x, xp = arrays(x)
    return xp.bitwise_invert(x)


@op
def view(x, dtype=None):
    """The same bytes read as another dtype of the same width (or, on the last axis, another width)."""
    x, xp = arrays(x)
    if dtype is None:
        return x
    return xp.view(x, backend.current().native_dtype(dtypes.standardize_dtype(dtype)))
