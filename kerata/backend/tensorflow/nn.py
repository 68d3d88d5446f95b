"""Neural-network primitives on TensorFlow: its own NHWC operators, which exist on every device."""

from __future__ import annotations

import contextlib
import threading

import tensorflow as tf

from kerata.backend import windows
from kerata.backend.tensorflow.arrays import shape as shape_of

__all__ = [
    "average_pool", "batch_norm_training", "conv", "conv_transpose", "depthwise_conv", "elu", "gelu", "leaky_relu", "log_softmax",
    "max_pool", "relu", "relu6", "selu", "silu", "softmax", "sparse_crossentropy",
]  # fmt: skip

relu, relu6, silu, selu = tf.nn.relu, tf.nn.relu6, tf.nn.silu, tf.nn.selu


def elu(x, alpha):
    return tf.nn.elu(x) if alpha == 1 else tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0)))


def leaky_relu(x, slope):
    return tf.nn.leaky_relu(x, slope)


def gelu(x, approximate):
    return tf.nn.gelu(x, approximate)


def softmax(x, axis):
    if isinstance(axis, int):
        return tf.nn.softmax(x, axis)
    out = tf.exp(x - tf.stop_gradient(tf.reduce_max(x, axis, keepdims=True)))
    return out / tf.reduce_sum(out, axis, keepdims=True)


def log_softmax(x, axis):
    return tf.nn.log_softmax(x, axis) if isinstance(axis, int) else x - tf.reduce_logsumexp(x, axis, keepdims=True)


# ---- layout
def _move(x, source, target):
    order = [i for i in range(x.shape.rank) if i != source]
    order.insert(target, source)
    return tf.transpose(x, order)


def _last(x, data_format):
    return _move(x, 1, x.shape.rank - 1) if data_format == "channels_first" else x


def _back(x, data_format):
    return _move(x, x.shape.rank - 1, 1) if data_format == "channels_first" else x


def _dilated(kernel, dilation):
    """The kernel with its zeros between the taps written out: CPU kernels know no dilation."""
    for axis, (size, d) in enumerate(zip(kernel.shape[:-2], dilation)):
        if d > 1 and size > 1:
            rest = kernel.shape[axis + 1 :]
            grown = tf.expand_dims(kernel, axis + 1)
            grown = tf.pad(grown, [(0, d - 1) if a == axis + 1 else (0, 0) for a in range(grown.shape.rank)])
            kernel = tf.reshape(grown, [*kernel.shape[:axis], size * d, *rest])
            kernel = kernel[(slice(None),) * axis + (slice(0, windows.span(size, d)),)]
    return kernel


# ---- normalisation
def batch_norm_training(x, axis, scale, offset, epsilon):
    """Normalise by the batch's own moments; gives the output, the mean and the (biased) variance."""
    size = x.shape[axis]
    if x.dtype != tf.float32 or axis != x.shape.rank - 1 or size is None or epsilon < 1.001e-5:  # the kernel's least
        return NotImplemented
    shape = tf.shape(x)
    image = x if x.shape.rank == 4 else tf.reshape(x, tf.stack([-1, 1, 1, size]))
    count = tf.cast(tf.reduce_prod(shape[:-1]), tf.float32)
    ones, zeros = tf.ones([size]), tf.zeros([size])
    out, mean, variance = tf.compat.v1.nn.fused_batch_norm(
        image, ones if scale is None else tf.cast(scale, tf.float32), zeros if offset is None else tf.cast(offset, tf.float32),
        epsilon=epsilon,
    )  # fmt: skip
    biased = variance * ((count - 1) / tf.maximum(count, 1))  # the kernel's is that of a sample
    return tf.ensure_shape(out if x.shape.rank == 4 else tf.reshape(out, shape), x.shape), mean, biased


# ---- convolution
def _convolve(x, kernel, strides, padding):
    """Channels last, no dilation, one group."""
    rank = len(strides)
    if rank == 1:
        x, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
        return tf.squeeze(tf.nn.conv2d(x, kernel, (1, 1, strides[0], 1), padding), 1)
    if rank == 2:
        return tf.nn.conv2d(x, kernel, (1, *strides, 1), padding)
    return tf.nn.conv3d(x, kernel, (1, *strides, 1), padding)


def conv(x, kernel, strides, padding, data_format, dilation):
    x, kernel = _last(x, data_format), _dilated(kernel, dilation)
    groups = x.shape[-1] // kernel.shape[-2]
    if groups == 1:
        return _back(_convolve(x, kernel, strides, padding.upper()), data_format)
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1))
    out = tf.concat([_convolve(a, k, strides, padding.upper()) for a, k in parts], -1)
    return _back(out, data_format)


