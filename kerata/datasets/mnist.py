"""MNIST: 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes and Burges 1998; CC BY-SA 3.0)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _files, _npz
from kerata.utils.cache import hash_file

_NAMES = ("x_train", "y_train", "x_test", "y_test")
_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"  # of the official file
_CONTENT = "bd930a59a860c3d5915c6d67631a728a21bc7c535055bac61f9487e95b28eaa5"


def load_data(path: str = "mnist.npz") -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Download (once) and read: `(x_train, y_train), (x_test, y_test)`.

    The file is looked for in `$KERAS_HOME/datasets` and `~/.keras/datasets` first; it counts if its arrays are MNIST's,
    however they were compressed.

    Args:
        path: name of the file there ("mnist.npz" by default), or a path with folders to a file elsewhere.

    Returns:
        Two pairs of uint8 arrays: images of shape (60000 or 10000, 28, 28), from 0 to 255, and the digits, (n,).

    Raises:
        ValueError: if the file does not hold MNIST.
        OSError: without the file and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.mnist.load_data()
        print(x_train.shape, y_train[:3])  # (60000, 28, 28) [5 0 4]
    """
    arrays = _files.obtain(path, _files.GOOGLE + "mnist.npz", _SHA256, _read)
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def _read(path: str) -> dict[str, np.ndarray]:
    arrays = _npz.read(path, _NAMES)
    if _npz.content_hash(arrays) != _CONTENT and hash_file(path) != _SHA256:
        raise _npz.BadFile("its arrays are not MNIST's")
    return arrays
