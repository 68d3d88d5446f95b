"""get_file: a file from the net, kept in a cache."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.parse

from kerata.core import home
from kerata.utils.archive import extract_archive
from kerata.utils.download import download


def get_file(fname=None, origin=None, untar=False, md5_hash=None, file_hash=None, cache_subdir="datasets",
             hash_algorithm="auto", extract=False, archive_format="auto", cache_dir=None,
             force_download=False) -> str:  # fmt: skip
    """The path of a local copy of a file from the net, which is downloaded unless it is there.

    Args:
        fname: name of the file, without folders; the last part of `origin` by default.
        origin: its address.
        untar: whether to unpack a tar archive; False by default. `extract` does more.
        md5_hash: the MD5 sum wanted, in hexadecimal; `file_hash` does more.
        file_hash: the sum wanted, in hexadecimal; None, the default, takes any file.
        cache_subdir: folder inside the cache; "datasets" by default.
        hash_algorithm: "md5", "sha256", or "auto" (the default), which goes by the length of the sum.
        extract: whether to unpack a tar or zip archive, and give the path of the folder: for an `fname` with an ending
            ("data.zip") that of "data_extracted", else that of the name itself; False by default.
        archive_format: "auto" (the default), "tar", "zip", a list of these, or None for no archive.
        cache_dir: the cache; `$KERAS_HOME` or `~/.keras` by default.
        force_download: whether to download even if the file is there; False by default.

    Returns:
        A path, of the file or of the folder that it was unpacked to.

    Raises:
        ValueError: for a file whose sum is not the one wanted (nothing of it is kept), or an `fname` with folders.
        DownloadError: an OSError, without a connection; it says which file to put where.

    Example (not run):

        path = kerata.utils.get_file(origin="https://example.org/words.txt", file_hash="9f86d081...")
    """
    if origin is None:
        raise ValueError("get_file() needs `origin`, the address of the file.")
    file_hash, algorithm = _wanted_hash(md5_hash, file_hash, hash_algorithm)
    given, fname = fname, _file_name(fname, origin)
    folder = _cache_folder(cache_dir, cache_subdir)
    unpack = untar or extract
    archive, unpacked = fname + "_archive", fname
    if given and "." in fname:
        archive, unpacked = fname, fname.split(".")[0] + "_extracted"
    path = os.path.join(folder, archive if unpack else fname)
    if force_download or not _is_there(path, file_hash, algorithm):
        check = (lambda part: _check_hash(part, origin, file_hash, algorithm)) if file_hash else None
        download(origin, path, check, fname)
        fresh = True
    else:
        fresh = False
    if not unpack:
        return path
    target = os.path.join(folder, unpacked)
    if fresh or not os.path.isdir(target):
        if not extract_archive(path, target, "tar" if untar and not extract else archive_format):
            raise ValueError(f"{path} (from {origin}) is no archive of the format {archive_format!r}.")
    return target


def _file_name(fname, origin: str) -> str:
    name = os.fspath(fname) if fname is not None else os.path.basename(urllib.parse.urlparse(origin).path)
    if not name:
        raise ValueError(f"The address {origin!r} ends in no file name; give one as `fname`.")
    plain = name.replace("\\", "/")
    if "/" in plain or plain in (".", "..") or ":" in plain or "\0" in plain:
        raise ValueError(
            f"`fname` is the name of a file, without folders; got {name!r}. The folder is chosen by "
            "`cache_dir` and `cache_subdir`."
        )
    return name


def _cache_folder(cache_dir, cache_subdir) -> str:
    root = os.path.expanduser(os.fspath(cache_dir)) if cache_dir is not None else home.folder()
    try:
        os.makedirs(root, exist_ok=True)
        writable = os.access(root, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        root = os.path.join(tempfile.gettempdir(), ".keras")
    folder = os.path.join(root, os.fspath(cache_subdir))
    os.makedirs(folder, exist_ok=True)
    return folder


def _wanted_hash(md5_hash, file_hash, algorithm) -> tuple[str | None, str]:
    if md5_hash is not None and file_hash is None:
        return md5_hash.lower(), "md5"
    if file_hash is None:
        return None, "sha256"
    if algorithm in ("auto", None):
        algorithm = "md5" if len(file_hash) == 32 else "sha256"
    if algorithm not in ("md5", "sha256"):
        raise ValueError(f"`hash_algorithm` is 'auto', 'md5' or 'sha256'; got {algorithm!r}.")
    return file_hash.lower(), algorithm


def hash_file(path: str, algorithm: str = "sha256") -> str:
    """The file's sum in hexadecimal."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _is_there(path: str, file_hash, algorithm) -> bool:
    return os.path.isfile(path) and (file_hash is None or hash_file(path, algorithm) == file_hash)


def _check_hash(path: str, origin: str, wanted: str, algorithm: str) -> None:
    found = hash_file(path, algorithm)
    if found != wanted:
        raise ValueError(
            f"The file from {origin} is not the one expected: its {algorithm} sum is {found}, wanted is "
            f"{wanted}. It may be damaged, or another version; it was deleted."
        )
