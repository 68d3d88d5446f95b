"""The array namespace of TensorFlow: array API and NumPy names on `tf` and `tf.math`.

Everything works in eager and graph mode; sizes that the graph does not know are scalar tensors (see `shape`).
Extras at the end are those of `kerata/backend/jax/xp.py`.
"""

import builtins
import math

import numpy as np
import tensorflow as tf

from kerata.backend.tensorflow import fft as fft
from kerata.backend.tensorflow import linalg as linalg
from kerata.backend.tensorflow.arrays import shape as _shape
from kerata.backend.tensorflow.scatter import dynamic_slice, scatter, segment, slice_update  # noqa: F401

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
for _name in (
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128"
).split():
    globals()[_name] = getattr(tf, _name)

_SMALL = (tf.int8, tf.int16, tf.uint8, tf.uint16)  # dtypes for which TensorFlow lacks many kernels
_LARGE_UNSIGNED = (tf.uint32, tf.uint64)
_FLOATS = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


def _carrier(dtype):
    """A dtype with all the kernels, wide enough for `dtype`; `dtype` itself where it has them."""
    if dtype in _SMALL or dtype is tf.bool or dtype == tf.bool:
        return tf.int32
    return tf.int64 if dtype in _LARGE_UNSIGNED else dtype


def _carried(fn):
    """`fn` computed in a dtype that has a kernel for it, with a result of the argument's dtype."""

    def wrapped(x, *args, **kwargs):
        carrier = _carrier(x.dtype)
        if carrier is x.dtype:
            return fn(x, *args, **kwargs)
        return tf.cast(fn(tf.cast(x, carrier), *args, **kwargs), x.dtype)

    return wrapped


def _by_float32(fn):
    """`fn`, which has no kernel for half precision, by way of float32."""

    def wide(*xs):
        if xs[0].dtype in (tf.float16, tf.bfloat16):
            return tf.cast(fn(*[tf.cast(x, tf.float32) for x in xs]), xs[0].dtype)
        return fn(*xs)

    return wide


# ---- elementwise, one argument
acos = arccos = tf.acos
acosh = arccosh = tf.acosh
asin = arcsin = tf.asin
asinh = arcsinh = tf.asinh
atan = arctan = tf.atan
atanh = arctanh = tf.atanh
cos, cosh, sin, sinh, tan, tanh = tf.cos, tf.cosh, tf.sin, tf.sinh, tf.tan, tf.tanh
exp, expm1 = tf.exp, tf.math.expm1
log, log1p = tf.math.log, tf.math.log1p


def logical_not(x):
    return tf.logical_not(x if x.dtype.is_bool else tf.cast(x, tf.bool))


reciprocal = tf.math.reciprocal
sqrt = tf.sqrt
square = _carried(tf.square)
negative = _carried(tf.negative)
conj = tf.math.conj


i0 = _by_float32(tf.math.bessel_i0)


def abs(x):
    return x if x.dtype.is_bool or x.dtype.is_unsigned else _abs(x)


_abs = _carried(tf.abs)
absolute = abs


def sign(x):
    if x.dtype.is_bool or x.dtype.is_unsigned:
        return tf.cast(tf.cast(x, tf.bool), x.dtype)
    return _sign(x)


_sign = _carried(tf.sign)


def signbit(x):
    if not x.dtype.is_floating:
        return x < tf.zeros((), x.dtype) if not x.dtype.is_bool else tf.zeros_like(x)
    integer = {2: tf.int16, 4: tf.int32, 8: tf.int64}[x.dtype.size]
    return tf.cast(tf.bitcast(x, integer), tf.int64) < 0


def angle(x):
    if x.dtype.is_complex:
        return tf.math.angle(x)
    return where(x < 0, tf.constant(pi, x.dtype), tf.zeros_like(x))


def bitwise_invert(x):
    return tf.logical_not(x) if x.dtype.is_bool else tf.bitwise.invert(x)


