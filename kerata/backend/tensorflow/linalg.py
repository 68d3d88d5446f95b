"""Linear algebra of TensorFlow."""

from __future__ import annotations

import tensorflow as tf

det, eigh, inv, slogdet = tf.linalg.det, tf.linalg.eigh, tf.linalg.inv, tf.linalg.slogdet


def eig(x):
    values, vectors = tf.linalg.eig(x)
    return values, vectors


def _columns(fn):
    """Let the right-hand side of `fn(a, b)` be a vector."""

    def with_vectors(a, b, **options):
        if b.shape.rank == a.shape.rank - 1:
            return tf.squeeze(fn(a, b[..., None], **options), -1)
        return fn(a, b, **options)

    return with_vectors


def pinv(x, rcond=None):
    return tf.linalg.pinv(x, rcond)


def qr(x, mode="reduced"):
    return tuple(tf.linalg.qr(x, full_matrices=mode == "complete"))


def cholesky(x, upper=False):
    factor = tf.linalg.cholesky(x)
    return tf.linalg.adjoint(factor) if upper else factor


def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is `x`."""
    factor = tf.linalg.matrix_transpose(x) if upper else x
    return tf.linalg.cholesky_solve(factor, tf.eye(x.shape[-1], batch_shape=tf.shape(x)[:-2], dtype=x.dtype))


@_columns
def solve(a, b):
    return tf.linalg.solve(a, b)


@_columns
def solve_triangular(a, b, lower=False):
    return tf.linalg.triangular_solve(a, b, lower=lower)


def svd(x, full_matrices=True, compute_uv=True):
    if not compute_uv:
        return tf.linalg.svd(x, compute_uv=False)
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return u, s, tf.linalg.adjoint(v)


@_columns
def lstsq(a, b, rcond):
    # By the pseudo-inverse: tf.linalg.lstsq solves the normal equations and fails on deficient rank.
    return tf.matmul(tf.linalg.pinv(a, rcond), b)


def lu_factor(x):
    """Packed LU factors and the row that was swapped at each step."""
    lu, permutation = tf.linalg.lu(x)
    return lu, _swaps(permutation)


def _swaps(permutation):
    """The sequence of row swaps (as LAPACK's pivots, from 0) that makes `permutation`."""
    n = permutation.shape[-1]
    place = tf.broadcast_to(tf.range(n, dtype=permutation.dtype), tf.shape(permutation))
    index = tf.range(n, dtype=permutation.dtype)
    pivots = []
    for k in range(n):
        at = tf.argmax(tf.cast(tf.equal(place, permutation[..., k : k + 1]), tf.int32), -1, permutation.dtype)[..., None]
        pivots.append(at)
        here, there = place[..., k : k + 1], tf.gather(place, at, batch_dims=at.shape.rank - 1)
        place = tf.where(tf.equal(index, at), here, place)
        place = tf.where(tf.equal(index, k), there, place)
    return tf.concat(pivots, -1)


def _vector_norm(x, ord, axis, keepdims):
    x = tf.abs(x)
    if ord is None or ord == 2:
        return tf.sqrt(tf.reduce_sum(tf.square(x), axis, keepdims))
    if ord in (float("inf"), float("-inf")):
        return (tf.reduce_max if ord > 0 else tf.reduce_min)(x, axis, keepdims)
    if ord == 0:
        return tf.reduce_sum(tf.cast(tf.not_equal(x, 0), x.dtype), axis, keepdims)
    if ord == 1:
        return tf.reduce_sum(x, axis, keepdims)
    return tf.pow(tf.reduce_sum(tf.pow(x, ord), axis, keepdims), 1 / ord)


def _matrix_norm(x, ord, axis, keepdims):
    if ord in (None, "fro"):
        return tf.sqrt(tf.reduce_sum(tf.square(tf.abs(x)), axis, keepdims))
    rank = x.shape.rank
    rows, columns = (a % rank for a in axis)
    if ord in (1, -1, float("inf"), float("-inf")):
        summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
        totals = tf.reduce_sum(tf.abs(x), summed, keepdims=True)
        out = (tf.reduce_max if ord > 0 else tf.reduce_min)(totals, kept, keepdims=True)
    else:
        order = [a for a in range(rank) if a not in (rows, columns)] + [rows, columns]
        values = tf.linalg.svd(tf.transpose(x, order), compute_uv=False)
        reduce = {"nuc": tf.reduce_sum, 2: tf.reduce_max, -2: tf.reduce_min}[ord]
        out = reduce(values, -1)
        for a in sorted((rows, columns)):
            out = tf.expand_dims(out, a)
    return out if keepdims else tf.squeeze(out, [rows, columns])
