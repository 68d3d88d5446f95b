"""to_categorical and normalize."""

from __future__ import annotations

import numpy as np

from kerata import backend


def _is_tensor(x) -> bool:
    return backend.owner(type(x)) is not None


def to_categorical(x, num_classes: int | None = None):
    """One-hot rows for class indices: `out[..., k] = 1` where `x == k`.

    Args:
        x: integers from 0 to `num_classes - 1`, of any shape; a last dimension of 1 is dropped.
        num_classes: length of the rows; the largest index plus one by default.

    Returns:
        A float64 NumPy array of shape `x.shape + (num_classes,)`; for a tensor, a tensor in floatx.

    Raises:
        ValueError: for an index that has no place; it says which.

    >>> import kerata
    >>> kerata.utils.to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if _is_tensor(x):
        return _tensor_to_categorical(x, num_classes)
    x = np.asarray(x)
    if x.dtype.kind not in "iubf":
        raise ValueError(
            f"to_categorical() wants integers; got dtype {x.dtype} ({x.ravel()[:3].tolist()}...). Number the classes first, "
            "for example with `np.unique(x, return_inverse=True)[1]`."
        )
    x = x.astype("int64")
    if x.ndim > 1 and x.shape[-1] == 1:
        x = x[..., 0]
    if x.size == 0 and not num_classes:
        raise ValueError(
            "to_categorical() was given no classes, so it cannot tell how many there are; give `num_classes`."
        )
    count = int(num_classes or x.max() + 1)
    bad = (x < 0) | (x >= count)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        place = where[0] if len(where) == 1 else where
        raise ValueError(
            f"to_categorical() was given the class {int(x[bad][0])} (at position {place}), but with num_classes={count} "
            f"the classes are 0 to {count - 1}."
        )
    out = np.zeros((*x.shape, count))
    np.put_along_axis(out, x[..., None], 1.0, axis=-1)
    return out


def _tensor_to_categorical(x, num_classes):
    from kerata import ops

    if len(x.shape) > 1 and x.shape[-1] == 1:
        x = ops.squeeze(x, axis=-1)
    if num_classes is None:
        num_classes = int(ops.convert_to_numpy(ops.max(x))) + 1
    return ops.one_hot(ops.cast(x, "int32"), num_classes)


def normalize(x, axis: int = -1, order: int = 2):
    """`x` divided by its norms along `axis`; where a norm is 0, the zeros stay.

    Args:
        x: NumPy array, or a tensor or what becomes one.
        axis: integer, the axis along which norms are taken; -1 by default, None for one norm of all.
        order: of the norm; 2, the Euclidean one, by default. For tensors an integer of at least 1, for NumPy arrays what
            `numpy.linalg.norm` takes.

    Returns:
        A NumPy array of floats for a NumPy array (of shape (1, n) for a vector), else a tensor, of the shape of `x`.

    Raises:
        ValueError: for another `order`.

    >>> kerata.utils.normalize(np.array([[3.0, 4.0]])).tolist()
    [[0.6, 0.8]]
    """
    if not isinstance(x, np.ndarray):
        from kerata import ops

        if isinstance(order, bool) or not isinstance(order, int) or order < 1:
            raise ValueError(f"`order` must be an integer of 1 or more; got {order!r}.")
        return ops.normalize(x, axis=axis, order=order)
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, -1 if axis is None else axis)
