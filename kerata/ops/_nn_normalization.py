"""Moments, normalisations and attention."""

from __future__ import annotations

import math

from kerata import backend
from kerata.core import config
from kerata.ops._op import convert, floating, op

_HALF = ("float16", "bfloat16")
_LARGEST_HALF = {"float16": 65504.0, "bfloat16": 3.3895e38}


def _axes(axis, rank: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(rank))
    return tuple(sorted(range(rank)[a] for a in ((axis,) if isinstance(axis, int) else axis)))


def _along(name: str, weight, shape: list, xp):
    """The weight of a normalisation in the shape that fits the inputs: 1 but along the normalised axes."""
    sizes = (*weight.shape, *shape)
    if all(isinstance(n, int) for n in sizes) and math.prod(weight.shape) != math.prod(shape):
        raise ValueError(
            f"`{name}` has one number for each place along the normalised axes, of sizes {[n for n in shape if n != 1]}; "
            f"got the shape {tuple(weight.shape)}."
        )
    return xp.reshape(weight, shape)


@op
def normalize(x, axis=-1, order=2, epsilon=None):
    """Scales x to norm 1: `x / (sum(|x|**order))**(1 / order)` over an axis.

    Args:
        x: tensor of any shape and numeric dtype.
        axis: an integer, or several.
        order: which norm: a number from 1 on, or `math.inf` for the largest |x|.
        epsilon: smaller norms count as this; `kerata.config.epsilon()` by default.

    Returns:
        Tensor like `x`, of shape (1,) for a scalar: a float dtype stays, integers and booleans become floatx.

    Raises:
        ValueError: if `order` is below 1.

    >>> kerata.ops.normalize([[3.0, 4.0]])  # [[0.6, 0.8]]
    """
    if not isinstance(order, int | float) or order < 1:
        raise ValueError(f"normalize(): `order` must be a number from 1 on; it is {order!r}.")
    x, xp = floating(x)
    if x.ndim == 0:
        x = xp.reshape(x, (1,))
    epsilon = config.epsilon() if epsilon is None else epsilon
    b = backend.current()
    given = b.dtype(x)

    def as_given(out):
        """NumPy makes float32 of bfloat16 and a number."""
        return out if b.dtype(out) == given else b.cast(out, given)

    if order == 2:
        squares = xp.sum(xp.square(x), axis=axis, keepdims=True)
        # Not max(norm, epsilon): the root's slope at 0 is infinite and would spoil the gradient.
        return as_given(x * xp.rsqrt(xp.maximum(squares, max(epsilon * epsilon, 1e-37))))
    size = xp.abs(x)
    if order == math.inf:
        norm = xp.max(size, axis=axis, keepdims=True)
    elif order == 1:
        norm = xp.sum(size, axis=axis, keepdims=True)
    else:
        norm = xp.pow(xp.sum(xp.pow(size, order), axis=axis, keepdims=True), 1.0 / order)
    return as_given(x / xp.maximum(norm, epsilon))


@op
def moments(x, axes, keepdims=False, synchronized=False):
    """Mean and variance over axes; the variance is divided by the count itself.

    Args:
        x: tensor of any shape and numeric dtype; float16 and bfloat16 are accumulated in float32.
        axes: an integer, or several.
        keepdims: whether these axes stay, with size 1.
        synchronized: whether the moments are those of all replicas of a distributed batch.

    Returns:
        `(mean, variance)`, float tensors without these axes.

    >>> mean, variance = kerata.ops.moments([[1.0, 3.0], [5.0, 7.0]], axes=[0])
    >>> mean  # [3, 5]
    >>> variance  # [4, 4]
    """
    x, xp = floating(x)
    b = backend.current()
    axes, given = _axes(axes, len(x.shape)), b.dtype(x)
    if given in _HALF:
        x = b.cast(x, "float32")
    if synchronized and hasattr(b, "synchronized_moments"):
        mean, variance = b.synchronized_moments(x, axes)
    else:
        mean = xp.mean(x, axis=axes, keepdims=True)
        variance = xp.mean(xp.square(x - mean), axis=axes, keepdims=True)
    if given in _HALF:
        top = _LARGEST_HALF[given]
        mean, variance = (b.cast(xp.clip(m, -top, top), given) for m in (mean, variance))
    if not keepdims:
        mean, variance = xp.squeeze(mean, axis=axes), xp.squeeze(variance, axis=axes)
    return mean, variance


