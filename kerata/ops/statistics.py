"""Quantiles, histograms, correlation, differences."""

from __future__ import annotations

import builtins
import math

import numpy as np

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, floating, op

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(x, q, axis, method, keepdims, ignore_nan=False, whole=1):
    """Sort along the (flattened) axes, then interpolate between the two neighbours of each position."""
    if method not in _METHODS:
        raise ValueError(f"`method` is one of {', '.join(_METHODS)}; it was {method!r}.")
    b = backend.current()
    if isinstance(q, int | float | list | tuple | np.ndarray) and not np.all((np.asarray(q) >= 0) & (np.asarray(q) <= whole)):
        raise ValueError(f"`q` is a share from 0 to {whole}, or several; it was {q!r}.")
    x, xp = floating(x)
    name = b.dtype(x)
    x = b.cast(x, "float32") if name in ("float16", "bfloat16") else x
    compute = b.dtype(x)
    rank, shape = len(x.shape), list(b.shape(x))
    axes = tuple(range(rank)) if axis is None else (axis,) if isinstance(axis, int | np.integer) else tuple(axis)
    axes = tuple(range(rank)[a] for a in axes)
    kept = tuple(a for a in range(rank) if a not in axes)
    x = xp.reshape(xp.permute_dims(x, kept + axes), (*[shape[a] for a in kept], math.prod(shape[a] for a in axes)))
    missing = xp.isnan(x)
    x = xp.sort(xp.where(missing, xp.full((), float("inf"), dtype=x.dtype), x), axis=-1)
    q = b.convert(q, compute) / whole
    out = _at(xp, b, x, missing, xp.reshape(q, (-1,)), method, ignore_nan)
    if keepdims:
        out = xp.reshape(out, (-1, *[1 if a in axes else shape[a] for a in range(rank)]))
    out = b.cast(out, name)
    return out[0] if not len(q.shape) else out if len(q.shape) == 1 else xp.reshape(out, (*q.shape, *out.shape[1:]))


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
    """The value below which a given share of the elements lies.

    Args:
        x: tensor of numbers, of any shape; a NaN makes the result NaN.
        q: the share, from 0 to 1; a number or a tensor.
        axis: an integer, several, or None for all axes.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Float tensor without the axes in `axis`; with the axes of `q` in front.

    Raises:
        ValueError: for another method, or a number `q` out of range.

    >>> kerata.ops.quantile([1.0, 2.0, 3.0, 4.0], [0.25, 0.5])  # [1.75, 2.5]
    """
    return _quantile(x, q, axis, method, keepdims)


