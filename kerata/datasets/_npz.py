"""Reads .npz files of arrays with a limit on their size, and without NumPy's pickles."""

from __future__ import annotations

import hashlib
import math
import zipfile

import numpy as np

from kerata.datasets import _plain_pickle

_LIMIT = 2 << 30  # bytes of one array; the largest of these data sets has 180 MB
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class BadFile(ValueError):
    """A file that is not the data set it should be."""


def read(path: str, names) -> dict[str, np.ndarray]:
    """The arrays called `names`; BadFile if the file does not have them or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: _read_member(archive, name) for name in names}
    except (
        zipfile.BadZipFile,
        KeyError,
        EOFError,
        OSError,
        ValueError,
        OverflowError,
        zipfile.zlib.error,
    ) as error:
        if isinstance(error, FileNotFoundError | PermissionError | BadFile):
            raise
        raise BadFile(f"{path} cannot be read ({type(error).__name__}: {error})") from error


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    info = archive.getinfo(f"{name}.npy")
    if info.file_size > _LIMIT:
        raise BadFile(f"the array {name!r} claims {info.file_size:,} bytes")
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        if version not in _HEADERS:
            raise BadFile(f"the array {name!r} has the unknown format {version}")
        shape, fortran, dtype = _HEADERS[version](member)
        if dtype.hasobject:
            if dtype != np.dtype(object):
                raise BadFile(f"the array {name!r} has the dtype {dtype}")
            data = member.read()
            what = f"The array {name!r}"
            return _plain_pickle.sequences(_plain_pickle.loads(data, what), what, len(data))
        size = math.prod(shape) * dtype.itemsize
        if min(shape, default=0) < 0 or size > info.file_size:
            raise BadFile(f"the array {name!r} claims the shape {shape}, more than the file holds")
        data = member.read(size)
        if len(data) != size:
            raise BadFile(f"the array {name!r} is cut short")
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order="F" if fortran else "C")


def content_hash(arrays: dict[str, np.ndarray]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes: the same however the file was compressed."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        a = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}:{a.dtype.str}:{a.shape};".encode())
        digest.update(a.data)
    return digest.hexdigest()
