"""Neural-network primitives on NumPy: windows are views made by stride tricks."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from kerata.backend import windows
from kerata.backend.numpy import xp
from kerata.backend.numpy.arrays import placeholders
from kerata.core.claims import claim

__all__ = [
    "average_pool", "conv", "conv_transpose", "depthwise_conv", "elu", "gelu", "leaky_relu", "log_softmax",
    "max_pool", "relu", "relu6", "selu", "silu", "softmax",
]  # fmt: skip


def _scalar(value, x):
    return np.asarray(value, x.dtype)


def relu(x):
    return np.maximum(x, _scalar(0, x))


def relu6(x):
    return np.clip(x, _scalar(0, x), _scalar(6, x))


def silu(x):
    return x * xp.sigmoid(x)


def elu(x, alpha):
    return np.where(x > 0, x, _scalar(alpha, x) * np.expm1(np.minimum(x, _scalar(0, x))))


def selu(x):
    return _scalar(1.0507009873554805, x) * elu(x, 1.6732632423543772)


def leaky_relu(x, slope):
    return np.where(x >= 0, x, _scalar(slope, x) * x)


def gelu(x, approximate):
    half, one = _scalar(0.5, x), _scalar(1, x)
    if approximate:
        inner = _scalar(math.sqrt(2 / math.pi), x) * (x + _scalar(0.044715, x) * x * x * x)
        return half * x * (one + np.tanh(inner))
    return half * x * (one + xp.erf(x * _scalar(math.sqrt(0.5), x)))


def softmax(x, axis):
    out = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return out / np.sum(out, axis=axis, keepdims=True)


def log_softmax(x, axis):
    x = x - np.max(x, axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def _last(x, data_format):
    return np.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _back(x, data_format):
    return np.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def _padded(x, pads, value=0):
    if not any(map(any, pads)):
        return x
    return xp.pad(x, [(0, 0), *pads, (0, 0)], constant_values=value)


def _patches(x, window, strides, dilation):
    """A view (batch, *out, channels, *window) of channels-last `x`."""
    axes = tuple(range(1, 1 + len(window)))
    view = sliding_window_view(x, [windows.span(w, d) for w, d in zip(window, dilation)], axes)
    taps = tuple(slice(None, None, d) for d in dilation)
    return view[(slice(None), *(slice(None, None, s) for s in strides), slice(None), *taps)]


def _stand_in(shape, x):
    """For the result of a convolution of placeholders, whose values nobody reads: computing it would take long."""
    claim(shape, "the result of a convolution", x.dtype.itemsize)
    return np.broadcast_to(np.ones((), x.dtype), shape)


def conv(x, kernel, strides, padding, data_format, dilation):
    *window, fan_in, filters = kernel.shape
    x = _last(x, data_format)
    groups = x.shape[-1] // fan_in
    x = _padded(x, windows.pads(padding, x.shape[1:-1], window, strides, dilation))
    patches = np.moveaxis(_patches(x, window, strides, dilation), 1 + len(window), -1)
    out_shape = patches.shape[: 1 + len(window)]
    if placeholders.given:
        return _back(_stand_in((*out_shape, filters), x), data_format)
    if groups == 1:
        out = xp.matmul(patches.reshape(-1, math.prod(window) * fan_in), kernel.reshape(-1, filters))
        return _back(out.reshape(*out_shape, filters), data_format)
    patches = patches.reshape(-1, math.prod(window), groups, fan_in)
    matrices = kernel.reshape(-1, fan_in, groups, filters // groups)
    patches = patches.transpose(2, 0, 1, 3).reshape(groups, patches.shape[0], -1)
    out = xp.matmul(patches, matrices.transpose(2, 0, 1, 3).reshape(groups, -1, filters // groups))
    return _back(out.transpose(1, 0, 2).reshape(*out_shape, filters), data_format)


def depthwise_conv(x, kernel, strides, padding, data_format, dilation):
    *window, channels, multiplier = kernel.shape
    x = _last(x, data_format)
    x = _padded(x, windows.pads(padding, x.shape[1:-1], window, strides, dilation))
    patches = _patches(x, window, strides, dilation)
    if placeholders.given:
        return _back(_stand_in((*patches.shape[: 1 + len(window)], channels * multiplier), x), data_format)
    taps = "xyz"[: len(window)]
    out = xp.einsum(f"...c{taps},{taps}cm->...cm", patches, kernel, optimize=True)
    return _back(out.reshape(*out.shape[:-2], channels * multiplier), data_format)


def conv_transpose(x, kernel, strides, padding, output_padding, data_format, dilation):
    *window, filters, _ = kernel.shape
    x = _last(x, data_format)
    crops = [windows.transpose_crop(padding, *a) for a in zip(window, strides, dilation, output_padding)]
    sizes = [(n - 1) * s + windows.span(w, d) for n, s, w, d in zip(x.shape[1:-1], strides, window, dilation)]
    grown = [(0, max(-hi, 0)) for _, hi in crops]
    out = xp.zeros((x.shape[0], *[n + g[1] for n, g in zip(sizes, grown)], filters), np.result_type(x, kernel))
    for offset in itertools.product(*map(range, window)):
        start = [o * d for o, d in zip(offset, dilation)]
        cells = (slice(b, b + (n - 1) * s + 1, s) for b, n, s in zip(start, x.shape[1:-1], strides))
        out[(slice(None), *cells)] += xp.matmul(x, kernel[offset].T)
    cut = (slice(lo, n if hi <= 0 else n - hi) for (lo, hi), n in zip(crops, out.shape[1:-1]))
    return _back(out[(slice(None), *cut)], data_format)


def _lowest(dtype):
    return np.iinfo(dtype).min if np.dtype(dtype).kind in "iu" else -np.inf


def max_pool(x, window, strides, padding, data_format):
    x = _last(x, data_format)
    x = _padded(x, windows.pads(padding, x.shape[1:-1], window, strides), _lowest(x.dtype))
    patches = _patches(x, window, strides, (1,) * len(window))
    return _back(patches.max(axis=tuple(range(-len(window), 0))), data_format)


def average_pool(x, window, strides, padding, data_format):
    x = _last(x, data_format)
    pads = windows.pads(padding, x.shape[1:-1], window, strides)
    axes, ones = tuple(range(-len(window), 0)), (1,) * len(window)
    total = _patches(_padded(x, pads), window, strides, ones).sum(axis=axes, dtype=x.dtype)
    inside = _padded(np.ones((1, *x.shape[1:-1], 1), x.dtype), pads)
    return _back(total / _patches(inside, window, strides, ones).sum(axis=axes), data_format)
