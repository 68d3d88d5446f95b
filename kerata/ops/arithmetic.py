"""Elementwise functions of two tensors: arithmetic, comparison, logic and bits.

Both arguments broadcast against each other; the result has the dtype of `keras.backend.result_type`.
"""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, dtype_name, floating, op, promote


def _numbers(x1, x2):
    """Promoted, with two booleans as int32."""
    x1, x2, xp = promote(x1, x2)
    if dtype_name(x1) == "bool":
        b = backend.current()
        return b.cast(x1, "int32"), b.cast(x2, "int32"), xp
    return x1, x2, xp


@op
def add(x1, x2):
    """x1 + x2.

    >>> kerata.ops.add([1.0, 2.0], 3)  # [4.0, 5.0]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.add(x1, x2)


@op
def subtract(x1, x2):
    """x1 - x2."""
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.subtract(x1, x2)


@op
def multiply(x1, x2):
    """x1 * x2."""
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.multiply(x1, x2)


@op
def divide(x1, x2):
    """x1 / x2 as a float."""
    x1, x2, xp = promote(x1, x2, scalars=True, like=(float,))
    return xp.divide(x1, x2)


def _floats(x1, x2):
    """Both as floats of one dtype; a Python float counts as floatx (unlike in `_pair`)."""
    return promote(convert(x1), convert(x2), like=(float,))


@op
def true_divide(x1, x2):
    """x1 / x2 as a float; the same as `divide`."""
    return divide(x1, x2)


@op
def divide_no_nan(x1, x2):
    """x1 / x2, and 0 where x2 is 0."""
    x1, x2, xp = promote(x1, x2, like=(float,))
    safe = x2 != 0
    zero, one = xp.zeros((), dtype=x2.dtype), xp.ones((), dtype=x2.dtype)
    return xp.where(safe, xp.divide(x1, xp.where(safe, x2, one)), zero)


@op
def floor_divide(x1, x2):
    """The largest integer not above x1 / x2."""
    x1, x2, xp = _numbers(x1, x2)
    return xp.floor_divide(x1, x2)


@op
def mod(x1, x2):
    """What remains of x1 after division by x2, with the sign of x2."""
    x1, x2, xp = _numbers(x1, x2)
    return xp.remainder(x1, x2)


@op
def fmod(x1, x2):
    """What remains of x1 after division by x2, with the sign of x1."""
    x1, x2, xp = _numbers(x1, x2)
    return xp.fmod(x1, x2)


@op
def power(x1, x2):
    """x1**x2.

    >>> kerata.ops.power([2.0, 3.0], 2)  # [4.0, 9.0]
    """
    x1, x2, xp = promote(x1, x2, scalars=True)
    if type(x1) not in (int, float) and type(x2) not in (int, float) and dtype_name(x1) == "bool":
        x1, x2, xp = _numbers(x1, x2)
    return xp.power(x1, x2)


@op
def maximum(x1, x2):
    """The larger of x1 and x2; NaN where either is."""
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.maximum(x1, x2)


@op
def minimum(x1, x2):
    """The smaller of x1 and x2; NaN where either is."""
    x1, x2, xp = promote(x1, x2, scalars=True)
    return xp.minimum(x1, x2)


@op
def fmax(x1, x2):
    """The larger of x1 and x2; where one is NaN, the other."""
    x1, x2, xp = promote(x1, x2)
    return xp.fmax(x1, x2)


@op
def fmin(x1, x2):
    """The smaller of x1 and x2; where one is NaN, the other."""
    x1, x2, xp = promote(x1, x2)
    return xp.fmin(x1, x2)


@op
def arctan2(x1, x2):
    """The angle of the point (x2, x1), in radians, in the right quadrant."""
    x1, x2, xp = _floats(x1, x2)
    return xp.atan2(x1, x2)


@op
def hypot(x1, x2):
    """sqrt(x1**2 + x2**2) without overflow."""
    x1, x2, xp = promote(x1, x2, like=(float,))
    return xp.hypot(x1, x2)


@op
def logaddexp(x1, x2):
    """log(exp(x1) + exp(x2)) without overflow."""
    x1, x2, xp = _floats(x1, x2)
    return xp.logaddexp(x1, x2)


@op
def logaddexp2(x1, x2):
    """log2(2**x1 + 2**x2) without overflow."""
    x1, x2, xp = _floats(x1, x2)
    return xp.logaddexp2(x1, x2)


@op
def heaviside(x1, x2):
    """0 where x1 < 0, x2 where x1 is 0, 1 where x1 > 0, as a float."""
    x1, x2, xp = promote(x1, x2, like=(float,))
    zero, one = xp.zeros((), dtype=x1.dtype), xp.ones((), dtype=x1.dtype)
    step = xp.where(x1 > zero, one, xp.where(x1 < zero, zero, x2))
    return xp.where(x1 != x1, x1, step)


@op
def ldexp(x1, x2):
    """x1 * 2**x2 for integers x2."""
    x1, xp = floating(x1)
    b = backend.current()
    x2 = b.convert(x2)
    if b.dtype(x2) not in (*dtypes.SIGNED, *dtypes.UNSIGNED, "bool"):
        raise TypeError(f"ldexp() needs integers as its second argument; it was given {b.dtype(x2)}.")
    return b.cast(xp.multiply(x1, xp.exp2(b.cast(x2, b.dtype(x1)))), b.dtype(x1))


@op
def nextafter(x1, x2):
    """The next number that the dtype can hold after x1 in the direction of x2."""
    x1, x2, xp = promote(x1, x2, like=(float,))
    return xp.nextafter(x1, x2)


@op
def gcd(x1, x2):
    """The greatest common divisor of integers."""
    x1, x2, xp = promote(x1, x2)
    return xp.gcd(x1, x2)


@op
def lcm(x1, x2):
    """The least common multiple of integers."""
    x1, x2, xp = promote(x1, x2)
    return xp.lcm(x1, x2)


# ---- comparison
@op
def equal(x1, x2):
    """True where x1 == x2."""
    x1, x2, xp = promote(x1, x2)
    return xp.equal(x1, x2)


@op
def not_equal(x1, x2):
    """True where x1 != x2."""
    x1, x2, xp = promote(x1, x2)
    return xp.not_equal(x1, x2)


@op
def less(x1, x2):
    """True where x1 < x2."""
    x1, x2, xp = promote(x1, x2)
    return xp.less(x1, x2)


@op
def less_equal(x1, x2):
    """True where x1 <= x2."""
    x1, x2, xp = promote(x1, x2)
    return xp.less_equal(x1, x2)


@op
def greater(x1, x2):
    """True where x1 > x2."""
    x1, x2, xp = promote(x1, x2)
    return xp.greater(x1, x2)


@op
def greater_equal(x1, x2):
    """True where x1 >= x2."""
    x1, x2, xp = promote(x1, x2)
    return xp.greater_equal(x1, x2)


@op
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """True where |x1 - x2| <= atol + rtol * |x2|."""
    x1, x2, xp = promote(x1, x2)
    return xp.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)


@op
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether |x1 - x2| <= atol + rtol * |x2| everywhere."""
    x1, x2, xp = promote(x1, x2)
    return xp.all(xp.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))