bitwise_not = bitwise_invert


def _unless_integer(fn):
    def rounded(x):
        return fn(x) if x.dtype.is_floating else x

    return rounded


ceil, floor = _unless_integer(tf.math.ceil), _unless_integer(tf.floor)


@_unless_integer
def trunc(x):
    return tf.where(x < 0, tf.math.ceil(x), tf.floor(x))


def round(x, decimals=0):
    if decimals == 0:
        return tf.round(x) if x.dtype.is_floating else x
    factor = tf.constant(10.0**decimals, x.dtype if x.dtype.is_floating else tf.float64)
    return tf.cast(tf.round(tf.cast(x, factor.dtype) * factor) / factor, x.dtype)


def sinc(x):
    turn = x * tf.constant(pi, x.dtype)
    zero = tf.equal(turn, 0)
    turn = tf.where(zero, tf.ones_like(turn), turn)
    return tf.where(zero, tf.ones_like(x), tf.sin(turn) / turn)


def exp2(x):
    return tf.exp(x * tf.constant(math.log(2), x.dtype))


def log2(x):
    return tf.math.log(x) / tf.constant(math.log(2), x.dtype)


def log10(x):
    return tf.math.log(x) / tf.constant(math.log(10), x.dtype)


def cbrt(x):
    return tf.sign(x) * tf.pow(tf.abs(x), tf.constant(1 / 3, x.dtype))


def deg2rad(x):
    return x * tf.constant(pi / 180, x.dtype)


def rad2deg(x):
    return x * tf.constant(180 / pi, x.dtype)


def real(x):
    return tf.math.real(x) if x.dtype.is_complex else x


def imag(x):
    return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)


def isfinite(x):
    return tf.math.is_finite(x) if x.dtype.is_floating else tf.ones_like(x, tf.bool)


def isinf(x):
    return tf.math.is_inf(x) if x.dtype.is_floating else tf.zeros_like(x, tf.bool)


def isnan(x):
    return tf.math.is_nan(x) if x.dtype.is_floating else tf.zeros_like(x, tf.bool)


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    if not x.dtype.is_floating:
        return x
    x = tf.where(tf.math.is_nan(x), tf.cast(nan, x.dtype), x)
    largest, lowest = x.dtype.max if posinf is None else posinf, x.dtype.min if neginf is None else neginf
    infinite = tf.math.is_inf(x)
    x_new = tf.where(infinite & (x > 0), tf.cast(largest, x.dtype), x)
    return tf.where(infinite & (x < 0), tf.cast(lowest, x.dtype), x_new)


# ---- elementwise, two arguments
def _pair(fn, as_bool=None, carry=True):
    """`fn` for two tensors of one dtype, or a tensor and a Python number."""

    def binary(x1, x2):
        kind1, kind2 = getattr(x1, "dtype", None), getattr(x2, "dtype", None)
        if kind1 is None:
            x1 = tf.cast(tf.constant(x1), kind2)
        elif kind2 is None:
            x2 = tf.cast(tf.constant(x2), kind1)
        dtype = x1.dtype
        if as_bool is not None and dtype.is_bool:
            return as_bool(x1, x2)
        if carry and _carrier(dtype) is not dtype:
            out = fn(tf.cast(x1, _carrier(dtype)), tf.cast(x2, _carrier(dtype)))
            return out if out.dtype.is_bool else tf.cast(out, dtype)
        return fn(x1, x2)

    return binary


def _lift(fn):
    """`fn` with a Python number first, which TensorFlow would give a dtype of its own."""

    def lifted(x1, x2):
        if not hasattr(x1, "dtype"):
            x1 = tf.constant(x1, x2.dtype)
        return fn(x1, x2)

    return lifted


