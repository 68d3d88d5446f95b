"""Linear algebra of NumPy, with the functions that it lacks."""

from __future__ import annotations

import functools

import numpy as np
from numpy.linalg import det, eig, eigh, pinv, qr, slogdet  # noqa: F401

from kerata.backend.numpy.arrays import placeholders
from kerata.core.errors import NOT_POSITIVE_DEFINITE


def _like_last(fn):
    """`fn`, whose result is like its last argument: which stands for it while values are placeholders."""

    @functools.wraps(fn)
    def wrapped(*arrays, **options):
        return np.array(arrays[-1]) if placeholders.given else fn(*arrays, **options)

    return wrapped


inv, solve = _like_last(np.linalg.inv), _like_last(np.linalg.solve)


@_like_last
def cholesky(x, upper=False):
    try:
        factor = np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        raise ValueError(NOT_POSITIVE_DEFINITE) from None
    return np.swapaxes(factor, -1, -2).conj() if upper else factor


@_like_last
def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is `x`."""
    x = np.triu(x) if upper else np.tril(x)
    other = np.swapaxes(x, -1, -2)
    return np.linalg.inv(other @ x if upper else x @ other)


@_like_last
def solve_triangular(a, b, lower=False):
    a = np.tril(a) if lower else np.triu(a)
    return np.linalg.solve(a, b)


def svd(x, full_matrices=True, compute_uv=True):
    return tuple(np.linalg.svd(x, full_matrices, True)) if compute_uv else np.linalg.svd(x, compute_uv=False)


def lstsq(a, b, rcond=None):
    return np.linalg.lstsq(a, b, rcond=rcond)[0]


def lu_factor(x):
    """Packed LU factors and the row that was swapped at each step (Doolittle with partial pivoting)."""
    lu = np.array(x).reshape((-1, *x.shape[-2:]))
    batch, (rows, columns) = np.arange(len(lu)), x.shape[-2:]
    pivots = np.zeros((len(lu), min(rows, columns)), np.int32)
    for k in range(pivots.shape[1]):
        pivot = k + np.argmax(np.abs(lu[:, k:, k]), axis=1)
        pivots[:, k] = pivot
        lu[batch, k], lu[batch, pivot] = lu[batch, pivot].copy(), lu[batch, k].copy()
        lu[:, k + 1 :, k] /= lu[:, k, k][:, None]
        lu[:, k + 1 :, k + 1 :] -= lu[:, k + 1 :, k, None] * lu[:, None, k, k + 1 :]
    return lu.reshape(x.shape), pivots.reshape(x.shape[:-2] + (-1,))
