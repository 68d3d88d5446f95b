"""Quantiles, histograms, correlation, differences."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, floating, op

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(x, q, axis, method, keepdims, ignore_nan=False):
    """Sort along the (flattened) axes, then interpolate between the two neighbours of each position."""
    if method not in _METHODS:
        raise ValueError(f"`method` is one of {', '.join(_METHODS)}; it was {method!r}.")
    b = backend.current()
    x, xp = floating(x)
    name = b.dtype(x)
    x = b.cast(x, "float32") if name in ("float16", "bfloat16") else x
    compute = b.dtype(x)
    rank, shape = len(x.shape), list(b.shape(x))
    axes = tuple(range(rank)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    axes = tuple(a % rank for a in axes)
    kept = tuple(a for a in range(rank) if a not in axes)
    x = xp.reshape(xp.permute_dims(x, kept + axes), tuple(shape[a] for a in kept) + (-1,))
    missing = xp.isnan(x)
    x = xp.sort(xp.where(missing, xp.full((), float("inf"), dtype=x.dtype), x), axis=-1)
    q = b.convert(q, compute)
    out = _at(xp, b, x, missing, xp.reshape(q, (-1,)), method, ignore_nan)
    if keepdims:
        out = xp.reshape(out, (-1, *[1 if a in axes else shape[a] for a in range(rank)]))
    out = b.cast(out, name)
    return out if len(q.shape) else out[0]


def _at(xp, b, x, missing, q, method, ignore_nan):
    """The quantiles q (a vector) of the sorted last axis of x, along a new first axis."""
    count = xp.sum(b.cast(xp.logical_not(missing), b.dtype(x)), axis=-1)
    size = b.convert(b.shape(x)[-1], b.dtype(x)) + xp.zeros_like(count)
    last = xp.maximum((count if ignore_nan else size) - 1, xp.zeros_like(count))
    position = xp.reshape(q, (-1, *[1] * len(last.shape))) * last
    low, high = xp.floor(position), xp.ceil(position)
    if method == "nearest":
        low = high = xp.round(position)
    elif method == "lower":
        high = low
    elif method == "higher":
        low = high
    weight = xp.full((), 0.5, dtype=x.dtype) * b.cast(high > low, b.dtype(x)) if method == "midpoint" else position - low

    def pick(index):
        index = xp.moveaxis(b.cast(index, "int32"), 0, -1)
        return xp.moveaxis(xp.take_along_axis(x, index, axis=-1), -1, 0)

    below, above = pick(low), pick(high)
    # Written so that equal neighbours (infinite ones too) give themselves exactly.
    out = xp.where(below == above, below, below * (1 - weight) + above * weight)
    bad = count == 0 if ignore_nan else xp.any(missing, axis=-1)
    return xp.where(bad, xp.full((), float("nan"), dtype=x.dtype), out)


@op
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The value below which the share `q` (0 to 1) of the elements over `axis` lies.

    Args:
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
    """
    return _quantile(x, q, axis, method, keepdims)


@op
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """Like `quantile`, with `q` from 0 to 100."""
    return _quantile(x, _hundredth(q), axis, method, keepdims)


def _hundredth(q):
    return floating(q)[0] / 100


@op
def median(x, axis=None, keepdims=False):
    """The middle element over `axis`, or the mean of the two middle ones."""
    return _quantile(x, 0.5, axis, "linear", keepdims)


@op
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """Like `quantile`, of the elements that are not NaN."""
    return _quantile(x, q, axis, method, keepdims, True)


@op
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """Like `percentile`, of the elements that are not NaN."""
    return _quantile(x, _hundredth(q), axis, method, keepdims, True)


@op
def nanmedian(x, axis=None, keepdims=False):
    """Like `median`, of the elements that are not NaN."""
    return _quantile(x, 0.5, axis, "linear", keepdims, True)


