"""Reading batches that users' generators and data sets yield."""

from __future__ import annotations

import numpy as np

from kerata.core import config, tree
from kerata.training.data.convert import Lazy, as_arrays
from kerata.training.data.packing import Inputs


def _floatx() -> list:
    name = config.floatx()
    return [] if name == "bfloat16" else [np.dtype(name)]


class BatchReader:
    """Turns what a data set yields into `(x,)`, `(x, y)` or `(x, y, sample_weight)` of arrays, and checks it.

    `packs`: inputs alone count as `(x,)` even if they were yielded without the tuple; a dictionary stays as it is.
    """

    def __init__(self, what: str, packs: bool = False):
        self.what, self.packs = what, packs
        self.count = 0
        self._fine = frozenset((*(np.dtype(c) for c in "?bBhHiIlLqQ"), *_floatx()))  # need no conversion
        self.layout = None  # number of parts and of arrays in each, from the first batch

    def read(self, raw) -> tuple:
        """One batch; ValueError when it differs from the first in structure, or its parts in length."""
        packed = self.packs and not isinstance(raw, dict)
        if isinstance(raw, tuple | list):
            raw, packed = tuple(raw), True
        else:
            raw = (raw,)
        if not 1 <= len(raw) <= 3:
            raise ValueError(
                f"{self.what} yielded a tuple of {len(raw)} items in batch {self.count}; a batch is `x`, "
                "`(x,)`, `(x, y)` or `(x, y, sample_weight)`. Put several inputs into one tuple or dict: "
                "`((x1, x2), y)`."
            )
        batch = tuple([self._part(p, n) for p, n in zip(raw, ("x", "y", "sample_weight"))])
        while len(batch) > 1 and batch[-1] is None:
            batch = batch[:-1]
        self._check(batch)
        self.count += 1
        return Inputs(*batch) if packed and len(batch) == 1 else batch

    def _part(self, part, name: str):
        if type(part) is np.ndarray and part.dtype in self._fine:  # the usual case, kept short
            return part
        part = as_arrays(part, f"{self.what}: batch {self.count}: {name}")
        return tree.map_structure(_dense, part) if tree.is_nested(part) else _dense(part)

    def _check(self, batch: tuple) -> None:
        leaves = [[part] if hasattr(part, "shape") else tree.flatten(part) for part in batch]
        layout = tuple([len(part) for part in leaves])
        if self.layout is None:
            self.layout = layout
        elif layout != self.layout:
            raise ValueError(
                f"{self.what} yielded {_describe(batch)} in batch {self.count}, but {self._expected()} "
                "before. Every batch must have the structure of the first."
            )
        sizes = {leaf.shape[0] for part in leaves for leaf in part if leaf is not None and len(leaf.shape)}
        if len(sizes) > 1 and layout[0] == 1:  # several inputs may be a graph: its nodes, its edges
            raise ValueError(
                f"{self.what}: the arrays of batch {self.count} differ in the number of samples: {_sizes(batch)}."
            )

    def _expected(self) -> str:
        names = ("x", "y", "sample_weight")
        return "(" + ", ".join(n if k == 1 else f"{n} of {k} arrays" for n, k in zip(names, self.layout)) + ")"


def _dense(leaf):
    return leaf.rows(slice(None)) if isinstance(leaf, Lazy) else leaf


def _describe(batch: tuple) -> str:
    names = ("x", "y", "sample_weight")
    counts = [len(tree.flatten(part)) for part in batch]
    return "(" + ", ".join(n if k == 1 else f"{n} of {k} arrays" for n, k in zip(names, counts)) + ")"


def _sizes(batch: tuple) -> str:
    shapes = []
    for name, part in zip(("x", "y", "sample_weight"), batch):
        shapes += [f"{name} has shape {tuple(a.shape)}" for a in tree.flatten(part) if a is not None]
    return ", ".join(shapes)
