"""NumPy arrays whose memory other libraries take over as it is."""

from __future__ import annotations

import math

import numpy as np


def aligned(shape: tuple, dtype, make=np.empty) -> np.ndarray:
    """An array that starts at a multiple of 64 bytes, as XLA and Eigen want it on a CPU.

    Args:
        shape: of the array.
        dtype: of the array.
        make: `np.empty` or `np.zeros`. Neither touches large memory, so that it costs nothing before it is written to.
    """
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    memory = make(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)
