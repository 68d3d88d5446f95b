"""Errors in the words of the person who made the mistake."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable

NOT_POSITIVE_DEFINITE = "cholesky() needs positive definite matrices; of those given, one at least is not."


def did_you_mean(name: str, known: Iterable[str], n: int = 1) -> str:
    """`" Did you mean 'x'?"`, or an empty string when nothing is close. Compares without case and underscores."""
    plain: dict[str, list[str]] = {}
    for k in known:
        plain.setdefault(k.lower().replace("_", ""), []).append(k)
    near = difflib.get_close_matches(str(name).lower().replace("_", ""), plain, n, cutoff=0.6)
    if not near:
        return ""
    # Of names that differ in case and underscores alone, the one that is written most like `name`.
    best = [max(plain[k], key=lambda x: difflib.SequenceMatcher(None, str(name), x).ratio()) for k in near]
    return " Did you mean " + " or ".join(map(repr, best)) + "?"


def unknown_name(kind: str, name, known: Iterable[str]) -> str:
    """The text for a name that is not in a closed list."""
    known = sorted(set(map(str, known)))
    listed = ", ".join(known[:40]) + (", ..." if len(known) > 40 else "")
    return f"Unknown {kind}: {name!r}.{did_you_mean(str(name), known)} Known: {listed}."


def missing_package(package: str, what: str, extra: str | None = None) -> ImportError:
    """The error for an optional package that is not installed."""
    how = f"pip install kerata[{extra}]" if extra else f"pip install {package}"
    return ImportError(f"{what} needs the package {package!r}, which is not installed. Install it with `{how}`.")


def need(module: str, what: str, extra: str | None = None, package: str | None = None):
    """The module of an optional package; the error of `missing_package` where it is not installed.

    Args:
        module: its full name.
        what: what needs it, for the error.
        extra: the extra of Kerata that brings it.
        package: what is to be installed, where that is called otherwise than the module.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise
        raise missing_package(package or module.partition(".")[0], what, extra) from None
