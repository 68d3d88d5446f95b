"""PyTorch tensors: conversion, dtypes, abstract evaluation on the meta device, the value of a Variable."""

from __future__ import annotations

import contextlib
import re
import threading

import numpy as np
import torch

from kerata.backend.devices import wanted as _wanted_device
from kerata.backend.spec import Spec
from kerata.backend.strings import no_dtype, no_strings
from kerata.backend.torch._lazy import without_compiler

Tensor = torch.Tensor
array_types = (torch.Tensor, torch.nn.Parameter)
functional = False
trains = True
weak_scalars = True  # a Python number in arithmetic takes the tensor's dtype


class _Dtypes(dict):
    def __missing__(self, name):
        raise TypeError(f"PyTorch has no dtype {name!r}." + no_dtype(name))


_DTYPES = _Dtypes({
    name: getattr(torch, name)
    for name in (
        "float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16",
        "uint32", "uint64", "bool", "complex64", "complex128", "float8_e4m3fn", "float8_e5m2",
    )
})  # fmt: skip
_NAMES = {v: k for k, v in _DTYPES.items()}
_IN_NUMPY = frozenset(v for k, v in _DTYPES.items() if hasattr(np, k) or k == "bool")


def _choose_device() -> torch.device:
    chosen = _wanted_device()
    if chosen is not None:
        kind, number = chosen
        return torch.device("cuda" if kind == "gpu" else kind, *([] if number is None else [number]))
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


class _Placement(threading.local):
    """Where new tensors of this thread go: the chosen device, or "meta" while a function is evaluated abstractly."""

    device = _choose_device()

    def __init__(self):
        self.meta = False


placement = _Placement()


def device() -> torch.device:
    return torch.device("meta") if placement.meta else placement.device


def native_dtype(name: str) -> torch.dtype:
    """PyTorch's dtype object for a dtype name."""
    return _DTYPES[name]


def convert(x, dtype: str | None = None) -> torch.Tensor:
    """A tensor of this backend with the content of `x` (no copy where none is needed)."""
    if isinstance(x, torch.Tensor):
        if dtype is not None and x.dtype is not _DTYPES[dtype]:
            return x.to(_DTYPES[dtype])
        return x
    if hasattr(x, "assign") and hasattr(x, "value"):
        return convert(x.value, dtype)
    native = None if dtype is None else _DTYPES[dtype]
    where = device()
    kind = type(x)
    if kind is float:
        return torch.tensor(x, dtype=native or _default_float(), device=where)
    if kind is int:
        return torch.tensor(x, dtype=native or (torch.int32 if -(2**31) <= x < 2**31 else torch.int64), device=where)
    if kind is bool:
        return torch.tensor(x, dtype=native or torch.bool, device=where)
    if isinstance(x, list | tuple):
        return _convert_sequence(x, dtype)
    if kind is complex:
        return torch.tensor(x, dtype=native or torch.complex64, device=where)
    return _from_numpy(np.asarray(x), native).to(where)


def _default_float() -> torch.dtype:
    from kerata.core.config import floatx

    return _DTYPES[floatx()]


def _from_numpy(x: np.ndarray, native) -> torch.Tensor:
    if x.dtype.name == "bfloat16":
        t = torch.from_numpy(x.view(np.int16).copy()).view(torch.bfloat16)
    else:
        if not x.flags.writeable or any(s < 0 for s in x.strides):
            x = x.copy()
        try:
            t = torch.from_numpy(x) if x.ndim else torch.tensor(x.item(), dtype=_DTYPES[x.dtype.name])
        except TypeError as error:
            raise no_strings("PyTorch", x) or error from None
    return t if native is None or t.dtype is native else t.to(native)


def _convert_sequence(x, dtype) -> torch.Tensor:
    flat, stack = [], list(x)
    while stack:
        e = stack.pop()
        if isinstance(e, list | tuple):
            stack.extend(e)
        else:
            flat.append(e)
    if any(isinstance(e, torch.Tensor) or hasattr(e, "assign") for e in flat):
        t = torch.stack([convert(e) for e in x])
        return t if dtype is None else t.to(_DTYPES[dtype])
    array = np.asarray(x)
    if dtype is None:
        narrow = {"float64": _default_float(), "complex128": torch.complex64}.get(array.dtype.name)
        if narrow is not None and not any(isinstance(e, np.float64 | np.complex128 | np.ndarray) for e in flat):
            return _from_numpy(array, narrow).to(device())
        if array.dtype == np.int64 and all(isinstance(e, int) for e in flat):
            return _from_numpy(array, torch.int32).to(device())
    return _from_numpy(array, None if dtype is None else _DTYPES[dtype]).to(device())


