"""JAX arrays: conversion, dtypes, abstract evaluation, the value of a Variable."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as _jex_core  # noqa: F401  (loads what eval_shape needs once)

from kerata.backend.memory import aligned
from kerata.backend.spec import Spec
from kerata.backend.strings import no_dtype, no_strings

try:  # by name: making an array would start JAX, before `distribution.initialize` could join processes
    from jaxlib._jax import ArrayImpl as Tensor
except ImportError:
    Tensor = type(jnp.zeros(()))
array_types = (Tensor, jax.core.Tracer)
_AWAITED = 100e-6  # seconds; an MLP's predictions for a batch take 27 microseconds then, else 57
_LITTLE = 1 << 15  # bytes
functional = True
trains = True
weak_scalars = True  # a Python number in arithmetic takes the tensor's dtype


def native_dtype(name: str):
    """JAX's dtype object for a dtype name (64-bit names become 32-bit unless x64 is enabled)."""
    if name == "string":
        raise TypeError("JAX has no dtype 'string'." + no_dtype(name))
    return jax.dtypes.canonicalize_dtype(name)


def convert(x, dtype: str | None = None):
    """An array of this backend with the content of `x` (no copy where none is needed)."""
    if isinstance(x, jax.Array):
        return x if dtype is None or x.dtype.name == dtype else x.astype(native_dtype(dtype))
    if hasattr(x, "assign") and hasattr(x, "value"):
        return convert(x.value, dtype)
    if type(x) in _PLAIN or isinstance(x, np.ndarray):
        return _as_array(x, dtype)
    return _convert_foreign(x, dtype)


_PLAIN = (int, float, bool, complex)


def _as_array(x, dtype):
    try:
        return jnp.asarray(x, None if dtype is None else native_dtype(dtype))
    except (TypeError, ValueError) as error:
        raise no_strings("JAX", x) or error from None


def _convert_foreign(x, dtype):
    if hasattr(x, "todense"):  # a sparse matrix, of JAX or SciPy
        x = x.todense() if isinstance(getattr(x, "data", None), jax.Array) else x.toarray()
    if isinstance(x, list | tuple):
        return _as_array(_stackable(x), dtype)
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.float().numpy() if str(x.dtype) == "torch.bfloat16" else x.numpy()
    elif not isinstance(x, np.generic) and hasattr(x, "numpy"):
        x = x.numpy()
    return _as_array(x, dtype)


def _stackable(x):
    """Nested lists whose leaves may be arrays, tracers or Variables."""
    if isinstance(x, list | tuple):
        if any(isinstance(e, list | tuple | jax.Array) or hasattr(e, "assign") for e in x):
            return jnp.stack([jnp.asarray(_stackable(e)) for e in x]) if x else x
        return x
    return x.value if hasattr(x, "assign") and hasattr(x, "value") else x


def to_numpy(x) -> np.ndarray:
    if type(x).__name__ == "BCOO":
        x = x.todense()
    x = x.value if hasattr(x, "assign") and hasattr(x, "value") else x
    if isinstance(x, jax.Array) and not x.is_fully_addressable and not x.is_fully_replicated:
        from jax.experimental import multihost_utils

        return multihost_utils.process_allgather(x, tiled=True)  # every process asks for it, and each gets all of it
    if type(x) is Tensor:
        _await(x)
    return np.asarray(x)


def _await(x) -> None:
    """Look for a little while whether `x` is there: results of small programs are, sooner than a sleeping thread wakes up."""
    if not x.is_ready():
        end = time.perf_counter() + _AWAITED
        while not x.is_ready() and time.perf_counter() < end:
            pass


def cast(x, dtype: str):
    return x if x.dtype.name == dtype else x.astype(native_dtype(dtype))


def dtype(x) -> str:
    return x.dtype.name


def shape(x) -> tuple:
    return x.shape


def is_tensor(x) -> bool:
    return isinstance(x, jax.Array) or type(x).__name__ == "BCOO"  # (a sparse matrix)


def stop_gradient(x):
    return jax.lax.stop_gradient(x)


def new_value(array, dtype: str, trainable: bool):
    """The array that a fresh Variable holds; concrete even while a function is being traced."""
    if isinstance(array, jax.core.Tracer):
        return array.astype(native_dtype(dtype))
    with jax.ensure_compile_time_eval():
        if isinstance(array, jax.Array):
            return jnp.array(array, native_dtype(dtype), copy=True)
        return jax.device_put(np.array(array, dtype=native_dtype(dtype)))


def computing():
    """A context in which ops on concrete arrays are computed at once, also while a function is traced."""
    return jax.ensure_compile_time_eval()


def assign_value(value, new):
    """A copy: training gives a variable's memory away for its next value, so nobody else may hold it."""
    return jnp.array(new, value.dtype, copy=True)


def blank_value(shape: tuple, dtype: str, trainable: bool):
    """Zeros for a variable that a file will fill: the system gives the memory when it is written to."""
    with jax.ensure_compile_time_eval():
        return jax.device_put(aligned(shape, native_dtype(dtype), np.zeros))


def filled_value(value, read):
    """A variable's new value, which `read(array)` writes into memory that nobody else holds."""
    new = aligned(value.shape, value.dtype)
    read(new)
    # An array that is bound to a device is another thing to JAX than one that is not: programs would be compiled again.
    return jax.device_put(new, value.sharding) if value.committed else of_own_memory(new)


def of_own_memory(a) -> Tensor:
    """An array with the content of a NumPy array that nobody else will write to."""
    # JAX takes 20 microseconds to share the memory, and 11 to copy little of it.
    return jnp.asarray(a) if a.nbytes <= _LITTLE else jax.device_put(a)


def abstract_value(value):
    return value


def abstract_eval(fn, args, kwargs):
    """Evaluate `fn` on the given specs without computing; the result's arrays become specs."""
    from kerata.core import tree

    leaves, structure = tree.flatten_with_structure((args, kwargs))
    is_spec = [isinstance(x, Spec) for x in leaves]
    inputs = [jax.ShapeDtypeStruct(x.shape, native_dtype(x.dtype)) for x, s in zip(leaves, is_spec) if s]
    result: dict = {}

    def pure(*arrays):
        arrays = iter(arrays)
        filled = [next(arrays) if s else x for x, s in zip(leaves, is_spec)]
        a, k = tree.unflatten(structure, filled)
        out = fn(*a, **k)
        out_leaves, result["structure"] = tree.flatten_with_structure(out)
        out_leaves = [x.todense() if type(x).__name__ == "BCOO" else x for x in out_leaves]
        result["leaves"] = out_leaves
        return [x for x in out_leaves if isinstance(x, jax.Array)]

    shapes = iter(jax.eval_shape(pure, *inputs))
    specs = []
    for x in result["leaves"]:
        if isinstance(x, jax.Array):
            s = next(shapes)
            x = Spec(s.shape, s.dtype.name)
        specs.append(x)
    return tree.unflatten(result["structure"], specs)


def devices() -> list[str]:
    return [f"{d.platform}:{d.id}" for d in jax.devices()]


def synchronize(x=None) -> None:
    """Wait until `x` (a tree of arrays) has been computed."""
    if x is not None:
        jax.block_until_ready(x)


def device_scope(name: str):
    """A context in which new arrays go to the device "cpu:0", "gpu:1", ..."""
    kind, _, index = name.partition(":")
    return jax.default_device(jax.devices({"gpu": "cuda"}.get(kind, kind))[int(index or 0)])


def remat(fn):
    """`fn` without its inner results kept for the gradient."""
    return jax.checkpoint(fn)
