"""The array namespace of PyTorch: array API and NumPy names, bound straight to `torch` functions where they agree.

No general wrapper stands between: eager speed is a matter of microseconds a call, and `torch.compile(fullgraph=True)`
must see through every one of these. Extras at the end are those of `kerata/backend/jax/xp.py`.
"""

import builtins
import math

import numpy as np
import torch
import torch.nn.functional as F

from kerata.backend.torch import linalg as linalg
from kerata.backend.torch.arrays import _DTYPES, device

Tensor = torch.Tensor
pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
for _name, _native in _DTYPES.items():
    globals()[_name] = _native


def _native_dtype(dtype):
    return _DTYPES[dtype] if isinstance(dtype, str) else dtype


# ---- elementwise, one argument
acos = arccos = torch.acos
acosh = arccosh = torch.acosh
asin = arcsin = torch.asin
asinh = arcsinh = torch.asinh
atan = arctan = torch.atan
atanh = arctanh = torch.atanh
angle = torch.angle
bitwise_invert = bitwise_not = torch.bitwise_not
cos, cosh, sin, sinh, tan, tanh = torch.cos, torch.cosh, torch.sin, torch.sinh, torch.tan, torch.tanh
exp, exp2, expm1 = torch.exp, torch.exp2, torch.expm1
log, log2, log10, log1p = torch.log, torch.log2, torch.log10, torch.log1p
isfinite, isinf, isnan = torch.isfinite, torch.isinf, torch.isnan
logical_not = torch.logical_not
negative = torch.negative
reciprocal = torch.reciprocal
signbit = torch.signbit
sqrt, square = torch.sqrt, torch.square
deg2rad, rad2deg = torch.deg2rad, torch.rad2deg
i0 = torch.special.i0
sinc = torch.sinc
real = torch.real


def abs(x):
    return x if x.dtype is torch.bool else torch.abs(x)


absolute = abs


def sign(x):
    out = torch.sign(x)
    return torch.where(torch.isnan(x), x, out) if x.is_floating_point() else out  # torch.sign(nan) is 0


def _unless_integer(fn):
    def rounded(x):
        return fn(x) if x.is_floating_point() else x

    return rounded


ceil, floor, trunc = _unless_integer(torch.ceil), _unless_integer(torch.floor), _unless_integer(torch.trunc)


def round(x, decimals=0):
    return torch.round(x, decimals=decimals) if x.is_floating_point() else x


def cbrt(x):
    return torch.sign(x) * torch.abs(x).pow(1 / 3)


def conj(x):
    return torch.conj(x).resolve_conj()


def imag(x):
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    return torch.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


# ---- elementwise, two arguments
add, subtract, multiply = torch.add, torch.subtract, torch.multiply
divide = true_divide = torch.true_divide


def floor_divide(x1, x2):
    """Without a way for gradients, which are 0: PyTorch has none for it and would refuse."""
    return torch.floor_divide(x1.detach(), x2.detach())


remainder = mod = torch.remainder
fmod = torch.fmod
pow = power = torch.pow
equal, not_equal = torch.eq, torch.ne
less, less_equal, greater, greater_equal = torch.lt, torch.le, torch.gt, torch.ge
logical_and, logical_or, logical_xor = torch.logical_and, torch.logical_or, torch.logical_xor
bitwise_and, bitwise_or, bitwise_xor = torch.bitwise_and, torch.bitwise_or, torch.bitwise_xor
bitwise_left_shift, bitwise_right_shift = torch.bitwise_left_shift, torch.bitwise_right_shift
copysign = torch.copysign
fmax, fmin = torch.fmax, torch.fmin
gcd, lcm = torch.gcd, torch.lcm
nextafter = torch.nextafter
ldexp = torch.ldexp
heaviside = torch.heaviside


def maximum(x1, x2):
    if not isinstance(x2, Tensor):
        return torch.clamp(x1, min=x2)
    return torch.maximum(x1, x2) if isinstance(x1, Tensor) else torch.clamp(x2, min=x1)


def minimum(x1, x2):
    if not isinstance(x2, Tensor):
        return torch.clamp(x1, max=x2)
    return torch.minimum(x1, x2) if isinstance(x1, Tensor) else torch.clamp(x2, max=x1)


