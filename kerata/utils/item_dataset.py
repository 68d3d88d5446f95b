"""Data sets of items that are made when they are asked for, and their forms for other libraries."""

from __future__ import annotations

import importlib
import itertools
import os
from collections.abc import Callable, Iterator

import numpy as np

from kerata import backend
from kerata.core import tree
from kerata.core.errors import missing_package
from kerata.training.data.prefetch import Prefetcher
from kerata.training.data.pydataset import PyDataset
from kerata.utils.seeds import new_seed, philox

FORMATS = ("tf", "grain", "numpy")
# Threads that read files: more than there are processors only wait for each other, and Python's lock lets few run at once.
LOADERS = min(4, os.cpu_count() or 1)


class ItemDataset(PyDataset):
    """Batches of items that are loaded by their numbers, in a new order each epoch if wanted.

    Args:
        count: number of items.
        load: function of an array of item numbers: the batch, an array or a tuple of arrays.
        batch_size: items of a batch; None for single items.
        shuffle: whether each epoch has an order of its own.
        seed: of the orders.
        workers: threads that load batches ahead.
    """

    def __init__(self, count: int, load: Callable, batch_size: int | None, shuffle: bool = False, seed=None,
                 workers: int = 1):  # fmt: skip
        super().__init__(workers=workers)
        self.count, self.load, self.batch_size, self.shuffle = count, load, batch_size, shuffle
        self._seed = (new_seed() if seed is None else (int(seed), 0)) if shuffle else (0, 0)
        self._epoch = 0
        self._new_order()

    def _new_order(self) -> None:
        self._order = self.order(self._epoch)

    def order(self, epoch: int) -> np.ndarray:
        """The items' numbers in the order of an epoch."""
        return philox(*self._seed, epoch).permutation(self.count) if self.shuffle else np.arange(self.count)

    def __len__(self) -> int:
        return -(-self.count // (self.batch_size or 1))

    def __getitem__(self, index: int):
        if not 0 <= index < len(self):
            raise IndexError(f"Batch {index} was asked for; there are {len(self)}.")
        size = self.batch_size or 1
        batch = self.load(self._order[index * size : (index + 1) * size])
        return batch if self.batch_size else tree.map_structure(lambda a: a[0], batch)

    def __iter__(self) -> Iterator:
        """One epoch; the next has a new order."""
        if self.workers > 1:
            prefetcher = Prefetcher(self, self.workers, False, 2 * self.workers)
            try:
                yield from prefetcher.items(range(len(self)))
            finally:
                prefetcher.close()
        else:
            yield from (self[i] for i in range(len(self)))
        self.on_epoch_end()

    def on_epoch_end(self) -> None:
        self._epoch += 1
        if self.shuffle:
            self._new_order()

    def map(self, function: Callable) -> ItemDataset:
        """The data set with `function` applied to each batch (its parts as arguments)."""

        def load(numbers, before=self.load):
            batch = before(numbers)
            return function(*batch) if isinstance(batch, tuple) else function(batch)

        return self._with(load=load)

    def take(self, count: int) -> ItemDataset:
        """Only the first `count` batches, unshuffled among the rest."""
        return self._part(0, count)

    def skip(self, count: int) -> ItemDataset:
        """All but the first `count` batches."""
        return self._part(count, len(self))

    def _part(self, start: int, stop: int) -> ItemDataset:
        size = self.batch_size or 1
        kept = self._order[start * size : stop * size].copy()
        return self._with(count=len(kept), load=lambda numbers: self.load(kept[numbers]))

    def _with(self, **changes) -> ItemDataset:
        given = dict(count=self.count, load=self.load, batch_size=self.batch_size, shuffle=self.shuffle,
                     workers=self.workers, seed=self._seed[0] if self.shuffle else None)  # fmt: skip
        out = ItemDataset(**{**given, **changes})
        for name in ("class_names", "file_paths"):
            if name in self.__dict__:
                setattr(out, name, self.__dict__[name])
        return out


def as_format(dataset: ItemDataset, kind: str, batch_shapes, dtypes, read_with_tf: Callable | None = None):
    """The data set as "tf" (where TensorFlow is installed), "grain" or "numpy".

    Args:
        dataset: the batches.
        kind: the form.
        batch_shapes: the structure of the shapes of a batch, None where they vary.
        dtypes: the structure of dtype names.
        read_with_tf: function without arguments that gives a function of an item's number, a tensor, to the item as
            tensors, where TensorFlow's own kernels can read it.
    """
    if kind == "tf":
        return _as_tf(dataset, batch_shapes, dtypes, read_with_tf)
    return _as_grain(dataset) if kind == "grain" else dataset


def check_format(kind: str) -> None:
    """ValueError for an unknown form, before any work is done."""
    if kind not in FORMATS:
        raise ValueError(f"`format` is 'tf' (tf.data), 'grain' or 'numpy' (batches of NumPy arrays); got {kind!r}.")


def _as_tf(dataset: ItemDataset, batch_shapes, dtypes, read_with_tf):
    if "tensorflow" not in backend.installed():
        return dataset  # it can be given to fit() as well
    data = importlib.import_module("kerata.backend.tensorflow.data")
    if read_with_tf is None:
        out = data.from_batches(dataset, batch_shapes, dtypes)
    else:
        out = data.from_numbers(dataset.order, dataset.count, dataset.batch_size, read_with_tf())
    out._items = dataset  # what fit() reads: its threads need no copies through TensorFlow
    for name in ("class_names", "file_paths"):
        if name in dataset.__dict__:
            setattr(out, name, dataset.__dict__[name])
    return out


def _as_grain(dataset: ItemDataset):
    try:
        import grain
    except ImportError:
        raise missing_package("grain", "A data set of the format 'grain'") from None
    out = grain.MapDataset.source(dataset)
    for name in ("class_names", "file_paths"):
        if name in dataset.__dict__:
            setattr(out, name, dataset.__dict__[name])
    return out


def first_batches(dataset, count: int) -> list:
    """The first batches of any of the forms, for looking at."""
    return list(itertools.islice(iter(dataset), count))
