"""Shapes and places in tensors of TensorFlow: reshaping, joining, indexing, sorting."""

import numpy as np
import tensorflow as tf

from kerata.backend.tensorflow.arrays import shape as _shape
from kerata.backend.tensorflow.carriers import carried, carrier


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
        ends = [min(i % size if i < 0 else i, size) for i in indices] + [size]
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
    fits = all(n is not None and max(p) < n for n, p in zip(x.shape, pad_width))
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
    if not any(tf.is_tensor(p) and (p.shape.rank or p.dtype.is_bool) for p in parts):
        return x[tuple(parts)]
    parts = [q for p in parts for q in (nonzero(p) if tf.is_tensor(p) and p.dtype.is_bool else [p])]
    if Ellipsis not in [p for p in parts if not tf.is_tensor(p)]:
        parts.append(Ellipsis)
    at = next(i for i, p in enumerate(parts) if p is Ellipsis)
    used = sum(p is not None for p in parts) - 1
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


@carried
def sort(x, axis=-1, descending=False):
    return tf.sort(x, axis=axis, direction="DESCENDING" if descending else "ASCENDING")


def argsort(x, axis=-1, descending=False):
    direction = "DESCENDING" if descending else "ASCENDING"
    return tf.argsort(tf.cast(x, carrier(x.dtype)), axis=axis, direction=direction, stable=True)
