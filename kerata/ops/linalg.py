"""Linear algebra: decompositions, solutions, norms. Matrices stand in the last two axes."""

from __future__ import annotations

import functools

import numpy as np

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
    """The triangular factor L of a symmetric positive definite matrix: `L @ L.T = x`.

    Args:
        x: (..., n, n).
        upper: whether to give the upper triangle, `L.T`.

    Returns:
        Float tensor of the shape of `x`. Inside compiled code matrices that are not positive definite give NaN on
        JAX.

    Raises:
        ValueError: if the matrices are not square, or not positive definite.

    >>> kerata.ops.cholesky([[4.0, 2.0], [2.0, 5.0]])  # [[2, 0], [1, 2]]
    """
    x, linalg = _matrices("cholesky", x, True)
    return linalg.cholesky(x, upper=upper)


@op
def cholesky_inverse(x, upper=False):
    """The inverse of `L @ L.T`, from its Cholesky factor.

    Args:
        x: the factors L, (..., n, n).
        upper: whether they are upper triangles, `L.T`.

    Returns:
        Float tensor of the shape of `x`.

    Raises:
        ValueError: if the matrices are not square.

    >>> kerata.ops.cholesky_inverse([[2.0, 0.0], [0.0, 4.0]])  # [[0.25, 0], [0, 0.0625]]
    """
    x, linalg = _matrices("cholesky_inverse", x, True)
    xp = backend.current().xp  # the other triangle does not count, for gradients neither
    return linalg.cholesky_inverse(xp.triu(x) if upper else xp.tril(x), upper=upper)


@op
def det(x):
    """The determinant of square matrices.

    Args:
        x: (..., n, n).

    Returns:
        Float tensor (...).

    Raises:
        ValueError: if the matrices are not square.

    >>> kerata.ops.det([[1.0, 2.0], [3.0, 4.0]])  # -2
    """
    x, linalg = _matrices("det", x, True)
    return linalg.det(x)


@op
def slogdet(x):
    """Sign and logarithm of the determinant, which itself may overflow.

    Args:
        x: (..., n, n).

    Returns:
        `(sign, log|det x|)`, float tensors (...); `(0, -inf)` for a singular matrix.

    Raises:
        ValueError: if the matrices are not square.

    >>> sign, log = kerata.ops.slogdet([[0.0, 2.0], [3.0, 0.0]])
    >>> sign  # -1
    >>> log  # 1.791759
    """
    x, linalg = _matrices("slogdet", x, True)
    return tuple(linalg.slogdet(x))


@op
def eig(x):
    """Eigenvalues and eigenvectors of square matrices.

    Args:
        x: (..., n, n).

    Returns:
        `(values, vectors)`: (..., n) in no particular order, and (..., n, n) with the vectors, of length 1, as
        columns. Both are complex.

    Raises:
        ValueError: if the matrices are not square.

    >>> values, vectors = kerata.ops.eig([[2.0, 0.0], [0.0, 3.0]])
    >>> kerata.ops.sort(kerata.ops.real(values))  # [2, 3]
    """
    x, linalg = _matrices("eig", x, True)
    b = backend.current()
    kind = "complex128" if b.dtype(x) in ("float64", "complex128") else "complex64"
    return tuple(b.cast(part, kind) for part in linalg.eig(x))  # NumPy's are real if all values are


@op
def eigh(x):
    """Eigenvalues and eigenvectors of symmetric (for complex dtypes, Hermitian) matrices.

    Args:
        x: (..., n, n); one triangle is read.

    Returns:
        `(values, vectors)`: (..., n) in rising order, and (..., n, n) with the vectors, of length 1, as columns.

    Raises:
        ValueError: if the matrices are not square.

    >>> values, vectors = kerata.ops.eigh([[2.0, 1.0], [1.0, 2.0]])
    >>> values  # [1, 3]
    """
    x, linalg = _matrices("eigh", x, True)
    return tuple(linalg.eigh(x))


@op
def inv(x):
    """The inverse of square matrices.

    Args:
        x: (..., n, n).

    Returns:
        Float tensor of the shape of `x`.

    Raises:
        ValueError: if the matrices are not square.

    >>> kerata.ops.inv([[2.0, 0.0], [0.0, 4.0]])  # [[0.5, 0], [0, 0.25]]
    """
    x, linalg = _matrices("inv", x, True)
    return linalg.inv(x)