@op
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile`, with shares in hundredths.

    Args:
        x: tensor of numbers, of any shape; a NaN makes the result NaN.
        q: from 0 to 100; a number or a tensor.
        axis: an integer, several, or None for all axes.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Float tensor without the axes in `axis`; with the axes of `q` in front.

    Raises:
        ValueError: for another method, or a number `q` out of range.

    >>> kerata.ops.percentile([1.0, 2.0, 3.0, 4.0], 75, method="lower")  # 3
    """
    return _quantile(x, q, axis, method, keepdims, whole=100)


@op
def median(x, axis=None, keepdims=False):
    """The element in the middle of the sorted ones, or the mean of the two middle ones.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Float tensor without the axes in `axis`; NaN where an element is NaN.

    >>> kerata.ops.median([1, 2, 3, 10])  # 2.5
    """
    return _quantile(x, 0.5, axis, "linear", keepdims)


@op
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """`quantile` of the elements that are not NaN.

    Args:
        x: tensor of numbers, of any shape.
        q: the share, from 0 to 1; a number or a tensor.
        axis: an integer, several, or None for all axes.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Float tensor without the axes in `axis`; with the axes of `q` in front. NaN where all elements
        are.

    Raises:
        ValueError: for another method, or a number `q` out of range.

    >>> kerata.ops.nanquantile([1.0, np.nan, 3.0], 0.5)  # 2
    """
    return _quantile(x, q, axis, method, keepdims, True)


@op
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """`percentile` of the elements that are not NaN.

    Args:
        x: tensor of numbers, of any shape.
        q: from 0 to 100; a number or a tensor.
        axis: an integer, several, or None for all axes.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Float tensor without the axes in `axis`; with the axes of `q` in front. NaN where all elements
        are.

    Raises:
        ValueError: for another method, or a number `q` out of range.

    >>> kerata.ops.nanpercentile([1.0, np.nan, 3.0], 25)  # 1.5
    """
    return _quantile(x, q, axis, method, keepdims, True, whole=100)


@op
def nanmedian(x, axis=None, keepdims=False):
    """`median` of the elements that are not NaN.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Float tensor without the axes in `axis`; NaN where all elements are.

    >>> kerata.ops.nanmedian([1.0, np.nan, 3.0])  # 2
    """
    return _quantile(x, 0.5, axis, "linear", keepdims, True)


@op
def corrcoef(x):
    """Pearson's correlation of each row with each other one: their covariance over the product of their deviations.

    Args:
        x: (variables, samples); a vector counts as one variable.

    Returns:
        Float tensor (variables, variables) with values from -1 to 1; a scalar for one variable.

    >>> kerata.ops.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])  # [[1, -1], [-1, 1]]
    """
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
    return KerasTensor((*x.shape[:-1], None), name, sparse=sparse)


@op(spec=_bincount_spec)
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each integer from 0 up occurs.

    Args:
        x: integers from 0 up, (n,) or (rows, n), of which each row is counted by itself.
        weights: what each element counts, of the shape of `x`; 1 by default.
        minlength: the least number of counts. In compiled code, where the largest integer is unknown, exactly
            their number.
        sparse: whether to give a sparse tensor, which TensorFlow and JAX have.

    Returns:
        Tensor (..., largest integer + 1): int32, or the promoted dtype of the weights.

    Raises:
        ValueError: in compiled code without `minlength`, or for `sparse` on another backend.

    >>> kerata.ops.bincount([1, 1, 3])  # [0, 2, 0, 1]
    """
    b = backend.current()
    x, xp = arrays(x)
    if b.dtype(x) != "int32":  # small integers may not hold the number of counts
        x = b.cast(x, "int64")
    length = _bins(b, x, minlength)
    hit = xp.expand_dims(x, -1) == xp.arange(0, length, 1, dtype=x.dtype)
    if weights is None:
        hit = b.cast(hit, "int32")
        out = xp.sum(hit, axis=-2, dtype=hit.dtype)
    else:
        weights = b.convert(weights)
        weights = b.cast(weights, dtypes.result_type(b.dtype(weights), "int32"))
        out = xp.sum(xp.where(hit, xp.expand_dims(weights, -1), xp.zeros((), dtype=weights.dtype)), axis=-2)
    if not sparse:
        return out
    from kerata.ops._nn_losses import as_sparse

    return as_sparse(out, "bincount", None)


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
    """How many elements fall in each of several intervals of equal width.

    Args:
        x: tensor of numbers, which is flattened.
        bins: how many intervals.
        range: `(low, high)`, beyond which nothing counts; by default the smallest and the largest element.

    Returns:
        `(counts, edges)`: float vectors of `bins` and `bins + 1` elements. The last interval includes its upper
        edge.

    Raises:
        ValueError: if `bins` is no positive integer, or `range` no rising pair.

    >>> counts, edges = kerata.ops.histogram([1.0, 2.0, 2.0, 5.0], bins=2)
    >>> counts  # [3, 1]
    >>> edges  # [1, 3, 5]
    """
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
    """Differences of neighbours: `a[i + 1] - a[i]`.

    Args:
        a: tensor with at least one axis.
        n: how many times to take differences.
        axis: along which axis.

    Returns:
        Tensor of the dtype of `a`, by `n` shorter along the axis.

    Raises:
        ValueError: if `n` is negative.

    >>> kerata.ops.diff([1, 4, 9])  # [3, 5]
    """
    x, xp = arrays(a)
    if n < 0:
        raise ValueError(f"`n` cannot be negative; it was {n}.")
    return xp.diff(x, n=n, axis=axis) if n else x


@op
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral of sampled values by the trapezoidal rule: the sum of `(y[i] + y[i + 1]) / 2 * dx`.

    Args:
        y: the values.
        x: where they were taken: a vector, or a tensor of the shape of `y`; equally spaced by default.
        dx: the distance of the points, if there is no `x`.
        axis: along which axis to integrate.

    Returns:
        Float tensor without that axis.

    >>> kerata.ops.trapezoid([1.0, 2.0, 3.0], dx=2.0)  # 8
    """
    y, xp = floating(y)
    y = xp.moveaxis(y, axis, -1)
    middle = (y[..., 1:] + y[..., :-1]) * 0.5
    if x is None:
        return xp.sum(middle * backend.current().convert(dx, backend.current().dtype(y)), axis=-1)
    x = backend.current().cast(convert(x), backend.current().dtype(y))
    x = x if len(x.shape) == 1 else xp.moveaxis(x, axis, -1)
    return xp.sum(middle * (x[..., 1:] - x[..., :-1]), axis=-1)
