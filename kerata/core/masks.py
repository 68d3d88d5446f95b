"""Masks travel with tensors, as the attribute `_keras_mask`."""

from __future__ import annotations

import weakref

import numpy as np

# For tensors that take no attributes (JAX's tracers): id -> (weak reference, mask).
_aside: dict[int, tuple] = {}


class _MaskedArray(np.ndarray):
    """An ndarray that can carry a mask (plain ndarrays take no attributes)."""


def get_mask(x):
    """The mask that travels with `x`, or None."""
    mask = getattr(x, "_keras_mask", None)
    if mask is None and _aside:
        found = _aside.get(id(x))
        if found is not None and found[0]() is x:
            return found[1]
    return mask


def set_mask(x, mask):
    """Give `x` (or a view of it) with the mask attached; None takes a mask off."""
    if mask is None and get_mask(x) is None:
        return x
    if type(x) is np.ndarray:
        x = x.view(_MaskedArray)
    try:
        x._keras_mask = mask
    except AttributeError:
        _set_aside(x, mask)
    return x


def _set_aside(x, mask) -> None:
    key = id(x)
    try:
        reference = weakref.ref(x, lambda _: _aside.pop(key, None))
    except TypeError:
        raise TypeError(f"A mask cannot be attached to a {type(x).__name__}.") from None
    _aside[key] = (reference, mask)


get_keras_mask = get_mask
set_keras_mask = set_mask
