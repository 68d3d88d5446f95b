"""Checks of what was read, and splits, that several data sets share."""

from __future__ import annotations

import numpy as np

from kerata.datasets._npz import BadFile


def expect(arrays: dict[str, np.ndarray], **wanted) -> dict[str, np.ndarray]:
    """The arrays, whose (shape, dtype kind) must be as `wanted` says; None in a shape is any size."""
    for name, (shape, kinds) in wanted.items():
        a = arrays[name]
        fits = a.ndim == len(shape) and all(w is None or w == n for w, n in zip(shape, a.shape))
        if not fits or a.dtype.kind not in kinds:
            raise BadFile(f"its array {name!r} has shape {a.shape} and dtype {a.dtype}, wanted is shape {shape}")
    return arrays


def expect_range(name: str, a: np.ndarray, low: int, high: int) -> None:
    """ValueError if a label is outside of `low`..`high`."""
    if a.size and (a.min() < low or a.max() > high):
        raise BadFile(f"its array {name!r} has values outside of {low} to {high}")


def shuffled_split(x, y, test_split: float, seed: int) -> tuple:
    """`(x_train, y_train), (x_test, y_test)` after a shuffle by NumPy's RandomState, as Keras splits."""
    if not 0 <= test_split < 1:
        raise ValueError(f"`test_split` is a fraction from 0 up to, but not including, 1; got {test_split!r}.")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    at = int(len(x) * (1 - test_split))
    return (x[:at].copy(), y[:at].copy()), (x[at:].copy(), y[at:].copy())
