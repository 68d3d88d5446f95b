"""Exponentials, logarithms, trigonometric and hyperbolic functions of one tensor."""

from __future__ import annotations

from kerata.ops._op import floating, op


@op
def exp(x):
    """`e**x`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.exp([0.0, 1.0])  # [1, 2.7182817]
    """
    x, xp = floating(x)
    return xp.exp(x)


@op
def exp2(x):
    """`2**x`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.exp2([3.0, -1.0])  # [8, 0.5]
    """
    x, xp = floating(x)
    return xp.exp2(x)


@op
def expm1(x):
    """`exp(x) - 1`, without the loss of digits that the subtraction brings for small x.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.expm1([1e-10]) * 1e10  # [1]
    """
    x, xp = floating(x)
    return xp.expm1(x)


@op
def log(x):
    """Natural logarithm: -infinity at 0, NaN for negative numbers.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.log([1.0, 2.7182817])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.log(x)


@op
def log2(x):
    """Logarithm to base 2.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.log2([8.0, 0.5])  # [3, -1]
    """
    x, xp = floating(x)
    return xp.log2(x)


@op
def log10(x):
    """Logarithm to base 10.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.log10([1000.0, 0.1])  # [3, -1]
    """
    x, xp = floating(x)
    return xp.log10(x)


@op
def log1p(x):
    """`log(1 + x)`, which keeps its digits for x near 0.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.log1p([1e-10]) * 1e10  # [1]
    """
    x, xp = floating(x)
    return xp.log1p(x)


@op
def sin(x):
    """Sine.

    Args:
        x: angles in radians, a tensor of any shape.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.sin([0.0, np.pi / 2])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.sin(x)


@op
def cos(x):
    """Cosine.

    Args:
        x: angles in radians, a tensor of any shape.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.cos([0.0, np.pi])  # [1, -1]
    """
    x, xp = floating(x)
    return xp.cos(x)


@op
def tan(x):
    """Tangent.

    Args:
        x: angles in radians, a tensor of any shape.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.tan([0.0, np.pi / 4])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.tan(x)


@op
def sinh(x):
    """Hyperbolic sine, `(exp(x) - exp(-x)) / 2`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.sinh([0.0, 1.0])  # [0, 1.175201]
    """
    x, xp = floating(x)
    return xp.sinh(x)


@op
def cosh(x):
    """Hyperbolic cosine, `(exp(x) + exp(-x)) / 2`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.cosh([0.0, 1.0])  # [1, 1.543081]
    """
    x, xp = floating(x)
    return xp.cosh(x)


@op
def tanh(x):
    """Hyperbolic tangent, `sinh(x) / cosh(x)`: from -1 to 1.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.tanh([0.0, 1.0])  # [0, 0.761594]
    """
    x, xp = floating(x)
    return xp.tanh(x)


@op
def arcsin(x):
    """The angle from -pi/2 to pi/2 whose sine is x.

    Args:
        x: tensor of any shape, with values from -1 to 1; others give NaN.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.arcsin([0.0, 1.0])  # [0, 1.570796]
    """
    x, xp = floating(x)
    return xp.asin(x)


@op
def arccos(x):
    """The angle from 0 to pi whose cosine is x.

    Args:
        x: tensor of any shape, with values from -1 to 1; others give NaN.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.arccos([1.0, 0.0])  # [0, 1.570796]
    """
    x, xp = floating(x)
    return xp.acos(x)


@op
def arctan(x):
    """The angle between -pi/2 and pi/2 whose tangent is x.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.arctan([0.0, 1.0])  # [0, 0.785398]
    """
    x, xp = floating(x)
    return xp.atan(x)


@op
def arcsinh(x):
    """Inverse of `sinh`: `log(x + sqrt(x**2 + 1))`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.arcsinh([0.0, 1.175201])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.asinh(x)


@op
def arccosh(x):
    """Inverse of `cosh`, from 0 up: `log(x + sqrt(x**2 - 1))`.

    Args:
        x: tensor of any shape, with values from 1 up; others give NaN.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.arccosh([1.0, 1.543081])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.acosh(x)


@op
def arctanh(x):
    """Inverse of `tanh`: `log((1 + x) / (1 - x)) / 2`.

    Args:
        x: tensor of any shape, with values from -1 to 1 (where it is infinite); others give NaN.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.arctanh([0.0, 0.761594])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.atanh(x)


@op
def sinc(x):
    """`sin(pi * x) / (pi * x)`, and 1 at 0.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.sinc([0.0, 0.5, 1.0])  # [1, 0.63662, 0]
    """
    x, xp = floating(x)
    return xp.sinc(x)


@op
def i0(x):
    """The modified Bessel function of order 0: the sum over k of `(x**2 / 4)**k / (k!)**2`.

    Args:
        x: tensor of any shape and real dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.i0([0.0, 1.0])  # [1, 1.266066]
    """
    x, xp = floating(x)
    return xp.i0(x)


@op
def deg2rad(x):
    """`x * pi / 180`: degrees as radians.

    Args:
        x: angles in degrees, a tensor of any shape.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.deg2rad([180.0, 90.0])  # [3.141593, 1.570796]
    """
    x, xp = floating(x)
    return xp.deg2rad(x)


@op
def rad2deg(x):
    """`x * 180 / pi`: radians as degrees.

    Args:
        x: angles in radians, a tensor of any shape.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.rad2deg([np.pi, np.pi / 2])  # [180, 90]
    """
    x, xp = floating(x)
    return xp.rad2deg(x)