def _of_tensors(fn):
    """`fn` takes tensors only; lift a Python number to the other argument's dtype."""

    def lifted(x1, x2):
        if not isinstance(x2, Tensor):
            x2 = torch.as_tensor(x2, dtype=x1.dtype, device=x1.device)
        elif not isinstance(x1, Tensor):
            x1 = torch.as_tensor(x1, dtype=x2.dtype, device=x2.device)
        return fn(x1, x2)

    return lifted


atan2 = arctan2 = _of_tensors(torch.atan2)
hypot = _of_tensors(torch.hypot)
logaddexp, logaddexp2 = _of_tensors(torch.logaddexp), _of_tensors(torch.logaddexp2)


def clip(x, min=None, max=None):
    return torch.clamp(x, min, max)


def where(condition, x1=None, x2=None):
    if condition.dtype is not torch.bool:
        condition = condition.to(torch.bool)
    return torch.where(condition) if x1 is None else torch.where(condition, x1, x2)


def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    return torch.isclose(x1, x2, rtol=rtol, atol=atol, equal_nan=equal_nan)


# ---- creation
def copy(x):
    return x.clone()


def asarray(x, dtype=None, copy=None):
    return torch.as_tensor(x, dtype=_native_dtype(dtype), device=device())


array = asarray


def arange(start, stop=None, step=1, dtype=None):
    start, stop = (0, start) if stop is None else (start, stop)
    if (stop - start) * step < 0:  # nothing, for which PyTorch raises
        stop = start
    return torch.arange(start, stop, step, dtype=_native_dtype(dtype), device=device())


def zeros(shape, dtype="float32"):
    return torch.zeros(shape, dtype=_native_dtype(dtype), device=device())


def ones(shape, dtype="float32"):
    return torch.ones(shape, dtype=_native_dtype(dtype), device=device())


def empty(shape, dtype="float32"):
    return torch.empty(shape, dtype=_native_dtype(dtype), device=device())


def full(shape, fill_value, dtype=None):
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if isinstance(fill_value, Tensor):
        value = fill_value if dtype is None else fill_value.to(_native_dtype(dtype))
        return value.expand(shape).clone()
    return torch.full(shape, fill_value, dtype=_native_dtype(dtype), device=device())


def zeros_like(x, dtype=None):
    return torch.zeros_like(x, dtype=_native_dtype(dtype))


def ones_like(x, dtype=None):
    return torch.ones_like(x, dtype=_native_dtype(dtype))


def empty_like(x, dtype=None):
    return torch.empty_like(x, dtype=_native_dtype(dtype))


def full_like(x, fill_value, dtype=None):
    if isinstance(fill_value, Tensor):
        return full(x.shape, fill_value, dtype or x.dtype)
    return torch.full_like(x, fill_value, dtype=_native_dtype(dtype))


def eye(N, M=None, k=0, dtype="float32"):
    M = N if M is None else M
    if k == 0:
        return torch.eye(N, M, dtype=_native_dtype(dtype), device=device())
    rows, columns = torch.arange(N, device=device()), torch.arange(M, device=device())
    return (columns[None, :] - rows[:, None] == k).to(_native_dtype(dtype))


def meshgrid(*xs, indexing="xy"):
    return list(torch.meshgrid(*xs, indexing=indexing))


# ---- shape
def reshape(x, shape):
    return x.reshape(shape)


def permute_dims(x, axes):
    return x.permute(axes)


def matrix_transpose(x):
    return x.transpose(-1, -2)


def swapaxes(x, axis1, axis2):
    return x.transpose(axis1, axis2)


def moveaxis(x, source, destination):
    return torch.movedim(x, source, destination)


def concat(xs, axis=0):
    return torch.cat([x.reshape(-1) for x in xs]) if axis is None else torch.cat(tuple(xs), axis)


concatenate = concat


def stack(xs, axis=0):
    return torch.stack(tuple(xs), axis)


def unstack(x, axis=0):
    return torch.unbind(x, axis)