def _add(x1, x2):
    # Adding a bias has a kernel of its own, which TensorFlow fuses with a product before it; so has its gradient.
    if x2.shape.rank == 1 and x1.dtype in _FLOATS and (x1.shape.rank or 0) > 1 and x1.shape[-1] == x2.shape[0] is not None:
        return tf.nn.bias_add(x1, x2)
    return tf.add(x1, x2)


add = _pair(_add, tf.logical_or, carry=False)
subtract = _pair(tf.subtract, carry=False)
multiply = _pair(tf.multiply, tf.logical_and, carry=False)
divide = true_divide = _pair(tf.divide)
floor_divide = _pair(tf.math.floordiv)
remainder = mod = _pair(tf.math.floormod)
pow = power = _pair(tf.pow)
maximum = _pair(tf.maximum, tf.logical_or)
minimum = _pair(tf.minimum, tf.logical_and)
atan2 = arctan2 = _pair(tf.atan2)


def _nextafter(x1, x2):
    if x1.dtype not in (tf.float16, tf.bfloat16):
        return tf.math.nextafter(x1, x2)
    # No kernel: a step of the bits, which are in the order of the magnitudes.
    magnitude = tf.bitcast(tf.abs(x1), tf.int16)
    away = tf.equal(x2 > x1, x1 > 0) | tf.equal(x1, 0)
    moved = tf.bitcast(tf.where(away, magnitude + 1, magnitude - 1), x1.dtype)
    moved = tf.where((x1 < 0) | (tf.equal(x1, 0) & (x2 < 0)), -moved, moved)
    return tf.where(tf.equal(x1, x2), x2, tf.where(isnan(x1) | isnan(x2), x1 + x2, moved))


nextafter = _pair(_nextafter)
equal, not_equal = _lift(tf.equal), _lift(tf.not_equal)
less, less_equal, greater, greater_equal = (
    _pair(f) for f in (tf.less, tf.less_equal, tf.greater, tf.greater_equal)
)
logical_and, logical_or, logical_xor = tf.logical_and, tf.logical_or, tf.math.logical_xor
bitwise_and = _pair(tf.bitwise.bitwise_and, tf.logical_and, carry=False)
bitwise_or = _pair(tf.bitwise.bitwise_or, tf.logical_or, carry=False)
bitwise_xor = _pair(tf.bitwise.bitwise_xor, tf.math.logical_xor, carry=False)
bitwise_left_shift = _pair(tf.bitwise.left_shift, carry=False)
bitwise_right_shift = _pair(tf.bitwise.right_shift, carry=False)


@_pair
@_by_float32
def fmod(x1, x2):
    exact = tf.truncatemod(x1, x2)
    if not exact.dtype.is_floating:
        return exact
    # The kernel has no gradient; x1 - n * x2 has the right one, with the whole number n of times that x2 fits.
    near = x1 - tf.stop_gradient(tf.round((x1 - exact) / x2)) * x2
    return near + tf.stop_gradient(exact - near)


@_pair
def fmax(x1, x2):
    out = tf.maximum(x1, x2)
    return tf.where(isnan(x1), x2, tf.where(isnan(x2), x1, out)) if x1.dtype.is_floating else out


@_pair
def fmin(x1, x2):
    out = tf.minimum(x1, x2)
    return tf.where(isnan(x1), x2, tf.where(isnan(x2), x1, out)) if x1.dtype.is_floating else out


@_pair
def gcd(x1, x2):
    """Euclid's algorithm on all elements at once."""
    x1, x2 = broadcast_arrays(tf.abs(x1), tf.abs(x2))

    def step(a, b):
        done = tf.equal(b, 0)
        rest = tf.math.floormod(a, tf.where(done, tf.ones_like(b), b))
        return tf.where(done, a, b), tf.where(done, b, rest)

    return tf.while_loop(lambda a, b: tf.reduce_any(tf.not_equal(b, 0)), step, (x1, x2))[0]


