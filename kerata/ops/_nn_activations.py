"""Activation functions as ops."""

from __future__ import annotations

from kerata import backend
from kerata.ops._op import arrays, floating, op


@op
def relu(x):
    """`max(x, 0)`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.relu([-1.0, 2.0])  # [0, 2]
    """
    x, _ = arrays(x)
    return backend.current().relu(x)


@op
def relu6(x):
    """`min(max(x, 0), 6)`; the slope is 0 at both ends.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1704.04861 (Howard et al., 2017)

    >>> kerata.ops.relu6([-2.0, 1.0, 7.0])  # [0, 1, 6]
    """
    x, _ = floating(x)
    return backend.current().relu6(x)


@op
def sigmoid(x):
    """`1 / (1 + exp(-x))`: any number to a share between 0 and 1.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.sigmoid([0.0, 2.0])  # [0.5, 0.880797]
    """
    x, xp = floating(x)
    return xp.sigmoid(x)


@op
def sparse_sigmoid(x):
    """A sigmoid of three straight pieces: 0 up to -1, `(x + 1) / 2`, 1 from 1 on.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: Martins and Astudillo (2016), https://arxiv.org/abs/1602.02068 (sparsemax of two classes)

    >>> kerata.ops.sparse_sigmoid([-2.0, 0.0, 1.0])  # [0, 0.5, 1]
    """
    x, xp = floating(x)
    return xp.clip((x + 1) * 0.5, 0, 1)


@op
def softplus(x):
    """`log(1 + exp(x))`: a smooth `relu`, written so that it cannot overflow.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.softplus([0.0, 1000.0])  # [0.693147, 1000]
    """
    x, xp = floating(x)
    return xp.softplus(x)


@op
def softsign(x):
    """`x / (1 + |x|)`: from -1 to 1, with slow tails.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.softsign([-2.0, 0.0, 1.0])  # [-0.666667, 0, 0.5]
    """
    x, xp = floating(x)
    return x / (1 + xp.abs(x))


@op
def soft_shrink(x, threshold=0.5):
    """`sign(x) * max(|x| - threshold, 0)`: moves x towards 0.

    Args:
        x: tensor of any shape and numeric dtype.
        threshold: how far; smaller values become 0.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.soft_shrink([-2.0, 0.3, 1.0])  # [-1.5, 0, 0.5]
    """
    x, xp = floating(x)
    return x - xp.clip(x, -threshold, threshold)


@op
def hard_shrink(x, threshold=0.5):
    """`x` where `|x| > threshold`, else 0.

    Args:
        x: tensor of any shape and numeric dtype.
        threshold: the bound.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.hard_shrink([-2.0, 0.3, 1.0])  # [-2, 0, 1]
    """
    x, xp = floating(x)
    return xp.where(xp.abs(x) > threshold, x, xp.zeros_like(x))


@op
def tanh_shrink(x):
    """`x - tanh(x)`: near 0 flat, far away x less 1.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.tanh_shrink([-2.0, 0.0, 1.0])  # [-1.035972, 0, 0.238406]
    """
    x, xp = floating(x)
    return x - xp.tanh(x)


@op
def threshold(x, threshold, default_value):
    """`x` where `x > threshold`, else a constant.

    Args:
        x: tensor of any shape and numeric dtype.
        threshold: the bound.
        default_value: what stands where x is not above it.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.threshold([-2.0, 0.5, 3.0], 1.0, 0.0)  # [0, 0, 3]
    """
    x, xp = floating(x)
    return xp.where(x > threshold, x, xp.full_like(x, default_value))


@op
def sparse_plus(x):
    """A softplus that is exactly 0 up to -1 and x from 1 on; between them, `(x + 1)**2 / 4`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.sparse_plus([-2.0, 0.0, 7.0])  # [0, 0.25, 7]
    """
    x, xp = floating(x)
    middle = xp.square(xp.clip(x, -1, 1) + 1) * 0.25
    return xp.where(x > 1, x, middle)


@op
def silu(x):
    """`x * sigmoid(x)`, also called swish.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1710.05941 (Ramachandran et al., 2017)

    >>> kerata.ops.silu([-2.0, 0.0, 1.0])  # [-0.238406, 0, 0.731059]
    """
    x, _ = floating(x)
    return backend.current().silu(x)


swish = silu


@op
def log_sigmoid(x):
    """`log(sigmoid(x))`, computed as `-softplus(-x)`, which cannot overflow.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.log_sigmoid([0.0, -1000.0])  # [-0.693147, -1000]
    """
    x, xp = floating(x)
    return -xp.softplus(-x)


@op
def squareplus(x, b=4):
    """`(x + sqrt(x**2 + b)) / 2`: a softplus without exponentials.

    Args:
        x: tensor of any shape and numeric dtype.
        b: how round the corner at 0 is; 0 gives `relu`.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/2112.11687 (Barron, 2021)

    >>> kerata.ops.squareplus([-2.0, 0.0, 1.0])  # [0.414214, 1, 1.618034]
    """
    x, xp = floating(x)
    return (x + xp.sqrt(xp.square(x) + b)) * 0.5


