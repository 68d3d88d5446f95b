"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import functools

from kerata import backend
from kerata.core import dtypes
from kerata.core.claims import claim
from kerata.core.scopes import context
from kerata.core.variable import Variable
from kerata.ops._op import convert, dtype_name, op, promote
from kerata.ops.arithmetic import add


def _factors(*xs):
    """Promoted; int8 matrices are multiplied into int32."""
    if len(xs) == 2:
        x1, x2, xp = promote(*xs)
        if dtype_name(x1) != "int8":
            return x1, x2, xp
    b = backend.current()
    xs = [convert(x) for x in xs]
    names = [b.dtype(x) for x in xs]
    target = "int32" if set(names) == {"int8"} else dtypes.result_type(*names)
    return (*[b.cast(x, target) for x in xs], b.xp)


def _product(fn, *xs, **options):
    """`fn` of promoted tensors; of booleans by way of integers, which every backend can multiply."""
    if dtype_name(xs[0]) == "bool":
        b = backend.current()
        return b.cast(fn(*[b.cast(x, "int32") for x in xs], **options), "bool")
    return fn(*xs, **options)


@op
def matmul(x1, x2):
    """Product of matrices, or of stacks of them.

    Args:
        x1: (..., n, k), or a vector (k,), which counts as a row.
        x2: (..., k, m), or a vector (k,), which counts as a column. The leading axes broadcast.

    Returns:
        Tensor (..., n, m), without the axis that a vector does not have; of the promoted dtype, int32 for two
        int8.

    >>> kerata.ops.matmul([[1.0, 2.0]], [[3.0], [4.0]])  # [[11]]
    """
    x1, x2, xp = _factors(x1, x2)
    return _product(xp.matmul, x1, x2)


def affine(x, kernel, bias, product=matmul):
    """`product(x, kernel) + bias`, in one call of the backend where it has one.

    The product is along the last axes of `x` and the first of `kernel`; the kernel's others are those of `bias`.
    """
    b = backend.current()
    if hasattr(b, "affine") and type(x) is b.Tensor and context.watch is None:
        kernel = kernel.value if isinstance(kernel, Variable) else convert(kernel)
        bias = bias.value if isinstance(bias, Variable) else convert(bias)
        out = b.affine(x, kernel, bias)
        if out is not NotImplemented:
            return out
    return add(product(x, kernel), bias)


@op
def dot(x1, x2):
    """Multiplies and adds along the last axis of `x1` and the last but one (for a vector, the only one) of `x2`.

    Args:
        x1, x2: tensors whose sizes agree on these axes; a scalar multiplies everything.

    Returns:
        Tensor with the remaining axes of `x1`, then those of `x2`; the promoted dtype.

    >>> kerata.ops.dot([1.0, 2.0], [3.0, 4.0])  # 11
    """
    x1, x2, xp = promote(x1, x2)
    if not len(x1.shape) or not len(x2.shape):
        return xp.multiply(x1, x2)
    if len(x2.shape) <= 2:
        return _product(xp.matmul, x1, x2)
    return _product(xp.tensordot, x1, x2, axes=((len(x1.shape) - 1,), (len(x2.shape) - 2,)))


@op
def vdot(x1, x2):
    """Flattens both tensors and adds up the products `conj(x1) * x2`.

    Args:
        x1, x2: tensors with equally many elements.

    Returns:
        Scalar tensor of the promoted dtype.

    >>> kerata.ops.vdot([[1, 2], [3, 4]], [[1, 0], [0, 1]])  # 5
    """
    x1, x2, xp = promote(x1, x2)
    x1, x2 = xp.reshape(x1, (-1,)), xp.reshape(x2, (-1,))
    if backend.current().dtype(x1) in dtypes.COMPLEX:
        x1 = xp.conj(x1)
    return _product(xp.matmul, x1, x2)


@op
def inner(x1, x2):
    """Multiplies and adds along the last axes of both.

    Args:
        x1, x2: tensors with last axes of one size; a scalar multiplies everything.

    Returns:
        Tensor with the remaining axes of `x1`, then those of `x2`; the promoted dtype.

    >>> kerata.ops.inner([[1, 2], [3, 4]], [10, 1])  # [12, 34]
    """
    x1, x2, xp = promote(x1, x2)
    if not len(x1.shape) or not len(x2.shape):
        return xp.multiply(x1, x2)
    return _product(xp.tensordot, x1, x2, axes=((len(x1.shape) - 1,), (len(x2.shape) - 1,)))


@op
def outer(x1, x2):
    """All products of an element of `x1` with an element of `x2`.

    Args:
        x1, x2: tensors, which are flattened.

    Returns:
        Matrix (size of x1, size of x2) of the promoted dtype.

    >>> kerata.ops.outer([1, 2], [3, 4, 5])  # [[3, 4, 5], [6, 8, 10]]
    """
    x1, x2, xp = promote(x1, x2)
    return xp.multiply(xp.reshape(x1, (-1, 1)), xp.reshape(x2, (1, -1)))


@op
def tensordot(x1, x2, axes=2):
    """Multiplies and adds along any axes of two tensors.

    Args:
        x1, x2: tensors whose sizes agree on these axes.
        axes: a number n (the last n axes of `x1` with the first n of `x2`), or two lists of axes, one for each
            tensor.

    Returns:
        Tensor with the remaining axes of `x1`, then those of `x2`; the promoted dtype.

    >>> kerata.ops.tensordot([[1, 2], [3, 4]], [[1, 0], [0, 1]], axes=2)  # 5
    >>> kerata.ops.tensordot([[1, 2], [3, 4]], [1, 10], axes=([0], [0]))  # [31, 42]
    """
    x1, x2, xp = promote(x1, x2)
    if not isinstance(axes, int):
        axes = tuple((a,) if isinstance(a, int) else tuple(a) for a in axes)
    return _product(xp.tensordot, x1, x2, axes=axes)