@_pair
def lcm(x1, x2):
    divisor = gcd(x1, x2)
    return tf.abs(x1 // tf.where(tf.equal(divisor, 0), tf.ones_like(divisor), divisor) * x2)


@_pair
def hypot(x1, x2):
    x1, x2 = tf.abs(x1), tf.abs(x2)
    big, small = tf.maximum(x1, x2), tf.minimum(x1, x2)
    ratio = tf.math.divide_no_nan(small, big)
    return big * tf.sqrt(1 + ratio * ratio)


@_pair
def logaddexp(x1, x2):
    top = tf.maximum(x1, x2)
    gap = x1 - x2
    return tf.where(tf.math.is_nan(gap), x1 + x2, top + tf.math.log1p(tf.exp(-tf.abs(gap))))


@_pair
def logaddexp2(x1, x2):
    top = tf.maximum(x1, x2)
    gap = x1 - x2
    return tf.where(tf.math.is_nan(gap), x1 + x2, top + tf.math.log1p(exp2(-tf.abs(gap))) / math.log(2))


def clip(x, min=None, max=None):
    x = x if min is None else maximum(x, min)
    return x if max is None else minimum(x, max)


def where(condition, x1=None, x2=None):
    if condition.dtype is not tf.bool:
        condition = tf.cast(condition, tf.bool)
    if x1 is None:
        return nonzero(condition)
    if not hasattr(x1, "dtype") and hasattr(x2, "dtype"):
        x1 = tf.constant(x1, x2.dtype)
    elif not hasattr(x2, "dtype") and hasattr(x1, "dtype"):
        x2 = tf.constant(x2, x1.dtype)
    return tf.where(condition, x1, x2)


def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    if not x1.dtype.is_floating:
        x1, x2 = tf.cast(x1, tf.float64), tf.cast(x2, tf.float64)
    near = (tf.abs(x1 - x2) <= atol + rtol * tf.abs(x2)) & tf.math.is_finite(x2) | tf.equal(x1, x2)
    return near | (tf.math.is_nan(x1) & tf.math.is_nan(x2)) if equal_nan else near


# ---- creation
copy = tf.identity


def asarray(x, dtype=None, copy=None):
    if isinstance(x, tf.Tensor):
        return x if dtype is None else tf.cast(x, dtype)
    return tf.convert_to_tensor(x, dtype)


array = asarray


def arange(start, stop=None, step=1, dtype=None):
    start, stop = (0, start) if stop is None else (start, stop)
    numbers = isinstance(start, int | float) and isinstance(stop, int | float) and isinstance(step, int | float)
    if numbers and step and (stop - start) / step < 0:
        stop = start  # nothing lies between; TensorFlow would raise
    if dtype is None:
        return tf.range(start, stop, step)
    dtype = tf.as_dtype(dtype)
    carrier = dtype if dtype in (tf.int32, tf.int64, tf.float32, tf.float64) else (
        tf.float32 if dtype.is_floating else tf.int32
    )
    start, stop, step = (tf.cast(v, carrier) for v in (start, stop, step))
    return tf.cast(tf.range(start, stop, step), dtype)


def zeros(shape, dtype="float32"):
    return tf.zeros(shape, dtype)


def ones(shape, dtype="float32"):
    return tf.ones(shape, dtype)


empty = zeros


def full(shape, fill_value, dtype=None):
    if isinstance(fill_value, float) and dtype == "float64":
        fill_value = tf.constant(fill_value, "float64")  # float32 has no place for the extremes of float64
    value = fill_value if dtype is None else tf.cast(fill_value, dtype)
    return tf.broadcast_to(value, shape) if hasattr(value, "shape") and value.shape.rank else tf.fill(shape, value)


def zeros_like(x, dtype=None):
    return tf.zeros_like(x, dtype)


def ones_like(x, dtype=None):
    return tf.ones_like(x, dtype)


empty_like = zeros_like


def full_like(x, fill_value, dtype=None):
    return full(tf.shape(x), fill_value, dtype or x.dtype)


def eye(N, M=None, k=0, dtype="float32"):
    M = N if M is None else M
    if k == 0:
        return tf.cast(tf.eye(N, M), dtype)
    return tf.cast(tf.equal(tf.range(M)[None, :] - tf.range(N)[:, None], k), dtype)


def meshgrid(*xs, indexing="xy"):
    return tf.meshgrid(*xs, indexing=indexing)


# ---- shape
def reshape(x, shape):
    return tf.reshape(x, shape)


def permute_dims(x, axes):
    return tf.transpose(x, axes)


def matrix_transpose(x):
    return tf.linalg.matrix_transpose(x)


def swapaxes(x, axis1, axis2):
    axes = list(range(x.shape.rank))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return tf.transpose(x, axes)


def moveaxis(x, source, destination):
    numbered = np.empty(tuple(range(x.shape.rank)))  # axis i has size i, so that NumPy's answer is the order of the axes
    return tf.transpose(x, np.moveaxis(numbered, source, destination).shape)


def concat(xs, axis=0):
    if axis is None:
        return tf.concat([tf.reshape(x, [-1]) for x in xs], 0)
    return tf.concat(list(xs), axis)


concatenate = concat


def stack(xs, axis=0):
    return tf.stack(list(xs), axis)


def unstack(x, axis=0):
    return tf.unstack(x, axis=axis)


def split(x, indices_or_sections, axis=0):
    if isinstance(indices_or_sections, int):
        return tf.split(x, indices_or_sections, axis)
    return _split_at(x, list(indices_or_sections), axis)


def _split_at(x, indices, axis):
    size = _shape(x)[axis]
    ends = [*indices, size]
    if isinstance(size, int):
        ends = [builtins.min(i % size if i < 0 else i, size) for i in indices] + [size]
    return tf.split(x, [b - a for a, b in zip([0, *ends], ends)], axis)


def array_split(x, indices_or_sections, axis=0):
    if not isinstance(indices_or_sections, int):
        return _split_at(x, list(indices_or_sections), axis)
    size, n = _shape(x)[axis], indices_or_sections
    return tf.split(x, [size // n + (1 if i < size % n else 0) for i in range(n)], axis)


def expand_dims(x, axis=0):
    if isinstance(axis, int):
        return tf.expand_dims(x, axis)
    rank = x.shape.rank + len(axis)
    for a in sorted(range(rank)[a] for a in axis):
        x = tf.expand_dims(x, a)
    return x


def squeeze(x, axis=None):
    if axis is not None:
        for a in [axis] if isinstance(axis, int) else axis:
            if x.shape[a] not in (1, None):
                raise ValueError(f"Only axes of size 1 can be squeezed; axis {a} of shape {x.shape} has another size.")
    return tf.squeeze(x, None if axis is None else [axis] if isinstance(axis, int) else list(axis))


def broadcast_to(x, shape):
    return tf.broadcast_to(x, shape)


def broadcast_arrays(*xs):
    shape = tf.shape(xs[0])
    for x in xs[1:]:
        shape = tf.broadcast_dynamic_shape(shape, tf.shape(x))
    return [tf.broadcast_to(x, shape) for x in xs]


def flip(x, axis=None):
    if axis is None:
        axis = list(range(x.shape.rank))
    return tf.reverse(x, [axis] if isinstance(axis, int) else list(axis))


def roll(x, shift, axis=None):
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, [-1]), shift, 0), tf.shape(x))
    return tf.roll(x, shift, axis)


