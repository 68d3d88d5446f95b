"""Activation functions as ops."""

from __future__ import annotations

from kerata import backend
from kerata.ops._op import arrays, floating, op


@op
def relu(x):
    """max(x, 0).

    >>> kerata.ops.relu([-1.0, 2.0])  # [0.0, 2.0]
    """
    x, _ = arrays(x)
    return backend.current().relu(x)


@op
def relu6(x):
    """min(max(x, 0), 6), of gradient 0 at both ends."""
    x, _ = floating(x)
    return backend.current().relu6(x)


@op
def sigmoid(x):
    """1 / (1 + exp(-x)).

    >>> kerata.ops.sigmoid([0.0])  # [0.5]
    """
    x, xp = floating(x)
    return xp.sigmoid(x)


@op
def sparse_sigmoid(x):
    """A piecewise linear sigmoid: 0 up to -1, 1 from 1 on, (x + 1) / 2 between."""
    x, xp = floating(x)
    return xp.clip((x + 1) * 0.5, 0, 1)


@op
def softplus(x):
    """log(1 + exp(x)), without overflow."""
    x, xp = floating(x)
    return xp.softplus(x)


@op
def softsign(x):
    """x / (1 + |x|)."""
    x, xp = floating(x)
    return x / (1 + xp.abs(x))


@op
def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by `threshold`, and 0 within it."""
    x, xp = floating(x)
    return x - xp.clip(x, -threshold, threshold)


@op
def hard_shrink(x, threshold=0.5):
    """x where |x| > threshold, else 0."""
    x, xp = floating(x)
    return xp.where(xp.abs(x) > threshold, x, xp.zeros_like(x))


@op
def tanh_shrink(x):
    """x - tanh(x)."""
    x, xp = floating(x)
    return x - xp.tanh(x)


@op
def threshold(x, threshold, default_value):
    """x where x > threshold, else `default_value`."""
    x, xp = floating(x)
    return xp.where(x > threshold, x, xp.full_like(x, default_value))


@op
def sparse_plus(x):
    """A softplus with a sparse gradient: 0 up to -1, (x + 1)**2 / 4 to 1, then x."""
    x, xp = floating(x)
    middle = xp.square(xp.clip(x, -1, 1) + 1) * 0.25
    return xp.where(x > 1, x, middle)


@op
def silu(x):
    """x * sigmoid(x), also called swish."""
    x, _ = floating(x)
    return backend.current().silu(x)


swish = silu


@op
def log_sigmoid(x):
    """log(sigmoid(x)), without overflow."""
    x, xp = floating(x)
    return -xp.softplus(-x)


@op
def squareplus(x, b=4):
    """(x + sqrt(x**2 + b)) / 2, a softplus without exponentials."""
    x, xp = floating(x)
    return (x + xp.sqrt(xp.square(x) + b)) * 0.5


@op
def leaky_relu(x, negative_slope=0.2):
    """x where x >= 0, else negative_slope * x."""
    x, _ = floating(x)
    return backend.current().leaky_relu(x, negative_slope)


@op
def hard_sigmoid(x):
    """relu6(x + 3) / 6."""
    x, _ = floating(x)
    return backend.current().relu6(x + 3) * (1 / 6)


@op
def hard_silu(x):
    """x * hard_sigmoid(x), also called hard swish."""
    x, _ = floating(x)
    return x * (backend.current().relu6(x + 3) * (1 / 6))


hard_swish = hard_silu


@op
def hard_tanh(x):
    """x cut to [-1, 1]."""
    x, xp = floating(x)
    return xp.clip(x, -1, 1)


@op
def elu(x, alpha=1.0):
    """x where x > 0, else alpha * (exp(x) - 1) (Clevert et al. 2016)."""
    x, _ = floating(x)
    return backend.current().elu(x, alpha)


@op
def selu(x):
    """The scaled elu that keeps mean 0 and variance 1 (Klambauer et al. 2017)."""
    x, _ = floating(x)
    return backend.current().selu(x)


@op
def gelu(x, approximate=True):
    """x times the normal distribution function of x (Hendrycks & Gimpel 2016); by default its tanh approximation."""
    x, _ = floating(x)
    return backend.current().gelu(x, approximate)


@op
def celu(x, alpha=1.0):
    """max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1), an elu with a continuous slope (Barron 2017)."""
    x, xp = floating(x)
    return xp.where(x >= 0, x, alpha * xp.expm1(xp.minimum(x, 0.0) / alpha))


@op
def glu(x, axis=-1):
    """The first half of `axis` times the sigmoid of the second (Dauphin et al. 2017)."""
    x, xp = floating(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu() halves axis {axis}, so its size must be even; the shape of x is {tuple(x.shape)}.")
    value, gate = xp.split(x, 2, axis)
    return value * xp.sigmoid(gate)


def _need_several(x, axis, name):
    axes = [axis] if isinstance(axis, int) else list(range(len(x.shape))) if axis is None else list(axis)
    if len(x.shape) and all(x.shape[a] == 1 for a in axes):
        import warnings

        warnings.warn(
            f"{name}() over axis {axis} of shape {tuple(x.shape)} normalises one element at a time, so it always "
            "gives ones. Did you mean sigmoid()?",
            stacklevel=4,
        )


@op
def softmax(x, axis=-1):
    """exp(x), divided by its sum over `axis` (an integer, a tuple, or None for all).

    >>> kerata.ops.softmax([0.0, 0.0])  # [0.5, 0.5]
    """
    x, _ = floating(x)
    _need_several(x, axis, "softmax")
    return backend.current().softmax(x, tuple(axis) if isinstance(axis, list) else axis)


@op
def log_softmax(x, axis=-1):
    """log(softmax(x)), without overflow."""
    x, _ = floating(x)
    return backend.current().log_softmax(x, tuple(axis) if isinstance(axis, list) else axis)


@op
def sparsemax(x, axis=-1):
    """The point of the probability simplex nearest to x, mostly zeros (Martins & Astudillo 2016)."""
    x, xp = floating(x)
    last = xp.moveaxis(x, axis, -1)
    falling = xp.flip(xp.sort(last, axis=-1), axis=-1)
    sums = xp.cumsum(falling, axis=-1)
    ranks = xp.arange(1, last.shape[-1] + 1, dtype=backend.current().dtype(x))
    support = 1 + ranks * falling > sums
    size = xp.sum(xp.where(support, xp.ones_like(last), xp.zeros_like(last)), axis=-1, keepdims=True)
    inside = xp.sum(xp.where(support, falling, xp.zeros_like(falling)), axis=-1, keepdims=True)
    out = xp.maximum(last - (inside - 1) / size, 0.0)
    return xp.moveaxis(out, -1, axis)
