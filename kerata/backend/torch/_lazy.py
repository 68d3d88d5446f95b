"""Shapes on PyTorch's meta device without PyTorch's compiler.

PyTorch computes them by Python functions that ask `torch._dynamo` for a wrapper which tells the compiler to leave them
alone, `symbolic_shapes` whether a symbolic size is known, and SymPy what a symbol is. The first such call loads all three,
1.3 s, for nothing: nothing is compiled, and no size is symbolic. While shapes are computed, and until somebody else loads
them, small modules stand in, which answer these questions and load the real ones for any other.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import types

import torch  # noqa: F401

_COMPILER, _SYMBOLS, _ALGEBRA = "torch._dynamo", "torch.fx.experimental.symbolic_shapes", "sympy"
_lock = threading.RLock()


class _StandIn(types.ModuleType):
    """A module that loads the real one when it is asked for what it does not have."""

    _lacks = ("__spec__", "__file__")  # what the import system looks at in passing

    def __getattr__(self, name):
        if name in self._lacks:
            raise AttributeError(name)
        return getattr(_real(self), name)


def _real(stand_in: _StandIn):
    with _lock:
        _take_away()  # the others too: real modules hold on to those that they import
        return importlib.import_module(stand_in.__name__)


def _place(stand_in: _StandIn) -> None:
    sys.modules[stand_in.__name__] = stand_in
    parent, _, name = stand_in.__name__.rpartition(".")
    if parent:
        setattr(sys.modules[parent], name, stand_in)


def _remove(stand_in: _StandIn) -> None:
    del sys.modules[stand_in.__name__]
    parent, _, name = stand_in.__name__.rpartition(".")
    if parent and vars(sys.modules[parent]).get(name) is stand_in:
        delattr(sys.modules[parent], name)


def _compiler(unwrapped: list) -> _StandIn:
    module = _StandIn(_COMPILER)

    def disable(fn=None, recursive=True, **options):
        if fn is None or not recursive:
            return _real(module).disable(fn, recursive, **options)
        unwrapped.append(fn)
        return fn

    module.disable = disable
    return module


def _is_shape(a) -> bool:
    return isinstance(a, tuple | list) and all(type(n) is int for n in a)


def _equal(a, b) -> bool:
    return tuple(a) == tuple(b) if _is_shape(a) and _is_shape(b) else a == b


def _symbols() -> _StandIn:
    """What asks about sizes: with plain numbers the answers are Python's."""
    module = _StandIn(_SYMBOLS)
    module._lacks = ("__spec__", "__file__", "__path__")  # it is no package

    def answering(name, plain, kinds):
        def answer(*args, **kwargs):
            if not kwargs and all(type(a) in kinds or _is_shape(a) for a in args):
                return plain(*args)
            return getattr(_real(module), name)(*args, **kwargs)

        setattr(module, name, answer)

    for name in ("expect_true", "guard_or_false", "guard_or_true", "guard_bool", "guard_size_oblivious", "statically_known_true"):
        answering(name, lambda a, *skip: a, (bool,))
    answering("sym_and", lambda *a: all(a), (bool,))
    answering("sym_or", lambda *a: any(a), (bool,))
    answering("sym_eq", _equal, (int,))
    answering("guarding_hint_or_throw", lambda a: a, (int, bool))
    answering("has_guarding_hint", lambda a: True, (int, bool))
    answering("is_nested_int", lambda a: False, (int, bool, float))
    return module


def _algebra() -> _StandIn:
    module = _StandIn(_ALGEBRA)
    module.Basic = type("Basic", (), {})  # nothing is one
    return module


_open = 0
_placed: list[_StandIn] = []
_unwrapped: list = []


@contextlib.contextmanager
def without_compiler():
    """While open, meta tensors are computed on without loading the compiler."""
    global _open
    with _lock:
        _open += 1
        if _open == 1:
            for name, make in ((_COMPILER, lambda: _compiler(_unwrapped)), (_SYMBOLS, _symbols), (_ALGEBRA, _algebra)):
                if name not in sys.modules:
                    _placed.append(make())
                    _place(_placed[-1])
    try:
        yield
    finally:
        with _lock:
            _open -= 1
            if not _open:
                _take_away()


def _take_away() -> None:
    """Leave PyTorch as it was: no stand-ins, and functions that ask for their wrapper again."""
    while _placed:
        if sys.modules.get(_placed[-1].__name__) is _placed[-1]:
            _remove(_placed[-1])
        _placed.pop()
    while _unwrapped:
        vars(_unwrapped.pop()).pop("__dynamo_disable", None)
