"""Iris: 150 flowers with four measures in centimetres, three species (UCI, Fisher 1936; CC BY 4.0)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _embedded

CLASS_NAMES = ("setosa", "versicolor", "virginica")
FEATURE_NAMES = ("sepal length", "sepal width", "petal length", "petal width")


def load_data(
    test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: x of shape (n, 4), float64; y (n,), uint8 from 0 to 2.

    Args:
        test_split: the fraction of each class for testing.
        seed: of the shuffle before the split.
    """
    return _embedded.load("iris", test_split, seed)