@op
def leaky_relu(x, negative_slope=0.2):
    """`x` where it is positive, `negative_slope * x` where not.

    Args:
        x: tensor of any shape and numeric dtype.
        negative_slope: the slope below 0.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf (Maas et al., 2013)

    >>> kerata.ops.leaky_relu([-2.0, 3.0])  # [-0.4, 3]
    """
    x, _ = floating(x)
    return backend.current().leaky_relu(x, negative_slope)


@op
def hard_sigmoid(x):
    """`relu6(x + 3) / 6`: a sigmoid of straight pieces, 0 up to -3 and 1 from 3 on.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.hard_sigmoid([-4.0, 0.0, 1.0])  # [0, 0.5, 0.666667]
    """
    x, _ = floating(x)
    return backend.current().relu6(x + 3) * (1 / 6)


@op
def hard_silu(x):
    """`x * relu6(x + 3) / 6`, also called hard swish.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1905.02244 (Howard et al., 2019)

    >>> kerata.ops.hard_silu([-4.0, 1.0, 7.0])  # [0, 0.666667, 7]
    """
    x, _ = floating(x)
    return x * (backend.current().relu6(x + 3) * (1 / 6))


hard_swish = hard_silu


@op
def hard_tanh(x):
    """`min(max(x, -1), 1)`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.hard_tanh([-2.0, 0.5, 7.0])  # [-1, 0.5, 1]
    """
    x, xp = floating(x)
    return xp.clip(x, -1, 1)


@op
def elu(x, alpha=1.0):
    """`x` where it is positive, `alpha * (exp(x) - 1)` where not.

    Args:
        x: tensor of any shape and numeric dtype.
        alpha: `-alpha` is the limit for large negative x.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1511.07289 (Clevert et al., 2016)

    >>> kerata.ops.elu([-2.0, 1.0])  # [-0.864665, 1]
    """
    x, _ = floating(x)
    return backend.current().elu(x, alpha)


@op
def selu(x):
    """`1.0507 * elu(x, 1.67326)`: keeps mean 0 and variance 1 from layer to layer, with "lecun_normal" kernels.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1706.02515 (Klambauer et al., 2017)

    >>> kerata.ops.selu([-2.0, 1.0])  # [-1.520167, 1.050701]
    """
    x, _ = floating(x)
    return backend.current().selu(x)


@op
def gelu(x, approximate=True):
    """`x * P(X <= x)` for a standard normal X.

    Args:
        x: tensor of any shape and numeric dtype.
        approximate: whether to take `x * (1 + tanh(0.797885 * (x + 0.044715 * x**3))) / 2` instead of the
            exact `x * (1 + erf(x / sqrt(2))) / 2`.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1606.08415 (Hendrycks and Gimpel, 2016)

    >>> kerata.ops.gelu([-2.0, 1.0])  # [-0.045402, 0.841192]
    >>> kerata.ops.gelu([1.0], approximate=False)  # [0.841345]
    """
    x, _ = floating(x)
    return backend.current().gelu(x, approximate)


@op
def celu(x, alpha=1.0):
    """`max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1)`: an elu whose slope is continuous for every alpha.

    Args:
        x: tensor of any shape and numeric dtype.
        alpha: `-alpha` is the limit for large negative x.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1704.07483 (Barron, 2017)

    >>> kerata.ops.celu([-2.0, 1.0], alpha=2.0)  # [-1.264241, 1]
    """
    x, xp = floating(x)
    return xp.where(x >= 0, x, alpha * xp.expm1(xp.minimum(x, 0.0) / alpha))


@op
def glu(x, axis=-1):
    """`a * sigmoid(b)`, where a and b are the two halves of an axis.

    Args:
        x: tensor with an even size along `axis`.
        axis: the axis to halve.

    Returns:
        Float tensor with half the size along `axis`.

    Raises:
        ValueError: if that size is odd.

    Source: https://arxiv.org/abs/1612.08083 (Dauphin et al., 2017)

    >>> kerata.ops.glu([1.0, 2.0, 0.0, 0.0])  # [0.5, 1]
    """
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
    """`exp(x) / sum(exp(x))`: scores to probabilities that sum to 1.

    Args:
        x: tensor of any shape and numeric dtype. An axis of size 1 gives ones everywhere, of which a warning
            tells.
        axis: what to sum over: an integer, several, or None for all axes.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.softmax([0.0, 0.0])  # [0.5, 0.5]
    """
    x, _ = floating(x)
    _need_several(x, axis, "softmax")
    return backend.current().softmax(x, tuple(axis) if isinstance(axis, list) else axis)


@op
def log_softmax(x, axis=-1):
    """`x - log(sum(exp(x)))`: logarithms of the softmax, which cannot underflow.

    Args:
        x: tensor of any shape and numeric dtype.
        axis: what to sum over: an integer, several, or None for all axes.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.log_softmax([0.0, 0.0])  # [-0.693147, -0.693147]
    """
    x, _ = floating(x)
    return backend.current().log_softmax(x, tuple(axis) if isinstance(axis, list) else axis)


@op
def sparsemax(x, axis=-1):
    """The nearest point to x whose elements are not negative and sum to 1; most of them are exactly 0.

    Args:
        x: tensor with at least one axis.
        axis: the axis that sums to 1.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1602.02068 (Martins and Astudillo, 2016)

    >>> kerata.ops.sparsemax([1.0, 0.8, -1.0])  # [0.6, 0.4, 0]
    """
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
