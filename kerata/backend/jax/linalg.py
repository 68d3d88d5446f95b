"""Linear algebra of JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.numpy.linalg import det, eigh, inv, matrix_rank, norm, pinv, qr, slogdet, solve  # noqa: F401


def eig(x):
    return tuple(jnp.linalg.eig(x))


def cholesky(x, upper=False):
    # JAX gives NaN where a matrix is not positive definite; it cannot raise inside compiled code.
    return jnp.linalg.cholesky(x, upper=upper)


def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is `x`."""
    return jax.scipy.linalg.cho_solve((x, not upper), jnp.broadcast_to(jnp.eye(x.shape[-1], dtype=x.dtype), x.shape))


def solve_triangular(a, b, lower=False):
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


def svd(x, full_matrices=True, compute_uv=True):
    out = jnp.linalg.svd(x, full_matrices=full_matrices, compute_uv=compute_uv)
    return tuple(out) if compute_uv else out


def lstsq(a, b, rcond=None):
    return jnp.linalg.lstsq(a, b, rcond=rcond)[0]


def lu_factor(x):
    return jax.scipy.linalg.lu_factor(x)
