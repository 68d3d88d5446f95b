"""Elementwise arithmetic on two tensors.

Both arguments broadcast against each other; the result has the dtype of `keras.backend.result_type`.
"""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import convert, dtype_name, floating, op, promote


def _numbers(x1, x2):
    """Promoted, with two booleans as int32."""
    x1, x2, xp = promote(x1, x2)
    if dtype_name(x1) == "bool":
        b = backend.current()
        return b.cast(x1, "int32"), b.cast(x2, "int32"), xp
    return x1, x2, xp


@op
def add(x1, x2):
    """`x1 + x2`, element by element.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype; of two booleans, their logical or.

    >>> kerata.ops.add([1.0, 2.0], 3)  # [4, 5]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.add(x1, x2)


@op
def subtract(x1, x2):
    """`x1 - x2`, element by element.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    Raises:
        TypeError: if both are booleans (on JAX, NumPy); PyTorch raises a RuntimeError.

    >>> kerata.ops.subtract([5, 7], [1, 2])  # [4, 5]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.subtract(x1, x2)


@op
def multiply(x1, x2):
    """`x1 * x2`, element by element.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype; of two booleans, their logical and.

    >>> kerata.ops.multiply([[1.0], [2.0]], [3.0, 4.0])  # [[3, 4], [6, 8]]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.multiply(x1, x2)


@op
def divide(x1, x2):
    """`x1 / x2` in floating point.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.divide([1, 3], 2)  # [0.5, 1.5]
    """
    x1, x2, xp = promote(x1, x2, scalars=True, like=(float,))
    return xp.divide(x1, x2)


def _floats(x1, x2):
    """Both as floats of one dtype; a Python float counts as floatx (unlike in `_pair`)."""
    return promote(convert(x1), convert(x2), like=(float,))


@op
def true_divide(x1, x2):
    """`x1 / x2` in floating point; another name of `divide`.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.true_divide([1, 3], 2)  # [0.5, 1.5]
    """
    return divide(x1, x2)


@op
def divide_no_nan(x1, x2):
    """`x1 / x2`, with 0 wherever the divisor is 0; gradients are finite there too.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.divide_no_nan([1.0, 3.0], [0.0, 2.0])  # [0, 1.5]
    """
    x1, x2, xp = promote(x1, x2, like=(float,))
    safe = x2 != 0
    zero, one = xp.zeros((), dtype=x2.dtype), xp.ones((), dtype=x2.dtype)
    return xp.where(safe, xp.divide(x1, xp.where(safe, x2, one)), zero)


@op
def floor_divide(x1, x2):
    """`floor(x1 / x2)`: rounds down, so away from 0 for negative quotients.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype; int32 for booleans.

    >>> kerata.ops.floor_divide([7, -7], 2)  # [3, -4]
    """
    x1, x2, xp = _numbers(x1, x2)
    return xp.floor_divide(x1, x2)


@op
def mod(x1, x2):
    """`x1 - floor(x1 / x2) * x2`: a remainder with the sign of the divisor.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype; int32 for booleans.

    >>> kerata.ops.mod([7, -7], 2)  # [1, 1]
    """
    x1, x2, xp = _numbers(x1, x2)
    return xp.remainder(x1, x2)


@op
def fmod(x1, x2):
    """`x1 - trunc(x1 / x2) * x2`: a remainder with the sign of the dividend, as C's `fmod`.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype; int32 for booleans.

    >>> kerata.ops.fmod([7, -7], 2)  # [1, -1]
    """
    x1, x2, xp = _numbers(x1, x2)
    return xp.fmod(x1, x2)


@op
def power(x1, x2):
    """`x1 ** x2`, element by element.

    Args:
        x1: the bases.
        x2: the exponents; both are tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype; int32 for booleans.

    >>> kerata.ops.power([2.0, 3.0], 2)  # [4, 9]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    if not isinstance(x1, int | float) and not isinstance(x2, int | float) and dtype_name(x1) == "bool":
        x1, x2, xp = _numbers(x1, x2)
    return xp.power(x1, x2)


@op
def maximum(x1, x2):
    """The larger of each pair of elements; NaN if either is NaN.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.maximum([1.0, 5.0], 2.0)  # [2, 5]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.maximum(x1, x2)


@op
def minimum(x1, x2):
    """The smaller of each pair of elements; NaN if either is NaN.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.minimum([1.0, 5.0], 2.0)  # [1, 2]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.minimum(x1, x2)


@op
def fmax(x1, x2):
    """The larger of each pair of elements, passing over NaN: it comes out only where both are NaN.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.fmax([1.0, np.nan], 2.0)  # [2, 2]
    """
    x1, x2, xp = promote(x1, x2)
    return xp.fmax(x1, x2)


