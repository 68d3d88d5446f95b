"""ResNet50 on images of 64 by 64 pixels, 16 in a batch."""

from __future__ import annotations

import numpy as np

from large import DRY, fit_times


def measure(library: str, backend: str) -> dict:
    K = __import__(library)
    size, steps = (32, 1) if DRY else (64, 4)
    m = K.applications.ResNet50(weights=None, input_shape=(size, size, 3), classes=10)
    m.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((16 * steps, size, size, 3), dtype="float32"), rng.integers(0, 10, 16 * steps)
    return fit_times(K, m, steps, 3, x, y, batch_size=16)