def tile(x, repetitions):
    repetitions = [repetitions] if isinstance(repetitions, int) else list(repetitions)
    rank = x.shape.rank
    repetitions = [1] * (rank - len(repetitions)) + repetitions
    if len(repetitions) > rank:
        x = tf.reshape(x, [1] * (len(repetitions) - rank) + list(_shape(x)))
    return tf.tile(x, repetitions)


def repeat(x, repeats, axis=None):
    return tf.repeat(x, repeats, axis)


def _band(x, keep):
    rows, columns = _shape(x)[-2:]
    mask = keep(tf.range(columns)[None, :] - tf.range(rows)[:, None])
    return tf.where(mask, x, tf.zeros((), x.dtype))


def tril(x, k=0):
    return _band(x, lambda offset: offset <= k)


def triu(x, k=0):
    return _band(x, lambda offset: offset >= k)


def diagonal(x, offset=0, axis1=0, axis2=1):
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    return tf.linalg.diag_part(x, k=offset)


def pad(x, pad_width, mode="constant", constant_values=0):
    pad_width = [list(pair) for pair in pad_width]
    if mode == "constant":
        return tf.pad(x, pad_width, constant_values=tf.cast(constant_values, x.dtype))
    fits = builtins.all(n is not None and builtins.max(p) < n for n, p in zip(x.shape, pad_width))
    if mode in ("reflect", "symmetric") and (fits or not x.shape.is_fully_defined()):
        return tf.pad(x, pad_width, mode)
    for axis, (before, after) in enumerate(pad_width):
        if before or after:
            x = tf.gather(x, np.pad(np.arange(x.shape[axis]), (before, after), mode=mode), axis=axis)
    return x


