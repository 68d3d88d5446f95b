"""CIFAR-100: 60,000 photographs, 32 x 32 in colour, in 100 classes (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _cifar, _files

_URL = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
_FOLDER = "cifar-100-python"


def load_data(
    label_mode: str = "fine",
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Download (once) and unpack: `(x_train, y_train), (x_test, y_test)`.

    Args:
        label_mode: "fine" (the default) for the 100 classes, "coarse" for their 20 groups.

    Returns:
        Two pairs of uint8 arrays: images of shape (50000 or 10000, 32, 32, 3), or with the channels first if
        `kerata.config.image_data_format()` says so, and labels (n, 1).

    Raises:
        ValueError: for another `label_mode`, or an archive that is not the expected one.
        OSError: without the archive and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.cifar100.load_data("coarse")
        print(y_train.max())  # 19
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"`label_mode` is 'fine' or 'coarse'; got {label_mode!r}.")
    others = (f"{_FOLDER}-target", f"{_FOLDER}-target_archive")
    return _files.obtain("cifar-100-python.tar.gz", _URL, _SHA256, lambda p: _read(p, label_mode), others=others)


def _read(path: str, label_mode: str) -> tuple:
    label, classes = f"{label_mode}_labels".encode(), 100 if label_mode == "fine" else 20
    return _cifar.read_archive(path, [f"{_FOLDER}/train"], [f"{_FOLDER}/test"], label, classes)
