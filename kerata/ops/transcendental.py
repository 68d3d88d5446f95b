"""Exponentials, logarithms, trigonometric and hyperbolic functions of one tensor."""

from __future__ import annotations

from kerata.ops._op import floating, op


@op
def exp(x):
    """e**x.

    >>> kerata.ops.exp([0.0, 1.0])  # [1.0, 2.7182817]
    """
    x, xp = floating(x)
    return xp.exp(x)


@op
def exp2(x):
    """2**x."""
    x, xp = floating(x)
    return xp.exp2(x)


@op
def expm1(x):
    """exp(x) - 1, exact for small x."""
    x, xp = floating(x)
    return xp.expm1(x)


@op
def log(x):
    """Natural logarithm."""
    x, xp = floating(x)
    return xp.log(x)


@op
def log2(x):
    """Logarithm to base 2."""
    x, xp = floating(x)
    return xp.log2(x)


@op
def log10(x):
    """Logarithm to base 10."""
    x, xp = floating(x)
    return xp.log10(x)


@op
def log1p(x):
    """log(1 + x), exact for small x."""
    x, xp = floating(x)
    return xp.log1p(x)


@op
def sin(x):
    """Sine of an angle in radians."""
    x, xp = floating(x)
    return xp.sin(x)


@op
def cos(x):
    """Cosine of an angle in radians."""
    x, xp = floating(x)
    return xp.cos(x)


@op
def tan(x):
    """Tangent of an angle in radians."""
    x, xp = floating(x)
    return xp.tan(x)


@op
def sinh(x):
    """Hyperbolic sine."""
    x, xp = floating(x)
    return xp.sinh(x)


@op
def cosh(x):
    """Hyperbolic cosine."""
    x, xp = floating(x)
    return xp.cosh(x)


@op
def tanh(x):
    """Hyperbolic tangent."""
    x, xp = floating(x)
    return xp.tanh(x)


@op
def arcsin(x):
    """Inverse sine, in radians."""
    x, xp = floating(x)
    return xp.asin(x)


@op
def arccos(x):
    """Inverse cosine, in radians."""
    x, xp = floating(x)
    return xp.acos(x)


@op
def arctan(x):
    """Inverse tangent, in radians."""
    x, xp = floating(x)
    return xp.atan(x)


@op
def arcsinh(x):
    """Inverse hyperbolic sine."""
    x, xp = floating(x)
    return xp.asinh(x)


@op
def arccosh(x):
    """Inverse hyperbolic cosine."""
    x, xp = floating(x)
    return xp.acosh(x)


@op
def arctanh(x):
    """Inverse hyperbolic tangent."""
    x, xp = floating(x)
    return xp.atanh(x)


@op
def sinc(x):
    """sin(pi x) / (pi x), and 1 at 0."""
    x, xp = floating(x)
    return xp.sinc(x)


@op
def i0(x):
    """I_0(x) = sum over k of (x^2 / 4)^k / (k!)^2, a Bessel function."""
    x, xp = floating(x)
    return xp.i0(x)


@op
def deg2rad(x):
    """Degrees to radians."""
    x, xp = floating(x)
    return xp.deg2rad(x)


@op
def rad2deg(x):
    """Radians to degrees."""
    x, xp = floating(x)
    return xp.rad2deg(x)
