"""`keras.src` in a process of `kerata run`: modules made from the table of private names."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types

from kerata.compat.private_names import ADVICE, MODULES, NAMES
from kerata.core import lazy

_ROOT = "keras.src"


class Loader(importlib.abc.Loader):
    """Makes a private module: its own names, modules below it, then the names of the packages."""

    def __init__(self, module: str):
        self.module = module

    def create_module(self, spec):
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        inner = self.module
        module.__path__ = []
        module.__getattr__ = lambda name: _attribute(inner, name)
        module.__dir__ = lambda: _names(inner)
        module.__all__ = [n for n in _names(inner) if _child(inner, n) not in MODULES]


def find(name: str) -> importlib.machinery.ModuleSpec | None:
    """The spec of a private module of Keras that is in the table.

    Raises:
        ModuleNotFoundError: if it is a private module that is not.
    """
    if name != _ROOT and not name.startswith(_ROOT + "."):
        return None
    module = name.removeprefix(_ROOT).removeprefix(".")
    if module in MODULES:
        return importlib.machinery.ModuleSpec(name, Loader(module), is_package=True)
    raise ModuleNotFoundError(_unknown(module), name=name)


def _child(module: str, name: str) -> str:
    return f"{module}.{name}" if module else name


def _places(module: str) -> list[str]:
    return [f"kerata.{p}".rstrip(".") for p in MODULES[module]]


def _names(module: str) -> list[str]:
    below = module + "." if module else ""
    modules = {m.removeprefix(below).partition(".")[0] for m in MODULES if m.startswith(below) and m != module}
    public = {n for place in _places(module) for n in dir(importlib.import_module(place)) if not n.startswith("_")}
    return sorted({*NAMES.get(module, ()), *modules, *public})


def _attribute(module: str, name: str):
    place = NAMES.get(module, {}).get(name)
    if place is not None:
        source, colon, other = place.partition(":")
        value = importlib.import_module(source)
        return value if colon and not other else getattr(value, other or name)
    if name.startswith("__"):
        raise AttributeError(f"module {_full(module)!r} has no attribute {name!r}")
    if _child(module, name) in MODULES:
        return importlib.import_module(_full(_child(module, name)))
    for place in _places(module):
        found = importlib.import_module(place)
        if hasattr(found, name):
            return getattr(found, name)
    frame, text = sys._getframe(2), _unknown(_child(module, name))
    if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == lazy.IMPORT_FROM:
        raise ImportError(text, name=_full(module))  # Python would say less
    raise AttributeError(text)


def _full(module: str) -> str:
    return f"{_ROOT}.{module}".rstrip(".")


def _unknown(name: str) -> str:
    """Why there is no such thing, and what a program can use instead."""
    from kerata.core.errors import did_you_mean

    parent, _, last = name.rpartition(".")
    near = did_you_mean(last, _names(parent)) if parent in MODULES and name not in ADVICE else ""
    beginning = name
    while beginning and beginning not in ADVICE:
        beginning = beginning.rpartition(".")[0]
    public = ADVICE.get(beginning) or (f"`keras.{parent}`" if parent in MODULES and parent else "what `keras` itself has")
    return f"{_full(name)!r} is private to Keras, and Kerata has nothing in its place.{near} What is public: {public}."


def forget() -> None:
    """Take the modules out of `sys.modules`."""
    for name in [m for m in sys.modules if m == _ROOT or m.startswith(_ROOT + ".")]:
        del sys.modules[name]
