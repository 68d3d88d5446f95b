"""Activation functions: the elementwise functions of `kerata.ops`, under the names that layers know."""

from __future__ import annotations

from kerata import ops


def linear(x):
    """The identity."""
    return x


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """`max(x, 0)`; with a slope below `threshold`, and a greatest value, if given."""
    if negative_slope == 0.0 and max_value is None and threshold == 0.0:
        return ops.relu(x)
    return _general_relu(ops.convert_to_tensor(x) if not hasattr(x, "shape") else x, negative_slope, max_value, threshold)


def _general_relu(x, negative_slope, max_value, threshold):
    below = None
    if negative_slope:
        if max_value is None and threshold == 0:
            return ops.leaky_relu(x, negative_slope=negative_slope)
        below = ops.relu(threshold - x) if threshold else ops.relu(-x)
    if threshold:
        x = x * ops.cast(ops.greater(x, threshold), x.dtype)
    elif max_value == 6:
        x, max_value = ops.relu6(x), None
    else:
        x = ops.relu(x)
    if max_value is not None:
        x = ops.minimum(x, max_value)  # no clip: that has a gradient at 0
    return x if below is None else x - negative_slope * below


def leaky_relu(x, negative_slope=0.2):
    """`x` where positive, `negative_slope * x` elsewhere."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x):
    """`min(max(x, 0), 6)`."""
    return ops.relu6(x)


def softmax(x, axis=-1):
    """`exp(x) / sum(exp(x))` along an axis (or several)."""
    return ops.softmax(x, axis=axis)


def log_softmax(x, axis=-1):
    """The logarithm of `softmax`."""
    return ops.log_softmax(x, axis=axis)


def elu(x, alpha=1.0):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere (Clevert et al., 2015)."""
    return ops.elu(x, alpha=alpha)


def selu(x):
    """Scaled `elu`, which keeps mean and variance (Klambauer et al., 2017)."""
    return ops.selu(x)


def celu(x, alpha=1.0):
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))` (Barron, 2017)."""
    return ops.celu(x, alpha=alpha)


def glu(x, axis=-1):
    """`a * sigmoid(b)` for the halves a, b of x along an axis (Dauphin et al., 2016)."""
    return ops.glu(x, axis=axis)


def gelu(x, approximate=False):
    """`x * Phi(x)`, Phi the normal distribution function (Hendrycks and Gimpel, 2016); or its approximation by tanh."""
    return ops.gelu(x, approximate=approximate)


def softplus(x):
    """`log(exp(x) + 1)`."""
    return ops.softplus(x)


def softsign(x):
    """`x / (|x| + 1)`."""
    return ops.softsign(x)


def soft_shrink(x, threshold=0.5):
    """`x` moved towards zero by `threshold`, 0 within it."""
    return ops.soft_shrink(x, threshold=threshold)


def hard_shrink(x, threshold=0.5):
    """`x` where `|x| > threshold`, 0 elsewhere."""
    return ops.hard_shrink(x, threshold=threshold)


def sparse_plus(x):
    """0 below -1, `(x + 1)^2 / 4` up to 1, `x` above."""
    return ops.sparse_plus(x)


def sparse_sigmoid(x):
    """0 below -1, `(x + 1) / 2` up to 1, 1 above."""
    return ops.sparse_sigmoid(x)


def sparsemax(x, axis=-1):
    """The nearest point of the probability simplex (Martins and Astudillo, 2016)."""
    return ops.sparsemax(x, axis=axis)


def squareplus(x, b=4):
    """`(x + sqrt(x^2 + b)) / 2` (Barron, 2021)."""
    return ops.squareplus(x, b=b)


def silu(x):
    """`x * sigmoid(x)` (Elfwing et al., 2017)."""
    return ops.silu(x)


def mish(x):
    """`x * tanh(softplus(x))` (Misra, 2019)."""
    return x * ops.tanh(ops.softplus(x))


def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def log_sigmoid(x):
    """The logarithm of `sigmoid`."""
    return ops.log_sigmoid(x)


def hard_sigmoid(x):
    """`clip(x / 6 + 1 / 2, 0, 1)`."""
    return ops.hard_sigmoid(x)


def hard_silu(x):
    """`x * hard_sigmoid(x)` (Howard et al., 2019)."""
    return ops.hard_silu(x)


def tanh(x):
    """The hyperbolic tangent."""
    return ops.tanh(x)


def hard_tanh(x):
    """`clip(x, -1, 1)`."""
    return ops.hard_tanh(x)


def tanh_shrink(x):
    """`x - tanh(x)`."""
    return ops.tanh_shrink(x)


def threshold(x, threshold, default_value):
    """`x` where it is above `threshold`, `default_value` elsewhere."""
    return ops.threshold(x, threshold, default_value)


def exponential(x):
    """`exp(x)`."""
    return ops.exp(x)


hard_swish, swish = hard_silu, silu