def _same_padded(x, window, strides):
    """`x` padded for "same"; the sizes may be known at run time only."""
    pads = [(0, 0)]
    for size, w, s in zip(shape_of(x)[1:-1], window, strides):
        if isinstance(size, int):
            pads.append(windows.same_pads(size, w, s))
        else:
            missing = tf.maximum((-(-size // s) - 1) * s + w - size, 0)
            pads.append((missing // 2, missing - missing // 2))
    return tf.pad(x, [*pads, (0, 0)])


def depthwise_conv(x, kernel, strides, padding, data_format, dilation):
    x, kernel = _last(x, data_format), _dilated(kernel, dilation)
    window = kernel.shape[:-2]
    rank = len(window)
    if rank == 1:
        x, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
        window, strides = (1, *window), (1, *strides)
    if strides[0] != strides[1]:  # the operator knows square strides only: take the finest, then thin out
        if padding == "same":
            x = _same_padded(x, window, strides)
        out = tf.nn.depthwise_conv2d(x, kernel, (1, 1, 1, 1), "VALID")[:, :: strides[0], :: strides[1]]
    else:
        out = tf.nn.depthwise_conv2d(x, kernel, (1, *strides, 1), padding.upper())
    return _back(tf.squeeze(out, 1) if rank == 1 else out, data_format)


def conv_transpose(x, kernel, strides, padding, output_padding, data_format, dilation):
    x = _last(x, data_format)
    crops = [windows.transpose_crop(padding, *a) for a in zip(kernel.shape[:-2], strides, dilation, output_padding)]
    kernel, rank = _dilated(kernel, dilation), len(strides)
    if rank == 1:
        x, kernel, strides = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0), (1, *strides)
        crops = [(0, 0), *crops]
    batch, *sizes, _ = shape_of(x)
    full = [(n - 1) * s + w for n, s, w in zip(sizes, strides, kernel.shape[:-2])]
    operator = tf.nn.conv2d_transpose if len(strides) == 2 else tf.nn.conv3d_transpose
    out = operator(x, kernel, [batch, *full, kernel.shape[-2]], (1, *strides, 1), "VALID")
    out = out[(slice(None), *(slice(lo, n if hi <= 0 else n - hi) for (lo, hi), n in zip(crops, full)))]
    if any(hi < 0 for _, hi in crops):
        out = tf.pad(out, [(0, 0), *[(0, max(-hi, 0)) for _, hi in crops], (0, 0)])
    return _back(tf.squeeze(out, 1) if rank == 1 else out, data_format)


# ---- pooling
def _pool(operator, x, window, strides, padding, data_format):
    x, rank = _last(x, data_format), len(window)
    if rank == 1:
        x, window, strides = tf.expand_dims(x, 1), (1, *window), (1, *strides)
    if rank == 3 and x.dtype not in (tf.float32, tf.float16, tf.bfloat16):  # 3-D kernels take no others
        return _back(_pool_in_two(operator, x, window, strides, padding), data_format)
    # The layout is named, because the gradient of 3-D pooling fails without.
    out = operator(x, window, strides, padding.upper(), "NHWC" if x.shape.rank == 4 else "NDHWC")
    return _back(tf.squeeze(out, 1) if rank == 1 else out, data_format)


def _pool_in_two(operator, x, window, strides, padding):
    """3-D pooling as 2-D pooling of height and width, and then of depth."""
    depth = shape_of(x)[1]
    planes = operator(tf.reshape(x, (-1, *shape_of(x)[2:])), window[1:], strides[1:], padding.upper())
    height, width, channels = shape_of(planes)[1:]
    columns = operator(
        tf.reshape(planes, (-1, depth, height * width, channels)), (window[0], 1), (strides[0], 1), padding.upper()
    )
    return tf.reshape(columns, (-1, shape_of(columns)[1], height, width, channels))


def max_pool(x, window, strides, padding, data_format):
    return _pool(tf.nn.max_pool, x, window, strides, padding, data_format)


def average_pool(x, window, strides, padding, data_format):
    return _pool(tf.nn.avg_pool, x, window, strides, padding, data_format)


# ---- losses
def sparse_crossentropy(target, logits):
    """-log softmax(logits)[target] over the last axis; 0 where the target is out of range."""
    target = tf.cast(target, tf.int32)
    valid = (target >= 0) & (target < logits.shape[-1])
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.where(valid, target, 0), logits)
    return tf.where(valid, losses, tf.zeros_like(losses))


class _Tracing(threading.local):
    for_xla = False


_tracing = _Tracing()


@contextlib.contextmanager
def for_xla(on: bool = True):
    """While open, kernels that XLA does not have are left out of what is traced."""
    before, _tracing.for_xla = _tracing.for_xla, on
    try:
        yield
    finally:
        _tracing.for_xla = before


def is_for_xla() -> bool:
    """Whether what is traced is for XLA."""
    return _tracing.for_xla
