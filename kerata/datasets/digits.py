"""Handwritten digits: 1,797 images of 8 x 8 pixels (UCI, Alpaydin and Kaynak 1998; CC BY 4.0)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _embedded

CLASS_NAMES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


def load_data(
    test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: x of shape (n, 8, 8), uint8 from 0 to 16; y (n,), uint8 from 0 to 9.

    Args:
        test_split: the fraction of each class for testing.
        seed: of the shuffle before the split.
    """
    return _embedded.load("digits", test_split, seed)
