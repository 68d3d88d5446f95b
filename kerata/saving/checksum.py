"""The CRC-32 of a large part of a file, computed by several threads beside other work."""

from __future__ import annotations

import os
import threading
import zlib

_BLOCK = 1 << 20
_PART = 16 << 20
_POLYNOMIAL = 0xEDB88320  # of CRC-32, the highest power in the lowest bit


class Checksum:
    """Starts to compute the checksum of `size` bytes from `start` on of an open file.

    Args:
        handle: the file's descriptor; its position is left alone.
        start: where the part begins.
        size: its length.
        wanted: the checksum that it should have, for `agrees`.
    """

    def __init__(self, handle: int, start: int, size: int, wanted: int | None = None):
        self.handle, self.wanted, self.stopped = handle, wanted, False
        count = max(1, min(size // _PART, os.cpu_count() or 1, 8))
        step = -(-size // count)
        self.parts = [[start + at, min(step, size - at), None] for at in range(0, max(size, 1), max(step, 1))]
        self.threads = [threading.Thread(target=self._run, args=(p,), daemon=True) for p in self.parts]
        for thread in self.threads:
            thread.start()

    def _run(self, part: list) -> None:
        at, left, _ = part
        value, buffer = 0, memoryview(bytearray(min(_BLOCK, left)))
        try:
            while left and not self.stopped and (n := _read_at(self.handle, buffer[: min(len(buffer), left)], at)):
                value = zlib.crc32(buffer[:n], value)
                at, left = at + n, left - n
        except OSError:
            return
        part[2] = None if left else value

    def value(self) -> int | None:
        """The checksum; None if the file could not be read to the end."""
        for thread in self.threads:
            thread.join()
        total = 0
        for _, size, value in self.parts:
            if value is None:
                return None
            total = combined(total, value, size)
        return total

    def agrees(self) -> bool:
        """Whether it is the one that is wanted."""
        return self.value() == self.wanted

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stopped = True
        for thread in self.threads:
            thread.join()


_turn = threading.Lock()


def _read_at(handle: int, buffer, at: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(handle, [buffer], at)
    with _turn:  # Windows: nobody else uses the descriptor
        os.lseek(handle, at, os.SEEK_SET)
        data = os.read(handle, len(buffer))
    buffer[: len(data)] = data
    return len(data)


def combined(first: int, second: int, size: int) -> int:
    """The checksum of two blocks one after the other, of which the second has `size` bytes.

    A checksum is a polynomial over the field of two elements, modulo that of CRC-32; bytes that follow multiply it
    by a power of x.
    """
    return _product(_power(8 * size), first) ^ second


def _product(a: int, b: int) -> int:
    out = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            out ^= b
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return out


def _power(n: int) -> int:
    """x to the power of n; 1 is the highest bit, x the next."""
    out, square = 1 << 31, 1 << 30
    while n:
        if n & 1:
            out = _product(out, square)
        square = _product(square, square)
        n >>= 1
    return out
