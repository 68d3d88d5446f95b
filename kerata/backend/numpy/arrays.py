"""NumPy arrays as a backend: reference values, inference and shape checks."""

from __future__ import annotations

import contextlib

import numpy as np

from kerata.backend.spec import Spec
from kerata.core.dtypes import numpy_dtype

Tensor = np.ndarray
array_types = (np.ndarray,)
functional = True
trains = False
weak_scalars = False  # bfloat16 + 1.5 is float32 for NumPy: ops convert Python numbers first


class _Placeholders:
    """Whether values are placeholders only, so that a matrix of them may well be singular."""

    given = False


placeholders = _Placeholders()

# Abstract evaluation computes here, so the sizes that stand for unknown ones are small: (batch, other axes).
abstract_sizes = ((2, 4), (24, 36))

native_dtype = numpy_dtype


def convert(x, dtype: str | None = None) -> np.ndarray:
    """An array of this backend with the content of `x` (no copy where none is needed)."""
    if isinstance(x, np.ndarray):
        return x if dtype is None else x.astype(native_dtype(dtype), copy=False)
    if hasattr(x, "value") and hasattr(x, "assign"):
        return convert(x.value, dtype)
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.float().numpy() if str(x.dtype) == "torch.bfloat16" else x.numpy()
    out = np.asarray(x, dtype=None if dtype is None else native_dtype(dtype))
    if dtype is None and out.dtype in _WIDE and not isinstance(x, np.generic) and not hasattr(x, "__array__"):
        return _narrow(x, out)
    return out


_WIDE = (np.dtype("float64"), np.dtype("int64"), np.dtype("complex128"))


def _narrow(x, array):
    """Python numbers, also in lists, become floatx, int32 and complex64; arrays among them keep their width."""
    stack = [x]
    while stack:
        item = stack.pop()
        if isinstance(item, list | tuple):
            stack.extend(item)
        elif isinstance(item, np.ndarray | np.generic) and item.dtype == array.dtype:
            return array
    if array.dtype == np.int64:
        return array.astype(np.int32) if not array.size or abs(array).max() < 2**31 else array
    if array.dtype == np.complex128:
        return array.astype(np.complex64)
    from kerata.core.config import floatx

    return array.astype(native_dtype(floatx()))


def to_numpy(x) -> np.ndarray:
    return convert(x)


def cast(x, dtype: str):
    return x.astype(native_dtype(dtype), copy=False)


def dtype(x) -> str:
    return x.dtype.name


def shape(x) -> tuple:
    return x.shape


def is_tensor(x) -> bool:
    return isinstance(x, np.ndarray | np.generic)


def stop_gradient(x):
    return x


def new_value(array, dtype: str, trainable: bool):
    """The array that a fresh Variable holds. A copy: variables never share memory with the caller."""
    return np.array(convert(array), dtype=native_dtype(dtype))


def assign_value(value, new):
    return np.array(new, dtype=value.dtype)


def blank_value(shape: tuple, dtype: str, trainable: bool):
    """Zeros for a variable that a file will fill: the system gives the memory when it is written to."""
    return np.zeros(shape, native_dtype(dtype))


def filled_value(value, read):
    """A variable's new value, which `read(array)` writes into memory that nobody else holds."""
    new = np.empty(value.shape, value.dtype)
    read(new)
    return new


def computing():
    """NumPy always computes."""
    return contextlib.nullcontext()


def abstract_value(value):
    return value


def abstract_eval(fn, args, kwargs):
    """Evaluate `fn` on arrays of ones of the given specs; the result's arrays become specs.

    NumPy has no abstract mode, so this computes; callers keep the sizes small.
    """
    from kerata.core import tree
    from kerata.core.claims import claim

    def make(x):
        if isinstance(x, Spec):
            claim(x.shape, "a tensor", np.dtype(native_dtype(x.dtype)).itemsize)
            return np.broadcast_to(np.ones((), native_dtype(x.dtype)), x.shape)
        return x

    args, kwargs = tree.map_structure(make, (args, kwargs))
    before, placeholders.given = placeholders.given, True
    try:
        with np.errstate(all="ignore"):
            out = fn(*args, **kwargs)
    finally:
        placeholders.given = before
    return tree.map_structure(lambda x: Spec(x.shape, x.dtype.name) if is_tensor(x) else x, out)


def devices() -> list[str]:
    return ["cpu:0"]


def synchronize(x=None) -> None:
    """NumPy computes at once; nothing to wait for."""


def device_scope(name: str):
    """NumPy has one device."""
    return contextlib.nullcontext()


def remat(fn):
    """NumPy keeps nothing."""
    return fn