@op
def corrcoef(x):
    """Pearson's correlation of the rows of x with each other: a matrix."""
    x, xp = floating(x)
    if len(x.shape) < 2:
        x = xp.reshape(x, (1, -1))
    x = x - xp.mean(x, axis=-1, keepdims=True)
    products = xp.matmul(x, xp.swapaxes(x, -1, -2))
    scale = xp.sqrt(xp.diagonal(products, 0, -2, -1))
    out = products / (xp.expand_dims(scale, -1) * xp.expand_dims(scale, -2))
    out = xp.clip(out, -1, 1)
    return xp.reshape(out, ()) if tuple(out.shape) == (1, 1) else out


def _bincount_spec(x, weights=None, minlength=0, sparse=False):
    from kerata.core.keras_tensor import KerasTensor

    name = "int32" if weights is None else dtypes.result_type(getattr(weights, "dtype", "float32"), "int32")
    return KerasTensor((*x.shape[:-1], None), name)


@op(spec=_bincount_spec)
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often (or with what total weight) each integer from 0 up occurs in each row of x.

    Args:
        minlength: the least number of counts; inside compiled code, exactly their number.
    """
    b = backend.current()
    x, xp = arrays(x)
    length = _bins(b, x, minlength)
    hit = xp.expand_dims(x, -1) == xp.arange(0, length, 1, dtype=x.dtype)
    if weights is None:
        hit = b.cast(hit, "int32")
        return xp.sum(hit, axis=-2, dtype=hit.dtype)
    weights = b.convert(weights)
    weights = b.cast(weights, dtypes.result_type(b.dtype(weights), "int32"))
    return xp.sum(xp.where(hit, xp.expand_dims(weights, -1), xp.zeros((), dtype=weights.dtype)), axis=-2)


def _bins(b, x, minlength):
    try:
        top = b.to_numpy(x)
    except Exception as e:  # the values are not known inside compiled code
        if minlength:
            return minlength
        raise ValueError("bincount() inside compiled code needs `minlength`: the number of counts.") from e
    return builtins.max(int(top.max()) + 1 if top.size else 0, minlength)


@op
def histogram(x, bins=10, range=None):
    """How many elements fall in each of `bins` equal intervals of `range`; and the edges of the intervals."""
    if not isinstance(bins, int) or bins < 1:
        raise ValueError(f"`bins` is a positive integer; it was {bins!r}.")
    if range is not None and (len(range) != 2 or range[0] > range[1]):
        raise ValueError(f"`range` is a pair (low, high); it was {range!r}.")
    b = backend.current()
    x, xp = arrays(x)
    name = dtypes.result_type(b.dtype(x), float)
    values = b.cast(xp.reshape(x, (-1,)), name)
    if range is None:
        low, high = xp.min(values), xp.max(values)
    else:
        low, high = b.convert(range[0], name), b.convert(range[1], name)
    flat = b.cast(low == high, name)
    low, high = low - 0.5 * flat, high + 0.5 * flat
    share = b.cast(xp.arange(0, bins + 1, 1), name) / bins
    edges = low * (1 - share) + high * share
    index = b.cast(xp.searchsorted(edges, values, side="right"), "int32") - 1
    index = xp.where(values == edges[-1], xp.full((), bins - 1, dtype=index.dtype), index)
    counts = xp.segment(xp.ones_like(index), index, bins, "add")
    return b.cast(counts, name), edges


@op
def diff(a, n=1, axis=-1):
    """The difference of neighbours along `axis`, taken n times."""
    x, xp = arrays(a)
    if n < 0:
        raise ValueError(f"`n` cannot be negative; it was {n}.")
    return xp.diff(x, n=n, axis=axis) if n else x


@op
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of y along `axis` by the trapezoidal rule, at points x, or `dx` apart."""
    y, xp = floating(y)
    y = xp.moveaxis(y, axis, -1)
    middle = (y[..., 1:] + y[..., :-1]) * 0.5
    if x is None:
        return xp.sum(middle * backend.current().convert(dx, backend.current().dtype(y)), axis=-1)
    x = backend.current().cast(convert(x), backend.current().dtype(y))
    x = x if len(x.shape) == 1 else xp.moveaxis(x, axis, -1)
    return xp.sum(middle * (x[..., 1:] - x[..., :-1]), axis=-1)