@op
def pinv(x, rcond=None):
    """The Moore-Penrose inverse, which every matrix has.

    Args:
        x: (..., m, n).
        rcond: singular values up to this share of the largest one count as 0; by default `max(m, n)` times the
            epsilon of the dtype.

    Returns:
        Float tensor (..., n, m).

    >>> kerata.ops.pinv([[2.0, 0.0], [0.0, 0.0]])  # [[0.5, 0], [0, 0]]
    """
    x, linalg = _matrices("pinv", x)
    b = backend.current()
    return linalg.pinv(x, _rounding(b, x) if rcond is None else rcond)


def _rounding(b, x):
    """The relative size of singular values that may be rounding errors: the larger size times epsilon."""
    epsilon, sizes = float(np.finfo(b.dtype(x)).eps), b.shape(x)[-2:]
    if all(isinstance(n, int) for n in sizes):
        return max(sizes) * epsilon
    return b.cast(b.xp.max(b.xp.stack([b.convert(n, "int32") for n in sizes])), b.dtype(x)) * epsilon


@op
def lu_factor(x):
    """Factors `P @ x = L @ U`, where L has ones on its diagonal and P swaps rows.

    Args:
        x: (..., m, n).

    Returns:
        `(factors, pivots)`: U with the rest of L below its diagonal, in one tensor of the shape of `x`; and int32
        (..., min(m, n)): in step i, row i was exchanged with row `pivots[i]`.

    >>> factors, pivots = kerata.ops.lu_factor([[1.0, 2.0], [4.0, 4.0]])
    >>> factors  # [[4, 4], [0.25, 1]]
    >>> pivots  # [1, 1]
    """
    x, linalg = _matrices("lu_factor", x)
    factors, pivots = linalg.lu_factor(x)
    return factors, backend.current().cast(pivots, "int32")


@op
def matrix_rank(x, tol=None):
    """The number of singular values that are not rounding errors.

    Args:
        x: (..., m, n).
        tol: the largest that counts as an error; by default the largest singular value times `max(m, n)` times
            the epsilon of the dtype.

    Returns:
        int32 tensor (...).

    >>> kerata.ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]])  # 1
    """
    b = backend.current()
    x, linalg = _matrices("matrix_rank", x)
    values = linalg.svd(x, compute_uv=False)
    if tol is None:
        tol = b.xp.max(values, axis=-1, keepdims=True) * _rounding(b, x)
    return b.cast(b.xp.sum(b.cast(values > tol, "int32"), axis=-1), "int32")


