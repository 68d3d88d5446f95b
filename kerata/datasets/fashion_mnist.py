"""Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 pixels, in 10 classes (Zalando, https://arxiv.org/abs/1708.07747; MIT)."""

from __future__ import annotations

import gzip
import zlib

import numpy as np

from kerata.datasets import _files
from kerata.datasets._npz import BadFile

_FILES = ("train-labels-idx1-ubyte.gz", "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz")  # fmt: skip


def load_data() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Download (once) and unpack: `(x_train, y_train), (x_test, y_test)`.

    Classes 0 to 9: T-shirt/top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Returns:
        Two pairs of uint8 arrays: images of shape (60000 or 10000, 28, 28), grey from 0 to 255, and labels (n,).

    Raises:
        ValueError: if a file does not hold these data.
        OSError: without the files and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.fashion_mnist.load_data()
        print(x_train.shape, y_train.shape)  # (60000, 28, 28) (60000,)
    """
    y_train, x_train, y_test, x_test = (_load(name) for name in _FILES)
    return (x_train, y_train), (x_test, y_test)


def _load(name: str) -> np.ndarray:
    count = 60000 if name.startswith("train") else 10000
    shape = (count, 28, 28) if "images" in name else (count,)
    return _files.obtain(name, _files.GOOGLE + name, None, lambda p: _read_idx(p, shape), "datasets/fashion-mnist")


def _read_idx(path: str, shape: tuple) -> np.ndarray:
    """The IDX format: two zero bytes, 8 for uint8, the rank, then each dimension in four bytes, then the values."""
    size = int(np.prod(shape))
    try:
        with gzip.open(path) as f:
            head, data, rest = f.read(4 + 4 * len(shape)), f.read(size), f.read(1)
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, PermissionError):
            raise
        raise BadFile(f"it cannot be unpacked ({error})") from error
    wanted = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes()
    if head != wanted or len(data) != size or rest:
        raise BadFile(f"it holds no IDX array of shape {shape}")
    values = np.frombuffer(bytearray(data), np.uint8).reshape(shape)
    if len(shape) == 1 and values.max() > 9:
        raise BadFile("it holds labels above 9")
    return values
