"""`.keras` archives: a zip reader that trusts no name, size or link, and the writer."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile
import time
import zipfile
import zlib

from kerata.saving.atomic import flushing
from kerata.saving.checksum import Checksum
from kerata.saving.hdf5 import describe_bytes
from kerata.saving.limits import Budget

_MAX_MEMBERS = 100_000
_SMALL = 1 << 20


def safe_parts(name: str) -> list[str]:
    """The parts of a relative path from a file; ValueError if it would lead anywhere else."""
    parts = name.replace("\\", "/").split("/")
    bad = (
        not name or name.startswith(("/", "\\")) or "\x00" in name or (len(parts[0]) > 1 and parts[0][1] == ":")
        or any(p in ("..", ".", "") for p in parts[:-1]) or parts[-1] in ("..", ".")
    )  # fmt: skip
    if bad:
        raise ValueError(f"The path {name!r} in the file leads out of it, or is no plain path: the file was refused.")
    return parts


class Archive:
    """An open `.keras` file; its members have been checked."""

    def __init__(self, source, what: str):
        self.what = what
        self.path = source if isinstance(source, str) else None
        try:
            self.zip = zipfile.ZipFile(source)
            infos = self.zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, UnicodeError) as e:
            if isinstance(e, FileNotFoundError | PermissionError):
                raise
            raise ValueError(f"{what} is no `.keras` archive, or is damaged: {_look(source) or e}.") from None
        self.size = _size(source)
        self.budget = Budget(self.size, what)
        self.members: dict[str, zipfile.ZipInfo] = {}
        if len(infos) > _MAX_MEMBERS:
            raise ValueError(f"{what} was refused: it has {len(infos):,} members.")
        for info in infos:
            self._check(info)

    def _check(self, info: zipfile.ZipInfo) -> None:
        safe_parts(info.filename)
        if info.filename in self.members:
            raise ValueError(f"{self.what} was refused: the member {info.filename!r} stands in it twice.")
        mode = info.external_attr >> 16
        if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{self.what} was refused: the member {info.filename!r} is a link or a special file.")
        if info.flag_bits & 1:
            raise ValueError(f"{self.what} was refused: the member {info.filename!r} is encrypted.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{self.what} was refused: the member {info.filename!r} is compressed in an unusual way.")
        if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
            raise ValueError(f"{self.what} is damaged: the sizes of its member {info.filename!r} do not agree.")
        if info.compress_size > self.size:
            raise ValueError(f"{self.what} is cut off: its member {info.filename!r} is larger than the file.")
        self.budget.take(info.file_size, f"its member {info.filename!r}")
        self.members[info.filename] = info

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def read(self, name: str) -> bytes:
        """The bytes of a small member."""
        if name not in self.members:
            raise ValueError(
                f"{self.what} is a zip archive without {name!r}, so it is no `.keras` file. It has: "
                f"{', '.join(list(self.members)[:10]) or 'nothing'}."
            )
        with self._errors(name), self.zip.open(self.members[name]) as f:
            limit = self.members[name].file_size
            data = f.read(limit + 1)
            if len(data) > limit:
                raise ValueError(f"{self.what} was refused: its member {name!r} is longer than it says.")
            return data

    @contextlib.contextmanager
    def _errors(self, name: str):
        try:
            yield
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, zlib.error) as e:
            raise ValueError(f"{self.what} is damaged: its member {name!r} cannot be read ({e}).") from None

    @contextlib.contextmanager
    def open_seekable(self, name: str, checked_first: bool = True):
        """A seekable file of a large member: a view of the archive where it is stored plainly.

        Its checksum is compared beforehand; or else beside the reading, and the block ends with the error.
        """
        info = self.members[name]
        if self.path is not None and info.compress_type == zipfile.ZIP_STORED:
            with self._errors(name):
                start = self._start(info)
            with open(self.path, "rb") as f, open(self.path, "rb", buffering=0) as same, Checksum(
                same.fileno(), start, info.file_size, info.CRC
            ) as checksum:
                if checked_first or info.file_size < _SMALL:
                    self._compare(checksum, name)
                yield _Window(f, start, info.file_size)
                self._compare(checksum, name)
            return
        with tempfile.TemporaryFile() as out:
            with self._errors(name), self.zip.open(info) as f:
                left = info.file_size
                while chunk := f.read(min(1 << 20, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise ValueError(f"{self.what} was refused: its member {name!r} is longer than it says.")
                    out.write(chunk)
            out.seek(0)
            yield out

    def _compare(self, checksum: Checksum, name: str) -> None:
        if not checksum.agrees():
            raise ValueError(f"{self.what} is damaged: its member {name!r} does not have the checksum that it was written with.")

    def _start(self, info: zipfile.ZipInfo) -> int:
        with self.zip.open(info):  # checks the local header against the directory
            pass
        with open(self.path, "rb") as f:
            f.seek(info.header_offset + 26)
            lengths = f.read(4)
        if len(lengths) < 4:
            raise EOFError("the archive ends within a header")
        start = info.header_offset + 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
        if start + info.file_size > self.size:
            raise EOFError("the archive ends within it")
        return start

    def extract(self, prefix: str, folder: str) -> None:
        """Put the members under `prefix` into `folder`."""
        for name in self.members:
            if not name.startswith(prefix) or name.endswith("/"):
                continue
            target = os.path.join(folder, *safe_parts(name[len(prefix) :]))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "xb") as f:
                f.write(self.read(name))

    def close(self) -> None:
        self.zip.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def _size(source) -> int:
    if isinstance(source, str):
        return os.path.getsize(source)
    at = source.tell()
    size = source.seek(0, io.SEEK_END)
    source.seek(at)
    return size


def _look(source) -> str:
    if not isinstance(source, str):
        return ""
    with open(source, "rb") as f:
        head = f.read(16)
    return "" if head.startswith(b"PK") else describe_bytes(head, os.path.getsize(source))


class _Window(io.RawIOBase):
    """A part of an open file, as a file."""

    def __init__(self, file, start: int, size: int):
        self.file, self.start, self.size, self.at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        self.at = max(0, base + offset)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer) -> int:
        view = memoryview(buffer).cast("B")
        n = max(0, min(len(view), self.size - self.at))
        self.file.seek(self.start + self.at)
        n = self.file.readinto(view[:n])
        self.at += n
        return n


class _Inner(io.RawIOBase):
    """The end of an open file, from `start` on, as a file that can grow."""

    def __init__(self, file, start: int):
        self.file, self.start, self.at = file, start, 0

    def readable(self) -> bool:
        return True

    writable = seekable = readable

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            offset += self.file.seek(0, io.SEEK_END) - self.start
        self.at = max(0, offset + self.at if whence == io.SEEK_CUR else offset)
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer) -> int:
        self.file.seek(self.start + self.at)
        n = self.file.readinto(buffer)
        self.at += n
        return n

    def write(self, data) -> int:
        self.file.seek(self.start + self.at)
        n = self.file.write(data)
        self.at += n
        return n

    def truncate(self, size: int | None = None) -> int:
        size = self.at if size is None else size
        self.file.truncate(self.start + size)
        return size

    def flush(self) -> None:
        if not self.closed:
            self.file.flush()


class ArchiveWriter:
    """Writes the members of a `.keras` file."""

    def __init__(self, target):
        self.zip = zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, allowZip64=True)

    def add(self, name: str, data: bytes) -> None:
        self.zip.writestr(name, data)

    def add_file(self, name: str, path: str) -> None:
        info = zipfile.ZipInfo.from_file(path, name)
        info.compress_type = zipfile.ZIP_STORED
        with open(path, "rb") as source, self.zip.open(info, "w", force_zip64=True) as out:
            while chunk := source.read(8 << 20):
                out.write(chunk)

    @contextlib.contextmanager
    def writing(self, name: str):
        """A seekable file that is the member itself: what is written there is not copied once more."""
        info = zipfile.ZipInfo(name, time.localtime()[:6])
        info.compress_type = zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        info.CRC = info.file_size = info.compress_size = 0
        info.header_offset = self.zip.start_dir
        out = self.zip.fp
        out.seek(info.header_offset)
        out.write(info.FileHeader(zip64=True))
        start = out.tell()
        yield _Inner(out, start)
        info.file_size = info.compress_size = out.seek(0, io.SEEK_END) - start
        out.flush()
        with flushing(out.fileno()), Checksum(out.fileno(), start, info.file_size) as checksum:
            info.CRC = checksum.value()
        if info.CRC is None:
            raise OSError(f"What was written to the member {name!r} cannot be read back.")
        end = out.seek(0, io.SEEK_END)
        out.seek(info.header_offset)
        out.write(info.FileHeader(zip64=True))
        out.seek(end)
        self.zip.filelist.append(info)
        self.zip.NameToInfo[name] = info
        self.zip.start_dir, self.zip._didModify = end, True

    def add_folder(self, prefix: str, folder: str) -> None:
        for root, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                full = os.path.join(root, file)
                self.add_file(prefix + os.path.relpath(full, folder).replace(os.sep, "/"), full)

    def close(self) -> None:
        self.zip.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
