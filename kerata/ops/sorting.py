"""Order and search."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, op, promote


@op
def sort(x, axis=-1):
    """x in rising order along `axis`; flattened for None."""
    x, xp = arrays(x)
    if axis is None:
        x, axis = xp.reshape(x, (-1,)), 0
    return xp.sort(x, axis=axis)


@op
def argsort(x, axis=-1):
    """The indices (int32) that put x in rising order along `axis`; equal elements keep their order."""
    x, xp = arrays(x)
    if axis is None:
        x, axis = xp.reshape(x, (-1,)), 0
    b = backend.current()
    return b.cast(xp.argsort(x, axis=axis), "int32")


@op
def argpartition(x, kth, axis=-1):
    """Indices (int32) that put the kth smallest element in its place, smaller ones before it, larger ones after."""
    return argsort(x, axis)


@op
def argmax(x, axis=None, keepdims=False):
    """The index (int32) of the largest element along `axis`; of the flattened tensor for None."""
    x, xp = arrays(x)
    return backend.current().cast(xp.argmax(x, axis=axis, keepdims=keepdims), "int32")


@op
def argmin(x, axis=None, keepdims=False):
    """The index (int32) of the smallest element along `axis`; of the flattened tensor for None."""
    x, xp = arrays(x)
    return backend.current().cast(xp.argmin(x, axis=axis, keepdims=keepdims), "int32")


@op
def top_k(x, k, sorted=True):
    """The `k` largest elements of the last axis, in falling order, and their indices (int32)."""
    x, xp = arrays(x)
    values, indices = xp.top_k(x, k, sorted=sorted)
    return values, backend.current().cast(indices, "int32")


@op
def in_top_k(targets, predictions, k):
    """For each row of `predictions`, whether the class `targets` is among its k largest.

    Classes tied with the k-th count as in; a target that is no class, or a prediction that is not finite, is not in.
    """
    b = backend.current()
    xp = b.xp
    predictions, targets = b.convert(predictions), b.convert(targets)
    classes = b.shape(predictions)[-1]
    valid = xp.logical_and(targets >= 0, targets < classes)
    index = xp.where(valid, targets, xp.zeros_like(targets))
    own = xp.take_along_axis(predictions, xp.expand_dims(b.cast(index, "int32"), -1), axis=-1)
    better = xp.sum(b.cast(predictions > own, "int32"), axis=-1)
    finite = xp.isfinite(xp.squeeze(own, -1))
    return xp.logical_and(xp.logical_and(valid, finite), better < k)


@op
def searchsorted(sorted_sequence, values, side="left"):
    """Where (int32) each of `values` would go into the sorted vector to keep it sorted; `side` settles ties."""
    if side not in ("left", "right"):
        raise ValueError(f"`side` is 'left' or 'right'; it was {side!r}.")
    a, v, xp = promote(sorted_sequence, values)
    if len(a.shape) != 1:
        raise ValueError(f"searchsorted() searches a vector; it was given a tensor of shape {tuple(a.shape)}.")
    return backend.current().cast(xp.searchsorted(a, v, side=side), "int32")


@op
def digitize(x, bins):
    """The number (int32) of the bin that each element of x falls in: bins[i-1] <= x < bins[i]."""
    b = backend.current()
    x, xp = arrays(x)
    bins = b.convert(bins)
    target = dtypes.result_type(b.dtype(x), b.dtype(bins))
    return b.cast(xp.searchsorted(b.cast(bins, target), b.cast(x, target), side="right"), "int32")


def _unknown_count(x, *args, **kwargs):
    """The symbolic result of nonzero: a vector of unknown length for each axis."""
    from kerata.core.keras_tensor import KerasTensor

    return tuple(KerasTensor((None,), "int32") for _ in x.shape)


@op(spec=_unknown_count)
def nonzero(x):
    """Where x is not 0: a tuple with a vector (int32) of indices for each axis."""
    x, xp = arrays(x)
    b = backend.current()
    return tuple(b.cast(i, "int32") for i in xp.nonzero(x))


@op
def isin(x1, x2, assume_unique=False, invert=False):
    """True where an element of x1 is one of x2 (is not, with `invert`)."""
    x1, x2, xp = promote(x1, x2)
    found = xp.any(xp.expand_dims(x1, -1) == xp.reshape(x2, (-1,)), axis=-1)
    return xp.logical_not(found) if invert else found


def _unique_spec(x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None,
                 size=None, fill_value=None):  # fmt: skip
    from kerata.core.keras_tensor import KerasTensor

    shape = list(x.shape)
    shape = [size] if axis is None else [size if a == axis % len(shape) else n for a, n in enumerate(shape)]
    out = [KerasTensor(shape, x.dtype)]
    out += [KerasTensor((size,), "int32")] if return_index else []
    out += [KerasTensor(x.shape if axis is None else (x.shape[axis],), "int32")] if return_inverse else []
    out += [KerasTensor((size,), "int32")] if return_counts else []
    return out[0] if len(out) == 1 else tuple(out)


@op(spec=_unique_spec)
def unique(x, sorted=True, return_index=False, return_inverse=False, return_counts=False, axis=None, size=None,
           fill_value=None):  # fmt: skip
    """The different elements of x (or slices along `axis`), sorted.

    Args:
        return_index, return_inverse, return_counts: also give where each stands first, for each element its number
            among the unique ones, and how often each occurs (int32).
        size: cut or fill the result to this length, with `fill_value` (by default the smallest): a static shape.
    """
    x, xp = arrays(x)
    b = backend.current()
    flat, whole = axis is None, b.shape(x)
    if flat:
        x, axis = xp.reshape(x, (-1,)), 0
    if size is not None and hasattr(xp, "unique_of_size"):
        out = xp.unique_of_size(x, axis, size, fill_value)
    else:
        out = _unique_of_numpy(b, x, axis, size, fill_value)
    values, index, inverse, counts = out
    inverse = xp.reshape(inverse, whole if flat else (-1,))
    asked = zip((index, inverse, counts), (return_index, return_inverse, return_counts))
    extras = [b.cast(part, "int32") for part, wanted in asked if wanted]
    return (values, *extras) if extras else values


def _unique_of_numpy(b, x, axis, size, fill_value):
    """Sorting on the host: the size of the result depends on the values, so nothing compiled is lost."""
    import numpy as np

    values, index, inverse, counts = np.unique(b.to_numpy(x), True, True, True, axis=axis)
    if size is not None:
        more = size - len(index)
        keep = np.arange(min(size, len(index)))
        fill = np.min(values) if fill_value is None and values.size else (fill_value or 0)
        widths = [(0, 0)] * values.ndim
        widths[axis] = (0, max(more, 0))
        values = np.take(values, keep, axis=axis)
        values = np.pad(values, widths, constant_values=fill)
        index, counts = (np.pad(a[keep], (0, max(more, 0)), constant_values=c) for a, c in ((index, index[0]), (counts, 0)))
    return b.convert(values, b.dtype(x)), b.convert(index), b.convert(inverse), b.convert(counts)
