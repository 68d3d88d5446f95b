"""Wine: 178 wines with 13 chemical measures, three growers (UCI, Aeberhard and Forina 1992; CC BY 4.0)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _embedded

CLASS_NAMES = ("class_0", "class_1", "class_2")
FEATURE_NAMES = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
    "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines",
    "proline",
)  # fmt: skip


def load_data(
    test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: x of shape (n, 13), float64; y (n,), uint8 from 0 to 2.

    Args:
        test_split: the fraction of each class for testing.
        seed: of the shuffle before the split.
    """
    return _embedded.load("wine", test_split, seed)
