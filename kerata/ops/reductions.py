"""Reductions over axes, and the ones that ignore NaN.

`axis` is an integer, a tuple of them, or None for all; with `keepdims` the reduced axes stay, with size 1.
"""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, dtype_name, floating, is_floating, op


def _axis(axis):
    """Lists to tuples: what every array namespace takes."""
    return tuple(axis) if isinstance(axis, list) else axis


def _summable(x):
    """Small integers and booleans as 32-bit ones, which sums and products do not overflow so soon."""
    if is_floating(x):
        return x
    b = backend.current()
    name = b.dtype(x)
    if name in ("bool", "int8", "int16", "int4"):
        return b.cast(x, "int32")
    return b.cast(x, "uint32") if name in ("uint8", "uint16", "uint4") else x


@op
def sum(x, axis=None, keepdims=False):
    """The sum over `axis`.

    >>> kerata.ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)  # [4.0, 6.0]
    """
    x, xp = arrays(x)
    if is_floating(x):
        return xp.sum(x, axis=_axis(axis), keepdims=keepdims)
    x = _summable(x)
    return xp.sum(x, axis=_axis(axis), keepdims=keepdims, dtype=x.dtype)


@op
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product over `axis`, computed in `dtype` if that is given."""
    x, xp = arrays(x)
    x = _summable(x) if dtype is None else backend.current().cast(x, dtypes.standardize_dtype(dtype))
    return xp.prod(x, axis=_axis(axis), keepdims=keepdims, dtype=x.dtype)


@op
def mean(x, axis=None, keepdims=False):
    """The mean over `axis`; float16 and bfloat16 are accumulated in float32."""
    x, xp = floating(x)
    name = dtype_name(x)
    if name in ("float16", "bfloat16"):
        b = backend.current()
        return b.cast(xp.mean(b.cast(x, "float32"), axis=_axis(axis), keepdims=keepdims), name)
    return xp.mean(x, axis=_axis(axis), keepdims=keepdims)


@op
def var(x, axis=None, keepdims=False):
    """The variance over `axis` (divided by the count, not the count less one)."""
    x, xp = floating(x)
    name = dtype_name(x)
    if name in ("float16", "bfloat16"):
        b = backend.current()
        return b.cast(xp.var(b.cast(x, "float32"), axis=_axis(axis), keepdims=keepdims), name)
    return xp.var(x, axis=_axis(axis), keepdims=keepdims)


@op
def std(x, axis=None, keepdims=False):
    """The standard deviation over `axis`."""
    x, xp = floating(x)
    name = dtype_name(x)
    if name in ("float16", "bfloat16"):
        b = backend.current()
        return b.cast(xp.std(b.cast(x, "float32"), axis=_axis(axis), keepdims=keepdims), name)
    return xp.std(x, axis=_axis(axis), keepdims=keepdims)


def _extreme(x, axis, keepdims, initial, which: str):
    x, xp = arrays(x)
    b = backend.current()
    if initial is not None and 0 in tuple(s for s in x.shape if isinstance(s, int)):
        shape = [n for n in xp.sum(x, axis=_axis(axis), keepdims=keepdims).shape]
        return xp.full(tuple(shape), initial, dtype=x.dtype)
    if dtype_name(x) == "bool":
        out = (xp.any if which == "max" else xp.all)(x, axis=_axis(axis), keepdims=keepdims)
    else:
        out = getattr(xp, which)(x, axis=_axis(axis), keepdims=keepdims)
    if initial is None:
        return out
    return (xp.maximum if which == "max" else xp.minimum)(out, b.convert(initial, b.dtype(out)))


@op
def max(x, axis=None, keepdims=False, initial=None):
    """The largest element over `axis`, and at least `initial`."""
    return _extreme(x, axis, keepdims, initial, "max")


@op
def min(x, axis=None, keepdims=False, initial=None):
    """The smallest element over `axis`, and at most `initial`."""
    return _extreme(x, axis, keepdims, initial, "min")


@op
def amax(x, axis=None, keepdims=False):
    """The largest element over `axis`; the same as `max`."""
    return _extreme(x, axis, keepdims, None, "max")


@op
def amin(x, axis=None, keepdims=False):
    """The smallest element over `axis`; the same as `min`."""
    return _extreme(x, axis, keepdims, None, "min")


@op
def ptp(x, axis=None, keepdims=False):
    """The range over `axis`: largest less smallest."""
    x, xp = arrays(x)
    return xp.subtract(xp.max(x, axis=_axis(axis), keepdims=keepdims), xp.min(x, axis=_axis(axis), keepdims=keepdims))


@op
def all(x, axis=None, keepdims=False):
    """True where all elements over `axis` are true (not zero)."""
    x, xp = arrays(x)
    return xp.all(x, axis=_axis(axis), keepdims=keepdims)


@op
def any(x, axis=None, keepdims=False):
    """True where some element over `axis` is true (not zero)."""
    x, xp = arrays(x)
    return xp.any(x, axis=_axis(axis), keepdims=keepdims)


@op
def count_nonzero(x, axis=None):
    """How many elements over `axis` are not zero, as int32."""
    x, xp = arrays(x)
    b = backend.current()
    x = b.cast(b.cast(x, "bool"), "int32")
    return xp.sum(x, axis=_axis(axis), dtype=x.dtype)


@op
def average(x, axis=None, weights=None):
    """The mean over `axis`, weighted by `weights` (of the shape of x, or of that axis)."""
    b = backend.current()
    x, xp = arrays(x)
    if weights is None:
        return mean(x, axis)
    weights = b.convert(weights)
    target = dtypes.result_type(b.dtype(x), b.dtype(weights), float)
    x, weights = b.cast(x, target), b.cast(weights, target)
    if axis is not None and len(weights.shape) == 1 and len(x.shape) > 1:
        shape = [1] * len(x.shape)
        shape[axis] = -1
        weights = xp.reshape(weights, tuple(shape))
    weights = weights + xp.zeros_like(x)
    return xp.sum(x * weights, axis=_axis(axis)) / xp.sum(weights, axis=_axis(axis))


@op
def cumsum(x, axis=None, dtype=None):
    """The running sum along `axis` (of the flattened tensor for None)."""
    return _cumulative("cumsum", x, axis, dtype)


@op
def cumprod(x, axis=None, dtype=None):
    """The running product along `axis` (of the flattened tensor for None)."""
    return _cumulative("cumprod", x, axis, dtype)


def _cumulative(which, x, axis, dtype):
    x, xp = arrays(x)
    b = backend.current()
    name = b.dtype(x) if dtype is None else dtypes.standardize_dtype(dtype)
    x = b.cast(x, "int32" if name == "bool" else name)
    return getattr(xp, which)(x, axis=axis, dtype=x.dtype)


@op
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) over `axis` without overflow."""
    x, xp = floating(x)
    return xp.logsumexp(x, axis=_axis(axis), keepdims=keepdims)


