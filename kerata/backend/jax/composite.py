"""Sparse matrices on JAX: `jax.experimental.sparse.BCOO`."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp

from kerata.backend.jax.arrays import convert, native_dtype


@functools.cache
def _js():
    from jax.experimental import sparse  # takes a while: not before it is needed

    return sparse


ragged = None


def to_dense(x):
    """A sparse matrix as an array."""
    return x.todense()


def from_dense(x, most: int | None = None):
    """An array as a sparse matrix; `most`: how many elements may differ from 0, needed in compiled code."""
    if most is not None:
        most = min(most, x.size)
    elif isinstance(x, jax.core.Tracer):
        most = x.size
    return _js().BCOO.fromdense(x, nse=most)


def _settled(x):
    """Without indices that come twice."""
    x = x if isinstance(x, _js().BCOO) else _js().BCOO.from_bcoo(x)
    if x.n_batch or x.n_dense:
        x = _js().bcoo_update_layout(x, n_batch=0, n_dense=0)
    return x if x.unique_indices else x.sum_duplicates(nse=x.nse)


def with_values(x, fn):
    """`fn` of the elements that are stored; right for functions that leave 0 at 0."""
    x = _settled(x)
    return _js().BCOO((fn(x.data), x.indices), shape=x.shape, indices_sorted=x.indices_sorted, unique_indices=True)


def cast(x, dtype: str):
    return with_values(x, lambda v: v.astype(native_dtype(dtype)))


def _aligned(x, y):
    """Both with the same, sorted indices."""
    x, y = _settled(x), _settled(y)
    indices = jnp.concatenate([x.indices, y.indices])

    def spread(parts):
        whole = _js().BCOO((jnp.concatenate(parts), indices), shape=x.shape)
        return whole.sum_duplicates(nse=whole.nse, remove_zeros=False)

    return spread([x.data, jnp.zeros_like(y.data)]), spread([jnp.zeros_like(x.data), y.data])


def union(fn, x, y):
    """`fn` of the elements of two matrices of one shape, where either has one."""
    if x.shape != y.shape:
        return None
    x, y = _aligned(x, y)
    return _js().BCOO((fn(x.data, y.data), x.indices), shape=x.shape, indices_sorted=True, unique_indices=True)


def at_stored(fn, x, y):
    """`fn(x, y)` where the sparse `x` has elements; `y` is an array that can be broadcast to its shape."""
    x = _settled(x)
    y = jnp.broadcast_to(convert(y), x.shape)
    return _js().BCOO((fn(x.data, y[tuple(x.indices.T)]), x.indices), shape=x.shape, unique_indices=True)


def matmul(x, y):
    """The product of matrices, of which one at least is sparse."""
    return _js().sparsify(jnp.matmul)(x, y)


def concat(xs, axis: int):
    return _js().bcoo_concatenate([_settled(x) for x in xs], dimension=axis)


def sum(x, axis, keepdims: bool):
    return _js().sparsify(functools.partial(jnp.sum, axis=axis, keepdims=keepdims))(_settled(x))


def reshape(x, shape):
    return _settled(x).reshape(shape)


def transpose(x, axes):
    return _settled(x).transpose(axes)