def to_numpy(x) -> np.ndarray:
    if hasattr(x, "assign") and hasattr(x, "value"):
        x = x.value
    if isinstance(x, torch.Tensor):
        x = x.detach()
        if x.device.type != "cpu":
            x = x.cpu()
        if x.dtype is torch.bfloat16:
            import ml_dtypes

            return x.contiguous().view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return x.resolve_conj().resolve_neg().numpy()
    return np.asarray(x)


def cast(x, dtype: str):
    native = _DTYPES[dtype]
    return x if x.dtype is native else x.to(native)


def dtype(x) -> str:
    return _NAMES[x.dtype]


def shape(x) -> tuple:
    return x.shape


def is_tensor(x) -> bool:
    return isinstance(x, torch.Tensor)


def stop_gradient(x):
    return x.detach()


def new_value(array, dtype: str, trainable: bool):
    """The tensor that a fresh Variable holds: a leaf that requires grad if it is trainable and a float."""
    native = _DTYPES[dtype]
    if isinstance(array, torch.Tensor):
        t = array.detach().to(device=placement.device, dtype=native, copy=True).contiguous()
    else:
        # In C order: the fused optimizers walk a weight, its gradient and their state side by side in memory.
        t = _from_numpy(np.array(array, order="C"), native).to(placement.device)
    if trainable and (native.is_floating_point or native.is_complex):
        return torch.nn.Parameter(t)
    return t


@torch.no_grad()
def assign_value(value, new):
    """Write `new` into the tensor in place, so that whoever shares it sees the change."""
    value.copy_(new)
    return value


def blank_value(shape: tuple, dtype: str, trainable: bool) -> torch.Tensor:
    """Zeros for a variable that a file will fill: the system gives the memory when it is written to."""
    native = _DTYPES[dtype]
    if placement.device.type != "cpu" or native not in _IN_NUMPY:
        return new_value(np.zeros(shape, "float32"), dtype, trainable)
    t = torch.from_numpy(np.zeros(shape, dtype))
    return torch.nn.Parameter(t) if trainable and native.is_floating_point else t


@torch.no_grad()
def filled_value(value, read):
    """Write what `read(array)` puts into an array into the tensor, in place."""
    if value.device.type == "cpu" and value.is_contiguous() and value.dtype in _IN_NUMPY:
        read(value.detach().numpy())
        value.view(-1)[:0].zero_()  # autograd counts changes, of which it has not seen this one
        return value
    new = np.empty(tuple(value.shape), _NAMES[value.dtype])
    read(new)
    return assign_value(value, convert(new))


@contextlib.contextmanager
def computing():
    """A context in which new tensors have values, also while a function is evaluated abstractly."""
    before, placement.meta = placement.meta, False
    try:
        yield
    finally:
        placement.meta = before


def abstract_value(value):
    return value.to("meta")


def abstract_eval(fn, args, kwargs):
    """Evaluate `fn` on meta tensors of the given specs; the result's tensors become specs."""
    before, placement.meta = placement.meta, True
    try:
        return eval_on_zeros(fn, args, kwargs)
    finally:
        placement.meta = before


def wants_values(error: Exception) -> bool:
    """Whether it is about the meta device: tensors there have no values (for a length given as a tensor, for instance), and
    do not go together with the tensors that a layer keeps."""
    return re.search(r"\bmeta\b", str(error).lower()) is not None


def eval_on_zeros(fn, args, kwargs):
    """Evaluate `fn` on zeros of the given specs; the result's tensors become specs."""
    from kerata.core import tree

    def make(x):
        return torch.zeros(x.shape, dtype=_DTYPES[x.dtype], device=device()) if isinstance(x, Spec) else x

    args, kwargs = tree.map_structure(make, (args, kwargs))
    with torch.no_grad(), without_compiler():
        out = fn(*args, **kwargs)
    return tree.map_structure(lambda x: Spec(tuple(x.shape), _NAMES[x.dtype]) if is_tensor(x) else x, out)


def devices() -> list[str]:
    if torch.cuda.is_available():
        return [f"cuda:{i}" for i in range(torch.cuda.device_count())]
    return ["cpu:0"]


def make_deterministic() -> None:
    """Use no kernel whose results vary from run to run."""
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False


def synchronize(x=None) -> None:
    """Wait until the device has finished."""
    if placement.device.type == "cuda":
        torch.cuda.synchronize()


@contextlib.contextmanager
def device_scope(name: str):
    """A context in which new tensors go to the device "cpu:0", "gpu:1", ..."""
    before, placement.device = placement.device, torch.device(name.replace("gpu", "cuda"))
    try:
        yield
    finally:
        placement.device = before


def remat(fn):
    """`fn` without its inner results kept for the gradient."""
    from torch.utils.checkpoint import checkpoint

    return lambda *args, **kwargs: checkpoint(fn, *args, use_reentrant=False, **kwargs)
