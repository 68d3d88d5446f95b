"""Writing to parts of tensors, and segments, for the array namespace of TensorFlow."""

from __future__ import annotations

from math import inf

import tensorflow as tf


def scatter(x, indices, updates, reduction="set"):
    """`x` with `updates` put at (or reduced into) positions `indices` (..., n) of its first n axes."""
    n = indices.shape[-1]
    indices = tf.where(indices < 0, indices + tf.cast(tf.shape(x)[:n], indices.dtype), indices)
    updates = tf.broadcast_to(tf.cast(updates, x.dtype), tf.concat([tf.shape(indices)[:-1], tf.shape(x)[n:]], 0))
    if reduction == "mul":
        factors = _scatter_product(x, indices, updates)
        return x * factors
    return _SCATTER[reduction](x, indices, updates)


_SCATTER = {
    "set": tf.tensor_scatter_nd_update,
    "add": tf.tensor_scatter_nd_add,
    "max": tf.tensor_scatter_nd_max,
    "min": tf.tensor_scatter_nd_min,
}


def _scatter_product(x, indices, updates):
    """At each position of `x` the product of its updates (1 where it has none)."""
    n = indices.shape[-1]
    shape = tf.shape(x)
    strides = tf.math.cumprod(tf.cast(shape[:n], tf.int64), exclusive=True, reverse=True)
    ids = tf.reshape(tf.reduce_sum(tf.cast(indices, tf.int64) * strides, -1), [-1])
    rows = tf.reshape(updates, tf.concat([[-1], shape[n:]], 0))
    product = tf.math.unsorted_segment_prod(rows, ids, tf.reduce_prod(tf.cast(shape[:n], tf.int64)))
    return tf.reshape(product, shape)


def _clamped(start, shape, x):
    """As everywhere: a start too near the end is moved back so that the slice fits."""
    start = tf.cast(tf.stack(start) if isinstance(start, list | tuple) else start, tf.int32)
    return tf.clip_by_value(start, 0, tf.shape(x) - tf.cast(shape, tf.int32))


def slice_update(x, start, updates):
    shape = tf.shape(updates)
    start = _clamped(start, shape, x)
    grid = tf.stack(tf.meshgrid(*[tf.range(s) for s in tf.unstack(shape, x.shape.rank)], indexing="ij"), -1)
    return tf.tensor_scatter_nd_update(x, grid + start, tf.cast(updates, x.dtype))


def dynamic_slice(x, start, shape):
    return tf.slice(x, _clamped(start, shape, x), shape)


_SEGMENT = {
    "add": tf.math.unsorted_segment_sum,
    "max": tf.math.unsorted_segment_max,
    "min": tf.math.unsorted_segment_min,
    "mul": tf.math.unsorted_segment_prod,
}


def segment(data, ids, num_segments, reduction="add"):
    """Reduce rows of `data` that have equal `ids`; ids out of range are dropped."""
    ids = tf.where((ids >= 0) & (ids < num_segments), ids, -1)
    out = _SEGMENT[reduction](data, ids, num_segments)
    if reduction in ("max", "min") and data.dtype.is_floating:
        # TensorFlow fills empty segments with the largest finite number; infinity is the neutral element.
        count = tf.math.unsorted_segment_sum(tf.ones_like(ids), ids, num_segments)
        empty = tf.reshape(count == 0, [-1] + [1] * (data.shape.rank - 1))
        out = tf.where(empty, tf.constant(-inf if reduction == "max" else inf, data.dtype), out)
    return out
