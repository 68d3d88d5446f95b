"""Whole data sets in memory, and the order in which an epoch visits them."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Iterator

import numpy as np

from kerata import backend
from kerata.core import staging, tree
from kerata.core.dtypes import is_text
from kerata.training.data import files
from kerata.training.data.class_weight import weigh
from kerata.training.data.convert import FileRows, Lazy, as_arrays
from kerata.training.data.packing import as_batch
from kerata.training.data.source import Source
from kerata.utils.seeds import new_seed, philox


class ArraySource(Source):
    """Batches cut from arrays.

    Args:
        x, y, sample_weight: arrays, or nested lists, tuples and dicts of arrays with equal first dimensions.
        batch_size: samples of a batch; by default so many that `steps` of them are all the data, or 32.
        steps: batches of an epoch; with fewer than the data have, each epoch goes on where the last one
            stopped, and the one that comes to the end of the data may be shorter.
        shuffle: True: a new order of samples each epoch (of large HDF5 datasets: of blocks, see `files`); "batch": the order of whole batches changes, and
            rows stay beside their neighbours; False: as given.
        class_weight: {class: weight}, turned into sample weights.
        seed: integer that fixes the orders; by default they follow from `kerata.utils.set_random_seed`.

    `data` is the tuple `(x,)`, `(x, y)` or `(x, y, sample_weight)` of whole arrays, `order(epoch)` the
    indices that the epoch visits, `batch_size` at a time.
    """

    def __init__(self, x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False, class_weight=None,
                 seed=None):  # fmt: skip
        x, y, sample_weight = standardise(x, y, sample_weight)
        self.num_samples = count_samples(x, y, sample_weight)
        if class_weight is not None:
            sample_weight = weigh(y, sample_weight, class_weight)
        if shuffle not in (True, False, None, "batch"):
            raise ValueError(f"`shuffle` must be True, False or 'batch'; got {shuffle!r}.")
        shuffle = shuffle if isinstance(shuffle, str) else bool(shuffle)
        self.data = as_batch(x, y, sample_weight)
        self.steps = check_count("the number of steps", steps)
        self.batch_size = check_count("batch_size", batch_size) or self._usual_batch_size()
        self.shuffle = shuffle
        self._pass_batches = math.ceil(self.num_samples / self.batch_size)
        self._wraps = self.steps is not None and self.steps < self._pass_batches
        self.num_batches = self.steps if self._wraps else self._pass_batches
        if self.steps is not None and self.steps > self._pass_batches:
            warnings.warn(
                f"{self.steps} steps an epoch were asked for, but {self.num_samples} samples in batches of "
                f"{self.batch_size} are only {self._pass_batches}: each epoch has {self._pass_batches} "
                "steps.",
                stacklevel=3,
            )
        if self._wraps and self._pass_batches % self.steps:
            warnings.warn(
                f"The {self._pass_batches} batches of the data are not a multiple of {self.steps} steps: the epoch that comes to "
                f"the end of the data has only {self._pass_batches % self.steps} of them.",
                stacklevel=3,
            )
        self._seed = (int(seed), 0) if seed is not None else (new_seed() if shuffle else (0, 0))
        self._leaves, self._structure = tree.flatten_with_structure(self.data)
        self._flat = len(self._leaves) == len(self.data) and all(map(operator.is_, self.data, self._leaves))
        self.has_arrays = not any(_stays_on_host(leaf) for leaf in self._leaves)
        self._file = files.Plan(self._leaves, self.batch_size) if any(isinstance(x, FileRows) for x in self._leaves) else None
        self._straight: np.ndarray | None = None
        self._cached: tuple[int, np.ndarray] | None = None

    def _usual_batch_size(self) -> int:
        return math.ceil(self.num_samples / self.steps) if self.steps else 32

    # ---- order

    @property
    def ordered(self) -> bool:
        """Whether an epoch visits anything but rows 0, 1, 2, ...: shuffled, or begun where the last one stopped."""
        return self.shuffle is not False or self._wraps

    def order(self, epoch: int = 0) -> np.ndarray:
        """The indices of the samples in the order in which epoch number `epoch` visits them."""
        if not self._wraps:
            return self._pass_order(epoch)
        number, part = divmod(epoch, math.ceil(self._pass_batches / self.steps))
        count = self.steps * self.batch_size
        return self._pass_order(number)[part * count : (part + 1) * count]

    def _pass_order(self, number: int) -> np.ndarray:
        if self.shuffle is False:
            if self._straight is None:
                self._straight = np.arange(self.num_samples, dtype=self._index_dtype)
            return self._straight
        if self._cached is None or self._cached[0] != number:
            self._cached = (number, self._shuffled(philox(*self._seed, number)))
        return self._cached[1]

    @property
    def _index_dtype(self):
        return np.int32 if self.num_samples < 2**31 else np.int64

    def _shuffled(self, rng: np.random.Generator) -> np.ndarray:
        if self.shuffle is True and self._file is not None:
            return self._file.shuffled(rng, self.num_samples, self._index_dtype)
        indices = np.arange(self.num_samples, dtype=self._index_dtype)
        if self.shuffle is True:
            rng.shuffle(indices)
            return indices
        whole = self.num_samples // self.batch_size * self.batch_size
        blocks = indices[:whole].reshape(-1, self.batch_size)
        return np.concatenate([blocks[rng.permutation(len(blocks))].ravel(), indices[whole:]])

    # ---- batches

    def epoch(self, epoch_index: int = 0) -> Iterator[tuple]:
        return self.epoch_from(epoch_index, 0)

    def epoch_from(self, epoch_index: int, step: int) -> Iterator[tuple]:
        size = self.batch_size
        if self._file is not None:
            return self._from_file(epoch_index, step)
        if self.shuffle is False and not (self._wraps and epoch_index):
            stop = min(self.num_samples, self.num_batches * size)
            return (self._slice(i, min(i + size, stop)) for i in range(step * size, stop, size))
        order = self.order(epoch_index)
        if self.shuffle is True:
            return (self.gather(order[i : i + size]) for i in range(step * size, len(order), size))
        return (self._run(order[i : i + size]) for i in range(step * size, len(order), size))

    def _from_file(self, epoch_index: int, step: int) -> Iterator[tuple]:
        """The batches of an epoch, cut from windows of the file."""
        order, size = self.order(epoch_index), self.batch_size
        stop = min(len(order), self.num_batches * size)
        windows = [(max(a, step * size), min(a + self._file.window, stop)) for a in range(0, stop, self._file.window)]
        made = files.ahead(lambda ends: self._rows_of(order[slice(*ends)]), [w for w in windows if w[0] < w[1]])
        for leaves in made:
            count = len(next(x for x in leaves if x is not None))
            for i in range(0, count, size):
                yield self._pack([x if x is None else x[i : i + size] for x in leaves])

    def _rows_of(self, index: np.ndarray) -> list:
        straight = self.shuffle is False and int(index[-1]) - int(index[0]) == len(index) - 1
        cut = slice(int(index[0]), int(index[-1]) + 1) if straight else index
        return [_cut(x, cut) for x in self._leaves]

    def place(self, arrays: dict) -> dict:
        return {"seed": list(self._seed), "samples": self.num_samples, "batch_size": self.batch_size}

    def go_on(self, place: dict, epoch: int, step: int) -> None:
        if (place["samples"], place["batch_size"]) != (self.num_samples, self.batch_size):
            raise ValueError(
                f"The training that is to go on had {place['samples']} samples in batches of {place['batch_size']}; these "
                f"are {self.num_samples} in batches of {self.batch_size}. Give the same data, or begin anew in another folder."
            )
        self._seed, self._cached = tuple(place["seed"]), None

    def _run(self, index: np.ndarray) -> tuple:
        """Neighbours are cut out, anything else is gathered."""
        first, count = int(index[0]), len(index)
        if int(index[-1]) - first == count - 1 and bool(np.all(np.diff(index) == 1)):
            return self._slice(first, first + count)
        return self.gather(index)

    def _slice(self, start: int, stop: int) -> tuple:
        cut = slice(start, stop)
        return self._pack([x.rows(cut) if isinstance(x, Lazy) else x if x is None else x[cut] for x in self._leaves])

    def gather(self, index: np.ndarray) -> tuple:
        """The batch of the samples at `index`."""
        return self._pack([_take(x, index) for x in self._leaves])

    def _pack(self, leaves: list) -> tuple:
        return tuple(leaves) if self._flat else tree.unflatten(self._structure, leaves)

    def peek(self) -> tuple:
        return self._slice(0, min(self.batch_size, self.num_samples))


def _cut(x, index):
    """Rows at a slice or indices."""
    if isinstance(index, slice):
        return x.rows(index) if isinstance(x, Lazy) else x if x is None else x[index]
    return _take(x, index)


def _take(x, index: np.ndarray):
    if type(x) is np.ndarray:
        return staging.take(x, index)
    if x is None:
        return None
    if isinstance(x, Lazy):
        return files.rows(x, index) if isinstance(x, FileRows) else x.rows(index)
    b = backend.current()
    return b.xp.take(x, b.convert(index), axis=0)


def _stays_on_host(x) -> bool:
    return isinstance(x, Lazy) or is_text(x)


def check_count(what: str, value) -> int | None:
    """A positive whole number, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        hint = " Divide with `//` to get a whole number." if isinstance(value, float) else ""
        raise ValueError(f"{what} must be a positive integer; got {value!r}.{hint}")
    return int(value)


