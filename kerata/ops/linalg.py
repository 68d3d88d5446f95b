"""Linear algebra: decompositions, solutions, norms. Matrices stand in the last two axes."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import convert, floating, op
from kerata.ops.core import jvp  # noqa: F401


def _matrices(name: str, x, square: bool = False):
    """As floats; ValueError unless it is a (square) matrix or a stack of them."""
    x, xp = floating(x)
    shape = tuple(x.shape)
    if len(shape) < 2:
        raise ValueError(f"{name}() needs a matrix or a stack of matrices; it was given the shape {shape}.")
    if square and None not in shape[-2:] and shape[-1] != shape[-2]:
        raise ValueError(f"{name}() needs square matrices (..., n, n); it was given the shape {shape}.")
    return x, xp.linalg


@op
def cholesky(x, upper=False):
    """L with L @ L.T = x, for symmetric positive definite x; `upper` gives L.T."""
    x, linalg = _matrices("cholesky", x, True)
    return linalg.cholesky(x, upper=upper)


@op
def cholesky_inverse(x, upper=False):
    """The inverse of the matrix whose Cholesky factor is x."""
    x, linalg = _matrices("cholesky_inverse", x, True)
    return linalg.cholesky_inverse(x, upper=upper)


@op
def det(x):
    """The determinant."""
    x, linalg = _matrices("det", x, True)
    return linalg.det(x)


@op
def slogdet(x):
    """`(sign, log|det x|)` of square matrices: `det x` without overflow."""
    x, linalg = _matrices("slogdet", x, True)
    return tuple(linalg.slogdet(x))


@op
def eig(x):
    """The eigenvalues and right eigenvectors (as columns) of square matrices, complex."""
    x, linalg = _matrices("eig", x, True)
    return tuple(linalg.eig(x))


@op
def eigh(x):
    """The eigenvalues, rising, and eigenvectors (as columns) of symmetric matrices."""
    x, linalg = _matrices("eigh", x, True)
    return tuple(linalg.eigh(x))


@op
def inv(x):
    """The inverse of square matrices."""
    x, linalg = _matrices("inv", x, True)
    return linalg.inv(x)


@op
def pinv(x, rcond=None):
    """The Moore-Penrose inverse; singular values below `rcond` times the largest count as zero."""
    x, linalg = _matrices("pinv", x)
    b = backend.current()
    return linalg.pinv(x, _rounding(b, x) if rcond is None else rcond)


def _rounding(b, x):
    """The relative size of singular values that may be rounding errors: the larger size times epsilon."""
    import numpy as np

    epsilon, sizes = float(np.finfo(b.dtype(x)).eps), b.shape(x)[-2:]
    if all(isinstance(n, int) for n in sizes):
        return max(sizes) * epsilon
    return b.cast(b.xp.max(b.xp.stack([b.convert(n, "int32") for n in sizes])), b.dtype(x)) * epsilon


@op
def lu_factor(x):
    """L and U in one matrix, and for each step the row (int32) that was swapped into place."""
    x, linalg = _matrices("lu_factor", x)
    factors, pivots = linalg.lu_factor(x)
    return factors, backend.current().cast(pivots, "int32")


@op
def matrix_rank(x, tol=None):
    """The number (int32) of singular values above `tol`."""
    b = backend.current()
    x, linalg = _matrices("matrix_rank", x)
    values = linalg.svd(x, compute_uv=False)
    if tol is None:
        tol = b.xp.max(values, axis=-1, keepdims=True) * _rounding(b, x)
    return b.cast(b.xp.sum(b.cast(values > tol, "int32"), axis=-1), "int32")


@op
def qr(x, mode="reduced"):
    """Q with orthonormal columns and upper triangular R with Q @ R = x; `mode` is "reduced" or "complete"."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"`mode` is 'reduced' or 'complete'; it was {mode!r}.")
    x, linalg = _matrices("qr", x)
    return tuple(linalg.qr(x, mode=mode))


@op
def svd(x, full_matrices=True, compute_uv=True):
    """U, S and V^H with x = U @ diag(S) @ V^H; S alone with `compute_uv=False`."""
    x, linalg = _matrices("svd", x)
    return linalg.svd(x, full_matrices=full_matrices, compute_uv=compute_uv)


