"""The places in an HDF5 file where its library follows what a file says without end: checked before it looks there.

Texts of variable length lie in "global heaps", lists of objects each of which says how long it is. A heap with an
object of no length keeps the library busy for ever.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_UNDEFINED = 2**64 - 1
_MAX_BLOCKS = 10_000
_ATTRIBUTE, _CONTINUATION, _ATTRIBUTE_INFO = 0x0C, 0x10, 0x15
_VARIABLE_LENGTH = 9
_HEAP = b"GCOL\x01\x00\x00\x00"


class _Unusual(Exception):
    """A way of storing attributes that is rare, in which texts of variable length are not read."""


class Heaps:
    """Checks the heaps of one file.

    Args:
        read: `read(at, count)` gives bytes of the file.
        size: of the file.
        refuse: makes an error of a reason.
    """

    def __init__(self, read: Callable[[int, int], bytes], size: int, refuse: Callable[[str], Exception]):
        self.read, self.size, self.refuse = read, size, refuse
        self.known: set[int] = set()
        self.plain = self._plain_addresses()

    def _plain_addresses(self) -> bool:
        head = self.read(0, 32)
        if len(head) < 32:
            return False
        if head[8] in (0, 1):
            base = head[24:32] if head[8] == 0 else self.read(28, 8)
            return head[13:15] == b"\x08\x08" and base == bytes(8)
        return head[8] in (2, 3) and head[9:11] == b"\x08\x08" and head[12:20] == bytes(8)

    def of_object(self, address: int) -> bool:
        """Check the texts of the object with its header at `address`: whether they lie in the usual places."""
        try:
            if not self.plain:
                raise _Unusual
            places = self._places(address)
        except (_Unusual, struct.error, IndexError):
            return False
        for place in places:
            self.check(place)
        return True

    def of_values(self, at: int, size: int) -> None:
        """Check the texts that an array refers to, which is stored in one piece."""
        for place in self._texts(self.read(at, size)):
            self.check(place)

    def _texts(self, values: bytes) -> list[int]:
        """Where texts of variable length lie: for each, its length, the address of its heap, a number in there."""
        places = []
        for i in range(0, len(values) - 15, 16):
            if int.from_bytes(values[i : i + 4], "little") > self.size:  # the library would allocate it
                raise self.refuse("has a text that is longer than the file")
            places.append(int.from_bytes(values[i + 4 : i + 12], "little"))
        return places

    def check(self, address: int) -> None:
        """Follow the objects of a heap to its end."""
        if address in self.known or not 0 < address < self.size:
            return
        self.known.add(address)
        head = self.read(address, 16)
        if head[:8] != _HEAP or len(head) < 16:
            return  # the library says that it is none
        size = int.from_bytes(head[8:], "little")
        if size > self.size - address:
            raise self.refuse("has a heap of texts that is longer than the file")
        at, data = 16, self.read(address, size)
        while at + 16 <= size:
            index, length = int.from_bytes(data[at : at + 2], "little"), int.from_bytes(data[at + 8 : at + 16], "little")
            step = length if index == 0 else 16 + (length + 7) // 8 * 8
            if step < 16 or step > size - at:
                raise self.refuse("has a damaged heap of texts")
            at += step

    # -- object headers ----------------------------------------------------------------------------------------
    def _places(self, address: int) -> list[int]:
        places: list[int] = []
        for kind, flags, data in self._messages(address):
            if kind == _ATTRIBUTE_INFO:
                at = 2 + 2 * (data[1] & 1)
                if int.from_bytes(data[at : at + 8], "little") != _UNDEFINED:
                    raise _Unusual  # in a B-tree of their own
            elif kind == _ATTRIBUTE:
                if flags & 2:
                    raise _Unusual  # shared
                places += self._of_attribute(data)
        return places

    def _of_attribute(self, data: bytes) -> list[int]:
        version, flags, name, kind, space = struct.unpack_from("<BBHHH", data)
        at = 8 + (version == 3)
        if version not in (1, 2, 3) or (version > 1 and flags & 3):
            raise _Unusual
        name, kind, space = [(n + 7) // 8 * 8 if version == 1 else n for n in (name, kind, space)]
        found = data[at + name] & 15
        if found != _VARIABLE_LENGTH:
            if found in (6, 10):  # made of others
                raise _Unusual
            return []
        return self._texts(data[at + name + kind + space :])

    def _messages(self, address: int):
        """`(kind, flags, data)` of each message of an object's header, as both versions store them."""
        head = self.read(address, 16)
        if head[:4] == b"OHDR":
            yield from self._new_messages(address)
            return
        if head[0] != 1:
            raise _Unusual
        blocks = [(address + 16, int.from_bytes(head[8:12], "little"))]
        for number in range(_MAX_BLOCKS):
            if number >= len(blocks):
                return
            at, length = blocks[number]
            block, at = self._block(at, length), 0
            while at + 8 <= len(block):
                kind, size, flags = struct.unpack_from("<HHB", block, at)
                data = block[at + 8 : at + 8 + size]
                at += 8 + size
                if kind == _CONTINUATION:
                    blocks.append(struct.unpack_from("<QQ", data))
                else:
                    yield kind, flags, data
        raise _Unusual

    def _new_messages(self, address: int):
        flags = self.read(address, 6)[5]
        at = address + 6 + 16 * bool(flags & 0x20) + 4 * bool(flags & 0x10)
        width = 1 << (flags & 3)
        blocks = [(at + width, int.from_bytes(self.read(at, width), "little"))]
        extra = 2 * bool(flags & 4)
        for number in range(_MAX_BLOCKS):
            if number >= len(blocks):
                return
            at, length = blocks[number]
            block, at = self._block(at, length), 0
            while at + 4 + extra <= len(block):
                kind, size, how = struct.unpack_from("<BHB", block, at)
                data = block[at + 4 + extra : at + 4 + extra + size]
                at += 4 + extra + size
                if kind == _CONTINUATION:
                    where, length = struct.unpack_from("<QQ", data)
                    blocks.append((where + 4, length - 8))  # between its signature and its checksum
                else:
                    yield kind, how, data
        raise _Unusual

    def _block(self, at: int, length: int) -> bytes:
        if not 0 <= length <= self.size - at:
            raise _Unusual
        return self.read(at, length)
