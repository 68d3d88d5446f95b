"""Neural-network primitives on JAX.

On CPU deep convolutions are patches times a matrix, a few images at a time: see `patches`. Of the shallow ones, XLA's
own is 15 to 70 times slower inside a compiled loop than outside, and patches of a whole batch are there up to 2.5 times
faster than it is outside; outside they cost 2 to 5 times as much. So the loop decides. Pools are maxima or sums of
strided slices on CPU, which beat `reduce_window` and its gradient. On other platforms the native operators serve.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import math
import operator
import threading

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kerata.backend import windows
from kerata.backend.jax import patches
from kerata.backend.jax.arrays import convert
from kerata.backend.jax.patches import padded, taps
from kerata.backend.protocol import PreferSteps

__all__ = [
    "average_pool", "batch_norm_training", "conv", "conv_transpose", "depthwise_conv", "elu", "gelu", "leaky_relu", "log_softmax",
    "max_pool", "relu", "relu6", "selu", "silu", "softmax",
]  # fmt: skip

relu, relu6, silu, selu, gelu = jax.nn.relu, jax.nn.relu6, jax.nn.silu, jax.nn.selu, jax.nn.gelu
softmax, log_softmax = jax.nn.softmax, jax.nn.log_softmax


def elu(x, alpha):
    return jax.nn.elu(x, alpha)


def leaky_relu(x, slope):
    return jax.nn.leaky_relu(x, slope)


def on_cpu() -> bool:
    device = jax.config.jax_default_device
    return (getattr(device, "platform", device) if device else jax.default_backend()) == "cpu"


class _Trace(threading.local):
    """What is known of the program that is being traced."""

    loop = False  # it is the body of a compiled loop
    refuses_shallow = False  # which shall rather not be, if shallow convolutions are in it
    reverse_only = False  # nobody asks for forward-mode derivatives: its gradients may be written by hand


_trace = _Trace()


def reverse_only() -> bool:
    """Whether what is traced is a step whose derivatives are gradients alone."""
    return _trace.reverse_only


@contextlib.contextmanager
def tracing(**known: bool):
    """Around the tracing of a step: `loop`, `refuses_shallow`, `reverse_only`."""
    before = dict(_trace.__dict__)
    _trace.__dict__.update(known)
    try:
        yield
    finally:
        _trace.__dict__.clear()
        _trace.__dict__.update(before)


# ---- layout
def _last(x, data_format):
    return jnp.moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _back(x, data_format):
    return jnp.moveaxis(x, -1, 1) if data_format == "channels_first" else x


def _numbers(rank: int, data_format: str):
    spatial = "DHW"[-rank:]
    layout = "NC" + spatial if data_format == "channels_first" else "N" + spatial + "C"
    return layout, spatial + "IO", layout


def _spatial(x, data_format):
    return x.shape[2:] if data_format == "channels_first" else x.shape[1:-1]


# One compiled call in eager code; inside a program that is being compiled, as if it were written there.
_STATIC = {"form", "window", "strides", "padding", "output_padding", "data_format", "dilation"}


def _windowed(fn):
    names = [n for n in inspect.signature(fn).parameters if n in _STATIC]
    return jax.jit(fn, static_argnames=names, inline=True)


# ---- convolution
# Shallow convolutions of a loop are patches of the whole batch; with more bytes than this they cost more than the loop saves.
_LARGEST_PATCHES = 48 * 2**20


def conv(x, kernel, strides, padding, data_format, dilation):
    form = _form(x, kernel, strides, x.shape[1 if data_format == "channels_first" else -1] // kernel.shape[-2])
    return _conv(x, kernel, strides, padding, data_format, dilation, form)


def _form(x, kernel, strides, groups: int) -> str:
    if not on_cpu():
        return "native"
    if math.prod(kernel.shape[:-2]) == 1:
        return "patches"
    if _trace.reverse_only and groups == 1 and patches.pays_in_tiles(x, kernel, strides):
        return "tiles"
    if _trace.loop and (_trace.refuses_shallow or patches.nbytes(x, kernel, strides) > _LARGEST_PATCHES):
        raise PreferSteps
    return "patches" if _trace.loop else "native"


@_windowed
def _conv(x, kernel, strides, padding, data_format, dilation, form):
    pads = windows.pads(padding, _spatial(x, data_format), kernel.shape[:-2], strides, dilation)
    groups = x.shape[1 if data_format == "channels_first" else -1] // kernel.shape[-2]
    if form == "native":
        numbers = _numbers(len(strides), data_format)
        return lax.conv_general_dilated(
            x, kernel, strides, pads, rhs_dilation=dilation, dimension_numbers=numbers, feature_group_count=groups
        )
    x = _last(x, data_format)
    if groups > 1:
        out = _grouped_conv(padded(x, pads), kernel, strides, dilation, groups)
    else:
        by = patches.tiled_conv if form == "tiles" else patches.conv
        out = by(x, kernel, tuple(strides), tuple(pads), tuple(dilation))
    return _back(out, data_format)


def _grouped_conv(x, kernel, strides, dilation, groups):
    *window, fan_in, filters = kernel.shape
    slices = list(taps(x, window, strides, dilation))
    cells = jnp.stack([s.reshape(*s.shape[:-1], groups, fan_in) for s in slices], -2)
    kernel = kernel.reshape(len(slices), fan_in, groups, filters // groups)
    out = jnp.einsum("...gtc,tcgo->...go", cells, kernel)
    return out.reshape(*out.shape[:-2], filters)


@_windowed
def depthwise_conv(x, kernel, strides, padding, data_format, dilation):
    *window, channels, multiplier = kernel.shape
    pads = windows.pads(padding, _spatial(x, data_format), window, strides, dilation)
    if not on_cpu():
        kernel = kernel.reshape(*window, 1, channels * multiplier)
        numbers = _numbers(len(strides), data_format)
        return lax.conv_general_dilated(
            x, kernel, strides, pads, rhs_dilation=dilation, dimension_numbers=numbers, feature_group_count=channels
        )
    slices = taps(padded(_last(x, data_format), pads), window, strides, dilation)
    kernel = kernel.reshape(-1, channels, multiplier)
    if multiplier == 1:
        out = functools.reduce(operator.add, (s * k[:, 0] for s, k in zip(slices, kernel)))
    else:
        out = functools.reduce(operator.add, (s[..., None] * k for s, k in zip(slices, kernel)))
        out = out.reshape(*out.shape[:-2], channels * multiplier)
    return _back(out, data_format)


@_windowed
def conv_transpose(x, kernel, strides, padding, output_padding, data_format, dilation):
    window = kernel.shape[:-2]
    crops = [windows.transpose_crop(padding, *a) for a in zip(window, strides, dilation, output_padding)]
    reach = [windows.span(w, d) for w, d in zip(window, dilation)]
    pads = [(r - 1 - lo, r - 1 - hi) for r, (lo, hi) in zip(reach, crops)]
    flipped = jnp.swapaxes(jnp.flip(kernel, tuple(range(len(window)))), -1, -2)
    if not on_cpu():
        numbers = _numbers(len(strides), data_format)
        return lax.conv_general_dilated(
            x, flipped, (1,) * len(strides), pads, strides, dilation, dimension_numbers=numbers
        )
    x = _last(x, data_format)
    config = [(0, 0, 0), *[(lo, hi, s - 1) for (lo, hi), s in zip(pads, strides)], (0, 0, 0)]
    x = lax.pad(x, jnp.zeros((), x.dtype), config)
    return _back(patches.conv(x, flipped, (1,) * len(strides), ((0, 0),) * len(strides), dilation), data_format)


# ---- pooling
_SLICED = 64  # windows with more taps than this go to reduce_window on CPU too


def _window(x, values, data_format):
    return (1, 1, *values) if data_format == "channels_first" else (1, *values, 1)


@jax.custom_jvp
def _larger(a, b):
    return lax.max(a, b)


@_larger.defjvp
def _larger_jvp(primals, tangents):
    """Of equal values the first gets the gradient, as in other frameworks (`lax.max` halves it, at more cost)."""
    a, b = primals
    return lax.max(a, b), lax.select(a >= b, *tangents)


def _lowest(dtype):
    return -jnp.inf if jnp.issubdtype(dtype, jnp.inexact) else jnp.iinfo(dtype).min


@_windowed
def max_pool(x, window, strides, padding, data_format):
    pads = windows.pads(padding, _spatial(x, data_format), window, strides)
    low = _lowest(x.dtype)
    if not on_cpu() or math.prod(window) > _SLICED:
        full = [_window(x, v, data_format) for v in (window, strides)]
        edges = [(0, 0), (0, 0), *pads] if data_format == "channels_first" else [(0, 0), *pads, (0, 0)]
        # The start must be a constant of NumPy: only then is this known to be a maximum, which has a gradient.
        return lax.reduce_window(x, np.asarray(low, x.dtype), lax.max, *full, edges)
    slices = taps(padded(_last(x, data_format), pads, low), window, strides, (1,) * len(window))
    return _back(functools.reduce(_larger, slices), data_format)


def _window_sums(x, window, strides, pads):
    if not on_cpu() or math.prod(window) > _SLICED:
        return lax.reduce_window(x, np.zeros((), x.dtype), lax.add, (1, *window, 1), (1, *strides, 1), [(0, 0), *pads, (0, 0)])
    return functools.reduce(operator.add, taps(padded(x, pads), window, strides, (1,) * len(window)))


@_windowed
def average_pool(x, window, strides, padding, data_format):
    x = _last(x, data_format)
    pads = windows.pads(padding, x.shape[1:-1], window, strides)
    total = _window_sums(x, window, strides, pads)
    if any(map(any, pads)):  # pads do not count
        counts = _window_sums(jnp.ones((1, *x.shape[1:-1], 1), x.dtype), window, strides, pads)
        return _back(total / counts, data_format)
    return _back(total / math.prod(window), data_format)


# ---- normalisation
def batch_norm_training(x, axis, scale, offset, epsilon):
    if x.dtype != jnp.float32:  # half precision needs wider sums
        return NotImplemented
    wide = [1] * x.ndim
    wide[axis] = x.shape[axis]
    scale, offset = (jnp.full(wide, d, x.dtype) if a is None else convert(a, "float32").reshape(wide)
                     for a, d in ((scale, 1), (offset, 0)))  # fmt: skip
    axes = tuple(a for a in range(x.ndim) if a != axis)
    out, mean, variance = _normalized(x, scale, offset, axes, epsilon)
    return out, mean.reshape(-1), variance.reshape(-1)


@functools.partial(jax.custom_jvp, nondiff_argnums=(3, 4))
def _normalized(x, scale, offset, axes, epsilon):
    mean = jnp.mean(x, axes, keepdims=True)
    variance = jnp.mean(jnp.square(x - mean), axes, keepdims=True)
    factor = lax.rsqrt(variance + epsilon) * scale
    return x * factor + (offset - mean * factor), mean, variance


@_normalized.defjvp
def _normalized_jvp(axes, epsilon, primals, tangents):
    """The closed form: two sums forward, two back, where the derivative of the formula above makes more."""
    (x, scale, _), (dx, dscale, doffset) = primals, tangents
    out, mean, variance = _normalized(*primals, axes, epsilon)
    inverse = lax.rsqrt(variance + epsilon)
    unit = (x - mean) * inverse
    dmean, dunit = (jnp.mean(t, axes, keepdims=True) for t in (dx, dx * unit))
    dout = (inverse * scale) * (dx - dmean - unit * dunit) + unit * dscale + doffset
    return (out, mean, variance), (dout, dmean, 2 * dunit / inverse)
