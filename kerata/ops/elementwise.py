"""Elementwise functions of one tensor."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, floating, op


@op
def absolute(x):
    """`|x|`: the distance from 0; of a complex number, its modulus.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape and dtype of `x`; for complex numbers, of their parts' float dtype.

    >>> kerata.ops.absolute([-1.5, 2.0])  # [1.5, 2]
    """
    x, xp = arrays(x)
    return xp.abs(x)


@op
def abs(x):
    """`|x|`; another name of `absolute`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape and dtype of `x`; for complex numbers, of their parts' float dtype.

    >>> kerata.ops.abs([-3, 2])  # [3, 2]
    """
    x, xp = arrays(x)
    return xp.abs(x)


@op
def fabs(x):
    """`|x|` as a float.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.fabs([-3, 2])  # [3, 2]
    """
    x, xp = floating(x)
    return xp.abs(x)


@op
def negative(x):
    """`-x`.

    Args:
        x: tensor of any shape and numeric dtype; unsigned integers wrap around.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.negative([1.0, -2.0])  # [-1, 2]
    """
    x, xp = arrays(x)
    return xp.negative(x)


@op
def sign(x):
    """-1, 0 or 1: the sign of each element; NaN stays NaN.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.sign([-4, 0, 7])  # [-1, 0, 1]
    """
    x, xp = arrays(x)
    return xp.sign(x)


@op
def signbit(x):
    """True where the sign bit is set: negative numbers, and -0.0.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.signbit([-1.0, -0.0, 0.0])  # [True, True, False]
    """
    x, xp = arrays(x)
    return xp.signbit(_no_bool(x))


def _no_bool(x):
    """Booleans as int32; everything else unchanged."""
    b = backend.current()
    return b.cast(x, "int32") if b.dtype(x) == "bool" else x


@op
def square(x):
    """`x * x`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape and dtype of `x`; int32 for booleans.

    >>> kerata.ops.square([2.0, -3.0])  # [4, 9]
    """
    x, xp = arrays(x)
    return xp.square(_no_bool(x))


@op
def sqrt(x):
    """The non-negative number whose square is x; NaN for negative ones.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.sqrt([4.0, 9.0])  # [2, 3]
    """
    x, xp = floating(x)
    return xp.sqrt(x)


@op
def rsqrt(x):
    """`1 / sqrt(x)`, in one instruction where the device has it; infinite at 0.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.rsqrt([4.0, 0.25])  # [0.5, 2]
    """
    x, xp = floating(x)
    return xp.rsqrt(x)


@op
def cbrt(x):
    """Cube root, which is real and negative for negative numbers.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.cbrt([27.0, -8.0])  # [3, -2]
    """
    x, xp = floating(x)
    return xp.cbrt(x)


@op
def reciprocal(x):
    """`1 / x`; infinite at 0.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.reciprocal([2, 4])  # [0.5, 0.25]
    """
    x, xp = floating(x)
    return xp.reciprocal(x)


@op
def ceil(x):
    """Rounds up to the next integer, which is given as a float.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.ceil([1.2, -1.2])  # [2, -1]
    """
    x, xp = floating(x)
    return xp.ceil(x)


@op
def floor(x):
    """Rounds down to the next integer, which is given as a float.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.floor([1.2, -1.2])  # [1, -2]
    """
    x, xp = floating(x)
    return xp.floor(x)


@op
def trunc(x):
    """Drops the fraction: rounds towards 0.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Tensor of the shape and dtype of `x`, integers unchanged.

    >>> kerata.ops.trunc([1.7, -1.7])  # [1, -1]
    """
    x, xp = arrays(x)
    return xp.trunc(x) if _is_inexact(x) else x


@op
def round(x, decimals=0):
    """Rounds to a number of decimal places; halves go to the even neighbour.

    Args:
        x: tensor of any shape and numeric dtype.
        decimals: places behind the point; negative ones round to tens, hundreds and so on.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.round([0.5, 1.5, 2.25], 1)  # [0.5, 1.5, 2.2]
    >>> kerata.ops.round([15, 25, 26], -1)  # [20, 20, 30]
    """
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
    """True where x is an ordinary number: neither infinite nor NaN.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.isfinite([1.0, np.inf, np.nan])  # [True, False, False]
    """
    x, xp = arrays(x)
    return xp.isfinite(x)


@op
def isinf(x):
    """True where x is infinite, on either side.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.isinf([1.0, -np.inf, np.nan])  # [False, True, False]
    """
    x, xp = arrays(x)
    return xp.isinf(x)


@op
def isposinf(x):
    """True where x is +infinity.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.isposinf([np.inf, -np.inf])  # [True, False]
    """
    x, xp = arrays(x)
    return xp.logical_and(xp.isinf(x), x > 0) if _is_inexact(x) else xp.zeros_like(x, dtype=xp.bool)


@op
def isneginf(x):
    """True where x is -infinity.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.isneginf([np.inf, -np.inf])  # [False, True]
    """
    x, xp = arrays(x)
    return xp.logical_and(xp.isinf(x), x < 0) if _is_inexact(x) else xp.zeros_like(x, dtype=xp.bool)


@op
def isnan(x):
    """True where x is NaN ("not a number"); never for integers.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.isnan([1.0, np.nan])  # [False, True]
    """
    x, xp = arrays(x)
    return xp.isnan(x)


@op
def isreal(x):
    """True where the imaginary part is 0; everywhere for real dtypes.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.isreal(np.array([1 + 0j, 1 + 2j]))  # [True, False]
    """
    x, xp = arrays(x)
    return xp.imag(x) == 0 if _is_complex(x) else xp.ones_like(x, dtype=xp.bool)


@op
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Numbers in place of NaN and the infinities.

    Args:
        x: tensor of any shape and numeric dtype.
        nan: what stands in for NaN.
        posinf, neginf: what stands in for +infinity and -infinity; by default the largest and the lowest number
            of the dtype.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.nan_to_num([np.nan, 1.0, np.inf], nan=-1.0, posinf=9.0)  # [-1, 1, 9]
    """
    x, xp = arrays(x)
    return xp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf) if _is_inexact(x) else x


