"""The data sets that come with the package (folder `data`, whose licences its LICENCE.md tells)."""

from __future__ import annotations

import os

import numpy as np

from kerata.datasets import _npz
from kerata.utils.seeds import philox


def load(
    name: str, test_split: float, seed: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`, shuffled, with the same share of every class in both halves."""
    if not 0 <= test_split < 1:
        raise ValueError(f"`test_split` is a fraction from 0 up to, but not including, 1; got {test_split!r}.")
    arrays = _npz.read(os.path.join(os.path.dirname(__file__), "data", f"{name}.npz"), ("x", "y"))
    x, y = arrays["x"], arrays["y"]
    rng = philox(seed)
    order = rng.permutation(len(x))
    test = np.zeros(len(x), bool)
    for label in np.unique(y):
        members = order[y[order] == label]
        test[members[: round(len(members) * test_split)]] = True
    order = rng.permutation(len(x))  # anew: the classes that were full first would lie together otherwise
    halves = [order[~test[order]], order[test[order]]]
    return (x[halves[0]], y[halves[0]]), (x[halves[1]], y[halves[1]])
