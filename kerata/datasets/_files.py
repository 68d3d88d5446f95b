"""Finding the files of data sets: here, in the caches, or on the net."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from typing import Any

from kerata.core import home
from kerata.utils.cache import hash_file
from kerata.utils.download import download

GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def candidates(path: str, subdir: str = "datasets") -> list[str]:
    """Where the file may be, best place first; a path with folders means that very file."""
    path = os.path.expanduser(os.fspath(path))
    if os.path.dirname(path):
        return [path]
    roots = [home.folder(), os.path.join(os.path.expanduser("~"), ".keras")]
    if not _can_write(roots[0]):
        roots.append(os.path.join(tempfile.gettempdir(), ".keras"))
    return list(dict.fromkeys(os.path.join(root, subdir, path) for root in roots))


def _can_write(folder: str) -> bool:
    """Whether files can be made in the folder, which may still have to be made itself."""
    while folder and not os.path.exists(folder):
        folder = os.path.dirname(folder)
    return os.path.isdir(folder) and os.access(folder, os.W_OK)


def obtain(path: str, url: str, known_hash: str | None, read: Callable[[str], Any], subdir: str = "datasets",
           others: tuple[str, ...] = ()) -> Any:  # fmt: skip
    """What `read(file)` gives for the first file that is the one wanted; it is downloaded if there is none.

    Args:
        path: name in the caches, or the path of a file.
        url: the official address.
        known_hash: the published SHA-256 or MD5 sum; a file with another one counts as well if `read`
            accepts it.
        read: reads the file and raises ValueError if its content is not what it should be.
        subdir: folder in the caches.
        others: further names under which the data may lie there (an unpacked folder, say).
    """
    places = candidates(path, subdir)
    for place in [p for name in (path, *others) for p in candidates(name, subdir)]:
        if os.path.exists(place):
            try:
                return read(place)
            except ValueError as error:
                warnings.warn(f"{place} is not the data set that is wanted: {error}. It is not used.", stacklevel=4)

    def check(part: str) -> None:
        if known_hash is None or hash_file(part, "md5" if len(known_hash) == 32 else "sha256") != known_hash:
            try:
                read(part)
            except ValueError as error:
                raise ValueError(f"{url} gave a file that is not the data set that is wanted: {error}.") from error

    target = next((p for p in places if _can_write(os.path.dirname(p))), places[0])
    return read(download(url, target, check, os.path.basename(target)))