# ---- reductions that ignore NaN
def _is_float(x) -> bool:
    return backend.current().dtype(x) in dtypes.FLOATS


def _instead(x, value):
    """x with `value` for NaN, and where those were (None for integers, which have none)."""
    x, xp = arrays(x)
    if not _is_float(x):
        return x, None, xp
    missing = xp.isnan(x)
    return xp.where(missing, backend.current().convert(value, backend.current().dtype(x)), x), missing, xp


@op
def nansum(x, axis=None, keepdims=False):
    """The sum over `axis`, NaN counting as 0."""
    return sum(_instead(x, 0.0)[0], axis, keepdims)


@op
def nanprod(x, axis=None, keepdims=False):
    """The product over `axis`, NaN counting as 1."""
    return prod(_instead(x, 1.0)[0], axis, keepdims)


@op
def nancumsum(x, axis=None, dtype=None):
    """The running sum along `axis`, NaN counting as 0."""
    return _cumulative("cumsum", _instead(x, 0.0)[0], axis, dtype)


@op
def nancumprod(x, axis=None, dtype=None):
    """The running product along `axis`, NaN counting as 1."""
    return _cumulative("cumprod", _instead(x, 1.0)[0], axis, dtype)


def _nan_extreme(x, axis, keepdims, which, end):
    x, missing, xp = _instead(x, end)
    out = _extreme(x, axis, keepdims, None, which)
    if missing is None:
        return out
    empty = xp.all(missing, axis=_axis(axis), keepdims=keepdims)
    return xp.where(empty, backend.current().convert(float("nan"), backend.current().dtype(out)), out)


@op
def nanmax(x, axis=None, keepdims=False):
    """The largest element over `axis` that is not NaN."""
    return _nan_extreme(x, axis, keepdims, "max", float("-inf"))


@op
def nanmin(x, axis=None, keepdims=False):
    """The smallest element over `axis` that is not NaN."""
    return _nan_extreme(x, axis, keepdims, "min", float("inf"))


@op
def nanmean(x, axis=None, keepdims=False):
    """The mean over `axis` of what is not NaN."""
    x, xp = floating(x)
    b = backend.current()
    name = b.dtype(x)
    x, missing, _ = _instead(b.cast(x, "float32") if name in ("float16", "bfloat16") else x, 0.0)
    count = xp.sum(b.cast(xp.logical_not(missing), b.dtype(x)), axis=_axis(axis), keepdims=keepdims)
    return b.cast(xp.sum(x, axis=_axis(axis), keepdims=keepdims) / count, name)


@op
def nanvar(x, axis=None, keepdims=False):
    """The variance over `axis` of what is not NaN."""
    x, xp = floating(x)
    b = backend.current()
    name = b.dtype(x)
    x = b.cast(x, "float32") if name in ("float16", "bfloat16") else x
    return b.cast(nanmean(xp.square(x - nanmean(x, axis, True)), axis, keepdims), name)


@op
def nanstd(x, axis=None, keepdims=False):
    """The standard deviation over `axis` of what is not NaN."""
    out = nanvar(x, axis, keepdims)
    return backend.current().xp.sqrt(out)


@op
def nanargmax(x, axis=None, keepdims=False):
    """The index along `axis` of the largest element that is not NaN; -1 where all are."""
    return _nan_arg(x, axis, keepdims, "argmax", float("-inf"))


@op
def nanargmin(x, axis=None, keepdims=False):
    """The index along `axis` of the smallest element that is not NaN; -1 where all are."""
    return _nan_arg(x, axis, keepdims, "argmin", float("inf"))


def _nan_arg(x, axis, keepdims, which, end):
    x, missing, xp = _instead(x, end)
    b = backend.current()
    out = b.cast(getattr(xp, which)(x, axis=axis, keepdims=keepdims), "int32")
    if missing is None:
        return out
    empty = xp.all(missing, axis=axis, keepdims=keepdims)
    return xp.where(empty, b.convert(-1, "int32"), out)


@op
def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of a diagonal of the matrices in axes `axis1`, `axis2`."""
    x, xp = arrays(x)
    x = _summable(xp.diagonal(x, offset, axis1, axis2))
    return xp.sum(x, axis=-1, dtype=x.dtype)
