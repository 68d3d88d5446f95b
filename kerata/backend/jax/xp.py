"""The array namespace of JAX: `jax.numpy` plus the names that it lacks.

Names and meanings are those of the Python array API standard, then NumPy's, then the few extras listed at the end
of this module, which every backend has.
"""

import jax
import jax.numpy as jnp
from jax import lax
from jax.numpy import *  # noqa: F403
from jax.numpy import fft as fft
from jax.scipy.special import digamma, erf, erfc, erfinv, gammaln, i0e, i1, i1e  # noqa: F401

from kerata.backend.jax import linalg as linalg

lgamma = gammaln
rsqrt = lax.rsqrt
sigmoid = jax.nn.sigmoid
softplus = jax.nn.softplus
logsumexp = jax.nn.logsumexp


def power(x1, x2):
    return jnp.pow(x1, x2)


def take(x, indices, axis=None):
    if 0 in indices.shape and 0 in x.shape:  # JAX gives the shape of `x`: nothing is taken, from nothing
        shape = (x.size,) if axis is None else x.shape
        at = 0 if axis is None else axis % x.ndim
        return jnp.zeros((*shape[:at], *indices.shape, *shape[at + 1 :]), x.dtype)
    return jnp.take(x, indices, axis=axis)


def top_k(x, k, sorted=True):
    """The `k` largest values of the last axis in falling order, and their indices."""
    return lax.top_k(x, k)


def scatter(x, indices, updates, reduction="set"):
    """`x` with `updates` put at (or reduced into) positions `indices` (..., n) of its first n axes."""
    index = tuple(jnp.moveaxis(indices, -1, 0))
    return getattr(x.at[index], _REDUCTIONS[reduction])(updates)


_REDUCTIONS = {"set": "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


def slice_update(x, start, updates):
    return lax.dynamic_update_slice(x, updates, start)


def dynamic_slice(x, start, shape):
    return lax.dynamic_slice(x, start, shape)


def segment(data, ids, num_segments, reduction="add"):
    """Reduce rows of `data` that have equal `ids`; ids out of range are dropped."""
    reduce = {
        "add": jax.ops.segment_sum,
        "max": jax.ops.segment_max,
        "min": jax.ops.segment_min,
        "mul": jax.ops.segment_prod,
    }[reduction]
    return reduce(data, ids, num_segments=num_segments)


def view(x, dtype):
    return x.view(dtype)


def unique_of_size(x, axis, size, fill_value):
    """Unique values, first indices, inverse, counts, all of a size known to the compiler."""
    return jnp.unique(x, True, True, True, axis, size=size, fill_value=fill_value)


def get_item(x, key):
    return x[key]


def make_complex(real, imag):
    return real + 1j * imag
