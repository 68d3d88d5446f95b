"""Module attributes that are imported when they are first asked for (PEP 562)."""

from __future__ import annotations

import importlib
import sys


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
        place = places.get(name)
        if place is not None:
            module, _, other = place.partition(":")
            value = getattr(importlib.import_module(module), other or name)
        elif name in submodules:
            value = importlib.import_module(f"{package}.{name}")
        else:
            if name.startswith("__"):
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            from kerata.core.errors import did_you_mean

            known = [*places, *submodules]
            raise AttributeError(f"{package} has no {kind} {name!r}.{did_you_mean(name, known)}")
        setattr(sys.modules[package], name, value)
        return value

    names = sorted({*places, *submodules})
    return __getattr__, lambda: names, names
