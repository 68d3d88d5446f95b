"""The array namespace of NumPy, plus the extras that every backend has (see `kerata/backend/jax/xp.py`)."""

import builtins
import math

import ml_dtypes
import numpy as np
from numpy import *  # noqa: F403
from numpy import bool, fft, max, min, round  # noqa: F401

from kerata.backend.numpy import linalg as linalg
from kerata.core.claims import claim
from kerata.core.scopes import context


def _in_float64(fn):
    """`fn` of Python floats as an elementwise function; SciPy's, where it is installed, is much faster."""
    try:
        from scipy import special

        vectorized = getattr(special, {"lgamma": "gammaln"}.get(fn.__name__, fn.__name__))
    except ImportError:
        vectorized = np.vectorize(fn, otypes=[np.float64])

    def elementwise(x):
        return np.asarray(vectorized(np.asarray(x, np.float64))).astype(x.dtype)

    return elementwise


erf = _in_float64(math.erf)
erfc = _in_float64(math.erfc)
lgamma = _in_float64(math.lgamma)


def erfinv(x):
    """Inverse of erf: a closed approximation (Winitzki 2008), refined by Newton's method in float64."""
    y = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        log = np.log1p(-y * y)
        half = 2 / (np.pi * 0.147) + log / 2
        z = np.sign(y) * np.sqrt(np.sqrt(half * half - log / 0.147) - half)
        for _ in range(4):
            step = (erf(z) - y) * np.exp(z * z) * (np.sqrt(np.pi) / 2)
            z = np.where(np.isfinite(step), z - step, z)
        z = np.where(np.abs(y) == 1, np.copysign(np.inf, y), np.where(np.abs(y) > 1, np.nan, z))
    return z.astype(x.dtype)


def rsqrt(x):
    return np.reciprocal(np.sqrt(x))


def sigmoid(x):
    half = np.asarray(0.5, x.dtype)  # tanh never overflows, exp(-x) does
    return half * np.tanh(half * x) + half


def softplus(x):
    return np.logaddexp(x, np.zeros((), x.dtype))


def logsumexp(x, axis=None, keepdims=False):
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, np.zeros((), x.dtype))
    with np.errstate(divide="ignore"):
        out = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else np.squeeze(out, axis=axis)


def top_k(x, k, sorted=True):
    """The `k` largest values of the last axis in falling order, and their indices."""
    key = -x if np.dtype(x.dtype).kind not in "bu" else -x.astype(np.int64)
    index = np.argsort(key, axis=-1, kind="stable")[..., :k]
    return np.take_along_axis(x, index, -1), index.astype(np.int32)


_UFUNC = {"add": np.add, "max": np.maximum, "min": np.minimum, "mul": np.multiply}


def scatter(x, indices, updates, reduction="set"):
    """`x` with `updates` put at (or reduced into) positions `indices` (..., n) of its first n axes."""
    out = np.array(x)
    index = tuple(np.moveaxis(indices, -1, 0))
    if reduction == "set":
        out[index] = updates
    else:
        _UFUNC[reduction].at(out, index, updates)
    return out


def slice_update(x, start, updates):
    out = np.array(x)
    out[tuple(slice(int(s), int(s) + n) for s, n in zip(start, updates.shape))] = updates
    return out


def dynamic_slice(x, start, shape):
    # As everywhere: a start too near the end is moved back so that the slice fits.
    start = [int(np.clip(s, 0, size - n)) for s, n, size in zip(start, shape, x.shape)]
    return x[tuple(slice(s, s + n) for s, n in zip(start, shape))]


def _lowest(dtype):
    return np.array(-np.inf, dtype) if np.dtype(dtype).kind not in "iub" else np.iinfo(dtype).min


def _highest(dtype):
    return np.array(np.inf, dtype) if np.dtype(dtype).kind not in "iub" else np.iinfo(dtype).max


def segment(data, ids, num_segments, reduction="add"):
    """Reduce rows of `data` that have equal `ids`; ids out of range are dropped."""
    initial = {"add": 0, "mul": 1, "max": _lowest(data.dtype), "min": _highest(data.dtype)}[reduction]
    out = full((num_segments, *data.shape[1:]), initial, data.dtype)
    keep = (ids >= 0) & (ids < num_segments)
    _UFUNC[reduction].at(out, ids[keep], data[keep])
    return out


