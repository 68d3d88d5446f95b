"""Neural-network primitives on PyTorch.

Channels-last data are passed as permuted views: (N, H, W, C) seen as (N, C, H, W) *is* PyTorch's channels_last
memory, so nothing is copied on the way in or out. One spatial dimension is run as two, for which oneDNN has kernels.
"""

from __future__ import annotations

import functools
import math

import torch
import torch.nn.functional as F

from kerata.backend import malloc, windows

__all__ = [
    "affine", "average_pool", "batch_norm_training", "conv", "conv_transpose", "ctc_loss", "depthwise_conv",
    "dot_product_attention", "elu", "gelu", "gru", "layer_norm", "leaky_relu", "log_softmax", "lstm", "max_pool",
    "relu", "relu6", "selu", "silu", "softmax", "sparse_crossentropy",
]  # fmt: skip

malloc.tune()

relu, relu6, silu, selu = torch.relu, F.relu6, F.silu, F.selu


# Elements of an output from which adding a bias in a step of its own takes noticeable time.
_MANY = 2**18


def affine(x, kernel, bias):
    # torch.jit.trace compares what it recorded with a second call, which is made without gradients.
    dtype, graded = x.dtype, torch.is_grad_enabled() or torch._C._is_tracing()
    if dtype is not kernel.dtype or dtype is not bias.dtype or not dtype.is_floating_point:
        return NotImplemented
    if x.dim() == kernel.dim() == 2 and not graded and x.shape[1] == kernel.shape[0] and bias.dim() == 1:  # the quick way
        return torch.addmm(bias, x, kernel)
    summed = kernel.dim() - bias.dim()
    inputs, outputs = kernel.shape[:summed], kernel.shape[summed:]
    kept = x.shape[: x.dim() - summed]
    if summed < 1 or not outputs or not kept or x.shape != kept + inputs or bias.shape != outputs:
        return NotImplemented
    # With gradients a small one is no faster, and TorchScript (see `replay`) would take it apart.
    if graded and kept.numel() * outputs.numel() < _MANY:
        return NotImplemented
    if kernel.dim() == 2:
        return F.linear(x, kernel.t(), bias)
    rows, size, units = kept.numel(), inputs.numel(), outputs.numel()
    return torch.addmm(bias.reshape(units), x.reshape(rows, size), kernel.reshape(size, units)).view(kept + outputs)


def elu(x, alpha):
    return F.elu(x, alpha)


def leaky_relu(x, slope):
    return F.leaky_relu(x, slope)


def gelu(x, approximate):
    return F.gelu(x, approximate="tanh" if approximate else "none")


def _over_axes(fn, x, axis):
    """`fn` over several axes at once, by bringing them together."""
    if isinstance(axis, int):
        return fn(x, axis)
    axes = range(x.ndim) if axis is None else [range(x.ndim)[a] for a in axis]
    order = [a for a in range(x.ndim) if a not in axes] + list(axes)
    moved = x.permute(order)
    out = fn(moved.flatten(x.ndim - len(axes)), -1).reshape(moved.shape)
    return out.permute([order.index(a) for a in range(x.ndim)])


def softmax(x, axis):
    return _over_axes(torch.softmax, x, axis)


def log_softmax(x, axis):
    return _over_axes(torch.log_softmax, x, axis)


# ---- layout
def _first(x, data_format):
    """`x` as (batch, channels, *spatial), with two spatial axes if it has one."""
    if data_format == "channels_last":
        x = x.movedim(-1, 1)
    return x.unsqueeze(2) if x.ndim == 3 else x


def _back(x, rank, data_format):
    if rank == 1:
        x = x.squeeze(2)
    return x.movedim(1, -1) if data_format == "channels_last" else x


def _two(values, filler=1):
    """Per-axis values for at least two spatial axes."""
    return (filler, *values) if len(values) == 1 else tuple(values)


def _split_pads(x, pads, value=0.0):
    """The symmetric part of the pads, for the operator; the rest is added to `x` here."""
    if all(lo == hi for lo, hi in pads):
        return x, tuple(lo for lo, _ in pads)
    flat = [p for pair in reversed(pads) for p in pair]
    return F.pad(x, flat, value=value), (0,) * len(pads)


_CONV = {2: F.conv2d, 3: F.conv3d}
_TRANSPOSE = {2: F.conv_transpose2d, 3: F.conv_transpose3d}


def _kernel_first(kernel):
    """(*spatial, a, b) as (b, a, *spatial), at least two spatial axes."""
    k = kernel.permute(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))
    return k.unsqueeze(2) if k.ndim == 3 else k