@op
def fmin(x1, x2):
    """The smaller of each pair of elements, passing over NaN: it comes out only where both are NaN.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.fmin([1.0, np.nan], 2.0)  # [1, 2]
    """
    x1, x2, xp = promote(x1, x2)
    return xp.fmin(x1, x2)


@op
def arctan2(x1, x2):
    """The angle from the positive x axis to the point (x2, x1), in radians from -pi to pi.

    Args:
        x1: the ordinates (y).
        x2: the abscissas (x); the shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.arctan2([1.0, -1.0], [1.0, -1.0])  # [0.785398, -2.356194]
    """
    x1, x2, xp = _floats(x1, x2)
    return xp.atan2(x1, x2)


@op
def hypot(x1, x2):
    """`sqrt(x1**2 + x2**2)`, scaled so that the squares cannot overflow.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.hypot([3.0, 5.0], [4.0, 12.0])  # [5, 13]
    """
    x1, x2, xp = promote(x1, x2, like=(float,))
    return xp.hypot(x1, x2)


@op
def logaddexp(x1, x2):
    """`log(exp(x1) + exp(x2))`: adds probabilities that are kept as logarithms.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.logaddexp([0.0, 1000.0], [0.0, 1000.0])  # [0.693147, 1000.69315]
    """
    x1, x2, xp = _floats(x1, x2)
    return xp.logaddexp(x1, x2)


@op
def logaddexp2(x1, x2):
    """`log2(2**x1 + 2**x2)`, which neither overflows nor underflows.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.logaddexp2([1.0, 200.0], [1.0, 200.0])  # [2, 201]
    """
    x1, x2, xp = _floats(x1, x2)
    return xp.logaddexp2(x1, x2)


@op
def heaviside(x1, x2):
    """The step function: 0 below zero, 1 above, and `x2` at zero; NaN stays NaN.

    Args:
        x1: where to evaluate the step.
        x2: its value at 0; the shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.heaviside([-2.0, 0.0, 3.0], 0.5)  # [0, 0.5, 1]
    """
    x1, x2, xp = promote(x1, x2, like=(float,))
    zero, one = xp.zeros((), dtype=x1.dtype), xp.ones((), dtype=x1.dtype)
    step = xp.where(x1 > zero, one, xp.where(x1 < zero, zero, x2))
    return xp.where(x1 != x1, x1, step)


@op
def ldexp(x1, x2):
    """`x1 * 2**x2`, for whole exponents.

    Args:
        x1: the factors.
        x2: the exponents: integers or booleans, of a shape that broadcasts with that of `x1`.

    Returns:
        Tensor of the broadcast shape; the float dtype of `x1`, floatx if that is an integer.

    Raises:
        TypeError: if the exponents are floats.

    >>> kerata.ops.ldexp([1.0, 3.0], [3, -1])  # [8, 1.5]
    """
    x1, xp = floating(x1)
    b = backend.current()
    x2 = b.convert(x2)
    if b.dtype(x2) not in (*dtypes.SIGNED, *dtypes.UNSIGNED, "bool"):
        raise TypeError(f"ldexp() needs integers as its second argument; it was given {b.dtype(x2)}.")
    return b.cast(xp.multiply(x1, xp.exp2(b.cast(x2, b.dtype(x1)))), b.dtype(x1))


@op
def nextafter(x1, x2):
    """The neighbour of `x1` among the numbers that its dtype can hold, on the side of `x2`.

    Args:
        x1: where to start.
        x2: the direction; the shapes broadcast.

    Returns:
        Tensor of the broadcast shape; its dtype is the promoted one, floatx for integers and booleans.

    >>> kerata.ops.nextafter(1.0, 2.0) - 1.0 == 2.0**-23  # True
    """
    x1, x2, xp = promote(x1, x2, like=(float,))
    return xp.nextafter(x1, x2)


@op
def gcd(x1, x2):
    """The largest integer that divides both elements of a pair; never negative.

    Args:
        x1, x2: integer tensors whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.gcd([12, -9], [18, 6])  # [6, 3]
    """
    x1, x2, xp = promote(x1, x2)
    return xp.gcd(x1, x2)


@op
def lcm(x1, x2):
    """The smallest non-negative integer that both elements of a pair divide; 0 if either is 0.

    Args:
        x1, x2: integer tensors whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.lcm([4, 3], [6, 5])  # [12, 15]
    """
    x1, x2, xp = promote(x1, x2)
    return xp.lcm(x1, x2)
