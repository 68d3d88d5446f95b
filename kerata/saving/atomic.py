"""Writing files so that a crash, a full disk or a kill leaves the old file or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import threading


def check_writable(path: str) -> None:
    """An error that says what to do, where a file cannot be put."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            f"{path!r} cannot be written: the folder {folder!r} does not exist. Make it first "
            f"(os.makedirs({folder!r}, exist_ok=True))."
        )
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path!r} cannot be written: it is a folder. Give a file name.")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{path!r} cannot be written: there is no permission to write in the folder {folder!r}.")


@contextlib.contextmanager
def replacing(path: str):
    """Give the path of a temporary file in the same folder; it becomes `path` if the block ends well."""
    path = os.path.realpath(path)
    check_writable(path)
    folder, name = os.path.split(path)
    with naming(path):
        handle, temporary = tempfile.mkstemp(prefix=f".{name[:80]}.", suffix=".tmp", dir=folder)
        os.close(handle)
        try:
            yield temporary
            _give_usual_mode(temporary, path)
            with open(temporary, "rb+") as f:
                os.fsync(f.fileno())
            os.replace(temporary, path)
            sync_folder(folder)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


@contextlib.contextmanager
def naming(path: str):
    """Errors of the system (a full disk, ...) say which file was to be written, and that nothing was changed."""
    try:
        yield
    except Exception as error:
        number = _error_number(error)
        if number not in _OF_THE_DISK:
            raise
        before = "the file that is there is still whole" if os.path.exists(path) else "nothing of it was left"
        raise OSError(
            number,
            f"{path!r} cannot be written: {os.strerror(number)}; {before}. Make room on that disk, or write elsewhere.",
        ) from error


_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


def _error_number(error: Exception) -> int | None:
    """The system's number of an error; HDF5 and safetensors give it in their texts."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = re.search(r"(?:errno = |os error )(\d+)", str(error))
    return int(found[1]) if found else None


def write_bytes(path: str, data: bytes) -> None:
    """Write a whole file, atomically."""
    with replacing(path) as temporary, open(temporary, "wb") as f:
        f.write(data)


def _give_usual_mode(temporary: str, path: str) -> None:
    """The mode of the file that is replaced, or what the process's umask gives (mkstemp's is 0600)."""
    try:
        mode = os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        mode = 0o666 & ~umask
    os.chmod(temporary, mode)


@contextlib.contextmanager
def flushing(handle: int):
    """Let what was written to an open file go to the disk while the block does something else."""
    thread = threading.Thread(target=_try_to_flush, args=(handle,))
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _try_to_flush(handle: int) -> None:
    with contextlib.suppress(OSError):  # the flush at the end says what is wrong
        os.fsync(handle)


def sync_folder(folder: str) -> None:
    """Make a rename last through a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder or ".", os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as e:  # some network file systems refuse to sync folders
        if e.errno not in (22, 95):
            raise
    finally:
        os.close(handle)
