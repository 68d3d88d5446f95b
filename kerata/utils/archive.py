"""Unpacking tar and zip files that nobody vouches for.

Nothing is written outside the target folder and no link is ever made: a link inside the archive becomes a
copy of the member that it names. The sum of the sizes is limited, so that a small file cannot fill the disk.
The folder appears whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import PurePosixPath

_ALWAYS_ALLOWED = 1 << 30  # bytes that any archive may unpack to
_RATIO = 200  # bytes that each byte of the archive may become beyond that
_MEMBERS = 5_000_000


def safe_member_path(root: str, name: str) -> str:
    """Where the member `name` goes under `root`; ValueError if that is anywhere else."""
    plain = name.replace("\\", "/")
    parts = [p for p in PurePosixPath(plain).parts if p != "."]
    bad = plain.startswith("/") or ".." in parts or "\0" in name or any(":" in p for p in parts[:1])
    if bad:
        raise ValueError(f"The archive has a member named {name!r}, which would be written outside of its folder.")
    return os.path.join(root, *parts)


def extract_archive(file_path: str, path: str = ".", archive_format="auto") -> bool:
    """Unpack the archive into the folder `path`; False if it is none of the formats.

    Args:
        file_path: the archive.
        path: the folder, which gets the members.
        archive_format: "auto", "tar", "zip", a list of these, or None for no unpacking.
    """
    if archive_format is None:
        return False
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format
    formats = [formats] if isinstance(formats, str) else list(formats)
    for kind in formats:
        if kind not in ("tar", "zip"):
            raise ValueError(f"Unknown archive format {kind!r}; known are 'tar', 'zip' and 'auto'.")
        if kind == "tar" and tarfile.is_tarfile(file_path):
            _unpack(_untar, file_path, path)
            return True
        if kind == "zip" and zipfile.is_zipfile(file_path):
            _unpack(_unzip, file_path, path)
            return True
    return False


def _unpack(how, file_path: str, path: str) -> None:
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=".unpacking-", dir=parent)
    try:
        how(file_path, scratch, _Budget(file_path))
        if os.path.isdir(path):
            _merge(scratch, path)
        else:
            os.chmod(scratch, 0o755)
            os.rename(scratch, path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _merge(source: str, target: str) -> None:
    for folder, _, files in os.walk(source):
        there = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(there, exist_ok=True)
        for name in files:
            os.replace(os.path.join(folder, name), os.path.join(there, name))


class _Budget:
    """What may still be written."""

    def __init__(self, file_path: str):
        self.limit = self.left = _ALWAYS_ALLOWED + _RATIO * os.path.getsize(file_path)
        self.members = 0
        self.name = os.path.basename(file_path)

    def member(self) -> None:
        self.members += 1
        if self.members > _MEMBERS:
            raise ValueError(f"The archive {self.name} has more than {_MEMBERS:,} members; it is not unpacked.")

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ValueError(
                f"The archive {self.name} unpacks to more than {self.limit:,} bytes, far more than its size "
                "explains; it is not unpacked."
            )


def _copy(source, target: str, budget: _Budget) -> None:
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as out:
        while chunk := source.read(1 << 20):
            budget.spend(len(chunk))
            out.write(chunk)


def _untar(file_path: str, root: str, budget: _Budget) -> None:
    with tarfile.open(file_path) as tar:
        for member in tar:
            budget.member()
            target = safe_member_path(root, member.name)
            if member.isdir():
                os.makedirs(target, exist_ok=True)
            elif member.isfile() or member.islnk() or member.issym():
                if not member.isfile():
                    _check_link(root, member)
                source = _open_member(tar, member)
                with source:
                    _copy(source, target, budget)
            else:
                raise ValueError(f"The archive member {member.name!r} is a device or pipe; only files are unpacked.")


def _check_link(root: str, member) -> None:
    base = os.path.dirname(member.name) if member.issym() else ""
    safe_member_path(root, os.path.normpath(os.path.join(base, member.linkname)))
    if member.linkname.startswith(("/", "\\")):
        raise ValueError(f"The archive has a link from {member.name!r} to {member.linkname!r}, outside of its folder.")


def _open_member(tar, member):
    try:
        source = tar.extractfile(member)
    except (KeyError, RecursionError):
        source = None
    if source is None:
        raise ValueError(
            f"The archive member {member.name!r} is a link to {member.linkname!r}, which is no file in it."
        )
    return source


def _unzip(file_path: str, root: str, budget: _Budget) -> None:
    with zipfile.ZipFile(file_path) as archive:
        for info in archive.infolist():
            budget.member()
            target = safe_member_path(root, info.filename)
            if info.is_dir():
                os.makedirs(target, exist_ok=True)
                continue
            if (info.external_attr >> 16) & 0o170000 == 0o120000:
                raise ValueError(f"The archive member {info.filename!r} is a symbolic link; only files are unpacked.")
            with archive.open(info) as source:
                _copy(source, target, budget)
