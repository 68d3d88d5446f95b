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
    """Adds up the elements over `axis`.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`; of 32 bits for narrower integers and booleans.

    >>> kerata.ops.sum([[1.0, 2.0], [3.0, 4.0]], axis=0)  # [4, 6]
    """
    x, xp = arrays(x)
    if is_floating(x):
        return xp.sum(x, axis=_axis(axis), keepdims=keepdims)
    x = _summable(x)
    return xp.sum(x, axis=_axis(axis), keepdims=keepdims, dtype=x.dtype)


@op
def prod(x, axis=None, keepdims=False, dtype=None):
    """Multiplies the elements over `axis`.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        dtype: what to compute in; by default the dtype of `x`, 32 bits for narrower integers and booleans.

    Returns:
        Tensor without the axes in `axis`.

    >>> kerata.ops.prod([[1.0, 2.0], [3.0, 4.0]], axis=1)  # [2, 12]
    """
    x, xp = arrays(x)
    x = _summable(x) if dtype is None else backend.current().cast(x, dtypes.standardize_dtype(dtype))
    return xp.prod(x, axis=_axis(axis), keepdims=keepdims, dtype=x.dtype)


@op
def mean(x, axis=None, keepdims=False):
    """The arithmetic mean over `axis`; float16 and bfloat16 are accumulated in float32.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.mean([[1, 2], [3, 4]], axis=0)  # [2, 3]
    """
    x, xp = floating(x)
    name = dtype_name(x)
    if name in ("float16", "bfloat16"):
        b = backend.current()
        return b.cast(xp.mean(b.cast(x, "float32"), axis=_axis(axis), keepdims=keepdims), name)
    return xp.mean(x, axis=_axis(axis), keepdims=keepdims)


@op
def var(x, axis=None, keepdims=False):
    """The variance over `axis`: the mean of `(x - mean(x))**2`, divided by the count itself (not the count less 1).

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.var([1.0, 2.0, 3.0, 4.0])  # 1.25
    """
    x, xp = floating(x)
    name = dtype_name(x)
    if name in ("float16", "bfloat16"):
        b = backend.current()
        return b.cast(xp.var(b.cast(x, "float32"), axis=_axis(axis), keepdims=keepdims), name)
    return xp.var(x, axis=_axis(axis), keepdims=keepdims)


@op
def std(x, axis=None, keepdims=False):
    """The standard deviation over `axis`: the root of `var`.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.std([1.0, 2.0, 3.0, 4.0])  # 1.118034
    """
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
    """The largest element over `axis`.

    Args:
        x: tensor of any shape; of booleans, the result is their `any`.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        initial: the least the result can be, and what an empty axis gives; without it, an empty axis is an error.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.max([[1, 5], [7, 2]], axis=1, initial=6)  # [6, 7]
    """
    return _extreme(x, axis, keepdims, initial, "max")


@op
def min(x, axis=None, keepdims=False, initial=None):
    """The smallest element over `axis`.

    Args:
        x: tensor of any shape; of booleans, the result is their `all`.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.
        initial: the most the result can be, and what an empty axis gives; without it, an empty axis is an error.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.min([[1, 5], [7, 2]], axis=1)  # [1, 2]
    """
    return _extreme(x, axis, keepdims, initial, "min")


@op
def amax(x, axis=None, keepdims=False):
    """The largest element over `axis`; `max` without an initial value.

    Args:
        x: tensor of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.amax([[1, 5], [7, 2]], axis=0)  # [7, 5]
    """
    return _extreme(x, axis, keepdims, None, "max")


@op
def amin(x, axis=None, keepdims=False):
    """The smallest element over `axis`; `min` without an initial value.

    Args:
        x: tensor of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.amin([[1, 5], [7, 2]], axis=0)  # [1, 2]
    """
    return _extreme(x, axis, keepdims, None, "min")


@op
def ptp(x, axis=None, keepdims=False):
    """`max(x) - min(x)` over `axis` ("peak to peak").

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.ptp([[1, 5], [7, 2]], axis=1)  # [4, 5]
    """
    x, xp = arrays(x)
    return xp.subtract(xp.max(x, axis=_axis(axis), keepdims=keepdims), xp.min(x, axis=_axis(axis), keepdims=keepdims))


@op
def all(x, axis=None, keepdims=False):
    """Whether every element over `axis` is true; numbers other than 0 count as true.

    Args:
        x: tensor of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Boolean tensor without the axes in `axis`; True for an empty axis.

    >>> kerata.ops.all([[True, False], [True, True]], axis=1)  # [False, True]
    """
    x, xp = arrays(x)
    return xp.all(x, axis=_axis(axis), keepdims=keepdims)


