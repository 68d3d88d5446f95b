"""PyTorch with the unsigned integers that it can store but hardly compute with (uint16, uint32, uint64) carried by
wider signed ones. Ops come here only when a kernel is missing, so that nothing else pays for it."""

from __future__ import annotations

import functools
import sys
import types

import torch

_CARRIER = {torch.uint16: torch.int32, torch.uint32: torch.int64, torch.uint64: torch.int64}


class _CarriedNamespace:
    """`xp`, each function of which takes carriers for unsigned arguments and gives the argument's dtype back."""

    def __init__(self, xp):
        self._xp = xp

    def __getattr__(self, name):
        value = getattr(self._xp, name)
        return _carry(value) if callable(value) and not isinstance(value, type) else value


def _carry(fn):
    @functools.wraps(fn)
    def wrapped(*args, **kwargs):
        met: list = []
        out = fn(*[_widened(a, met) for a in args], **{k: _widened(v, met) for k, v in kwargs.items()})
        return _narrowed(out, met[-1]) if met else out

    return wrapped


def _widened(x, met: list):
    if isinstance(x, list | tuple):
        return type(x)(_widened(e, met) for e in x)
    kind = x if isinstance(x, torch.dtype) else getattr(x, "dtype", None)
    if kind not in _CARRIER:
        return x
    met.append(kind)
    return _CARRIER[kind] if x is kind else x.to(_CARRIER[kind])


def _narrowed(x, kind):
    if isinstance(x, list | tuple):
        return type(x)(_narrowed(e, kind) for e in x)
    return x.to(kind) if isinstance(x, torch.Tensor) and x.dtype is _CARRIER[kind] else x


@functools.cache
def carried() -> types.ModuleType:
    """This backend over the carried namespace."""
    original = sys.modules["kerata.backend.torch"]
    module = types.ModuleType("kerata.backend.torch.carried_backend")
    module.__dict__.update(vars(original), xp=_CarriedNamespace(original.xp), carried=None)
    return module
