"""CIFAR-10: 60,000 photographs, 32 x 32 in colour, in 10 classes (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _cifar, _files

_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_FOLDER = "cifar-10-batches-py"


def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Download (once) and unpack: `(x_train, y_train), (x_test, y_test)`.

    Classes 0 to 9: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Returns:
        Two pairs of uint8 arrays: images of shape (50000 or 10000, 32, 32, 3), or with the channels first if
        `kerata.config.image_data_format()` says so, and labels (n, 1).

    Raises:
        ValueError: if the archive is not the expected one.
        OSError: without the archive and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.cifar10.load_data()
        print(x_train.shape, y_train.shape)  # (50000, 32, 32, 3) (50000, 1)
    """
    others = (
        f"{_FOLDER}-target",
        f"{_FOLDER}-target_archive",
        f"{_FOLDER}.tar.gz",
    )  # as versions of Keras name them
    return _files.obtain("cifar-10-python.tar.gz", _URL, _SHA256, _read, others=others)


def _read(path: str) -> tuple:
    train = [f"{_FOLDER}/data_batch_{i}" for i in range(1, 6)]
    return _cifar.read_archive(path, train, [f"{_FOLDER}/test_batch"], b"labels", 10)
