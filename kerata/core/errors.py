"""Errors in the words of the person who made the mistake."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], n: int = 1) -> str:
    """`" Did you mean 'x'?"`, or an empty string when nothing is close. Compares without case and underscores."""
    known = list(known)
    plain = {k.lower().replace("_", ""): k for k in reversed(known)}
    near = difflib.get_close_matches(str(name).lower().replace("_", ""), plain, n, cutoff=0.6)
    if not near:
        return ""
    return " Did you mean " + " or ".join(repr(plain[k]) for k in near) + "?"


def unknown_name(kind: str, name, known: Iterable[str]) -> str:
    """The text for a name that is not in a closed list."""
    known = sorted(set(map(str, known)))
    listed = ", ".join(known[:40]) + (", ..." if len(known) > 40 else "")
    return f"Unknown {kind}: {name!r}.{did_you_mean(str(name), known)} Known: {listed}."


def missing_package(package: str, what: str, extra: str | None = None) -> ImportError:
    """The error for an optional package that is not installed."""
    how = f"pip install kerata[{extra}]" if extra else f"pip install {package}"
    return ImportError(f"{what} needs the package {package!r}, which is not installed. Install it with `{how}`.")
