"""Host memory for batches on their way to a device: aligned, so that it can be shared, and used again.

A batch in new memory costs a page fault for every 4 KiB, which on CPU can take longer than copying it; and JAX shares
memory with NumPy only where it starts at a multiple of 64 bytes, which NumPy's own does not. Blocks that go back to
the pool have neither cost.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref

import numpy as np

# Smaller arrays come from NumPy: the C library keeps their memory itself.
_SMALL = 128 << 10
# Bytes of unused blocks that are kept for later.
_KEPT = 128 << 20


# A forked process gets a copy of its own.
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


class _Block(mmap.mmap):
    """Memory of whole pages, cleared by the system when it is first touched."""


class _Pool:
    def __init__(self):
        self._unused: list[_Block] = []
        self._lock = threading.RLock()  # arrays die at any time, in this class too

    def take(self, size: int) -> _Block:
        """A block of at least `size` bytes; of those kept, one that is not much larger."""
        with self._lock:
            for block in self._unused[::-1]:
                if size <= len(block) <= 2 * size:
                    self._unused.remove(block)
                    return block
        return _Block(-1, size, **_PRIVATE)

    def give(self, block: _Block) -> None:
        with self._lock:
            self._unused.append(block)
            while sum(map(len, self._unused)) > _KEPT:
                self._unused.pop(0)


_pool = _Pool()
if hasattr(os, "register_at_fork"):  # the lock could be held by a thread that the child does not have
    os.register_at_fork(after_in_child=_pool.__init__)


def empty(shape: tuple, dtype) -> np.ndarray:
    """An array of any content. Its memory is used again when the array, its views and what shares it are gone."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    if count * dtype.itemsize < _SMALL or dtype.hasobject:
        return np.empty(shape, dtype)
    block = _pool.take(count * dtype.itemsize)
    # Every view of `owner` refers to `owner` itself (NumPy keeps the last array that is based on no other array).
    owner = np.frombuffer(block, np.uint8)
    weakref.finalize(owner, _pool.give, block).atexit = False
    return owner[: count * dtype.itemsize].view(dtype).reshape(shape)


def is_staged(array: np.ndarray) -> bool:
    """Whether the memory comes from here, so that nobody else writes to it."""
    return isinstance(getattr(getattr(array.base, "base", None), "obj", None), _Block)


def staged(array: np.ndarray, dtype=None) -> np.ndarray:
    """The array in memory from here: a copy, unless it is there already."""
    dtype = array.dtype if dtype is None else np.dtype(dtype)
    if array.size * dtype.itemsize < _SMALL:
        return np.array(array, dtype)
    if is_staged(array) and array.dtype == dtype:
        return array
    out = empty(array.shape, dtype)
    np.copyto(out, array, casting="unsafe")
    return out


def take(array: np.ndarray, index: np.ndarray) -> np.ndarray:
    """The rows of the array at the indices, which are known to be in range."""
    out = empty((len(index), *array.shape[1:]), array.dtype)
    return np.take(array, index, axis=0, out=out, mode="clip")
