"""The array namespace of TensorFlow: array API and NumPy names on `tf` and `tf.math`.

Everything works in eager and graph mode; sizes that the graph does not know are scalar tensors (see `shape`).
Extras at the end are those of `kerata/backend/jax/xp.py`.
"""

import math

import numpy as np
import tensorflow as tf

from kerata.backend.tensorflow import fft as fft
from kerata.backend.tensorflow import linalg as linalg
from kerata.backend.tensorflow.arrays import shape as _shape
from kerata.backend.tensorflow.carriers import FLOATS, by_float32, carried, carrier
from kerata.backend.tensorflow.scatter import dynamic_slice, scatter, segment, slice_update  # noqa: F401
from kerata.backend.tensorflow.shaping import (  # noqa: F401
    argmax,
    argmin,
    argsort,
    array_split,
    broadcast_arrays,
    broadcast_to,
    concat,
    concatenate,
    diagonal,
    expand_dims,
    flip,
    get_item,
    matrix_transpose,
    moveaxis,
    nonzero,
    pad,
    permute_dims,
    repeat,
    reshape,
    roll,
    searchsorted,
    sort,
    split,
    squeeze,
    stack,
    swapaxes,
    take,
    take_along_axis,
    tile,
    tril,
    triu,
    unstack,
)

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
for _name in (
    "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool complex64 complex128"
).split():
    globals()[_name] = getattr(tf, _name)

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
square = carried(tf.square)
negative = carried(tf.negative)
conj = tf.math.conj


i0 = by_float32(tf.math.bessel_i0)


def abs(x):
    return x if x.dtype.is_bool or x.dtype.is_unsigned else _abs(x)


_abs = carried(tf.abs)
absolute = abs


def sign(x):
    if x.dtype.is_bool or x.dtype.is_unsigned:
        return tf.cast(tf.cast(x, tf.bool), x.dtype)
    return _sign(x)


_sign = carried(tf.sign)


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
        if carry and carrier(dtype) is not dtype:
            out = fn(tf.cast(x1, carrier(dtype)), tf.cast(x2, carrier(dtype)))
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
    if x2.shape.rank == 1 and x1.dtype in FLOATS and (x1.shape.rank or 0) > 1 and x1.shape[-1] == x2.shape[0] is not None:
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
@by_float32
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


cumsum, cumprod = _cumulative(carried(tf.cumsum)), _cumulative(carried(tf.math.cumprod))
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
        return [tf.cast(x, carrier(dtype)) for x in xs], dtype
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
erf, erfc, erfinv, lgamma, digamma = tf.math.erf, tf.math.erfc, by_float32(tf.math.erfinv), tf.math.lgamma, tf.math.digamma
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