@op
def einsum(subscripts, *operands, **kwargs):
    """Sums of products in Einstein's notation: an index that the result lacks is summed over.

    Args:
        subscripts: a letter for each axis of each operand, then "->" and those of the result; "..." stands for
            any more.
        operands: the tensors, as separate arguments.

    Returns:
        Tensor of the promoted dtype; int32 if all operands are int8.

    >>> kerata.ops.einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]])  # [[11]]
    >>> kerata.ops.einsum("ii->", [[1, 2], [3, 4]])  # 5
    """
    *xs, xp = _factors(*operands)
    return _product(functools.partial(xp.einsum, subscripts), *xs)


@op
def kron(x1, x2):
    """The Kronecker product: every element of `x1` replaced by that element times the whole of `x2`.

    Args:
        x1, x2: tensors; the one with fewer axes gets leading ones.

    Returns:
        Tensor whose sizes are the products of theirs, of the promoted dtype.

    >>> kerata.ops.kron([1, 10], [[1, 2]])  # [[1, 2, 10, 20]]
    """
    x1, x2, xp = promote(x1, x2)
    rank = max(len(x1.shape), len(x2.shape))
    s1 = (1,) * (rank - len(x1.shape)) + tuple(backend.current().shape(x1))
    s2 = (1,) * (rank - len(x2.shape)) + tuple(backend.current().shape(x2))
    left = xp.reshape(x1, tuple(n for s in s1 for n in (s, 1)))
    right = xp.reshape(x2, tuple(n for s in s2 for n in (1, s)))
    claim((*s1, *s2), "a Kronecker product")
    return xp.reshape(left * right, tuple(a * b for a, b in zip(s1, s2)))


@op
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors in space; of vectors in the plane, its third component.

    Args:
        x1, x2: tensors with an axis of size 3 or 2; the other axes broadcast.
        axisa, axisb: that axis in `x1` and in `x2`.
        axisc: where it stands in the result (which has none if both sizes are 2).
        axis: one value for all three.

    Returns:
        Tensor of the promoted dtype.

    Raises:
        ValueError: for vectors of another size.

    >>> kerata.ops.cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])  # [0, 0, 1]
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2, xp = promote(x1, x2)
    x1, x2 = xp.moveaxis(x1, axisa, -1), xp.moveaxis(x2, axisb, -1)
    n1, n2 = x1.shape[-1], x2.shape[-1]
    if n1 not in (2, 3) or n2 not in (2, 3):
        raise ValueError(f"cross() needs vectors of 2 or 3 elements; it was given {n1} and {n2}.")
    a, b = [x1[..., i] for i in range(n1)], [x2[..., i] for i in range(n2)]
    z = a[0] * b[1] - a[1] * b[0]
    if n1 == n2 == 2:
        return z
    zero = xp.zeros_like(z)
    a3, b3 = a[2] if n1 == 3 else zero, b[2] if n2 == 3 else zero
    out = xp.stack([a[1] * b3 - a3 * b[1], a3 * b[0] - a[0] * b3, z], axis=-1)
    return xp.moveaxis(out, -1, axisc)


@op
def correlate(x1, x2, mode="valid"):
    """Cross-correlation of two vectors: `c[k] = sum over n of x1[n + k] * x2[n]`.

    Args:
        x1, x2: vectors.
        mode: "full" gives every shift at which they overlap, "same" the middle `max(len(x1), len(x2))` of these,
            and "valid" those at which the shorter one lies wholly within the other.

    Returns:
        Vector of the promoted float dtype; integers become float32.

    Raises:
        ValueError: for another mode, or tensors that are no vectors.

    >>> kerata.ops.correlate([1.0, 2.0, 3.0], [0.0, 1.0, 0.5])  # [3.5]
    >>> kerata.ops.correlate([1.0, 2.0, 3.0], [1.0, 1.0], mode="full")  # [1, 3, 5, 3]
    """
    b = backend.current()
    x1, x2 = convert(x1), convert(x2)
    target = dtypes.result_type(b.dtype(x1), b.dtype(x2), float)
    target = "float32" if target == "int64" else target
    x1, x2, xp = b.cast(x1, target), b.cast(x2, target), b.xp
    if len(x1.shape) != 1 or len(x2.shape) != 1:
        raise ValueError(f"correlate() needs two vectors; the shapes were {tuple(x1.shape)} and {tuple(x2.shape)}.")
    n, m = x1.shape[0], x2.shape[0]
    full = xp.pad(x1, ((m - 1, m - 1),))
    windows = xp.reshape(xp.arange(0, n + m - 1, 1), (-1, 1)) + xp.reshape(xp.arange(0, m, 1), (1, -1))
    full = xp.matmul(xp.take(full, windows, axis=0), x2)
    if mode == "full":
        return full
    if mode == "valid":
        short, long = min(n, m), max(n, m)
        return full[short - 1 : long]
    if mode == "same":
        size, extra = max(n, m), min(n, m) - 1
        start = extra // 2 if n >= m else extra - extra // 2
        return full[start : start + size]
    raise ValueError(f"`mode` is 'valid', 'same' or 'full'; it was {mode!r}.")
