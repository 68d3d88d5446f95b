"""Activation functions: the elementwise functions of `kerata.ops`, under the names that layers know."""

from __future__ import annotations

from kerata import ops


def linear(x):
    """The identity: `x` itself.

    Args:
        x: anything; it is not even converted to a tensor.

    >>> kerata.activations.linear(np.array([1.0, -2.0]))  # [1.0, -2.0]
    """
    return x


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """`max(x, 0)`, which may leak below, saturate above, and start later than at 0.

    In full: `max_value` where x >= max_value, `x` where x > threshold, `negative_slope * (x - threshold)` elsewhere.

    Args:
        x: tensor of any shape and numeric dtype.
        negative_slope: slope below `threshold`; 0.0 by default.
        max_value: the greatest value that is given out; None, the default, for no limit.
        threshold: what lies below it is taken for negative; 0.0 by default.

    Returns:
        A tensor of the shape of `x`, and of its dtype (float for integers once a slope is given).

    >>> x = [-10.0, -5.0, 0.0, 5.0, 10.0]
    >>> kerata.activations.relu(x)  # [0.0, 0.0, 0.0, 5.0, 10.0]
    >>> kerata.activations.relu(x, negative_slope=0.5, max_value=8.0)  # [-5.0, -2.5, 0.0, 5.0, 8.0]
    >>> kerata.activations.relu(x, threshold=6.0)  # [0.0, 0.0, 0.0, 0.0, 10.0]
    """
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
    """`x` where positive, `negative_slope * x` elsewhere.

    Args:
        x: tensor of any shape; integers become floats.
        negative_slope: slope for negative values; 0.2 by default (the layer `LeakyReLU` has 0.3).

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.leaky_relu([-10.0, 3.0])  # [-2.0, 3.0]
    """
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x):
    """`min(max(x, 0), 6)`, the bounded rectifier of networks for low-precision hardware.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, with values from 0 to 6.

    >>> kerata.activations.relu6([-1.0, 5.0, 7.0])  # [0.0, 5.0, 6.0]
    """
    return ops.relu6(x)


def softmax(x, axis=-1):
    """Numbers to probabilities: `exp(x) / sum(exp(x))` along an axis.

    Args:
        x: tensor of any shape; integers become floats.
        axis: integer, or a tuple of integers over which one distribution extends; -1, the last, by default.

    Returns:
        A float tensor of the shape of `x`, positive, of sum 1 along `axis`.

    >>> kerata.activations.softmax([[0.0, 0.0], [0.0, 20.0]])  # [[0.5, 0.5], [0.0, 1.0]]
    """
    return ops.softmax(x, axis=axis)


def log_softmax(x, axis=-1):
    """`log(softmax(x))`, computed as `x - logsumexp(x)`, which neither overflows nor gives `log(0)`.

    Args:
        x: tensor of any shape; integers become floats.
        axis: integer, or a tuple of integers; -1, the last, by default.

    Returns:
        A float tensor of the shape of `x`, none above 0.

    >>> kerata.activations.log_softmax([0.0, 100.0])  # [-100.0, 0.0]
    """
    return ops.log_softmax(x, axis=axis)


