"""Comparison, logic and bits, elementwise on two tensors whose shapes broadcast."""

from __future__ import annotations

from kerata import backend
from kerata.ops._op import arrays, convert, dtype_name, op, promote

# ---- comparison
_SMALL = ("uint8", "int8", "uint16", "int16")


def _comparable(x1, x2):
    """`promote`; but a Python integer beside a small dtype, which may not hold it, is compared as int32."""
    for number, x in ((x1, x2), (x2, x1)):
        if type(number) is int and not 0 <= number < 128 and dtype_name(convert(x)) in _SMALL:
            return promote(x1, x2, like=("int32",))
    return promote(x1, x2)


@op
def equal(x1, x2):
    """True where `x1 == x2`, after promotion to one dtype; NaN equals nothing.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.equal([1, 2, 3], [1, 0, 3])  # [True, False, True]
    """
    x1, x2, xp = _comparable(x1, x2)
    return xp.equal(x1, x2)


@op
def not_equal(x1, x2):
    """True where `x1 != x2`, after promotion to one dtype.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.not_equal([1, 2, 3], 2)  # [True, False, True]
    """
    x1, x2, xp = _comparable(x1, x2)
    return xp.not_equal(x1, x2)


@op
def less(x1, x2):
    """True where `x1 < x2`.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.less([1, 2, 3], 2)  # [True, False, False]
    """
    x1, x2, xp = _comparable(x1, x2)
    return xp.less(x1, x2)


@op
def less_equal(x1, x2):
    """True where `x1 <= x2`.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.less_equal([1, 2, 3], 2)  # [True, True, False]
    """
    x1, x2, xp = _comparable(x1, x2)
    return xp.less_equal(x1, x2)


@op
def greater(x1, x2):
    """True where `x1 > x2`.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.greater([1, 2, 3], 2)  # [False, False, True]
    """
    x1, x2, xp = _comparable(x1, x2)
    return xp.greater(x1, x2)


@op
def greater_equal(x1, x2):
    """True where `x1 >= x2`.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.greater_equal([1, 2, 3], 2)  # [False, True, True]
    """
    x1, x2, xp = _comparable(x1, x2)
    return xp.greater_equal(x1, x2)


@op
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """True where `|x1 - x2| <= atol + rtol * |x2|`.

    Args:
        x1, x2: what was found and what was wanted; their shapes broadcast.
        rtol: tolerance as a share of `|x2|`.
        atol: tolerance in the unit of the values, which decides near 0.
        equal_nan: whether two NaN are close to each other.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.isclose([1.0, 2.0], [1.000001, 2.1])  # [True, False]
    """
    x1, x2, xp = promote(x1, x2)
    return xp.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)


@op
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether `|x1 - x2| <= atol + rtol * |x2|` holds everywhere.

    Args:
        x1, x2: what was found and what was wanted; their shapes broadcast.
        rtol: tolerance as a share of `|x2|`.
        atol: tolerance in the unit of the values, which decides near 0.
        equal_nan: whether two NaN are close to each other.

    Returns:
        One boolean, as a scalar tensor.

    >>> kerata.ops.allclose([1.0, 2.0], [1.0, 2.1], rtol=0.1)  # True
    """
    x1, x2, xp = promote(x1, x2)
    return xp.all(xp.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan))


# ---- logic
def _truth(x1, x2):
    x1, x2, xp = arrays(x1, x2)
    b = backend.current()
    return b.cast(x1, "bool"), b.cast(x2, "bool"), xp


@op
def logical_and(x1, x2):
    """True where both are true; numbers other than 0 count as true.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.logical_and([True, True], [True, False])  # [True, False]
    """
    x1, x2, xp = _truth(x1, x2)
    return xp.logical_and(x1, x2)


@op
def logical_or(x1, x2):
    """True where at least one is true; numbers other than 0 count as true.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.logical_or([True, False], [0, 0])  # [True, False]
    """
    x1, x2, xp = _truth(x1, x2)
    return xp.logical_or(x1, x2)


@op
def logical_xor(x1, x2):
    """True where one is true and the other is not; numbers other than 0 count as true.

    Args:
        x1, x2: tensors or numbers whose shapes broadcast.

    Returns:
        Boolean tensor of the broadcast shape.

    >>> kerata.ops.logical_xor([True, True], [True, False])  # [False, True]
    """
    x1, x2, xp = _truth(x1, x2)
    return xp.logical_xor(x1, x2)


# ---- bits
@op
def bitwise_and(x, y):
    """The bits that both numbers have set.

    Args:
        x, y: integer or boolean tensors whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.bitwise_and([6, 12], 10)  # [2, 8]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_and(x, y)


@op
def bitwise_or(x, y):
    """The bits that at least one of the numbers has set.

    Args:
        x, y: integer or boolean tensors whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.bitwise_or([6, 12], 10)  # [14, 14]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_or(x, y)


@op
def bitwise_xor(x, y):
    """The bits in which the numbers differ.

    Args:
        x, y: integer or boolean tensors whose shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.bitwise_xor([6, 12], 10)  # [12, 6]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_xor(x, y)


@op
def bitwise_left_shift(x, y):
    """`x * 2**y`: moves the bits towards the high end and fills up with zeros.

    Args:
        x: integers.
        y: by how many places, integers from 0 up; the shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.bitwise_left_shift([1, 5], [3, 1])  # [8, 10]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_left_shift(x, y)


@op
def left_shift(x, y):
    """`x * 2**y`; another name of `bitwise_left_shift`.

    Args:
        x: integers.
        y: by how many places, integers from 0 up; the shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.left_shift([1, 5], [3, 1])  # [8, 10]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_left_shift(x, y)


@op
def bitwise_right_shift(x, y):
    """`floor(x / 2**y)`: moves the bits towards the low end; signed numbers keep their sign.

    Args:
        x: integers.
        y: by how many places, integers from 0 up; the shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.bitwise_right_shift([8, -8], 1)  # [4, -4]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_right_shift(x, y)


@op
def right_shift(x, y):
    """`floor(x / 2**y)`; another name of `bitwise_right_shift`.

    Args:
        x: integers.
        y: by how many places, integers from 0 up; the shapes broadcast.

    Returns:
        Tensor of the broadcast shape and the promoted dtype.

    >>> kerata.ops.right_shift([8, -8], 1)  # [4, -4]
    """
    x, y, xp = promote(x, y)
    return xp.bitwise_right_shift(x, y)
