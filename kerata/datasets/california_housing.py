"""California housing: 20,640 census districts of 1990, 8 numbers each, and the median value of homes (Pace and Barry 1997)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _checks, _files, _npz


def load_data(version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113,
              ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Download (once) and split: `(x_train, y_train), (x_test, y_test)`.

    Columns of x: median income, age of the houses, rooms and bedrooms on average, population, occupants on average,
    latitude, longitude.

    Args:
        version: "large" (the default), or "small" for the first 600 rows.
        path: name of the file in the cache ("california_housing.npz" by default), or a path with folders.
        test_split: fraction for testing; 0.2 by default.
        seed: integer, of the shuffle before the split; 113 by default.

    Returns:
        Two pairs of float arrays: x of shape (n, 8), and y, (n,), the median value in dollars.

    Raises:
        ValueError: for another `version`, a `test_split` out of range, or a file that does not hold these data.
        OSError: without the file and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.california_housing.load_data("small")
        print(x_train.shape, y_test.shape)  # (480, 8) (120,)
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
