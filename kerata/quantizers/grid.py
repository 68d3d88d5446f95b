"""The grids of GPTQ and AWQ: unsigned integers with a scale and a zero point for each output and group of inputs."""

from __future__ import annotations

import numpy as np


def grid_of(weight: np.ndarray, bits: int, symmetric: bool = False, per_channel: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """`(scale, zero)` of each column of a matrix (inputs, outputs): the grid from its smallest to its largest value.

    Args:
        weight: the matrix.
        bits: bits of the integers.
        symmetric: whether the grid reaches as far below 0 as above.
        per_channel: whether each column has a grid of its own.
    """
    low, high = weight.min(axis=0), weight.max(axis=0)
    if not per_channel:
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    if symmetric:
        high = np.maximum(np.abs(low), high)
        low = np.where(low < 0, -high, low)
    flat = low == high
    low, high = low - flat, high + flat
    steps = 2**bits - 1
    scale = (high - low) / np.float32(steps)
    zero = np.full_like(scale, (steps + 1) / 2) if symmetric else np.round(-low / scale)
    return scale.astype("float32"), np.clip(zero, 0, 255).astype("float32")


def rounded(weight: np.ndarray, scale, zero, bits: int) -> np.ndarray:
    """The integers nearest to `weight` on a grid."""
    return np.clip(np.round(weight / scale + zero), 0, 2**bits - 1)


def grids_of_groups(weight: np.ndarray, bits: int, group: int, **options) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scales and zero points (groups, outputs), and the group of each input."""
    size = len(weight) if group == -1 else group
    parts = [grid_of(weight[i : i + size], bits, **options) for i in range(0, len(weight), size)]
    return np.stack([s for s, _ in parts]), np.stack([z for _, z in parts]), np.arange(len(weight)) // size
