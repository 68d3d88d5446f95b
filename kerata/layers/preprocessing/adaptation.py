"""What layers with an `adapt` method share."""

from __future__ import annotations

import itertools

import numpy as np


def batches(data, b, steps: int | None = None):
    """NumPy arrays, from one array (also of another framework) or from an iterable of batches.

    Args:
        data: array, list of numbers, or iterable; of a batch that is a tuple, the first element counts.
        b: the backend whose tensors `data` may be.
        steps: how many batches to take; all by default.
    """
    if isinstance(data, list | tuple) or hasattr(data, "__array__"):
        yield np.asarray(b.to_numpy(data) if hasattr(data, "__array__") else data)
        return
    for batch in itertools.islice(data, steps):
        batch = batch[0] if isinstance(batch, tuple) else batch
        yield np.asarray(batch.numpy() if hasattr(batch, "numpy") else batch)
