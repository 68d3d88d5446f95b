"""Breast cancer: 569 tumours with 30 measures, malignant or benign (UCI, Wolberg et al. 1993; CC BY 4.0)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _embedded

CLASS_NAMES = ("malignant", "benign")
FEATURE_NAMES = (
    "mean radius", "mean texture", "mean perimeter", "mean area", "mean smoothness", "mean compactness",
    "mean concavity", "mean concave points", "mean symmetry", "mean fractal dimension", "radius error",
    "texture error", "perimeter error", "area error", "smoothness error", "compactness error",
    "concavity error", "concave points error", "symmetry error", "fractal dimension error", "worst radius",
    "worst texture", "worst perimeter", "worst area", "worst smoothness", "worst compactness",
    "worst concavity", "worst concave points", "worst symmetry", "worst fractal dimension",
)  # fmt: skip


def load_data(
    test_split: float = 0.2, seed: int = 113
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """`(x_train, y_train), (x_test, y_test)`: x of shape (n, 30), float64; y (n,), uint8: 0 malignant, 1 benign.

    Args:
        test_split: the fraction of each class for testing.
        seed: of the shuffle before the split.
    """
    return _embedded.load("breast_cancer", test_split, seed)