@op
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, with one value of each for every index of an axis.

    Args:
        x: tensor of any shape and numeric dtype.
        mean, variance: vectors of the size of that axis.
        axis: the axis, usually that of the channels.
        offset: vector of the same size, or None for 0.
        scale: vector of the same size, or None for 1.
        epsilon: keeps the root from 0.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1502.03167 (Ioffe and Szegedy, 2015)

    >>> kerata.ops.batch_normalization([[1.0], [3.0]], [2.0], [1.0], axis=-1, epsilon=0.0)  # [[-1], [1]]
    """
    x, xp = floating(x)
    dtype = backend.current().dtype(x)
    shape = [1] * len(x.shape)
    shape[axis] = -1
    mean, variance = convert(mean, dtype), convert(variance, dtype)
    factor = xp.rsqrt(variance + epsilon)
    if scale is not None:
        factor = factor * convert(scale, dtype)
    shift = -mean * factor
    if offset is not None:
        shift = shift + convert(offset, dtype)
    out = x * backend.current().cast(xp.reshape(factor, shape), dtype)
    return out + backend.current().cast(xp.reshape(shift, shape), dtype)


def batch_normalize_by_batch(x, axis: int, scale=None, offset=None, epsilon: float = 1e-3, synchronized: bool = False):
    """Batch normalisation by the moments of `x` itself: (output, mean, variance), the moments biased and 1-D.

    The fused kernel of the backend, where there is one, gives all three in one pass.
    """
    x, _ = floating(x)
    b = backend.current()
    axis %= len(x.shape)
    if hasattr(b, "batch_norm_training") and not synchronized:
        out = b.batch_norm_training(x, axis, scale, offset, epsilon)
        if out is not NotImplemented:
            return out
    others = tuple(a for a in range(len(x.shape)) if a != axis)
    mean, variance = moments(x, others, synchronized=synchronized)
    return batch_normalization(x, mean, variance, axis, offset, scale, epsilon), mean, variance


@op
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **kwargs):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, with the moments of each sample over `axis`.

    Args:
        x: tensor of any shape and numeric dtype; the moments of float16 and bfloat16 are computed in float32.
        gamma, beta: tensors of the sizes of these axes, or None for 1 and 0.
        axis: an integer, or several.
        epsilon: keeps the root from 0; `kerata.config.epsilon()` by default.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1607.06450 (Ba et al., 2016)

    >>> kerata.ops.layer_normalization([[1.0, 3.0]])  # [[-1, 1]]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(f"layer_normalization() got unknown arguments: {', '.join(kwargs)}.")
    x, xp = floating(x)
    b = backend.current()
    axes, given = _axes(axis, len(x.shape)), b.dtype(x)
    epsilon = config.epsilon() if epsilon is None else epsilon
    wide = "float32" if given in _HALF else given
    x = b.cast(x, wide)
    shape = [s if a in axes else 1 for a, s in enumerate(x.shape)]
    gamma = None if gamma is None else _along("gamma", convert(gamma, wide), shape, xp)
    beta = None if beta is None else _along("beta", convert(beta, wide), shape, xp)
    if rms_scaling:  # Keras's old way to an RMS norm: over the deviation, without beta
        out = x / xp.sqrt(xp.var(x, axis=axes, keepdims=True) + epsilon)
        return b.cast(out if gamma is None else out * gamma, given)
    if hasattr(b, "layer_norm"):
        out = b.layer_norm(x, axes, gamma, beta, epsilon)
        if out is not NotImplemented:
            return b.cast(out, given)
    mean = xp.mean(x, axis=axes, keepdims=True)
    centred = x - mean
    out = centred * xp.rsqrt(xp.mean(xp.square(centred), axis=axes, keepdims=True) + epsilon)
    out = out if gamma is None else out * gamma
    out = out if beta is None else out + beta
    return b.cast(out, given)


@op
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """`x / sqrt(mean(x**2) + epsilon) * scale`, the mean taken over `axis`.

    Args:
        x: tensor of any shape and numeric dtype; float16 and bfloat16 are computed in float32.
        scale: tensor of the sizes of these axes, or None for 1.
        axis: an integer, or several.
        epsilon: keeps the root from 0; `kerata.config.epsilon()` by default.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    Source: https://arxiv.org/abs/1910.07467 (Zhang and Sennrich, 2019)

    >>> kerata.ops.rms_normalization([[3.0, 4.0]])  # [[0.848528, 1.131371]]
    """
    x, xp = floating(x)
    b = backend.current()
    axes, given = _axes(axis, len(x.shape)), b.dtype(x)
    epsilon = config.epsilon() if epsilon is None else epsilon
    wide = b.cast(x, "float32") if given in _HALF else x
    factor = xp.rsqrt(xp.mean(xp.square(wide), axis=axes, keepdims=True) + epsilon)
    out = wide * factor
    if scale is not None:
        scale = convert(scale, b.dtype(out))
        if len(scale.shape) != 1 or axes != (len(x.shape) - 1,):
            scale = _along("scale", scale, [s if a in axes else 1 for a, s in enumerate(x.shape)], xp)
        out = out * scale
    return b.cast(out, given)


@op
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """`softmax(query @ key^T * scale + bias) @ value` for each head.

    Args:
        query: (batch, targets, heads, dim).
        key, value: (batch, sources, kv_heads, dim); each of the kv_heads serves heads / kv_heads heads of the
            query.
        bias: added to the logits; broadcasts to (batch, heads, targets, sources).
        mask: booleans that broadcast likewise, True where to look.
        scale: of the logits; `1 / sqrt(dim)` by default.
        is_causal: whether target t sees the sources up to t only.
        flash_attention: True insists on the fused kernel, False forbids it, None takes it where the device has
            it.
        attn_logits_soft_cap: squashes the logits into (-cap, cap): `cap * tanh(logits / cap)`.

    Returns:
        Float tensor of the shape of `query`, with the last size of `value`.

    Raises:
        ValueError: for another number of axes, heads that are no multiple of kv_heads, or if there is no fused
            kernel.

    Source: https://arxiv.org/abs/1706.03762 (Vaswani et al., 2017)

    >>> x = np.ones((1, 3, 2, 4), "float32")
    >>> kerata.ops.dot_product_attention(x, x, x).shape
    (1, 3, 2, 4)
    """
    query, key, value, _ = floating(query, key, value)
    for name, x in (("query", query), ("key", key), ("value", value)):
        if len(x.shape) != 4:
            raise ValueError(
                f"dot_product_attention(): `{name}` must be (batch, length, heads, dim); its shape is {tuple(x.shape)}."
            )
    if query.shape[2] % key.shape[2]:
        raise ValueError(
            f"dot_product_attention(): the {query.shape[2]} heads of `query` must be a multiple of the "
            f"{key.shape[2]} heads of `key`."
        )
    b = backend.current()
    dtype = b.dtype(query)
    bias = None if bias is None else convert(bias, dtype)
    mask = None if mask is None else convert(mask, "bool")
    scale = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    if hasattr(b, "dot_product_attention"):
        args = (query, key, value, bias, mask, scale, is_causal, flash_attention, attn_logits_soft_cap)
        out = b.dot_product_attention(*args)
        if out is not NotImplemented:
            return out
    if flash_attention:
        raise ValueError(
            f"dot_product_attention(): there is no flash attention for these arguments on the {b.name} backend here; "
            "use flash_attention=None to take what there is."
        )
    return _attend(b, query, key, value, bias, mask, scale, is_causal, attn_logits_soft_cap)


def _attend(b, query, key, value, bias, mask, scale, is_causal, soft_cap):
    xp, dtype = b.xp, b.dtype(query)
    heads, shared = query.shape[2], key.shape[2]
    if heads != shared:
        key, value = (xp.repeat(t, heads // shared, axis=2) for t in (key, value))
    logits = xp.einsum("btnh,bsnh->bnts", query, key)
    logits = b.cast(logits, "float32") if dtype in _HALF else logits
    logits = logits * scale
    if soft_cap is not None:
        logits = xp.tanh(logits / soft_cap) * soft_cap
    if bias is not None:
        logits = logits + b.cast(bias, b.dtype(logits))
    if is_causal:
        _, targets, _, _ = b.shape(query)
        sources = b.shape(key)[1]
        rows, columns = xp.arange(targets, dtype="int32"), xp.arange(sources, dtype="int32")
        causal = xp.reshape(rows, (-1, 1)) >= xp.reshape(columns, (1, -1))
        mask = causal if mask is None else xp.logical_and(mask, causal)
    if mask is not None:
        lowest = -0.7 * float({"float64": 1.7e308}.get(b.dtype(logits), 3.4028234e38))
        logits = xp.where(mask, logits, xp.full_like(logits, lowest))
    weights = b.cast(b.softmax(logits, -1), dtype)
    return xp.einsum("bnts,bsnh->btnh", weights, value)


@op
def psnr(x1, x2, max_val):
    """Peak signal-to-noise ratio in decibels: `20 log10(max_val) - 10 log10(mean((x1 - x2)**2))`.

    Args:
        x1, x2: tensors of one shape.
        max_val: the largest value a signal can have, such as 1.0 or 255.

    Returns:
        Scalar float tensor, over all elements; infinite for equal tensors.

    Raises:
        ValueError: if the shapes differ.

    >>> kerata.ops.psnr([0.0, 0.0], [0.1, 0.1], 1.0)  # 20
    """
    x1, x2, xp = floating(x1, x2)
    if tuple(x1.shape) != tuple(x2.shape):
        raise ValueError(f"psnr() compares arrays of one shape; it was given {tuple(x1.shape)} and {tuple(x2.shape)}.")
    top = convert(max_val, backend.current().dtype(x1))
    return 20 * xp.log10(top) - 10 * xp.log10(xp.mean(xp.square(x1 - x2)))


@op
def polar(abs_, angle):
    """`abs_ * (cos(angle) + i sin(angle))`.

    Args:
        abs_: the modulus.
        angle: in radians; the shapes broadcast.

    Returns:
        complex64 tensor, complex128 for float64.

    >>> kerata.ops.polar([1.0, 2.0], [0.0, np.pi / 2])  # [1 + 0j, 0 + 2j]
    """
    abs_, angle, xp = floating(abs_, angle)
    wide = "complex128" if backend.current().dtype(abs_) == "float64" else "complex64"
    cast = backend.current().cast
    real, imaginary = abs_ * xp.cos(angle), abs_ * xp.sin(angle)
    return cast(real, wide) + cast(imaginary, wide) * convert(1j, wide)