def split(x, indices_or_sections, axis=0):
    if isinstance(indices_or_sections, int):
        return list(torch.split(x, x.shape[axis] // indices_or_sections, axis))
    return list(torch.tensor_split(x, tuple(indices_or_sections), axis))


def array_split(x, indices_or_sections, axis=0):
    return list(torch.tensor_split(x, indices_or_sections, axis))


def expand_dims(x, axis=0):
    if isinstance(axis, int):
        return x.unsqueeze(axis)
    rank = x.ndim + len(axis)
    for a in sorted_axes(axis, rank):
        x = x.unsqueeze(a)
    return x


def sorted_axes(axis, rank):
    return sorted(range(rank)[a] for a in axis)


def squeeze(x, axis=None):
    return torch.squeeze(x) if axis is None else torch.squeeze(x, axis)


def broadcast_to(x, shape):
    return torch.broadcast_to(x, tuple(shape))


def flip(x, axis=None):
    if axis is None:
        axis = tuple(range(x.ndim))
    return torch.flip(x, (axis,) if isinstance(axis, int) else tuple(axis))


def roll(x, shift, axis=None):
    return torch.roll(x, shift, axis)


def tile(x, repetitions):
    return torch.tile(x, (repetitions,) if isinstance(repetitions, int) else tuple(repetitions))


def repeat(x, repeats, axis=None):
    return torch.repeat_interleave(x, repeats, dim=axis)


def tril(x, k=0):
    return torch.tril(x, k)


def triu(x, k=0):
    return torch.triu(x, k)


def diagonal(x, offset=0, axis1=0, axis2=1):
    return torch.diagonal(x, offset, axis1, axis2)


def pad(x, pad_width, mode="constant", constant_values=0):
    if mode == "constant":
        flat = [int(n) for pair in reversed(list(pad_width)) for n in pair]
        return F.pad(x, flat, value=constant_values)
    for axis, (before, after) in enumerate(pad_width):
        if before or after:
            index = np.pad(np.arange(x.shape[axis]), (int(before), int(after)), mode=mode)
            x = torch.index_select(x, axis, torch.as_tensor(index, device=x.device))
    return x


# ---- indexing
def get_item(x, key):
    """x[key]; PyTorch has no slices with a negative step, so such axes are turned round first."""
    parts = key if isinstance(key, tuple) else (key,)
    if not builtins.any(isinstance(p, slice) and (p.step or 1) < 0 for p in parts):
        return x[key]
    used = builtins.sum(p is not None and p is not Ellipsis for p in parts)
    axis, out = 0, []
    for p in parts:
        if p is Ellipsis:
            axis += x.ndim - used
        elif p is not None:
            if isinstance(p, slice) and (p.step or 1) < 0:
                n = x.shape[axis]
                start, stop, step = p.indices(n)
                x, p = x.flip(axis), slice(n - 1 - start, n - 1 - stop, -step)
            axis += 1
        out.append(p)
    return x[tuple(out)]


def _index(indices, size):
    """As int64, with negative positions counted from the end."""
    indices = indices.long() if indices.dtype is not torch.int64 else indices
    return torch.where(indices < 0, indices + size, indices)


def take(x, indices, axis=None):
    if axis is None:
        x, axis = x.reshape(-1), 0
    if not isinstance(indices, Tensor):
        indices = torch.as_tensor(indices, device=x.device)
    axis = range(x.ndim)[axis]
    indices = _index(indices, x.shape[axis])
    if axis == 0 and x.ndim == 2 and x.is_floating_point():
        return F.embedding(indices, x)  # its gradient is much faster than that of index_select
    if indices.ndim == 1:
        return torch.index_select(x, axis, indices)
    out = torch.index_select(x, axis, indices.reshape(-1))
    return out.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def take_along_axis(x, indices, axis=-1):
    if axis is None:
        x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
    axis = range(x.ndim)[axis]
    batch = torch.broadcast_shapes(
        x.shape[:axis] + (1,) + x.shape[axis + 1 :], indices.shape[:axis] + (1,) + indices.shape[axis + 1 :]
    )
    x = x.expand(batch[:axis] + (x.shape[axis],) + batch[axis + 1 :])
    indices = indices.expand(batch[:axis] + (indices.shape[axis],) + batch[axis + 1 :])
    return torch.gather(x, axis, _index(indices, x.shape[axis]))


def nonzero(x):
    return torch.nonzero(x, as_tuple=True)


def searchsorted(a, v, side="left"):
    return torch.searchsorted(a.contiguous(), v, right=side == "right")


def argmax(x, axis=None, keepdims=False):
    return torch.argmax(x.to(torch.uint8) if x.dtype is torch.bool else x, axis, builtins.bool(keepdims))


def argmin(x, axis=None, keepdims=False):
    return torch.argmin(x.to(torch.uint8) if x.dtype is torch.bool else x, axis, builtins.bool(keepdims))


def sort(x, axis=-1, descending=False):
    return torch.sort(x, dim=axis, descending=descending).values


def argsort(x, axis=-1, descending=False):
    return torch.argsort(x, dim=axis, descending=descending, stable=True)


# ---- reductions
def sum(x, axis=None, dtype=None, keepdims=False):
    if axis == ():
        return x if dtype is None else x.to(_native_dtype(dtype))
    return torch.sum(x, axis, builtins.bool(keepdims), dtype=_native_dtype(dtype))


def mean(x, axis=None, keepdims=False):
    return x if axis == () else torch.mean(x, axis, builtins.bool(keepdims))


def _flat_axes(x, axis, keepdims, reduce):
    """Apply `reduce(x, axis)`, which knows one axis only, to several."""
    if axis is None or not isinstance(axis, int):
        axes = tuple(range(x.ndim)) if axis is None else tuple(range(x.ndim)[a] for a in axis)
        kept = tuple(a for a in range(x.ndim) if a not in axes)
        shape = tuple(1 if a in axes else x.shape[a] for a in range(x.ndim))
        # Not -1 for the size: nothing says what that is where another axis is empty.
        x = reduce(x.permute(kept + axes).reshape((*[x.shape[a] for a in kept], math.prod(x.shape[a] for a in axes))), -1)
        return x.reshape(shape) if keepdims else x
    x_out = reduce(x, axis)
    return x_out.unsqueeze(axis) if keepdims else x_out


def prod(x, axis=None, dtype=None, keepdims=False):
    return _flat_axes(x, axis, keepdims, lambda x, a: torch.prod(x, a, dtype=_native_dtype(dtype)))


def max(x, axis=None, keepdims=False):
    return torch.amax(x, () if axis is None else axis, builtins.bool(keepdims))


def min(x, axis=None, keepdims=False):
    return torch.amin(x, () if axis is None else axis, builtins.bool(keepdims))


amax, amin = max, min


def all(x, axis=None, keepdims=False):
    x = x if x.dtype is torch.bool else x.to(torch.bool)
    return torch.all(x, dim=axis, keepdim=builtins.bool(keepdims)) if axis is not None else _whole(torch.all(x), x, keepdims)


def any(x, axis=None, keepdims=False):
    x = x if x.dtype is torch.bool else x.to(torch.bool)
    return torch.any(x, dim=axis, keepdim=builtins.bool(keepdims)) if axis is not None else _whole(torch.any(x), x, keepdims)


def _whole(value, x, keepdims):
    return value.reshape((1,) * x.ndim) if keepdims else value


def var(x, axis=None, correction=0.0, keepdims=False):
    return torch.var(x, axis, correction=correction, keepdim=builtins.bool(keepdims))


def std(x, axis=None, correction=0.0, keepdims=False):
    return torch.std(x, axis, correction=correction, keepdim=builtins.bool(keepdims))


def cumsum(x, axis=None, dtype=None):
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return torch.cumsum(x, axis, dtype=_native_dtype(dtype))


def cumprod(x, axis=None, dtype=None):
    x, axis = (x.reshape(-1), 0) if axis is None else (x, axis)
    return torch.cumprod(x, axis, dtype=_native_dtype(dtype))


cumulative_sum, cumulative_prod = cumsum, cumprod


def diff(x, n=1, axis=-1):
    return torch.diff(x, n, axis)


# ---- products of matrices
matmul = torch.matmul


def tensordot(x1, x2, axes=2):
    if not isinstance(axes, int):
        axes = tuple([a] if isinstance(a, int) else list(a) for a in axes)
    return torch.tensordot(x1, x2, axes)


def einsum(subscripts, *operands, **options):
    return torch.einsum(subscripts, *operands)


# ---- extras
erf, erfc, erfinv, lgamma, digamma = torch.erf, torch.erfc, torch.erfinv, torch.lgamma, torch.digamma
rsqrt, sigmoid = torch.rsqrt, torch.sigmoid
fft = torch.fft


def softplus(x):
    return torch.logaddexp(x, torch.zeros((), dtype=x.dtype, device=x.device))


def logsumexp(x, axis=None, keepdims=False):
    return torch.logsumexp(x, tuple(range(x.ndim)) if axis is None else axis, builtins.bool(keepdims))


def top_k(x, k, sorted=True):
    """The `k` largest values of the last axis in falling order, and their indices."""
    return tuple(torch.topk(x, k, sorted=sorted))


_SCATTER = {"max": "amax", "min": "amin", "mul": "prod"}


def scatter(x, indices, updates, reduction="set"):
    """`x` with `updates` put at (or reduced into) positions `indices` (..., n) of its first n axes."""
    n = indices.shape[-1]
    if reduction in ("set", "add"):
        index = tuple(indices.long().unbind(-1))
        return torch.index_put(x, index, updates.to(x.dtype), accumulate=reduction == "add")
    lead, rest = x.shape[:n], x.shape[n:]
    rows = math.prod(lead)
    flat = torch.zeros(indices.shape[:-1], dtype=torch.int64, device=x.device)
    for size, i in zip(lead, indices.long().unbind(-1)):
        flat = flat * size + torch.where(i < 0, i + size, i)
    flat = flat.reshape((-1,) + (1,) * len(rest)).expand((-1,) + rest)
    updates = updates.to(x.dtype).expand(indices.shape[:-1] + rest).reshape((-1,) + rest)
    out = x.reshape((rows,) + rest).scatter_reduce(0, flat, updates, _SCATTER[reduction])
    return out.reshape(x.shape)


def _starts(start, shape, sizes):
    if isinstance(start, Tensor):
        start = start.unbind(0)
    # As everywhere: a start too near the end is moved back so that the slice fits.
    return [builtins.min(builtins.max(int(s), 0), size - n) for s, n, size in zip(start, shape, sizes)]


def slice_update(x, start, updates):
    out = x.clone()
    if x.device.type == "meta":
        return out
    index = tuple(slice(s, s + n) for s, n in zip(_starts(start, updates.shape, x.shape), updates.shape))
    out[index] = updates.to(x.dtype)
    return out


def dynamic_slice(x, start, shape):
    if builtins.any(isinstance(s, Tensor) for s in start) and x.device.type == "meta":
        return x.new_empty(tuple(shape))
    for axis, (s, n) in enumerate(zip(_starts(start, shape, x.shape), shape)):
        x = x.narrow(axis, s, n)
    return x


_SEGMENT = {"add": "sum", "max": "amax", "min": "amin", "mul": "prod"}


def segment(data, ids, num_segments, reduction="add"):
    """Reduce rows of `data` that have equal `ids`; ids out of range are dropped."""
    info = torch.finfo(data.dtype) if data.is_floating_point() else torch.iinfo(data.dtype)
    ends = (-inf, inf) if data.is_floating_point() else (info.min, info.max)
    initial = {"add": 0, "mul": 1, "max": ends[0], "min": ends[1]}[reduction]
    # One row more, cut off at the end, takes what is out of range.
    out = torch.full((num_segments + 1, *data.shape[1:]), initial, dtype=data.dtype, device=data.device)
    ids = torch.where((ids >= 0) & (ids < num_segments), ids, num_segments).long()
    ids = ids.reshape((-1,) + (1,) * (data.ndim - 1)).expand(data.shape)
    return out.scatter_reduce(0, ids, data, _SEGMENT[reduction])[:num_segments]


make_complex = torch.complex


def view(x, dtype):
    return x.view(_native_dtype(dtype))
