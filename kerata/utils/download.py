"""Downloads that resume, are checked, and appear at their place whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import time
import urllib.error
import urllib.request

from kerata.utils import console

_CHUNK = 1 << 18
_TRIES = 4
_TIMEOUT = 30.0


class DownloadError(OSError):
    """A file that could not be had; the message says which, from where, and where to put it by hand."""


def download(url: str, path: str, check=None, name: str | None = None) -> str:
    """Fetch `url` into the file `path`.

    The bytes are gathered in `path.part`, which a later call continues (HTTP Range), and renamed at the end.

    Args:
        url: http, https, ftp or file address.
        path: the file to make; its folder is made too.
        check: function of the finished part file's path; what it raises refuses the file, which is then
            deleted.
        name: what the progress line calls it.
    """
    scheme = url.split(":", 1)[0].lower()
    if scheme not in ("http", "https", "ftp", "file"):
        raise ValueError(f"Cannot download {url!r}: wanted is an http, https, ftp or file address.")
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    part, began = path + ".part", time.time()
    with _locked(part):
        if os.path.exists(path) and os.path.getmtime(path) > began:
            return path  # another process has just made it
        try:
            _fetch(url, part, name or os.path.basename(path))
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            raise DownloadError(_help_text(url, path, part, error)) from error
        _sync(part)
        if check is not None:
            try:
                check(part)
            except Exception:
                _forget(part)
                raise
        os.replace(part, path)
        _forget(part)
    return path


def _help_text(url: str, path: str, part: str, error) -> str:
    is_status = isinstance(error, urllib.error.HTTPError)
    reason = str(error) if is_status else f"{type(error).__name__}: {getattr(error, 'reason', None) or error}"
    kept = os.path.getsize(part) if os.path.exists(part) else 0
    so_far = f" The {kept:,} bytes that came are kept, and the next try goes on from there." if kept else ""
    return (
        f"Could not download {url} ({reason}).{so_far} Without a connection, get "
        f"that file on another machine and put it here: {path}"
    )


def _fetch(url: str, part: str, name: str) -> None:
    """Fill the part file, going on after a lost connection as long as each try brings something."""
    failures = 0
    while True:
        before = _size(part)
        try:
            if _fetch_once(url, part, name):
                return
            error = http.client.IncompleteRead(b"")
        except urllib.error.HTTPError as e:
            if e.code == 416 and before:  # the part is no part of this file
                _forget(part)
                continue
            if e.code < 500 or failures + 1 >= _TRIES:
                raise
            error = e
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as e:
            error = e
        failures = 0 if _size(part) > before else failures + 1
        if failures >= _TRIES or (isinstance(getattr(error, "reason", None), OSError) and _size(part) == before == 0):
            raise error
        time.sleep(min(0.2 * 2**failures, 3.0))


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.exists(path) else 0


def _fetch_once(url: str, part: str, name: str) -> bool:
    """One request; whether the file is complete."""
    have, tag = _size(part), _read_tag(part)
    headers = {"User-Agent": "kerata", "Accept-Encoding": "identity"}
    if have and tag and url.lower().startswith("http"):
        headers |= {"Range": f"bytes={have}-", "If-Range": tag}
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as reply:
        resumed = getattr(reply, "status", 200) == 206 and _range_start(reply) == have
        if not resumed:
            have = 0
            _write_tag(part, reply.headers.get("ETag") or reply.headers.get("Last-Modified"))
        length = reply.headers.get("Content-Length")
        total = have + int(length) if length and length.isdigit() else None
        progress = _Progress(name, total, have)
        with _writing(part, total), open(part, "ab" if resumed else "wb") as out:
            while chunk := _read(reply):
                out.write(chunk)
                have += len(chunk)
                progress.show(have)
        progress.close(have)
    return total is None or have == total


class _NetError(Exception):
    """Carries what reading from the net raised past `_writing`."""


def _read(reply) -> bytes:
    try:
        return reply.read(_CHUNK)
    except Exception as error:
        raise _NetError from error


@contextlib.contextmanager
def _writing(part: str, total: int | None):
    """Errors of the disk name the file and say what to do; those of the net stay what they are."""
    try:
        yield
    except _NetError as error:
        raise error.__cause__ from None
    except OSError as error:
        need = f" ({total:,} bytes are needed)" if total and error.errno == errno.ENOSPC else ""
        raise DownloadError(
            f"Could not write {part}: {error.strerror or error}{need}. Make room there, or set KERAS_HOME to a folder on "
            "another disk, and try again; what came is kept."
        ) from error


def _range_start(reply) -> int:
    text = reply.headers.get("Content-Range", "").removeprefix("bytes ").split("-")[0]
    return int(text) if text.isdigit() else -1


def _read_tag(part: str) -> str | None:
    try:
        with open(part + ".tag", encoding="latin-1") as f:
            return f.read().strip() or None
    except OSError:
        return None


def _write_tag(part: str, tag: str | None) -> None:
    """Remember the version of the file that the part belongs to: it is continued only from the same version."""
    if tag and not tag.startswith("W/"):
        with open(part + ".tag", "w", encoding="latin-1") as f:
            f.write(tag.replace("\n", ""))
    elif os.path.exists(part + ".tag"):
        os.remove(part + ".tag")


def _forget(part: str) -> None:
    for path in (part, part + ".tag"):
        if os.path.exists(path):
            os.remove(path)


def _sync(path: str) -> None:
    with open(path, "rb+") as f:
        os.fsync(f.fileno())


@contextlib.contextmanager
def _locked(part: str):
    """One download of a file at a time, where the system has file locks."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    path = part + ".lock"
    while True:
        lock = open(path, "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), os.stat(path)):
                break
        lock.close()  # the last holder has removed this lock file; take the new one
    try:
        yield
    finally:
        os.remove(path)
        lock.close()


class _Progress:
    """Bytes that came: a live line in a terminal, a line in some seconds elsewhere."""

    def __init__(self, name: str, total: int | None, have: int):
        self.name, self.total, self.first = name, total, have
        self.live = console.stream_kind() != "log"
        self.start = self.last = time.time()

    def show(self, have: int) -> None:
        now = time.time()
        if now - self.last >= (0.1 if self.live else console.LOG_INTERVAL):
            self.last = now
            self._print(have, now)

    def close(self, have: int) -> None:
        self._print(have, time.time(), end=True)

    def _print(self, have: int, now: float, end: bool = False) -> None:
        speed = (have - self.first) / max(now - self.start, 1e-3) / 1e6
        of = f" of {self.total / 1e6:.1f}" if self.total else ""
        text = f"Downloading {self.name}: {have / 1e6:.1f}{of} MB ({speed:.1f} MB/s)"
        if self.live:
            console.print_msg(f"\r{text}   ", line_break=end)
        else:
            console.print_msg(text)
