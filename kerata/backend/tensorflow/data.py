"""Data sets of `tf.data`."""

from __future__ import annotations

import itertools

import tensorflow as tf

from kerata.core import tree


def from_batches(dataset, shapes, dtypes):
    """A tf.data.Dataset of the batches of a sized iterable.

    Args:
        dataset: the batches; each iteration is an epoch.
        shapes: the structure of the shapes of a batch, None where they vary.
        dtypes: the structure of dtype names.
    """
    signature = tree.map_structure_up_to(
        dtypes, lambda dtype, shape: tf.TensorSpec(shape, tf.as_dtype(dtype)), dtypes, shapes
    )
    out = tf.data.Dataset.from_generator(lambda: iter(dataset), output_signature=signature)
    return out.apply(tf.data.experimental.assert_cardinality(len(dataset))).prefetch(tf.data.AUTOTUNE)


def from_numbers(order, count: int, batch_size: int | None, read):
    """A tf.data.Dataset of the batches of items that TensorFlow reads by their numbers, several at a time.

    Args:
        order: function of the number of the epoch that gives the items' numbers in its order.
        count: number of items.
        batch_size: items of a batch; None for single items.
        read: function of a number, a tensor, that gives the item.
    """
    epochs = itertools.count()

    def next_order(_):
        return tf.data.Dataset.from_tensor_slices(tf.numpy_function(lambda: order(next(epochs)), [], tf.int64))

    out = tf.data.Dataset.range(1).flat_map(next_order).map(read, tf.data.AUTOTUNE)
    out = out.apply(tf.data.experimental.assert_cardinality(count))
    return (out.batch(batch_size) if batch_size else out).prefetch(tf.data.AUTOTUNE)


def from_arrays(arrays):
    """A tf.data.Dataset of the rows of nested arrays."""
    return tf.data.Dataset.from_tensor_slices(arrays).prefetch(tf.data.AUTOTUNE)