@op
def any(x, axis=None, keepdims=False):
    """Whether some element over `axis` is true; numbers other than 0 count as true.

    Args:
        x: tensor of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Boolean tensor without the axes in `axis`; False for an empty axis.

    >>> kerata.ops.any([[True, False], [False, False]], axis=1)  # [True, False]
    """
    x, xp = arrays(x)
    return xp.any(x, axis=_axis(axis), keepdims=keepdims)


@op
def count_nonzero(x, axis=None):
    """How many elements over `axis` are not 0.

    Args:
        x: tensor of any shape.
        axis: an integer, several, or None for all axes.

    Returns:
        int32 tensor without the axes in `axis`.

    >>> kerata.ops.count_nonzero([[0, 3], [4, 5]], axis=1)  # [1, 2]
    """
    x, xp = arrays(x)
    b = backend.current()
    x = b.cast(b.cast(x, "bool"), "int32")
    return xp.sum(x, axis=_axis(axis), dtype=x.dtype)


@op
def average(x, axis=None, weights=None):
    """The weighted mean over `axis`: `sum(x * weights) / sum(weights)`.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer or None for all axes (several only without `weights` of one axis).
        weights: of the shape of `x`, or a vector for that one axis; None weighs all alike.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.average([1.0, 2.0, 6.0], weights=[1.0, 1.0, 2.0])  # 3.75
    """
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
    """Running sums: element i is the sum of elements 0 to i.

    Args:
        x: tensor of numbers, of any shape.
        axis: the axis along which to run; None flattens `x` first.
        dtype: what to compute in; by default the dtype of `x`, int32 for booleans.

    Returns:
        Tensor of the shape of `x`, or a vector for `axis=None`.

    >>> kerata.ops.cumsum([1, 2, 3])  # [1, 3, 6]
    """
    return _cumulative("cumsum", x, axis, dtype)


@op
def cumprod(x, axis=None, dtype=None):
    """Running products: element i is the product of elements 0 to i.

    Args:
        x: tensor of numbers, of any shape.
        axis: the axis along which to run; None flattens `x` first.
        dtype: what to compute in; by default the dtype of `x`, int32 for booleans.

    Returns:
        Tensor of the shape of `x`, or a vector for `axis=None`.

    >>> kerata.ops.cumprod([[1, 2], [3, 4]], axis=0)  # [[1, 2], [3, 8]]
    """
    return _cumulative("cumprod", x, axis, dtype)


def _cumulative(which, x, axis, dtype):
    x, xp = arrays(x)
    b = backend.current()
    name = b.dtype(x) if dtype is None else dtypes.standardize_dtype(dtype)
    x = b.cast(x, "int32" if name == "bool" else name)
    return getattr(xp, which)(x, axis=axis, dtype=x.dtype)


@op
def logsumexp(x, axis=None, keepdims=False):
    """`log(sum(exp(x)))` over `axis`; the largest element is taken out first, so that nothing overflows.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.logsumexp([1000.0, 1000.0])  # 1000.69315
    """
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
    """`sum` over `axis`, with NaN counting as 0.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`; of 32 bits for narrower integers and booleans.

    >>> kerata.ops.nansum([1.0, np.nan, 3.0])  # 4
    """
    return sum(_instead(x, 0.0)[0], axis, keepdims)


@op
def nanprod(x, axis=None, keepdims=False):
    """`prod` over `axis`, with NaN counting as 1.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`; of 32 bits for narrower integers and booleans.

    >>> kerata.ops.nanprod([2.0, np.nan, 3.0])  # 6
    """
    return prod(_instead(x, 1.0)[0], axis, keepdims)


@op
def nancumsum(x, axis=None, dtype=None):
    """Running sums, as `cumsum`, with NaN counting as 0.

    Args:
        x: tensor of numbers, of any shape.
        axis: the axis along which to run; None flattens `x` first.
        dtype: what to compute in; by default the dtype of `x`, int32 for booleans.

    Returns:
        Tensor of the shape of `x`, or a vector for `axis=None`.

    >>> kerata.ops.nancumsum([1.0, np.nan, 3.0])  # [1, 1, 4]
    """
    return _cumulative("cumsum", _instead(x, 0.0)[0], axis, dtype)


