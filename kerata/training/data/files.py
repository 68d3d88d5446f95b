"""Data sets in files that are larger than memory: read in windows of many batches, one of them ahead, in a thread.

Files are quick where neighbours are read together. So a shuffled epoch visits blocks of neighbours in a new order, and
the rows of the blocks of a window in a new order among themselves. A file that fits in one window is shuffled entirely.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator

import numpy as np

from kerata.training.data.convert import FileRows, _standard

# Bytes of rows that are read together, and of those that are shuffled among themselves.
_BLOCK, _WINDOW = 64 << 10, 32 << 20
# Rows of which at least every so-manieth is wanted are read with those between them.
_DENSE = 4


class Plan:
    """How many rows blocks and windows of a file have; both are whole batches.

    Args:
        leaves: the arrays of a data set; only `FileRows` among them matter.
        batch_size: rows of a batch.
    """

    def __init__(self, leaves: list, batch_size: int):
        files = [x for x in leaves if isinstance(x, FileRows)]
        row = sum(max(1, x.dtype.itemsize * int(np.prod(x.shape[1:]))) for x in files)
        chunks = [x.dataset.chunks[0] for x in files if x.dataset.chunks]  # a compressed chunk is read as a whole
        least = max([_BLOCK // row, *chunks, 1])
        self.block = batch_size * max(1, round(least / batch_size))
        self.window = self.block * max(1, _WINDOW // (self.block * row))

    def shuffled(self, rng: np.random.Generator, count: int, dtype) -> np.ndarray:
        """A new order of `count` rows."""
        indices = np.arange(count, dtype=dtype)
        whole = count // self.block * self.block
        if count > self.window:
            blocks = indices[:whole].reshape(-1, self.block)
            indices = np.concatenate([blocks[rng.permutation(len(blocks))].ravel(), indices[whole:]])
        for start in range(0, count, self.window):
            rng.shuffle(indices[start : start + self.window])
        return indices


def rows(source: FileRows, index) -> np.ndarray:
    """The rows at a slice or at indices, with few reads where many of them are neighbours."""
    if isinstance(index, slice):
        return source.rows(index)
    index = np.asarray(index)
    wanted = np.sort(index)
    breaks = np.flatnonzero(np.diff(wanted) > _DENSE) + 1
    if len(breaks) * _DENSE > len(wanted):
        return source.rows(index)
    first, last = wanted[np.r_[0, breaks]], wanted[np.r_[breaks - 1, len(wanted) - 1]] + 1
    counts = last - first
    before = np.cumsum(counts) - counts  # where each run of neighbours begins in `found`
    found = np.empty((int(counts.sum()), *source.shape[1:]), source.dtype)
    for a, b, at in zip(first.tolist(), last.tolist(), before.tolist()):
        source.dataset.read_direct(found, np.s_[source.start + a : source.start + b], np.s_[at : at + b - a])
    run = np.searchsorted(first, index, side="right") - 1
    return _standard(np.take(found, index - first[run] + before[run], axis=0), "x")


def ahead(make: Callable, items: list) -> Iterator:
    """`make(item)` for each item; the next one is made in a thread meanwhile."""
    with concurrent.futures.ThreadPoolExecutor(1, "kerata-file") as pool:
        coming = pool.submit(make, items[0]) if items else None
        for following in [*items[1:], None]:
            found = coming.result()
            coming = None if following is None else pool.submit(make, following)
            yield found