# ---- convolution
def conv(x, kernel, strides, padding, data_format, dilation):
    rank = len(strides)
    x = _first(x, data_format)
    return _back(_convolve(x, _kernel_first(kernel), strides, padding, dilation), rank, data_format)


def _convolve(x, k, strides, padding, dilation):
    strides, dilation = _two(strides), _two(dilation)
    pads = windows.pads(padding, x.shape[2:], k.shape[2:], strides, dilation)
    x, pads = _split_pads(x, pads)
    return _CONV[len(strides)](x, k, None, strides, pads, dilation, x.shape[1] // k.shape[1])


def depthwise_conv(x, kernel, strides, padding, data_format, dilation):
    *window, channels, multiplier = kernel.shape
    n = len(window)
    k = kernel.permute(n, n + 1, *range(n)).reshape(channels * multiplier, 1, *_two(window))
    return _back(_convolve(_first(x, data_format), k, strides, padding, dilation), n, data_format)


def conv_transpose(x, kernel, strides, padding, output_padding, data_format, dilation):
    rank = len(strides)
    x, k = _first(x, data_format), _kernel_first(kernel)
    strides, dilation, output_padding = _two(strides), _two(dilation), _two(output_padding, None)
    crops = [windows.transpose_crop(padding, *a) for a in zip(k.shape[2:], strides, dilation, output_padding)]
    # The operator cuts `lo` cells from both ends and gives back up to max(stride, dilation) - 1 at the back.
    extra = [min(max(lo - hi, 0), max(s, d) - 1) for (lo, hi), s, d in zip(crops, strides, dilation)]
    lows = [lo for lo, _ in crops]
    out = _TRANSPOSE[len(strides)](x, k, None, strides, lows, extra, 1, dilation)
    rest = [lo - hi - e for (lo, hi), e in zip(crops, extra)]
    if any(rest):
        out = F.pad(out, [p for r in reversed(rest) for p in (0, r)])
    return _back(out, rank, data_format)


# ---- pooling
def _pool_setup(x, window, strides, padding, data_format):
    x = _first(x, data_format)
    window, strides = _two(window), _two(strides)
    return x, window, strides, windows.pads(padding, x.shape[2:], window, strides)


def max_pool(x, window, strides, padding, data_format):
    rank = len(window)
    x, window, strides, pads = _pool_setup(x, window, strides, padding, data_format)
    if x.is_floating_point():
        low = -math.inf
    else:
        low, x = torch.iinfo(x.dtype).min, x.contiguous()  # 3-D kernels take no small integers with channels last
    x, pads = _split_pads(x, pads, low)
    pool = F.max_pool2d if len(window) == 2 else F.max_pool3d
    return _back(pool(x, window, strides, pads), rank, data_format)


def average_pool(x, window, strides, padding, data_format):
    rank = len(window)
    x, window, strides, pads = _pool_setup(x, window, strides, padding, data_format)
    pool = F.avg_pool2d if len(window) == 2 else F.avg_pool3d
    padded, symmetric = _split_pads(x, pads)
    out = pool(padded, window, strides, symmetric, count_include_pad=False)
    if padded is not x:  # pads do not count
        inside, _ = _split_pads(x.new_ones((1, 1, *x.shape[2:])), pads)
        out = out / pool(inside, window, strides)
    return _back(out, rank, data_format)


# ---- normalisation
def _as_image(x, axis):
    """`x` as (1, channels, 1, n) in channels_last memory, for which the fused kernels are quickest; and the shape."""
    moved = x.movedim(axis, -1)
    return moved.reshape(1, 1, -1, x.shape[axis]).permute(0, 3, 1, 2), moved.shape


def batch_norm_training(x, axis, scale, offset, epsilon):
    """Normalise by the batch's own moments; gives the output, the mean and the (biased) variance."""
    flat, shape = _as_image(x, axis)
    out, mean, inverse = torch.native_batch_norm(flat, scale, offset, None, None, True, 0.0, epsilon)
    out = out.permute(0, 2, 3, 1).reshape(shape).movedim(-1, axis)
    return out, mean, inverse.square().reciprocal() - epsilon


def layer_norm(x, axes, gamma, beta, epsilon):
    """Over trailing axes only."""
    if list(axes) != list(range(x.ndim - len(axes), x.ndim)):
        return NotImplemented
    shape = x.shape[axes[0] :]
    gamma = gamma if gamma is None else gamma.reshape(shape).to(x.dtype)
    beta = beta if beta is None else beta.reshape(shape).to(x.dtype)
    return F.layer_norm(x, shape, gamma, beta, epsilon)


# ---- attention
def dot_product_attention(query, key, value, bias, mask, scale, is_causal, flash_attention, soft_cap):
    if soft_cap is not None or (is_causal and (mask is not None or bias is not None)):
        return NotImplemented
    q, k, v = (t.transpose(1, 2) for t in (query, key, value))
    if mask is not None:
        # A target that may look nowhere gets the mean of the values, as on the other backends (here it would get 0).
        sees = mask.any(-1, keepdim=True)
        q, mask = torch.where(sees, q, 0.0), mask | ~sees
    if bias is not None:
        bias = bias if mask is None else torch.where(mask, torch.where(sees, bias, 0.0), torch.finfo(bias.dtype).min)
        mask = bias.to(query.dtype)
    grouped = q.shape[1] != k.shape[1]
    attend = functools.partial(F.scaled_dot_product_attention, q, k, v, mask, 0.0, is_causal, scale=scale)
    if flash_attention and q.device.type == "cuda":
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.FLASH_ATTENTION):
            out = attend(enable_gqa=grouped)
    else:
        out = attend(enable_gqa=grouped)
    return out.transpose(1, 2)