@op
def nancumprod(x, axis=None, dtype=None):
    """Running products, as `cumprod`, with NaN counting as 1.

    Args:
        x: tensor of numbers, of any shape.
        axis: the axis along which to run; None flattens `x` first.
        dtype: what to compute in; by default the dtype of `x`, int32 for booleans.

    Returns:
        Tensor of the shape of `x`, or a vector for `axis=None`.

    >>> kerata.ops.nancumprod([2.0, np.nan, 3.0])  # [2, 2, 6]
    """
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
    """The largest element over `axis` apart from NaN; NaN where there is nothing else.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.nanmax([[1.0, np.nan], [3.0, 2.0]], axis=1)  # [1, 3]
    """
    return _nan_extreme(x, axis, keepdims, "max", float("-inf"))


@op
def nanmin(x, axis=None, keepdims=False):
    """The smallest element over `axis` apart from NaN; NaN where there is nothing else.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`, of the dtype of `x`.

    >>> kerata.ops.nanmin([[1.0, np.nan], [3.0, 2.0]], axis=1)  # [1, 2]
    """
    return _nan_extreme(x, axis, keepdims, "min", float("inf"))


@op
def nanmean(x, axis=None, keepdims=False):
    """The mean over `axis` of what is not NaN; NaN where there is nothing else.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.nanmean([1.0, np.nan, 3.0])  # 2
    """
    x, xp = floating(x)
    b = backend.current()
    name = b.dtype(x)
    x, missing, _ = _instead(b.cast(x, "float32") if name in ("float16", "bfloat16") else x, 0.0)
    count = xp.sum(b.cast(xp.logical_not(missing), b.dtype(x)), axis=_axis(axis), keepdims=keepdims)
    return b.cast(xp.sum(x, axis=_axis(axis), keepdims=keepdims) / count, name)


@op
def nanvar(x, axis=None, keepdims=False):
    """The variance over `axis` of what is not NaN, divided by the count of those elements.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.nanvar([1.0, np.nan, 3.0])  # 1
    """
    x, xp = floating(x)
    b = backend.current()
    name = b.dtype(x)
    x = b.cast(x, "float32") if name in ("float16", "bfloat16") else x
    there = xp.logical_not(xp.isnan(x))
    squares = xp.where(there, xp.square(x - nanmean(x, axis, True)), xp.zeros_like(x))
    count = sum(b.cast(there, b.dtype(x)), axis, keepdims)
    return b.cast(sum(squares, axis, keepdims) / count, name)


@op
def nanstd(x, axis=None, keepdims=False):
    """The standard deviation over `axis` of what is not NaN: the root of `nanvar`.

    Args:
        x: tensor of numbers, of any shape.
        axis: an integer, several, or None for all axes.
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        Tensor without the axes in `axis`; a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.nanstd([1.0, np.nan, 5.0])  # 2
    """
    out = nanvar(x, axis, keepdims)
    return backend.current().xp.sqrt(out)


@op
def nanargmax(x, axis=None, keepdims=False):
    """The index of the largest element along `axis` apart from NaN; the first of equals.

    Args:
        x: tensor of numbers, of any shape.
        axis: the axis to search, or None for the flattened tensor.
        keepdims: whether that axis stays, with size 1.

    Returns:
        int32 tensor of indices; -1 where all elements are NaN.

    >>> kerata.ops.nanargmax([[1.0, np.nan], [np.nan, np.nan]], axis=1)  # [0, -1]
    """
    return _nan_arg(x, axis, keepdims, "argmax", float("-inf"))


@op
def nanargmin(x, axis=None, keepdims=False):
    """The index of the smallest element along `axis` apart from NaN; the first of equals.

    Args:
        x: tensor of numbers, of any shape.
        axis: the axis to search, or None for the flattened tensor.
        keepdims: whether that axis stays, with size 1.

    Returns:
        int32 tensor of indices; -1 where all elements are NaN.

    >>> kerata.ops.nanargmin([np.nan, 4.0, 2.0])  # 2
    """
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
    """The sum of the elements on a diagonal.

    Args:
        x: tensor with at least two axes.
        offset: which diagonal: 0 is the main one, positive ones lie above it.
        axis1, axis2: the rows and columns of the matrices.

    Returns:
        Tensor without these two axes, of the dtype of `x`; of 32 bits for narrower integers and booleans.

    >>> kerata.ops.trace([[1, 2], [3, 4]])  # 5
    """
    x, xp = arrays(x)
    x = _summable(xp.diagonal(x, offset, axis1, axis2))
    return xp.sum(x, axis=-1, dtype=x.dtype)