# ---- logic
def _truth(x1, x2):
    x1, x2, xp = arrays(x1, x2)
    b = backend.current()
    return b.cast(x1, "bool"), b.cast(x2, "bool"), xp


@op
def logical_and(x1, x2):
    """True where both are true (not zero)."""
    x1, x2, xp = _truth(x1, x2)
    return xp.logical_and(x1, x2)


@op
def logical_or(x1, x2):
    """True where either is true (not zero)."""
    x1, x2, xp = _truth(x1, x2)
    return xp.logical_or(x1, x2)


@op
def logical_xor(x1, x2):
    """True where exactly one is true (not zero)."""
    x1, x2, xp = _truth(x1, x2)
    return xp.logical_xor(x1, x2)


# ---- bits
@op
def bitwise_and(x, y):
    """Bits that are set in both."""
    x, y, xp = promote(x, y)
    return xp.bitwise_and(x, y)


@op
def bitwise_or(x, y):
    """Bits that are set in either."""
    x, y, xp = promote(x, y)
    return xp.bitwise_or(x, y)


@op
def bitwise_xor(x, y):
    """Bits that are set in exactly one."""
    x, y, xp = promote(x, y)
    return xp.bitwise_xor(x, y)


@op
def bitwise_left_shift(x, y):
    """Shift the bits of x to the left by y places."""
    x, y, xp = promote(x, y)
    return xp.bitwise_left_shift(x, y)


@op
def left_shift(x, y):
    """Shift the bits of x to the left; the same as `bitwise_left_shift`."""
    x, y, xp = promote(x, y)
    return xp.bitwise_left_shift(x, y)


@op
def bitwise_right_shift(x, y):
    """Shift the bits of x to the right by y places, keeping the sign."""
    x, y, xp = promote(x, y)
    return xp.bitwise_right_shift(x, y)


@op
def right_shift(x, y):
    """Shift the bits of x to the right; the same as `bitwise_right_shift`."""
    x, y, xp = promote(x, y)
    return xp.bitwise_right_shift(x, y)
