"""Module attributes that are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import dis
import importlib
import sys

IMPORT_FROM = dis.opmap["IMPORT_FROM"]
older: dict[str, dict[str, str]] = {}  # package -> places of names of earlier versions; `kerata run` fills it


def attach(package: str, places: dict[str, str], submodules=(), kind: str = "name"):
    """`(__getattr__, __dir__, __all__)` for a package.

    Args:
        package: its `__name__`.
        places: public name -> module that defines it ("module" or "module:other_name").
        submodules: names of submodules that are attributes as well.
        kind: what a name is called in an error ("layer", "dataset", ...).
    """
    submodules = frozenset(submodules)

    def __getattr__(name: str):
        place = places.get(name) or older.get(package, {}).get(name)
        if place is not None:
            module, _, other = place.partition(":")
            value = getattr(importlib.import_module(module), other or name)
        elif name in submodules:
            value = importlib.import_module(f"{package}.{name}")
        else:
            raise missing(package, name, [*places, *submodules], kind, sys._getframe(1))
        setattr(sys.modules[package], name, value)
        return value

    names = sorted({*places, *submodules})
    return __getattr__, lambda: names, names


def missing(package: str, name: str, known, kind: str, frame):
    """The error for a name that a module does not have, with the nearest one that it has.

    In `from package import name` Python would replace an AttributeError by an ImportError without the hint, so there
    (the caller's frame stands at that instruction) the ImportError is made here.
    """
    if name.startswith("__"):
        return AttributeError(f"module {package!r} has no attribute {name!r}")
    from kerata.core.errors import did_you_mean

    text = f"{package} has no {kind} {name!r}.{did_you_mean(name, known)}"
    if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == IMPORT_FROM:
        return ImportError(text, name=package)
    return AttributeError(text)
