"""Sources that read batch after batch: generators, PyDataset, tf.data, torch DataLoader, grain."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import sys
import threading
from collections.abc import Iterator

from kerata import backend
from kerata.core import tree
from kerata.training.data.convert import to_numpy
from kerata.training.data.prefetch import Prefetcher
from kerata.training.data.pydataset import PyDataset, overrides_epoch_hooks
from kerata.training.data.source import StreamSource, fingerprint
from kerata.utils.seeds import new_seed, philox


class GeneratorSource(StreamSource):
    """A Python generator or iterator: each batch can be had once."""

    what = "The generator"
    restartable = False
    packs = True

    def __init__(self, generator, steps=None, class_weight=None):
        super().__init__(steps, class_weight)
        self._generator = iter(generator)

    def _iterate(self) -> Iterator:
        return self._generator

    def close(self) -> None:
        """Leave the generator to its owner, who may read on."""


class IterableSource(StreamSource):
    """Anything that can be iterated again and again."""

    def __init__(self, dataset, steps=None, class_weight=None, what="The data set"):
        super().__init__(steps, class_weight)
        self.dataset, self.what = dataset, what

    def _length(self) -> int | None:
        try:
            return len(self.dataset)
        except TypeError:
            return None

    def _iterate(self) -> Iterator:
        return iter(self.dataset)


class PyDatasetSource(StreamSource):
    """A PyDataset, read in the main thread or ahead of time by its workers."""

    packs = True

    def __init__(self, dataset: PyDataset, steps=None, class_weight=None, shuffle=False, seed=None, workers=None,
                 use_multiprocessing=None, max_queue_size=None):  # fmt: skip
        super().__init__(steps, class_weight)
        self.dataset, self.what = dataset, f"The data set {type(dataset).__name__}"
        self.shuffle = bool(shuffle)
        self._seed = (int(seed), 0) if seed is not None else (new_seed() if shuffle else (0, 0))
        self._passes = self._omit = 0
        self._begun = False  # the data set was told that an epoch begins
        workers = dataset.workers if workers is None else workers
        processes = dataset.use_multiprocessing if use_multiprocessing is None else use_multiprocessing
        queue = dataset.max_queue_size if max_queue_size is None else max_queue_size
        self._prefetcher = None
        if workers > 1 or (workers == 1 and processes):
            self._prefetcher = Prefetcher(dataset, workers, bool(processes), queue)

    def _length(self) -> int | None:
        return self.dataset.num_batches

    def _indices(self):
        count = self._length()
        if count is None:
            return itertools.count()
        if not self.shuffle:
            return range(count)
        return philox(*self._seed, self._passes).permutation(count).tolist()

    def place(self, arrays: dict) -> dict:
        return {**super().place(arrays), "seed": list(self._seed), "passes": self._passes}

    def go_on(self, place: dict, epoch: int, step: int) -> None:
        super().go_on(place, epoch, step)
        self._seed, self._passes = tuple(place["seed"]), place["passes"] - self._resumed[1]
        for _ in range(epoch):  # what the data set does between epochs
            self.on_epoch_begin()
            self.dataset.on_epoch_end()
            self._begun = False

    def _skip(self, count: int) -> None:
        self._omit, self._first = count, None
        self._start()
        self._taken, self._omit = count, 0

    def _iterate(self) -> Iterator:
        indices = self._indices()
        if self._omit:
            indices = itertools.islice(indices, self._omit, None)
        self._passes += 1
        if self._prefetcher is not None:
            return self._prefetcher.items(indices)
        return map(self.dataset.__getitem__, indices)

    def peek(self) -> tuple:
        self.on_epoch_begin()  # the data set may make there what its batches come from
        return super().peek()

    def on_epoch_begin(self) -> None:
        if not self._begun:
            self._begun = True
            self.dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.dataset.on_epoch_end()
        self._begun = False
        if self._prefetcher is not None and self._prefetcher.processes and overrides_epoch_hooks(self.dataset):
            self._prefetcher.close()  # their copies of the data set are out of date
            self._iterator, self._left_over = None, False

    def close(self) -> None:
        super().close()
        if self._prefetcher is not None:
            self._prefetcher.close()


class TFDataSource(IterableSource):
    """A tf.data.Dataset of batches."""

    def __init__(self, dataset, steps=None, class_weight=None):
        super().__init__(dataset, steps, class_weight, "The tf.data.Dataset")
        self._native = backend.current().name == "tensorflow"
        self._passes = self._wanted = 0  # begun; begun in the run that is resumed: each shuffles anew

    _advice = (
        "Shuffle it with a seed - `dataset.shuffle(size, seed=1)` - and set the process's seed before it is made "
        "(`kerata.utils.set_random_seed`, which sets TensorFlow's as well where that is the backend; `tf.random.set_seed` else)."
    )

    def place(self, arrays: dict) -> dict:
        return {**super().place(arrays), "passes": self._passes, "head": fingerprint(self._head)}

    def go_on(self, place: dict, epoch: int, step: int) -> None:
        peeked = self._first
        super().go_on(place, epoch, step)
        self._wanted = place.get("passes", 0)
        if self._resumed[1]:
            self._first = peeked if self._passes == self._wanted else None
            return
        self._begin_passes(self._wanted - 1)
        if self._passes < self._wanted:
            self._start()
            peeked = next(self._iterator, None)
        if peeked is not None and self._passes == self._wanted:  # it shows whether they shuffle as before
            self._compare(peeked, place.get("head"))
        self._iterator = None

    def _begin_passes(self, count: int) -> None:
        while self._passes < count:
            self._start()
            next(self._iterator, None)  # only then is the order drawn

    def _skip(self, count: int) -> None:
        if self._first is None:
            self._begin_passes(self._wanted - 1)
            self._start()
        for _ in range(count):
            self._next()

    def _length(self) -> int | None:
        cardinality = getattr(self.dataset, "cardinality", None)
        count = int(cardinality()) if cardinality is not None else -2
        return count if count >= 0 else None

    def _iterate(self) -> Iterator:
        self._passes += 1
        batches = _let_go_elsewhere(self.dataset)
        return batches if self._native else (tree.map_structure(to_numpy, batch) for batch in batches)


def _let_go_elsewhere(dataset) -> Iterator:
    """The batches of a tf.data.Dataset, whose iterator is deleted in another thread.

    TensorFlow's tuner of `tf.data.AUTOTUNE` sleeps for up to minutes, twice as long each time, and whoever deletes the
    iterator waits for it: seconds after the last batch of an epoch.
    """
    held = [iter(dataset)]
    try:
        yield from held[0]
    finally:
        with contextlib.suppress(RuntimeError):  # no new thread when the interpreter ends
            threading.Thread(target=held.clear, name="kerata-tf-data-end").start()


class TorchLoaderSource(IterableSource):
    """A torch DataLoader."""

    def __init__(self, loader, steps=None, class_weight=None):
        super().__init__(loader, steps, class_weight, "The DataLoader")
        self.batch_size = loader.batch_size
        try:
            whole = steps is None and not loader.drop_last
            self.num_samples = len(loader.dataset) if whole else None
        except TypeError:
            self.num_samples = None
        self._begun_with = None  # the state of the generator of the loader's order when the pass began

    def _generator(self):
        """Where the loader's order comes from: its own generator, or PyTorch's."""
        return getattr(self.dataset, "generator", None) or sys.modules["torch"].default_generator

    def _iterate(self) -> Iterator:
        self._begun_with = self._generator().get_state()
        return iter(self.dataset)

    def place(self, arrays: dict) -> dict:
        states = {"begun_with": self._begun_with, "now": self._generator().get_state()}
        return {**super().place(arrays), **{k: None if v is None else v.tolist() for k, v in states.items()}}

    def go_on(self, place: dict, epoch: int, step: int) -> None:
        super().go_on(place, epoch, step)
        self._begun_with = place["begun_with"]
        self._set(place["now"])

    def _set(self, state: list) -> None:
        torch = sys.modules["torch"]
        self._generator().set_state(torch.tensor(state, dtype=torch.uint8))

    def _skip(self, count: int) -> None:
        if self._begun_with is not None:
            self._set(self._begun_with)
        super()._skip(count)


def is_function_of_batches(x) -> bool:
    """Whether it is a generator function that its user forgot to call."""
    return inspect.isgeneratorfunction(x)
