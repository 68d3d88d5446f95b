"""What backends without strings say of them."""

from __future__ import annotations

import numpy as np


def no_dtype(name: str) -> str:
    """What to do where a dtype is lacking, if it is that of strings."""
    return " Layers such as StringLookup, Hashing and TextVectorization make numbers of strings." if name == "string" else ""


class NotNumbers(TypeError, ValueError):
    """What was to become a tensor holds strings or other objects: a TypeError to JAX and to Keras on it, else a ValueError."""


def no_strings(library: str, x) -> NotNumbers | None:
    """The error for an array (or list) of strings or of other objects; None for other things."""
    try:
        x = np.asarray(x)
    except ValueError:  # rows of different lengths
        return None
    if x.dtype.kind not in ("U", "S", "O"):
        return None
    if x.dtype.kind == "O" and not (x.size and isinstance(x.flat[0], str | bytes)):
        return NotNumbers(f"{library} has no tensors of Python objects; got an array of dtype object and shape {x.shape}. {_HINT}")
    return NotNumbers(f"{library} has no tensors of strings; got an array of shape {x.shape}.{no_dtype('string')} {_HINT}")


_HINT = "x.astype('float32') makes numbers of objects that are numbers, and of numbers that are written out."