def standardise(x, y=None, sample_weight=None) -> tuple:
    """The three structures with arrays as leaves."""
    return as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight")


def named_leaves(structure, name: str) -> list[tuple[str, object]]:
    """Pairs of name and array, such as `("x['age']", array)`."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [pair for k, v in structure.items() for pair in named_leaves(v, f"{name}[{k!r}]")]
    if isinstance(structure, list | tuple):
        return [pair for i, v in enumerate(structure) for pair in named_leaves(v, f"{name}[{i}]")]
    return [(name, structure)]


def count_samples(x, y=None, sample_weight=None) -> int:
    """The number of samples, on which all arrays must agree."""
    pairs = [*named_leaves(x, "x"), *named_leaves(y, "y"), *named_leaves(sample_weight, "sample_weight")]
    if not pairs:
        raise ValueError("There are no data: `x` is empty.")
    for name, array in pairs:
        if len(array.shape) == 0:
            raise ValueError(f"{name} is a single number; wanted is an array whose first dimension counts the samples.")
    sizes = {int(a.shape[0]) for _, a in pairs}
    if len(sizes) > 1:
        listed = ", ".join(f"{name} has {int(a.shape[0])}" for name, a in pairs)
        raise ValueError(f"The arrays differ in the number of samples: {listed}. Each needs one row for each sample.")
    if sizes == {0}:
        raise ValueError(f"There are no data: {', '.join(f'{n} has shape {tuple(a.shape)}' for n, a in pairs)}.")
    return sizes.pop()


def train_validation_split(arrays, validation_split: float) -> tuple:
    """`(train, validation)`: the last fraction of the rows of every array (before any shuffling) is for validation.

    Args:
        arrays: a structure of arrays, such as `(x, y, sample_weight)`; None stays None.
        validation_split: the fraction, more than 0 and less than 1.
    """
    if not 0 < validation_split < 1:
        raise ValueError(f"`validation_split` is a fraction between 0 and 1, both excluded; got {validation_split!r}.")
    parts = arrays if isinstance(arrays, tuple) and len(arrays) <= 3 else (arrays,)
    data = standardise(*parts)
    count = count_samples(*data)
    at = math.floor(count * (1.0 - validation_split))
    if at == 0 or at == count:
        empty = "training" if at == 0 else "validation"
        raise ValueError(
            f"`validation_split={validation_split}` of {count} samples leaves none for {empty}. Give more "
            "samples, another fraction, or `validation_data`."
        )
    halves = [tuple(tree.map_structure(lambda a, c=c: None if a is None else a[c], part) for part in data[: len(parts)])
              for c in (slice(None, at), slice(at, None))]  # fmt: skip
    return tuple(halves) if parts is arrays else tuple(h[0] for h in halves)