@op
def clip(x, x_min, x_max):
    """`min(max(x, x_min), x_max)`: keeps x within bounds.

    Args:
        x: tensor of any shape and real dtype.
        x_min, x_max: the bounds, cast to the dtype of `x`: numbers, tensors that broadcast, or None for no bound.

    Returns:
        Tensor like `x`; int32 for booleans.

    >>> kerata.ops.clip([-1.0, 0.5, 9.0], 0.0, 1.0)  # [0, 0.5, 1]
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
    """The argument of complex numbers, in radians from -pi to pi.

    Args:
        x: tensor of any shape; real numbers have the angle 0, or pi if negative.

    Returns:
        Float tensor of the shape of `x`.

    >>> kerata.ops.angle(np.array([1 + 1j, -1 + 0j]))  # [0.785398, 3.141593]
    """
    x, xp = floating(x)
    return xp.angle(x)


@op
def real(x):
    """The real part of complex numbers; real ones stay as they are.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape of `x`, float32 for complex64.

    >>> kerata.ops.real(np.array([1 + 2j, 3 - 4j]))  # [1, 3]
    """
    x, xp = arrays(x)
    return xp.real(x) if _is_complex(x) else x


@op
def imag(x):
    """The imaginary part of complex numbers; 0 for real ones.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape of `x`, float32 for complex64; real dtypes stay.

    >>> kerata.ops.imag(np.array([1 + 2j, 3 - 4j]))  # [2, -4]
    """
    x, xp = arrays(x)
    return xp.imag(x) if _is_complex(x) else xp.zeros_like(x)


@op
def conjugate(x):
    """`a - bi` for `a + bi`; real numbers stay as they are.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.conjugate(np.array([1 + 2j, 3 - 4j]))  # [1 - 2j, 3 + 4j]
    """
    x, xp = arrays(x)
    return xp.conj(x) if _is_complex(x) else x


@op
def conj(x):
    """`a - bi` for `a + bi`; another name of `conjugate`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.conj(np.array([1 + 2j]))  # [1 - 2j]
    """
    x, xp = arrays(x)
    return xp.conj(x) if _is_complex(x) else x


@op
def logical_not(x):
    """True where x is false; numbers other than 0 count as true.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Boolean tensor of the shape of `x`.

    >>> kerata.ops.logical_not([True, False])  # [False, True]
    """
    x, xp = arrays(x)
    return xp.logical_not(x)


@op
def bitwise_invert(x):
    """Flips every bit: `-x - 1` for signed integers, `not x` for booleans.

    Args:
        x: integer or boolean tensor of any shape.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.bitwise_invert([0, 5, -1])  # [-1, -6, 0]
    """
    x, xp = arrays(x)
    return xp.bitwise_invert(x)


@op
def bitwise_not(x):
    """Flips every bit; another name of `bitwise_invert`.

    Args:
        x: integer or boolean tensor of any shape.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.bitwise_not([0, 5, -1])  # [-1, -6, 0]
    """
    x, xp = arrays(x)
    return xp.bitwise_invert(x)


@op
def view(x, dtype=None):
    """Reads the bytes of a tensor as another dtype, without conversion.

    Args:
        x: tensor of any shape.
        dtype: name of the dtype to read them as; None changes nothing. A narrower (wider) one makes the last axis
            longer (shorter) by the ratio of the widths.

    Returns:
        Tensor of that dtype.

    >>> kerata.ops.view(np.array([1.0, -0.0], "float32"), "int32")  # [1065353216, -2147483648]
    """
    x, xp = arrays(x)
    if dtype is None:
        return x
    return xp.view(x, backend.current().native_dtype(dtypes.standardize_dtype(dtype)))
