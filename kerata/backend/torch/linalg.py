"""Linear algebra of PyTorch."""

from __future__ import annotations

import torch
from torch.linalg import det, inv, pinv, slogdet, solve  # noqa: F401

from kerata.core.errors import NOT_POSITIVE_DEFINITE


def eig(x):
    return tuple(torch.linalg.eig(x))


def eigh(x):
    return tuple(torch.linalg.eigh(x))


def qr(x, mode="reduced"):
    return tuple(torch.linalg.qr(x, mode=mode))


def cholesky(x, upper=False):
    try:
        return torch.linalg.cholesky(x, upper=upper)
    except torch.linalg.LinAlgError:
        raise ValueError(NOT_POSITIVE_DEFINITE) from None


def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is `x`."""
    return torch.cholesky_inverse(x, upper=upper)


def solve_triangular(a, b, lower=False):
    return torch.linalg.solve_triangular(a, b, upper=not lower)


def svd(x, full_matrices=True, compute_uv=True):
    return tuple(torch.linalg.svd(x, full_matrices)) if compute_uv else torch.linalg.svdvals(x)


def lstsq(a, b, rcond=None):
    if a.device.type == "meta":
        return a.new_empty((a.shape[1], *b.shape[1:]))
    # gelsd (an SVD) is the one driver that handles deficient rank; gels is the only one on GPU.
    driver = "gelsd" if a.device.type == "cpu" else None
    return torch.linalg.lstsq(a, b, rcond=rcond, driver=driver).solution


def lu_factor(x):
    factors, pivots = torch.linalg.lu_factor(x)
    return factors, pivots - 1  # LAPACK counts rows from 1

