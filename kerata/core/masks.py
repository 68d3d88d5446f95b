"""Masks travel with tensors, as the attribute `_keras_mask`."""

from __future__ import annotations

import numpy as np


class _MaskedArray(np.ndarray):
    """An ndarray that can carry a mask (plain ndarrays take no attributes)."""


def get_mask(x):
    """The mask that travels with `x`, or None."""
    return getattr(x, "_keras_mask", None)


def set_mask(x, mask):
    """Give `x` (or a view of it) with the mask attached; None takes a mask off."""
    if mask is None and getattr(x, "_keras_mask", None) is None:
        return x
    if type(x) is np.ndarray:
        x = x.view(_MaskedArray)
    try:
        x._keras_mask = mask
    except AttributeError:
        raise TypeError(f"A mask cannot be attached to a {type(x).__name__}.") from None
    return x


get_keras_mask = get_mask
set_keras_mask = set_mask
