"""California housing: 20,640 census districts of 1990, 8 numbers each, and the median value of homes (Pace and Barry 1997)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _checks, _files, _npz


def load_data(version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113,
              ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """`(x_train, y_train), (x_test, y_test)`: x of shape (n, 8), y (n,) the median value in dollars.

    Columns: median income, age of the house, average rooms, average bedrooms, population, average
        occupation, latitude,
    longitude.

    Args:
        version: "large", or "small" for 600 rows.
        path: name of the file in the cache, or a path with folders.
        test_split: the fraction for testing.
        seed: of the shuffle before the split.
    """
    if version not in ("large", "small"):
        raise ValueError(f"`version` is 'large' or 'small'; got {version!r}.")
    _checks.shuffled_split(np.zeros(1), np.zeros(1), test_split, seed)
    hash_ = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
    arrays = _files.obtain(path, _files.GOOGLE + "california_housing.npz", hash_, _read)
    rows = slice(600 if version == "small" else None)
    return _checks.shuffled_split(arrays["x"][rows], arrays["y"][rows], test_split, seed)


def _read(path: str) -> dict[str, np.ndarray]:
    return _checks.expect(_npz.read(path, ("x", "y")), x=((20640, 8), "f"), y=((20640,), "f"))