def _system(name, a, b):
    api = backend.current()
    a, b = convert(a), convert(b)
    target = dtypes.result_type(api.dtype(a), api.dtype(b), float)
    a, linalg = _matrices(name, api.cast(a, target), name != "lstsq")
    if not len(b.shape):
        raise ValueError(f"{name}() needs a right-hand side with at least one axis.")
    return a, api.cast(b, target), linalg


def _columns(fn, a, b):
    """A right-hand side with one axis less than `a` is one vector for each matrix."""
    if len(b.shape) == len(a.shape) - 1:
        xp = backend.current().xp
        return xp.squeeze(fn(a, xp.expand_dims(b, -1)), -1)
    return fn(a, b)


@op
def solve(a, b):
    """x with a @ x = b; `b` holds columns (..., n, k), or one vector (..., n)."""
    a, b, linalg = _system("solve", a, b)
    return _columns(linalg.solve, a, b)


@op
def solve_triangular(a, b, lower=False):
    """x with a @ x = b for triangular `a`, of which only one half is read."""
    a, b, linalg = _system("solve_triangular", a, b)
    return linalg.solve_triangular(a, b, lower=lower)


@op
def lstsq(a, b, rcond=None):
    """The x of least norm that minimises |a @ x - b|."""
    a, b, linalg = _system("lstsq", a, b)
    if len(a.shape) != 2:
        raise ValueError(f"lstsq() takes one matrix; it was given the shape {tuple(a.shape)}.")
    return linalg.lstsq(a, b, rcond=_rounding(backend.current(), a) if rcond is None else rcond)


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors (one axis) or matrices (two axes).

    Args:
        ord: for vectors a number, inf, -inf or 0; for matrices "fro", "nuc", 1, -1, 2, -2, inf or -inf.
        axis: the axis or two axes; None: all, flattened unless `ord` is given.
    """
    x, xp = floating(x)
    rank = len(x.shape)
    if axis is None:
        if ord is None:
            axes = tuple(range(rank))
            return xp.sqrt(xp.sum(xp.square(xp.abs(x)), axis=axes, keepdims=keepdims))
        axis = tuple(range(rank))
    axis = (axis,) if isinstance(axis, int) else tuple(axis)
    if len(axis) not in (1, 2):
        raise ValueError(f"norm() with ord={ord!r} takes one axis (vectors) or two (matrices); it was given {axis}.")
    return (_vector_norm if len(axis) == 1 else _matrix_norm)(xp, x, ord, axis, keepdims)


def _vector_norm(xp, x, ord, axis, keepdims):
    if isinstance(ord, str):
        raise ValueError(f"ord={ord!r} is a norm of matrices; give two axes.")
    x, options = xp.abs(x), {"axis": axis[0], "keepdims": keepdims}
    if ord in (None, 2):
        return xp.sqrt(xp.sum(xp.square(x), **options))
    if ord == 1:
        return xp.sum(x, **options)
    if ord in (float("inf"), float("-inf")):
        return (xp.max if ord > 0 else xp.min)(x, **options)
    if ord == 0:
        return xp.sum(backend.current().cast(x != 0, backend.current().dtype(x)), **options)
    return xp.power(xp.sum(xp.power(x, ord), **options), 1 / ord)


def _matrix_norm(xp, x, ord, axis, keepdims):
    rank = len(x.shape)
    rows, columns = (a % rank for a in axis)
    if rows == columns:
        raise ValueError(f"norm() needs two different axes; it was given {axis}.")
    if ord in (None, "fro"):
        return xp.sqrt(xp.sum(xp.square(xp.abs(x)), axis=(rows, columns), keepdims=keepdims))
    if ord in (1, -1, float("inf"), float("-inf")):
        summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
        totals = xp.sum(xp.abs(x), axis=summed, keepdims=True)
        out = (xp.max if ord > 0 else xp.min)(totals, axis=kept, keepdims=True)
        return out if keepdims else xp.squeeze(out, (rows, columns))
    if ord not in ("nuc", 2, -2):
        raise ValueError(f"norm() of matrices: `ord` is 'fro', 'nuc', 1, -1, 2, -2, inf or -inf; it was {ord!r}.")
    values = xp.linalg.svd(xp.moveaxis(x, (rows, columns), (-2, -1)), compute_uv=False)
    out = {"nuc": xp.sum, 2: xp.max, -2: xp.min}[ord](values, axis=-1)
    return xp.expand_dims(out, (rows, columns)) if keepdims else out