# ---- indexing
def get_item(x, key):
    """x[key] with NumPy's meaning: TensorFlow itself knows numbers, slices, None and `...` only."""
    parts = list(key) if isinstance(key, tuple) else [key]
    parts = [tf.convert_to_tensor(p) if isinstance(p, np.ndarray) else p for p in parts]
    if not builtins.any(tf.is_tensor(p) and (p.shape.rank or p.dtype.is_bool) for p in parts):
        return x[tuple(parts)]
    parts = [q for p in parts for q in (nonzero(p) if tf.is_tensor(p) and p.dtype.is_bool else [p])]
    if Ellipsis not in [p for p in parts if not tf.is_tensor(p)]:
        parts.append(Ellipsis)
    at = next(i for i, p in enumerate(parts) if p is Ellipsis)
    used = builtins.sum(p is not None for p in parts) - 1
    parts[at : at + 1] = [slice(None)] * (x.shape.rank - used)
    # A number beside a tensor counts as a tensor: first the slices, then all tensors together.
    fancy = [not (p is None or isinstance(p, slice)) for p in parts]
    x = x[tuple(slice(None) if f else p for p, f in zip(parts, fancy))]
    return _gather_axes(x, [i for i, f in enumerate(fancy) if f], [p for p, f in zip(parts, fancy) if f])


def _gather_axes(x, axes, indices):
    rank = x.shape.rank
    sizes = _shape(x)
    indices = [tf.cast(i, tf.int64) for i in indices]
    indices = broadcast_arrays(*[_positive(i, sizes[a]) for i, a in zip(indices, axes)])
    x = tf.transpose(x, axes + [a for a in range(rank) if a not in axes])
    x = tf.gather_nd(x, tf.stack(indices, -1))
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    new = indices[0].shape.rank
    return moveaxis(x, list(range(new)), list(range(axes[0], axes[0] + new))) if together and axes[0] else x


def _positive(indices, size):
    return tf.where(indices < 0, indices + tf.cast(size, indices.dtype), indices)


def take(x, indices, axis=None):
    if axis is None:
        x, axis = tf.reshape(x, [-1]), 0
    indices = tf.convert_to_tensor(indices)
    if indices.dtype not in (tf.int32, tf.int64):
        indices = tf.cast(indices, tf.int32)
    axis = range(x.shape.rank)[axis]
    return tf.gather(x, _positive(indices, _shape(x)[axis]), axis=axis)