def _through_float32(fn):
    """`fn` for bfloat16 too, which NumPy has no kernel for."""

    def wrapped(*xs, **options):
        if builtins.any(getattr(x, "dtype", None) == ml_dtypes.bfloat16 for x in xs):
            xs = [x.astype(np.float32) if hasattr(x, "dtype") else x for x in xs]
            return fn(*xs, **options).astype(ml_dtypes.bfloat16)
        return fn(*xs, **options)

    return wrapped


matmul, tensordot, einsum = (_through_float32(f) for f in (np.matmul, np.tensordot, np.einsum))
sinc = _through_float32(np.sinc)


@_through_float32
def i0(x):
    return np.i0(x).astype(x.dtype, copy=False).reshape(x.shape)


def clip(x, min=None, max=None):  # noqa: F811
    low, high = (None if end is None else np.asarray(end, x.dtype) for end in (min, max))
    x = x if low is None else np.maximum(x, low)
    return x if high is None else np.minimum(x, high)


def view(x, dtype):
    return x.view(dtype)


def argsort(x, axis=-1, descending=False):
    return np.argsort(-x if descending else x, axis=axis, kind="stable")


def get_item(x, key):
    return x[key]


def make_complex(real, imag):
    return real + 1j * imag


# -- functions whose results may be far larger than what they are given: see `core/claims.py` -------------------
def _counted(name: str, shape_of, fn=None):
    fn = fn or getattr(np, name)

    def counted(*args, **kwargs):
        if context.budget is not None:
            try:
                shape = shape_of(*args, **kwargs)
            except (TypeError, ValueError, IndexError, ArithmeticError):  # wrong arguments, of which NumPy says what is wrong
                shape = ()
            claim(shape, f"the result of {name}")
        return fn(*args, **kwargs)

    counted.__name__ = name
    return counted


def _as_shape(shape, *args, **kwargs):
    return np.atleast_1d(shape)


def _padded(x, pad_width, *args, **kwargs):
    return [n + builtins.max(int(a) + int(b), 0) for n, (a, b) in zip(np.shape(x), np.broadcast_to(pad_width, (np.ndim(x), 2)))]


def _repeated(x, repeats, axis=None):
    times = int(np.sum(repeats))
    return (np.size(x), times) if axis is None else (np.size(x) // builtins.max(np.shape(x)[axis], 1), *(
        (np.shape(x)[axis], times) if np.size(repeats) == 1 else (times,)))


def _contracted(x, y, axes=2, **kwargs):
    """The shape of a tensordot."""
    if isinstance(axes, int):
        left, right = range(np.ndim(x) - axes, np.ndim(x)), range(axes)
    else:
        left, right = ([a % n for a in np.atleast_1d(part)] for part, n in zip(axes, (np.ndim(x), np.ndim(y))))
    return [n for i, n in enumerate(np.shape(x)) if i not in left] + [n for i, n in enumerate(np.shape(y)) if i not in right]


def _arange(start, stop=None, step=1, *args, **kwargs):
    start, stop = (0, start) if stop is None else (start, stop)
    return (builtins.max(int((stop - start) / step), 0),)


zeros, ones, full, empty = (_counted(n, _as_shape) for n in ("zeros", "ones", "full", "empty"))
pad = _counted("pad", _padded)
repeat = _counted("repeat", _repeated)
matmul = _counted("matmul", lambda x, y: (*np.shape(x)[:-1], np.shape(y)[-1] if np.ndim(y) > 1 else 1), matmul)
diagflat = _counted("diagflat", lambda x, k=0: (np.size(x) + builtins.abs(k),) * 2)
diag = _counted("diag", lambda x, k=0: (np.size(x) + builtins.abs(k),) * 2 if np.ndim(x) == 1 else ())
outer = _counted("outer", lambda x, y: (np.size(x), np.size(y)))
kron = _counted("kron", lambda x, y: (np.size(x), np.size(y)))
add, subtract, multiply, divide, maximum, minimum = (
    _counted(n, lambda x, y: np.broadcast_shapes(np.shape(x), np.shape(y)))
    for n in ("add", "subtract", "multiply", "divide", "maximum", "minimum")
)
tensordot = _counted("tensordot", _contracted, tensordot)
linspace = _counted("linspace", lambda start, stop, num=50, *args, **kwargs: (*np.broadcast_shapes(np.shape(start), np.shape(stop)), num))
arange = _counted("arange", _arange)
broadcast_to = _counted("broadcast_to", lambda x, shape: np.atleast_1d(shape))
tile = _counted("tile", lambda x, reps: (np.size(x), *np.atleast_1d(reps)))
eye = _counted("eye", lambda n, m=None, *args, **kwargs: (n, n if m is None else m))
