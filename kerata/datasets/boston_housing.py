"""Boston housing: 506 districts, 13 numbers each, and the median price of homes (Harrison and Rubinfeld 1978).

One of its columns was made from the share of Black residents on the assumption that it lowers prices. Use
`california_housing` unless you study that.
"""

from __future__ import annotations

import numpy as np

from kerata.datasets import _checks, _files, _npz


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113,
              ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Download (once) and split: `(x_train, y_train), (x_test, y_test)`.

    Args:
        path: name of the file in the cache ("boston_housing.npz" by default), or a path with folders.
        test_split: fraction of the 506 rows for testing; 0.2 by default.
        seed: integer, of the shuffle before the split; 113 by default.

    Returns:
        Two pairs of float64 arrays: x of shape (n, 13), and y, (n,), the median price in thousands of dollars.

    Raises:
        ValueError: for a `test_split` out of range, or a file that does not hold these data.
        OSError: without the file and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.boston_housing.load_data()
        print(x_train.shape, y_test.shape)  # (404, 13) (102,)
    """
    _checks.shuffled_split(np.zeros(1), np.zeros(1), test_split, seed)
    hash_ = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
    arrays = _files.obtain(path, _files.GOOGLE + "boston_housing.npz", hash_, _read)
    return _checks.shuffled_split(arrays["x"], arrays["y"], test_split, seed)


def _read(path: str) -> dict[str, np.ndarray]:
    return _checks.expect(_npz.read(path, ("x", "y")), x=((506, 13), "f"), y=((506,), "f"))
