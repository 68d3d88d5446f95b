"""How much a file may make this process read and allocate, measured against the bytes that it really has."""

from __future__ import annotations

import contextlib
import json
import threading

_FLOOR = 64 << 20
_RATIO = 100
_TRANSIENT = 128 << 20
_STEPS = 30_000
_WORK = 5_000_000
_MAX_DEPTH = 400
_MAX_JSON = 256 << 20


class _Limits(threading.local):
    max_bytes: int | None = None


_limits = _Limits()


@contextlib.contextmanager
def file_limits(max_bytes: int):
    """Let files that are read inside expand, and make weights, up to `max_bytes` bytes in all.

    The usual limit is 64 MiB and 100 times what the file holds, whichever comes out larger in sum.
    """
    before, _limits.max_bytes = _limits.max_bytes, int(max_bytes)
    try:
        yield
    finally:
        _limits.max_bytes = before


class Budget:
    """Bytes that one file may still claim."""

    def __init__(self, stored: int, what: str):
        self.what, self.stored = what, stored
        self.limit = _limits.max_bytes if _limits.max_bytes is not None else _FLOOR + _RATIO * max(stored, 0)
        self.used = self.work = 0

    def take(self, size: int, of: str) -> None:
        """Note that `of` needs `size` bytes; ValueError when the sum is beyond the limit."""
        self.used += int(size)
        if size < 0 or self.used > self.limit:
            raise self._refusal(f"{of} claims {size:,} bytes, which makes {self.used:,} in all", self.limit)

    def check(self, size: int, of: str) -> None:
        """ValueError when `of`, which is only computed and not kept, is beyond all measure."""
        limit = max(self.limit, _TRANSIENT) if _limits.max_bytes is None else self.limit
        if size < 0 or size > limit:
            raise self._refusal(f"{of} claims {size:,} bytes", limit)

    def check_steps(self, count: int, of: str) -> None:
        """ValueError when `of` would loop beyond all measure."""
        if count > _STEPS and _limits.max_bytes is None:
            raise self._refusal(f"{of} claims {count:,} steps of time", _STEPS)

    def take_work(self, count: int, of: str) -> None:
        """Note `count` small steps of computing; ValueError when the sum takes seconds."""
        self.work += count
        if self.work > _WORK and _limits.max_bytes is None:
            raise self._refusal(f"{of} makes {self.work:,} steps of comparing texts", _WORK)

    def _refusal(self, what: str, limit: int) -> ValueError:
        return ValueError(
            f"{self.what} was refused: {what}, from a file of {self.stored:,} bytes; up to {limit:,} are believed. If the "
            "file is as it should be, read it inside `with kerata.saving.limits.file_limits(max_bytes=...):`."
        )


def parse_json(text: str | bytes, what: str):
    """JSON from a file: of bounded size and depth, without NaN tricks; ValueError if it is anything else."""
    if len(text) > _MAX_JSON:
        raise ValueError(f"{what} holds {len(text):,} bytes of JSON; up to {_MAX_JSON:,} are read.")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as e:
            raise ValueError(f"{what} is not UTF-8 text: {e}") from None
    _check_depth(text, what)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (json.JSONDecodeError, RecursionError) as e:
        raise ValueError(f"{what} is not valid JSON: {e}") from None
    except _Twice as e:
        raise ValueError(f"{what} was refused: the key {e.args[0]!r} stands twice in one place of its JSON.") from None


class _Twice(Exception):
    pass


def _once(pairs: list) -> dict:
    """A dictionary of pairs; other readers may take the first of two equal keys, where Python takes the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set = set()
        raise _Twice(next(k for k, _ in pairs if k in seen or seen.add(k)))
    return found


def _check_depth(text: str, what: str) -> None:
    depth, inside, escaped = 0, False, False
    if text.count("[") + text.count("{") <= _MAX_DEPTH:
        return
    for c in text:
        if inside:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                inside = False
        elif c == '"':
            inside = True
        elif c in "[{":
            depth += 1
            if depth > _MAX_DEPTH:
                raise ValueError(f"{what} nests deeper than {_MAX_DEPTH} levels, which no model does: it was refused.")
        elif c in "]}":
            depth -= 1