def elu(x, alpha=1.0):
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
        x: tensor of any shape; integers become floats.
        alpha: minus the value that large negative `x` approach; 1.0 by default.

    Returns:
        A float tensor of the shape of `x`.

    Source: Clevert et al. (2015), https://arxiv.org/abs/1511.07289

    >>> kerata.activations.elu([-50.0, 0.0, 2.0])  # [-1.0, 0.0, 2.0]
    """
    return ops.elu(x, alpha=alpha)


def selu(x):
    """`1.0507 * elu(x, alpha=1.6733)`: activations of deep networks stay near mean 0 and variance 1.

    Use it with weights from `LecunNormal`, and with `AlphaDropout` in place of `Dropout`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`.

    Source: Klambauer, Unterthiner, Mayr and Hochreiter (2017), https://arxiv.org/abs/1706.02515

    >>> kerata.activations.selu([-50.0, 0.0, 1.0])  # [-1.758099, 0.0, 1.050701]
    """
    return ops.selu(x)


def celu(x, alpha=1.0):
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`: an `elu` of slope 1 at zero for every `alpha`.

    Args:
        x: tensor of any shape; integers become floats.
        alpha: positive number, minus the limit for negative `x`; 1.0 by default.

    Returns:
        A float tensor of the shape of `x`.

    Source: Barron (2017), https://arxiv.org/abs/1704.07483

    >>> kerata.activations.celu([-90.0, 0.0, 2.0], alpha=3.0)  # [-3.0, 0.0, 2.0]
    """
    return ops.celu(x, alpha=alpha)


def glu(x, axis=-1):
    """The gated linear unit `a * sigmoid(b)`, a and b the two halves of `x`.

    Args:
        x: tensor with an even number of elements along `axis`; integers become floats.
        axis: integer, the axis that is halved; -1 by default.

    Returns:
        A float tensor with half the size along `axis`.

    Raises:
        ValueError: if that size is odd.

    Source: Dauphin et al. (2016), https://arxiv.org/abs/1612.08083

    >>> kerata.activations.glu([4.0, 6.0, 0.0, 100.0])  # [2.0, 6.0]
    """
    return ops.glu(x, axis=axis)


def gelu(x, approximate=False):
    """`x * Phi(x)`, Phi being the distribution function of the standard normal.

    Args:
        x: tensor of any shape; integers become floats.
        approximate: if True, `x / 2 * (1 + tanh(0.797885 * (x + 0.044715 * x**3)))` instead; False by default
            (`kerata.ops.gelu` has True).

    Returns:
        A float tensor of the shape of `x`.

    Source: Hendrycks and Gimpel (2016), https://arxiv.org/abs/1606.08415

    >>> kerata.activations.gelu([-1.0, 0.0, 1.0])  # [-0.158655, 0.0, 0.841345]
    """
    return ops.gelu(x, approximate=approximate)


def softplus(x):
    """`log(exp(x) + 1)`, a smooth rectifier, computed so that large `x` do not overflow.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, nowhere negative.

    >>> kerata.activations.softplus([0.0, 1000.0])  # [0.693147, 1000.0]
    """
    return ops.softplus(x)


def softsign(x):
    """`x / (|x| + 1)`, which goes to -1 and 1 more slowly than `tanh`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, within (-1, 1).

    >>> kerata.activations.softsign([-3.0, 0.0, 1.0])  # [-0.75, 0.0, 0.5]
    """
    return ops.softsign(x)


def soft_shrink(x, threshold=0.5):
    """`x` moved towards zero by `threshold`, and 0 where `|x|` is smaller than that.

    Args:
        x: tensor of any shape; integers become floats.
        threshold: how far, a number of at least 0; 0.5 by default.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.soft_shrink([-1.0, 0.25, 2.0])  # [-0.5, 0.0, 1.5]
    """
    return ops.soft_shrink(x, threshold=threshold)


def hard_shrink(x, threshold=0.5):
    """`x` where `|x| > threshold`, 0 elsewhere.

    Args:
        x: tensor of any shape; integers become floats.
        threshold: number of at least 0; 0.5 by default.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.hard_shrink([-1.0, 0.25, 2.0])  # [-1.0, 0.0, 2.0]
    """
    return ops.hard_shrink(x, threshold=threshold)


def sparse_plus(x):
    """A softplus that reaches zero: 0 up to -1, `(x + 1)**2 / 4` from there to 1, then `x`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.sparse_plus([-2.0, 0.0, 3.0])  # [0.0, 0.25, 3.0]
    """
    return ops.sparse_plus(x)


def sparse_sigmoid(x):
    """The derivative of `sparse_plus`: 0 up to -1, `(x + 1) / 2` from there to 1, then 1.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, with values from 0 to 1.

    >>> kerata.activations.sparse_sigmoid([-2.0, 0.5, 3.0])  # [0.0, 0.75, 1.0]
    """
    return ops.sparse_sigmoid(x)


def sparsemax(x, axis=-1):
    """The distribution nearest to `x` (Euclidean distance), in which small scores get exactly 0.

    Args:
        x: tensor of scores; integers become floats.
        axis: integer, the axis of the distribution; -1 by default.

    Returns:
        A float tensor of the shape of `x`, of sum 1 along `axis`.

    Source: Martins and Astudillo (2016), https://arxiv.org/abs/1602.02068

    >>> kerata.activations.sparsemax([1.0, 1.5, -2.0])  # [0.25, 0.75, 0.0]
    """
    return ops.sparsemax(x, axis=axis)


def squareplus(x, b=4):
    """`(x + sqrt(x**2 + b)) / 2`, a softplus that needs no exponential.

    Args:
        x: tensor of any shape; integers become floats.
        b: how round the bend is: 0 gives `relu`, 4, the default, about `softplus`.

    Returns:
        A float tensor of the shape of `x`.

    Source: Barron (2021), https://arxiv.org/abs/2112.11687

    >>> kerata.activations.squareplus([0.0, 1.5])  # [1.0, 2.0]
    """
    return ops.squareplus(x, b=b)


def silu(x):
    """`x * sigmoid(x)`, also called swish.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, never below -0.2785.

    Source: Elfwing et al. (2017), https://arxiv.org/abs/1702.03118

    >>> kerata.activations.silu([-1.0, 0.0, 1.0])  # [-0.268941, 0.0, 0.731059]
    """
    return ops.silu(x)


def mish(x):
    """`x * tanh(softplus(x))`.

    Args:
        x: tensor of any shape and a float dtype.

    Returns:
        A tensor of the shape and dtype of `x`, never below -0.3089.

    Source: Misra (2019), https://arxiv.org/abs/1908.08681

    >>> kerata.activations.mish(np.array([-1.0, 0.0, 1.0], "float32"))  # [-0.303401, 0.0, 0.865098]
    """
    return ops.multiply(x, ops.tanh(ops.softplus(x)))


def sigmoid(x):
    """`1 / (1 + exp(-x))`: any number to a probability.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, with values from 0 to 1.

    >>> kerata.activations.sigmoid([-40.0, 0.0, 1.0])  # [0.0, 0.5, 0.731059]
    """
    return ops.sigmoid(x)


def log_sigmoid(x):
    """`log(sigmoid(x))`, computed as `-softplus(-x)`, so that it stays finite for very negative `x`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, none above 0.

    >>> kerata.activations.log_sigmoid([-1000.0, 0.0])  # [-1000.0, -0.693147]
    """
    return ops.log_sigmoid(x)


def hard_sigmoid(x):
    """`clip(x / 6 + 1 / 2, 0, 1)`: a sigmoid of three straight lines.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`: 0 up to -3, 1 from 3 on.

    >>> kerata.activations.hard_sigmoid([-4.0, 0.0, 1.5, 4.0])  # [0.0, 0.5, 0.75, 1.0]
    """
    return ops.hard_sigmoid(x)


def hard_silu(x):
    """`x * hard_sigmoid(x)`, also called hard swish: `silu` without an exponential.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`: 0 up to -3, `x` from 3 on.

    Source: Howard et al. (2019), https://arxiv.org/abs/1905.02244

    >>> kerata.activations.hard_silu([-3.0, 1.0, 3.0])  # [0.0, 0.666667, 3.0]
    """
    return ops.hard_silu(x)


def tanh(x):
    """The hyperbolic tangent, `(1 - exp(-2 * x)) / (1 + exp(-2 * x))`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`, with values from -1 to 1.

    >>> kerata.activations.tanh([-20.0, 0.0, 1.0])  # [-1.0, 0.0, 0.761594]
    """
    return ops.tanh(x)


def hard_tanh(x):
    """`clip(x, -1, 1)`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.hard_tanh([-2.0, 0.5, 2.0])  # [-1.0, 0.5, 1.0]
    """
    return ops.hard_tanh(x)


def tanh_shrink(x):
    """`x - tanh(x)`, nearly 0 around zero.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.tanh_shrink([0.0, 1.0])  # [0.0, 0.238406]
    """
    return ops.tanh_shrink(x)


def threshold(x, threshold, default_value):
    """`x` where it is above `threshold`, `default_value` elsewhere.

    Args:
        x: tensor of any shape; integers become floats.
        threshold: number that `x` has to exceed.
        default_value: number that stands in for the others.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.threshold([-1.0, 1.0, 2.0], 1.0, 9.0)  # [9.0, 9.0, 2.0]
    """
    return ops.threshold(x, threshold, default_value)


def exponential(x):
    """`exp(x)`.

    Args:
        x: tensor of any shape; integers become floats.

    Returns:
        A float tensor of the shape of `x`.

    >>> kerata.activations.exponential([0.0, 1.0])  # [1.0, 2.718282]
    """
    return ops.exp(x)


hard_swish, swish = hard_silu, silu