# ---- losses
def sparse_crossentropy(target, logits):
    """-log softmax(logits)[target] over the last axis; 0 where the target is out of range."""
    flat, labels = logits.reshape(-1, logits.shape[-1]), target.reshape(-1).long()
    labels = torch.where((labels >= 0) & (labels < flat.shape[-1]), labels, -100)
    return F.cross_entropy(flat, labels, reduction="none").reshape(target.shape)


def ctc_loss(target, logits, target_length, output_length, mask_index):
    wide = logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits  # it takes no half floats
    log_probabilities = torch.log_softmax(wide, -1).transpose(0, 1)
    return F.ctc_loss(
        log_probabilities, target.long(), output_length.long(), target_length.long(), mask_index, reduction="none"
    ).to(logits.dtype)


# ---- recurrent layers
def _fused(activation, recurrent_activation, mask):
    return activation == "tanh" and recurrent_activation == "sigmoid" and mask is None


def _blank(x, units, states):
    out = x.new_empty((*x.shape[:2], units))
    return out, out[:, -1], [out[:, -1]] * states


def lstm(
    x, h0, c0, kernel, recurrent_kernel, bias, *, activation="tanh", recurrent_activation="sigmoid", mask=None,
    go_backwards=False,
):  # fmt: skip
    if not _fused(activation, recurrent_activation, mask):
        return NotImplemented
    if torch.compiler.is_compiling() and torch.is_grad_enabled():  # PyTorch cannot compile the gradient of its kernel
        return NotImplemented
    if x.device.type == "meta":
        return _blank(x, h0.shape[-1], 2)
    # PyTorch orders the gates as Keras does (input, forget, cell, output); its weights are transposed.
    weights = [kernel.t().contiguous(), recurrent_kernel.t().contiguous()]
    weights += [] if bias is None else [bias, torch.zeros_like(bias)]
    x = x.flip(1) if go_backwards else x
    hidden = (h0.unsqueeze(0).contiguous(), c0.unsqueeze(0).contiguous())
    out, h, c = torch.lstm(x, hidden, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return out, h[0], [h[0], c[0]]


def _reset_first(w):
    """Gates (update, reset, new) on the last axis in PyTorch's order: reset, update, new."""
    z, r, n = w.chunk(3, -1)
    return torch.cat([r, z, n], -1)


def gru(
    x, h0, kernel, recurrent_kernel, bias, *, activation="tanh", recurrent_activation="sigmoid", reset_after=True,
    mask=None, go_backwards=False,
):  # fmt: skip
    if not reset_after or not _fused(activation, recurrent_activation, mask):
        return NotImplemented
    if x.device.type == "meta":
        return _blank(x, h0.shape[-1], 1)
    weights = [_reset_first(kernel).t().contiguous(), _reset_first(recurrent_kernel).t().contiguous()]
    weights += [] if bias is None else [_reset_first(bias[0]), _reset_first(bias[1])]
    x = x.flip(1) if go_backwards else x
    hidden = h0.unsqueeze(0).contiguous()
    out, h = torch.gru(x, hidden, weights, bias is not None, 1, 0.0, torch.is_grad_enabled(), False, True)
    return out, h[0], [h[0]]