@op
def qr(x, mode="reduced"):
    """Factors `x = Q @ R`: Q has orthonormal columns, R is upper triangular.

    Args:
        x: (..., m, n).
        mode: "reduced" for Q (..., m, k) and R (..., k, n) with k = min(m, n); "complete" for Q (..., m, m) and
            R (..., m, n).

    Returns:
        `(Q, R)`, float tensors; their signs differ between backends.

    Raises:
        ValueError: for another mode.

    >>> q, r = kerata.ops.qr([[3.0, 0.0], [4.0, 5.0]])
    >>> kerata.ops.abs(r)  # [[5, 4], [0, 3]]
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"`mode` is 'reduced' or 'complete'; it was {mode!r}.")
    x, linalg = _matrices("qr", x)
    return tuple(linalg.qr(x, mode=mode))


@op
def svd(x, full_matrices=True, compute_uv=True):
    """Singular values: `x = U @ diag(S) @ V^H` with unitary U and V.

    Args:
        x: (..., m, n).
        full_matrices: whether U is (..., m, m) and V^H (..., n, n); otherwise they have min(m, n) columns and
            rows.
        compute_uv: whether to give U and V^H at all.

    Returns:
        `(U, S, V^H)`, or S alone: (..., min(m, n)), falling.

    >>> kerata.ops.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False)  # [4, 3]
    """
    x, linalg = _matrices("svd", x)
    return linalg.svd(x, full_matrices=full_matrices, compute_uv=compute_uv)


def _system(name, a, b):
    """Both as floats of one dtype, `b` as columns (..., m, k); whether it was given as vectors; and the functions."""
    api = backend.current()
    a, b = convert(a), convert(b)
    target = dtypes.result_type(api.dtype(a), api.dtype(b), float)
    a, linalg = _matrices(name, api.cast(a, target), name != "lstsq")
    b = api.cast(b, target)
    vectors = len(b.shape) == 1 or (len(b.shape) == len(a.shape) - 1 and _agree(a.shape[:-1], b.shape))
    rows = b.shape[-1 if vectors else -2] if len(b.shape) else 0
    if not _agree(a.shape[-2:-1], (rows,)):
        raise ValueError(
            f"{name}() needs right-hand sides of as many rows as the matrices have, (..., m) or (..., m, k) for "
            f"(..., m, n); the shapes are {tuple(a.shape)} and {tuple(b.shape)}."
        )
    return a, api.xp.expand_dims(b, -1) if vectors else b, vectors, linalg


def _agree(sizes, others):
    """Whether the sizes are the same, as far as they are known."""
    return all(n == m or None in (n, m) for n, m in zip(sizes, others))


def _solved(name, fn, a, b, vectors):
    """`fn(a, b)` with the leading axes of both broadcast."""
    xp, lead, other = backend.current().xp, tuple(a.shape[:-2]), tuple(b.shape[:-2])
    if lead != other and None not in lead + other:
        try:
            both = np.broadcast_shapes(lead, other)
        except ValueError:
            raise ValueError(f"{name}(): the leading axes {lead} and {other} do not broadcast.") from None
        a, b = xp.broadcast_to(a, (*both, *a.shape[-2:])), xp.broadcast_to(b, (*both, *b.shape[-2:]))
    out = fn(a, b)
    return xp.squeeze(out, -1) if vectors else out


@op
def solve(a, b):
    """Solves `a @ x = b` for x.

    Args:
        a: square matrices (..., n, n).
        b: right-hand sides, (..., n, k), or one vector (..., n) for each matrix of `a`. The leading axes broadcast.

    Returns:
        Float tensor (..., n, k) or (..., n).

    Raises:
        ValueError: if the matrices are not square, or `b` has another number of rows or other leading axes.

    >>> kerata.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 8.0])  # [1, 2]
    """
    a, b, vectors, linalg = _system("solve", a, b)
    return _solved("solve", linalg.solve, a, b, vectors)


@op
def solve_triangular(a, b, lower=False):
    """Solves `a @ x = b` for x by substitution; the other triangle of `a` is not read.

    Args:
        a: square matrices (..., n, n).
        b: right-hand sides, (..., n, k), or one vector (..., n) for each matrix of `a`. The leading axes broadcast.
        lower: whether the lower triangle holds; else the upper one.

    Returns:
        Float tensor (..., n, k) or (..., n).

    Raises:
        ValueError: if the matrices are not square, or `b` has another number of rows or other leading axes.

    >>> kerata.ops.solve_triangular([[2.0, 0.0], [1.0, 1.0]], [2.0, 3.0], lower=True)  # [1, 2]
    """
    a, b, vectors, linalg = _system("solve_triangular", a, b)
    return _solved("solve_triangular", functools.partial(linalg.solve_triangular, lower=lower), a, b, vectors)


@op
def lstsq(a, b, rcond=None):
    """Least squares: the x that minimises `|a @ x - b|`, and the shortest of them if there are several.

    Args:
        a: one matrix (m, n).
        b: (m,) or (m, k).
        rcond: singular values up to this share of the largest one count as 0; by default `max(m, n)` times the
            epsilon of the dtype.

    Returns:
        Float tensor (n,) or (n, k).

    Raises:
        ValueError: if `a` is not one matrix, or `b` has another number of rows.

    >>> kerata.ops.lstsq([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [1.0, 3.0, 5.0])  # [1, 2]
    """
    a, b, vectors, linalg = _system("lstsq", a, b)
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ValueError(
            "lstsq() takes one matrix (m, n) and right-hand sides (m,) or (m, k); the shapes are "
            f"{tuple(a.shape)} and {tuple(b.shape)}."
        )
    rcond = _rounding(backend.current(), a) if rcond is None else rcond
    return _solved("lstsq", functools.partial(linalg.lstsq, rcond=rcond), a, b, vectors)


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """The size of vectors or matrices.

    Args:
        x: tensor of numbers.
        ord: for vectors a number p, as in `sum(|x|**p)**(1 / p)`, inf, -inf, or 0 (how many are not 0). For
            matrices "fro", "nuc" (sum of the singular values), 2 and -2 (the largest, the smallest), 1, -1, inf
            and -inf (sums of columns, of rows). None: the root of the sum of squares.
        axis: one axis for vectors, two for matrices; None takes all (one or two, if there is an `ord`).
        keepdims: whether these axes stay, with size 1.

    Returns:
        Float tensor without these axes.

    Raises:
        ValueError: if `ord` does not go with the number of axes.

    >>> kerata.ops.norm([3.0, 4.0])  # 5
    >>> kerata.ops.norm([[1.0, 2.0], [-3.0, 4.0]], ord=1, axis=1)  # [3, 7]
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