def take_along_axis(x, indices, axis=-1):
    if axis is None:
        x, indices, axis = tf.reshape(x, [-1]), tf.reshape(indices, [-1]), 0
    rank = x.shape.rank
    axis = range(rank)[axis]
    if indices.dtype not in (tf.int32, tf.int64):
        indices = tf.cast(indices, tf.int32)
    indices = _positive(indices, _shape(x)[axis])
    last = rank - 1
    x, indices = swapaxes(x, axis, last), swapaxes(indices, axis, last)
    sx, si = _shape(x), _shape(indices)
    lead = [b if isinstance(a, int) and a == 1 else a for a, b in zip(sx[:-1], si[:-1])]
    x, indices = tf.broadcast_to(x, [*lead, sx[-1]]), tf.broadcast_to(indices, [*lead, si[-1]])
    return swapaxes(tf.gather(x, indices, batch_dims=last), axis, last)


def nonzero(x):
    return tuple(tf.unstack(tf.where(tf.cast(x, tf.bool)), x.shape.rank, axis=1))


def searchsorted(a, v, side="left"):
    flat = tf.searchsorted(a, tf.reshape(v, [-1]), side=side)
    return tf.reshape(flat, tf.shape(v))


def _arg(fn):
    def best(x, axis=None, keepdims=False):
        rank = x.shape.rank
        if x.dtype.is_bool:
            x = tf.cast(x, tf.int32)
        if axis is None:
            out = fn(tf.reshape(x, [-1]), 0, output_type=tf.int32)
            return tf.reshape(out, [1] * rank) if keepdims else out
        out = fn(x, axis, output_type=tf.int32)
        return tf.expand_dims(out, axis) if keepdims else out

    return best


argmax, argmin = _arg(tf.argmax), _arg(tf.argmin)


@_carried
def sort(x, axis=-1, descending=False):
    return tf.sort(x, axis=axis, direction="DESCENDING" if descending else "ASCENDING")


def argsort(x, axis=-1, descending=False):
    direction = "DESCENDING" if descending else "ASCENDING"
    return tf.argsort(tf.cast(x, _carrier(x.dtype)), axis=axis, direction=direction, stable=True)


# ---- reductions
def sum(x, axis=None, dtype=None, keepdims=False):
    return tf.reduce_sum(x if dtype is None else tf.cast(x, dtype), axis, keepdims)


def prod(x, axis=None, dtype=None, keepdims=False):
    return tf.reduce_prod(x if dtype is None else tf.cast(x, dtype), axis, keepdims)


def mean(x, axis=None, keepdims=False):
    return tf.reduce_mean(x, axis, keepdims)


def max(x, axis=None, keepdims=False):
    return tf.reduce_any(x, axis, keepdims) if x.dtype.is_bool else tf.reduce_max(x, axis, keepdims)


def min(x, axis=None, keepdims=False):
    return tf.reduce_all(x, axis, keepdims) if x.dtype.is_bool else tf.reduce_min(x, axis, keepdims)


amax, amin = max, min


def all(x, axis=None, keepdims=False):
    return tf.reduce_all(tf.cast(x, tf.bool), axis, keepdims)


def any(x, axis=None, keepdims=False):
    return tf.reduce_any(tf.cast(x, tf.bool), axis, keepdims)


def var(x, axis=None, correction=0.0, keepdims=False):
    if not correction:
        return tf.math.reduce_variance(x, axis, keepdims)
    away = tf.math.squared_difference(x, tf.reduce_mean(x, axis, keepdims=True))
    total = tf.reduce_sum(away, axis, keepdims)
    count = tf.cast(tf.size(x), x.dtype) / tf.cast(tf.size(total), x.dtype)
    return total / (count - tf.cast(correction, x.dtype))


def std(x, axis=None, correction=0.0, keepdims=False):
    return tf.sqrt(var(x, axis, correction, keepdims))


def _cumulative(fn):
    def cumulate(x, axis=None, dtype=None):
        x = x if dtype is None else tf.cast(x, dtype)
        x, axis = (tf.reshape(x, [-1]), 0) if axis is None else (x, axis)
        return fn(x, axis)

    return cumulate


