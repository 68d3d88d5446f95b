"""`KERATA_DEVICE`: where a backend puts its arrays, if not where it would put them itself (an accelerator, if there is one)."""

from __future__ import annotations

import importlib
import importlib.util
import os

_KINDS = ("cpu", "gpu", "tpu", "mps")


def wanted() -> tuple[str, int | None] | None:
    """The kind and the number in `KERATA_DEVICE`: "cpu", "gpu" or "cuda", "cuda:1", "tpu", "mps"; None if it is not set.

    Raises:
        ValueError: for anything else.
    """
    text = os.environ.get("KERATA_DEVICE", "").strip().lower()
    if not text:
        return None
    kind, _, number = text.partition(":")
    kind = "gpu" if kind in ("cuda", "rocm") else kind
    if kind not in _KINDS or not (number.isdigit() or (not number and ":" not in text)):
        raise ValueError(
            f"KERATA_DEVICE is {text!r}; wanted is one of {', '.join(_KINDS)}, or one of them with a number, such as 'gpu:1'."
        )
    return kind, int(number) if number else None


def choose(path: str) -> None:
    """Make the backend whose module is `path` use the wanted device; before it has made an array."""
    if wanted() is not None and importlib.util.find_spec(f"{path}.device") is not None:
        importlib.import_module(f"{path}.device").use(*wanted())


def missing(kind: str, number: int | None, there: list) -> RuntimeError:
    """The error of a device that the backend does not have."""
    name = kind if number is None else f"{kind}:{number}"
    return RuntimeError(f"KERATA_DEVICE asks for {name!r}; there is: {', '.join(map(str, there)) or 'none of that kind'}.")
