"""The error for a public name that a module does not have, with the nearest that it has."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable

from kerata.core.errors import did_you_mean


def missing_name(module: str, name: str, known: Iterable[str], note: str = "") -> AttributeError:
    """What a module's `__getattr__` raises for an unknown name.

    `from module import name` would replace an AttributeError's text by its own, so there an ImportError is
    raised here, with the same text.
    """
    text = f"module {module!r} has no {name!r}.{did_you_mean(name, known)}{note}"
    frame = sys._getframe(2)
    if frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == dis.opmap["IMPORT_FROM"]:
        raise ImportError(text, name=name)
    return AttributeError(text, name=name)
