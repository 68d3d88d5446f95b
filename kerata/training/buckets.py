"""`predict` on batches of many sizes, with a bounded number of compiled programs.

A compiler that wants fixed shapes makes a program for every batch size. The first sizes get their own; from then on a
batch is filled up to the next power of two with rows that it has, and the rows too many are cut off. That is right only
where a row's output depends on that row alone, so it is tried first: the same batch with two different fillings, beside
the exact program.
"""

from __future__ import annotations

import numpy as np

from kerata.core import tree

_EXACT = 8  # batch sizes that get a program of their own


class Buckets:
    """A compiled predict step, as a function of a batch on the host."""

    def __init__(self, step, b):
        self._step, self._backend = step, b
        self._exact: set[int] = set()
        self._independent: bool | None = None  # whether each row's output depends on that row alone; None: not tried

    def __call__(self, batch):
        size = _rows(batch)
        if size is None or self._independent is False or size in self._exact or size == _bucket(size):
            return self._step(batch)
        if len(self._exact) < _EXACT:
            self._exact.add(size)
            return self._step(batch)
        if self._independent is None:
            exact = self._step(batch)
            self._independent = self._try(batch, size, exact)
            return exact
        return self._cut(self._step(_filled(batch, size, 0)), size)

    def _cut(self, out, size: int):
        return tree.map_structure(lambda a: a[:size], out)

    def _try(self, batch, size: int, exact) -> bool:
        """Whether fillings change nothing: in outputs with a row for each input's row, from a program that assigns nothing."""
        if self._step.assigns or _rows(exact) != size:
            return False
        want = [self._backend.to_numpy(a) for a in tree.flatten(exact)]
        for first in (0, size - 1):
            try:
                out = self._step(_filled(batch, size, first))
            except Exception:  # a model that takes one size only, say: then no other sizes are tried on it
                return False
            got = tree.flatten(self._cut(out, size)) if _rows(out) == _bucket(size) else []
            if len(got) != len(want) or not all(_close(self._backend.to_numpy(g), w) for g, w in zip(got, want)):
                return False
        return True


def _close(a, b) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)


def _bucket(size: int) -> int:
    return 1 << (size - 1).bit_length()


def _rows(data) -> int | None:
    """The common length of the first axes; None where there is none."""
    lengths = {a.shape[0] if getattr(a, "shape", ()) else None for a in tree.flatten(data) if a is not None}
    return lengths.pop() if len(lengths) == 1 else None


def _filled(batch, size: int, first: int):
    """The batch with rows of its own behind it: number `first` and those that follow, round and round."""
    index = np.arange(_bucket(size))
    index[size:] = (index[size:] + first) % size
    return tree.map_structure(lambda a: np.asarray(a)[index], batch, none_is_leaf=False)
