"""Order and search."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, is_floating, op, promote


@op
def sort(x, axis=-1):
    """Puts the elements along an axis in rising order; NaN comes last.

    Args:
        x: tensor of real numbers.
        axis: the axis; None flattens `x` first.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.sort([3, 1, 2])  # [1, 2, 3]
    """
    x, xp = arrays(x)
    if axis is None:
        x, axis = xp.reshape(x, (-1,)), 0
    return xp.sort(x, axis=axis)


@op
def argsort(x, axis=-1):
    """The order that sorts: the indices of the smallest element, of the next one, and so on.

    Args:
        x: tensor of real numbers.
        axis: the axis; None flattens `x` first.

    Returns:
        int32 tensor of the shape of `x`; equal elements stay in their order.

    >>> kerata.ops.argsort([3, 1, 2])  # [1, 2, 0]
    """
    x, xp = arrays(x)
    if axis is None:
        x, axis = xp.reshape(x, (-1,)), 0
    b = backend.current()
    return b.cast(xp.argsort(x, axis=axis), "int32")


@op
def argpartition(x, kth, axis=-1):
    """Indices that bring the element of rank `kth` to its place, no larger ones before it, no smaller ones after.

    Args:
        x: tensor of real numbers.
        kth: rank of that element in rising order, from 0.
        axis: the axis; None flattens `x` first.

    Returns:
        int32 tensor of the shape of `x`. Here it is the full order, that of `argsort`.

    >>> kerata.ops.argpartition([3, 1, 2], 1)[1]  # 2
    """
    return argsort(x, axis)


@op
def argmax(x, axis=None, keepdims=False):
    """The index of the largest element; the first of equals.

    Args:
        x: tensor of real numbers.
        axis: the axis to search; None means the flattened tensor.
        keepdims: whether that axis stays, with size 1.

    Returns:
        int32 tensor without the axis.

    >>> kerata.ops.argmax([[1, 5, 2], [7, 0, 7]], axis=1)  # [1, 0]
    """
    x, xp = arrays(x)
    return backend.current().cast(xp.argmax(x, axis=axis, keepdims=keepdims), "int32")


@op
def argmin(x, axis=None, keepdims=False):
    """The index of the smallest element; the first of equals.

    Args:
        x: tensor of real numbers.
        axis: the axis to search; None means the flattened tensor.
        keepdims: whether that axis stays, with size 1.

    Returns:
        int32 tensor without the axis.

    >>> kerata.ops.argmin([[1, 5, 2], [7, 0, 7]], axis=1)  # [0, 1]
    """
    x, xp = arrays(x)
    return backend.current().cast(xp.argmin(x, axis=axis, keepdims=keepdims), "int32")


@op
def top_k(x, k, sorted=True):
    """The k largest elements of the last axis, and where they stand.

    Args:
        x: tensor of real numbers with at least one axis.
        k: how many, at most the size of that axis.
        sorted: whether they must come in falling order; on some backends they do in any case.

    Returns:
        `(values, indices)`, both of shape (..., k); the indices are int32.

    >>> values, indices = kerata.ops.top_k([1, 3, 2], 2)
    >>> values  # [3, 2]
    >>> indices  # [1, 2]
    """
    x, xp = arrays(x)
    values, indices = xp.top_k(x, k, sorted=sorted)
    return values, backend.current().cast(indices, "int32")


@op
def in_top_k(targets, predictions, k):
    """Whether the right class is among the k with the highest scores.

    Args:
        targets: the right classes, integers (batch,).
        predictions: scores (batch, classes).
        k: how many classes count. Others with the score of the k-th count as well.

    Returns:
        Booleans (batch,); False for a target that is no class or whose score is not finite.

    >>> kerata.ops.in_top_k([1, 0], [[0.1, 0.9], [0.2, 0.8]], 1)  # [True, False]
    """
    b = backend.current()
    xp = b.xp
    predictions, targets = b.convert(predictions), b.convert(targets)
    if not is_floating(targets):  # small and unsigned integers: not all libraries compare them with any number
        targets = b.cast(targets, "int64")
    classes = b.shape(predictions)[-1]
    valid = xp.logical_and(targets >= 0, targets < classes)
    index = xp.where(valid, targets, xp.zeros_like(targets))
    own = xp.take_along_axis(predictions, xp.expand_dims(b.cast(index, "int32"), -1), axis=-1)
    better = xp.sum(b.cast(predictions > own, "int32"), axis=-1)
    finite = xp.isfinite(xp.squeeze(own, -1))
    return xp.logical_and(xp.logical_and(valid, finite), better < k)


@op
def searchsorted(sorted_sequence, values, side="left"):
    """Where values have to be inserted in a sorted vector for it to stay sorted.

    Args:
        sorted_sequence: vector in rising order.
        values: numbers of any shape.
        side: "left" inserts before equal elements, "right" behind them.

    Returns:
        int32 tensor of the shape of `values`, from 0 to the length of the vector.

    Raises:
        ValueError: for another `side`, or a sequence that is no vector.

    >>> kerata.ops.searchsorted([1, 2, 2, 3], [2, 5])  # [1, 4]
    """
    if side not in ("left", "right"):
        raise ValueError(f"`side` is 'left' or 'right'; it was {side!r}.")
    a, v, xp = promote(sorted_sequence, values)
    if len(a.shape) != 1:
        raise ValueError(f"searchsorted() searches a vector; it was given a tensor of shape {tuple(a.shape)}.")
    return backend.current().cast(xp.searchsorted(a, v, side=side), "int32")


@op
def digitize(x, bins):
    """The number of the bin each element falls in: i where `bins[i - 1] <= x < bins[i]`.

    Args:
        x: numbers of any shape.
        bins: the bounds, a vector in rising order.

    Returns:
        int32 tensor of the shape of `x`: 0 below the first bound, `len(bins)` from the last one on.

    >>> kerata.ops.digitize([0.5, 1.0, 3.0], [1.0, 2.0])  # [0, 1, 2]
    """
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
    """The positions of the elements that are not 0.

    Args:
        x: tensor with at least one axis.

    Returns:
        Tuple with an int32 vector for each axis; their length depends on the values, so it is None for a
        KerasTensor.

    >>> rows, columns = kerata.ops.nonzero([[0, 7], [8, 0]])
    >>> rows  # [0, 1]
    >>> columns  # [1, 0]
    """
    x, xp = arrays(x)
    b = backend.current()
    return tuple(b.cast(i, "int32") for i in xp.nonzero(x))


@op
def isin(x1, x2, assume_unique=False, invert=False):
    """Whether each element occurs in another tensor.

    Args:
        x1: the elements to look up, of any shape.
        x2: where to look, of any shape.
        assume_unique: a promise that neither has repetitions; not needed.
        invert: whether to tell which elements do not occur.

    Returns:
        Boolean tensor of the shape of `x1`.

    >>> kerata.ops.isin([1, 2, 3], [2, 5])  # [False, True, False]
    """
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
    """The different elements, or slices along an axis, in rising order.

    Args:
        x: tensor of any shape.
        sorted: whether the order must be rising; it always is.
        return_index: also give where each one stands first.
        return_inverse: also give, for each element of `x`, the number of the one it equals.
        return_counts: also give how often each one occurs.
        axis: compare slices along this axis; None compares single elements.
        size: cut or fill the result to this length, so that its shape does not depend on values (compiled code
            needs it).
        fill_value: what to fill with; the smallest element by default.

    Returns:
        Tensor of the dtype of `x`; followed, in a tuple, by the int32 tensors that were asked for.

    >>> kerata.ops.unique([3, 1, 1])  # [1, 3]
    >>> values, counts = kerata.ops.unique([3, 1, 1], return_counts=True)
    >>> counts  # [2, 1]
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
