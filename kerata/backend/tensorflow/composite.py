"""Sparse and ragged tensors of TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from kerata.backend.tensorflow.arrays import convert


def to_dense(x):
    """A sparse tensor as a tensor."""
    return tf.sparse.to_dense(tf.sparse.reorder(x))


def from_dense(x, most: int | None = None):
    """A tensor as a sparse one."""
    return tf.sparse.from_dense(x)


def with_values(x, fn):
    """`fn` of the elements that are stored; right for functions that leave 0 at 0."""
    return tf.sparse.map_values(fn, x)


def cast(x, dtype: str):
    return tf.cast(x, dtype)


def union(fn, x, y):
    """`fn` of the elements of two tensors of one shape, where either has one."""
    if not x.shape.is_compatible_with(y.shape):
        return None
    none = tf.zeros_like
    first = tf.sparse.add(x, tf.sparse.map_values(none, y))
    second = tf.sparse.add(tf.sparse.map_values(none, x), y)
    return tf.SparseTensor(first.indices, fn(first.values, second.values), first.dense_shape)


def at_stored(fn, x, y):
    """`fn(x, y)` where the sparse `x` has elements; `y` is a tensor that can be broadcast to its shape."""
    y = tf.gather_nd(tf.broadcast_to(convert(y), x.dense_shape), x.indices)
    return tf.SparseTensor(x.indices, fn(x.values, y), x.dense_shape)


def matmul(x, y):
    """The product of matrices, of which one at least is sparse."""
    if isinstance(x, tf.SparseTensor):
        if isinstance(y, tf.SparseTensor):
            return tf.sparse.from_dense(matmul(x, to_dense(y)))
        if x.shape.rank > 2 and y.shape.rank == 2:
            rows = tf.sparse.reshape(x, (-1, x.shape[-1]))
            out = tf.sparse.sparse_dense_matmul(rows, y)
            lead = tf.cast(x.dense_shape[:-1], "int32")
            return tf.ensure_shape(tf.reshape(out, tf.concat([lead, [y.shape[-1]]], 0)), (*x.shape[:-1], y.shape[-1]))
        return tf.sparse.sparse_dense_matmul(x, y) if x.shape.rank == y.shape.rank == 2 else tf.matmul(to_dense(x), y)
    if x.shape.rank == y.shape.rank == 2:
        return tf.transpose(tf.sparse.sparse_dense_matmul(y, x, adjoint_a=True, adjoint_b=True))
    return tf.matmul(x, to_dense(y))


def concat(xs, axis: int):
    return tf.sparse.concat(axis, xs)


def sum(x, axis, keepdims: bool):
    return tf.sparse.reduce_sum(x, axis, keepdims, output_is_sparse=True)


def reshape(x, shape):
    return tf.sparse.reshape(x, shape)


def transpose(x, axes):
    return tf.sparse.transpose(x, axes)


class Ragged:
    """Ragged tensors."""

    type = tf.RaggedTensor
    reductions = {
        "all": tf.reduce_all, "any": tf.reduce_any, "max": tf.reduce_max, "amax": tf.reduce_max, "mean": tf.reduce_mean,
        "min": tf.reduce_min, "amin": tf.reduce_min, "prod": tf.reduce_prod, "sum": tf.reduce_sum,
        "std": tf.math.reduce_std, "var": tf.math.reduce_variance,
    }  # fmt: skip

    @staticmethod
    def to_dense(x):
        """A tensor, with zeros where rows are shorter."""
        return x.to_tensor()

    @staticmethod
    def map(fn, *args):
        """`fn` of the values of all rows, for ragged tensors with rows of the same lengths."""
        return tf.ragged.map_flat_values(fn, *args)

    @staticmethod
    def over_rows(fn, args):
        """`fn` with arrays that have a row for each row of the ragged ones repeated along them."""
        first = next(x for x in args if isinstance(x, tf.RaggedTensor))
        rows = first.value_rowids()

        def fit(x):
            if isinstance(x, tf.Tensor) and x.shape.rank and x.shape.rank > 1 and first.ragged_rank == 1:
                return tf.gather(tf.squeeze(x, 1), rows) if x.shape[1] == 1 else x
            return x

        return tf.ragged.map_flat_values(fn, *map(fit, args))

    concat = staticmethod(tf.concat)
    stack = staticmethod(tf.stack)
    expand_dims = staticmethod(tf.expand_dims)
    softmax = staticmethod(lambda x, axis: tf.nn.softmax(x, axis))

    @staticmethod
    def reshape(x, shape):
        return tf.reshape(x, shape)


ragged = Ragged