cumsum, cumprod = _cumulative(_carried(tf.cumsum)), _cumulative(_carried(tf.math.cumprod))
cumulative_sum, cumulative_prod = cumsum, cumprod


def diff(x, n=1, axis=-1):
    for _ in range(n):
        size = _shape(x)[axis]
        pairs = tf.range(tf.maximum(size, 1) - 1)
        after, before = tf.gather(x, pairs + 1, axis=axis), tf.gather(x, pairs, axis=axis)
        x = tf.not_equal(after, before) if x.dtype.is_bool else after - before
    return x


# ---- products of matrices
def matmul(x1, x2):
    """NumPy's matmul: either argument may be a vector."""
    rank1, rank2 = x1.shape.rank, x2.shape.rank
    (x1, x2), dtype = _widened(x1, x2)
    if dtype is not None:
        return tf.cast(matmul(x1, x2), dtype)
    if rank1 >= 2 and rank2 == 2 and rank1 > 2 and x1.dtype.is_floating:
        return tf.tensordot(x1, x2, 1)  # one large product instead of a batch of small ones
    if rank1 >= 2 and rank2 >= 2:
        return tf.matmul(x1, x2)
    if rank1 == 1 and rank2 == 1:
        return tf.tensordot(x1, x2, 1)
    if rank1 == 1:
        return tf.squeeze(tf.matmul(x1[None, :], x2), -2)
    return tf.squeeze(tf.matmul(x1, x2[:, None]), -1)


def _widened(*xs):
    """Integers that TensorFlow has no matrix kernels for as wider ones, and the dtype to give back."""
    dtype = xs[0].dtype
    if dtype.is_integer and dtype not in (tf.int32, tf.int64):
        return [tf.cast(x, _carrier(dtype)) for x in xs], dtype
    return xs, None


def tensordot(x1, x2, axes=2):
    (x1, x2), dtype = _widened(x1, x2)
    out = _tensordot(x1, x2, axes)
    return out if dtype is None else tf.cast(out, dtype)


def _tensordot(x1, x2, axes):
    return tf.tensordot(x1, x2, axes if isinstance(axes, int) else [list(np.atleast_1d(a)) for a in axes])


def einsum(subscripts, *operands, **options):
    operands, dtype = _widened(*operands)
    out = tf.einsum(subscripts, *operands)
    return out if dtype is None else tf.cast(out, dtype)


# ---- extras
erf, erfc, erfinv, lgamma, digamma = tf.math.erf, tf.math.erfc, _by_float32(tf.math.erfinv), tf.math.lgamma, tf.math.digamma
rsqrt, sigmoid, softplus = tf.math.rsqrt, tf.sigmoid, tf.math.softplus


def logsumexp(x, axis=None, keepdims=False):
    return tf.reduce_logsumexp(x, axis, keepdims)


def top_k(x, k, sorted=True):
    """The `k` largest values of the last axis in falling order, and their indices."""
    return tuple(tf.math.top_k(x, k, sorted=sorted))


make_complex = tf.complex


def view(x, dtype):
    old, new = x.dtype.size, tf.as_dtype(dtype).size
    if old == new:
        return tf.bitcast(x, dtype)
    # `bitcast` adds or takes away a last axis where the widths differ.
    shape = list(_shape(x))
    if not shape or (isinstance(shape[-1], int) and shape[-1] * old % new):
        raise ValueError(f"A tensor of shape {tuple(x.shape)} and dtype {x.dtype.name} cannot be read as {dtype}.")
    if old > new:
        return tf.reshape(tf.bitcast(x, dtype), (*shape[:-1], shape[-1] * old // new))
    return tf.bitcast(tf.reshape(x, (*shape[:-1], shape[-1] * old // new, new // old)), dtype)
