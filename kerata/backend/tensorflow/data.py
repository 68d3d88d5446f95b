"""Data sets of `tf.data`."""

from __future__ import annotations

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


def from_arrays(arrays):
    """A tf.data.Dataset of the rows of nested arrays."""
    return tf.data.Dataset.from_tensor_slices(arrays).prefetch(tf.data.AUTOTUNE)
