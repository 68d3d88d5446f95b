"""Linear algebra of JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.numpy.linalg import det, eigh, inv, pinv, qr, solve  # noqa: F401

from kerata.core.errors import NOT_POSITIVE_DEFINITE


def eig(x):
    return tuple(jnp.linalg.eig(x))


def cholesky(x, upper=False):
    factor = jnp.linalg.cholesky(x, upper=upper)
    if not isinstance(factor, jax.core.Tracer) and jnp.isnan(factor).any():  # compiled code cannot raise
        raise ValueError(NOT_POSITIVE_DEFINITE)
    return factor


def slogdet(x):
    if x.shape[-1] > 2:
        return jnp.linalg.slogdet(x)
    # JAX takes the logarithm of small determinants, which may overflow: of numbers up to 1 they do not.
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(x), axis=(-2, -1), initial=0))
    scale = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
    sign, log = jnp.linalg.slogdet(x / scale[..., None, None])
    return sign, log + x.shape[-1] * jnp.log(scale)


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
