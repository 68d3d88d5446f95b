"""Linear algebra of TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from kerata.core.errors import NOT_POSITIVE_DEFINITE

det, eigh, inv, slogdet = tf.linalg.det, tf.linalg.eigh, tf.linalg.inv, tf.linalg.slogdet


def eig(x):
    values, vectors = tf.linalg.eig(x)
    return values, vectors


def pinv(x, rcond=None):
    return tf.linalg.pinv(x, rcond)


def qr(x, mode="reduced"):
    return tuple(tf.linalg.qr(x, full_matrices=mode == "complete"))


def cholesky(x, upper=False):
    factor = tf.linalg.cholesky(x)
    if tf.executing_eagerly() and bool(tf.reduce_any(tf.math.is_nan(tf.abs(factor)))):
        raise ValueError(NOT_POSITIVE_DEFINITE)
    return tf.linalg.adjoint(factor) if upper else factor


def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is `x`."""
    factor = tf.linalg.matrix_transpose(x) if upper else x
    return tf.linalg.cholesky_solve(factor, tf.eye(x.shape[-1], batch_shape=tf.shape(x)[:-2], dtype=x.dtype))


def solve(a, b):
    return tf.linalg.solve(a, b)


def solve_triangular(a, b, lower=False):
    return tf.linalg.triangular_solve(a, b, lower=lower)


def svd(x, full_matrices=True, compute_uv=True):
    if not compute_uv:
        return tf.linalg.svd(x, compute_uv=False)
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return u, s, tf.linalg.adjoint(v)


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
