"""The archives of CIFAR-10 and CIFAR-100: tar files of Python 2 pickles, read without running them."""

from __future__ import annotations

import os
import tarfile
import zlib

import numpy as np

from kerata.core import config
from kerata.datasets import _plain_pickle
from kerata.datasets._npz import BadFile

_COUNTS = [50000, 10000]  # images for training and testing
_LIMIT = 256 << 20  # bytes of one member; the largest has 155 MB


def read_archive(path: str, train: list[str], test: list[str], label: bytes, classes: int) -> tuple:
    """`(x_train, y_train), (x_test, y_test)`; images (n, 32, 32, 3), channels first if that is the default.

    Args:
        path: the .tar.gz file, or the folder that it was unpacked to.
        train, test: paths of the members.
        label: key of the labels in them.
        classes: number of classes.
    """
    members = [*train, *test]
    blobs = _from_folder(path, members) if os.path.isdir(path) else _from_tar(path, members)
    halves = tuple(_join([_batch(blobs[m], f"The file {m}", label) for m in part], classes) for part in (train, test))
    counts = [len(x) for x, _ in halves]
    if counts != _COUNTS:
        raise BadFile(f"it holds {counts[0]} and {counts[1]} images instead of {_COUNTS[0]} and {_COUNTS[1]}")
    return halves


def _join(parts: list[tuple], classes: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.concatenate([p[0] for p in parts]).reshape(-1, 3, 32, 32)
    y = np.concatenate([p[1] for p in parts]).reshape(-1, 1)
    if y.min() < 0 or y.max() >= classes:
        raise BadFile(f"it holds labels outside of 0 to {classes - 1}")
    if config.image_data_format() == "channels_last":
        x = x.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(x), y.astype("uint8")


def _from_folder(path: str, members: list[str]) -> dict[str, bytes]:
    out = {}
    for name in members:
        try:
            with open(os.path.join(path, *name.split("/")), "rb") as f:
                out[name] = f.read(_LIMIT)
        except FileNotFoundError:
            raise BadFile(f"it has no {name}") from None
    return out


def _from_tar(path: str, members: list[str]) -> dict[str, bytes]:
    wanted, out = set(members), {}
    try:
        with tarfile.open(path) as tar:
            for member in tar:
                name = os.path.normpath(member.name).replace(os.sep, "/")
                if name in wanted and member.isfile():
                    if member.size > _LIMIT:
                        raise BadFile(f"its member {name} claims {member.size:,} bytes")
                    out[name] = tar.extractfile(member).read()
                if len(out) == len(wanted):
                    break
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        if isinstance(error, PermissionError):
            raise
        raise BadFile(f"it cannot be unpacked ({type(error).__name__}: {error})") from error
    if wanted - out.keys():
        raise BadFile(f"it has no {', '.join(sorted(wanted - out.keys()))}")
    return out


def _batch(data: bytes, what: str, label: bytes) -> tuple[np.ndarray, np.ndarray]:
    content = _plain_pickle.loads(data, what)
    if not isinstance(content, dict):
        raise BadFile(f"{what} holds no dictionary")
    content = {k.encode() if isinstance(k, str) else k: v for k, v in content.items()}
    images = _plain_pickle.array(content.get(b"data"), what)
    labels = content.get(label)
    if not isinstance(labels, list) or set(map(type, labels)) != {int}:
        raise BadFile(f"{what} holds no list of labels")
    if images.dtype != np.uint8 or images.shape != (len(labels), 3072):
        raise BadFile(f"{what} holds images of shape {images.shape}, wanted is ({len(labels)}, 3072)")
    return images, np.array(labels, "int64")
