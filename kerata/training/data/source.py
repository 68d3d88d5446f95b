"""The contract of a data source: what `fit`, `evaluate` and `predict` read from."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from kerata.core import tree
from kerata.training.data.class_weight import weigh_batch
from kerata.training.data.convert import to_numpy

# Arrays up to this size are put on the device as a whole; larger ones go there batch by batch.
_RESIDENT_BYTES = 4 * 2**30


class Source:
    """Batches, epoch after epoch.

    Attributes:
        num_samples: number of samples, or None where nobody knows.
        batch_size: the usual number of samples of a batch, or None.
        num_batches: batches of an epoch, or None where nobody knows.
        has_arrays: True where `data` holds the whole data set as arrays and `order(epoch)` gives indices
            into it.
        exhausted: True once the data have ended for good; further epochs are empty.
    """

    has_arrays = False
    num_samples: int | None = None
    batch_size: int | None = None
    num_batches: int | None = None
    exhausted = False

    @property
    def resident(self) -> bool:
        """Whether the data lie on the device as a whole while a model trains."""
        return self.has_arrays and sum(getattr(a, "nbytes", 0) or 0 for a in tree.flatten(self.data)) <= _RESIDENT_BYTES

    def epoch(self, epoch_index: int = 0) -> Iterable[tuple]:
        """The batches of one epoch: tuples `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
        raise NotImplementedError

    def peek(self) -> tuple:
        """The first batch, which is not used up by this."""
        raise NotImplementedError

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""

    def place(self, arrays: dict) -> dict:
        """Where the data stand and in which order they come, as plain data; arrays go into `arrays`."""
        return {}

    def go_on(self, place: dict, epoch: int, step: int) -> None:
        """Make the next epoch, number `epoch`, go on after `step` batches, in the order of a run that stopped there."""

    def epoch_from(self, epoch_index: int, step: int) -> Iterable[tuple]:
        """The batches of an epoch after the first `step`."""
        batches = iter(self.epoch(epoch_index))
        for _ in range(step):
            next(batches, None)
        return batches

    def close(self) -> None:
        """Let go of threads, processes and iterators."""


class StreamSource(Source):
    """A source that can only be read in its own order.

    With `steps`, an epoch takes so many batches and the next epoch goes on where it stopped; epoch 0 starts
    afresh wherever the data can be started again (each validation does so).
    """

    what = "The data"
    restartable = True
    packs = False  # whether inputs alone count as `(x,)` even if they come without the tuple

    def __init__(self, steps: int | None = None, class_weight: dict | None = None):
        self.steps = steps
        self.class_weight = class_weight
        self._iterator: Iterator | None = None  # where the stream stands
        self._first: tuple | None = None  # a batch that was only looked at
        self._reader = None
        self._left_over = False  # the running iterator belongs to an epoch that was cut at `steps`
        self._taken = 0  # batches taken since the pass began
        self._resumed: tuple[int, bool] | None = None  # batches to skip when the next epoch begins; whether within a pass
        self._head = self._last = None  # the first and the last batch that the pass gave
        self._expected: str | None = None  # the fingerprint of the batch after which a resumed run goes on

    def _length(self) -> int | None:
        """Number of batches of one pass over the data, or None."""
        return None

    def _iterate(self) -> Iterator:
        """Start a pass over the data."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:  # type: ignore[override]
        return self.steps or self._length()

    def peek(self) -> tuple:
        if self._first is None:
            self._start()
            for batch in self._iterator:
                self._first = batch
                break
            else:
                raise ValueError(f"{self.what} gave no batch at all, so there is nothing to work on.")
        return self._first

    def place(self, arrays: dict) -> dict:
        return {"taken": self._taken, "left_over": self._left_over, "last": fingerprint(self._last)}

    def go_on(self, place: dict, epoch: int, step: int) -> None:
        within = bool(step or place["left_over"] or not self.restartable)
        self._resumed = (place["taken"], within)
        self._expected = place.get("last")
        if self.restartable:
            self._first = None  # of a pass that began elsewhere

    def epoch_from(self, epoch_index: int, step: int) -> Iterator[tuple]:
        if self._resumed is None:
            return super().epoch_from(epoch_index, step)
        (skip, within), self._resumed = self._resumed, None
        if not within:
            return self.epoch(epoch_index)
        from kerata.saving.random_state import Kept

        with Kept():
            self._skip(skip)
        if skip and self._last is not None:
            self._compare(self._last, self._expected)
        self._left_over = False
        return self._batches(epoch_index, step)

    def _compare(self, batch, expected: str | None) -> None:
        if expected is not None and fingerprint(batch) != expected:
            warnings.warn(
                f"{self.what} came in another order, or with other values, than in the run that is resumed, so the result is "
                f"not exactly that of a run without an interruption. {self._advice}",
                stacklevel=6,
            )

    _advice = "Make it give the same batches each time, by seeds for what is drawn; or give arrays or a `PyDataset`."

    def _skip(self, count: int) -> None:
        """Begin the pass again, after its first `count` batches."""
        if self.restartable or self._iterator is None:
            self._first = None
            self._start()
        for _ in range(count):
            self._next()

    def _start(self) -> None:
        from kerata.training.data.batches import BatchReader

        if self._reader is None:
            self._reader = BatchReader(self.what, self.packs)
        read, weights = self._reader.read, self.class_weight
        self._taken = 0
        raw = self._iterate()
        if weights is None:
            self._iterator = (read(batch) for batch in raw)
        else:
            self._iterator = (weigh_batch(read(batch), weights) for batch in raw)

    def _next(self):
        self._taken += 1
        batch, self._first = (next(self._iterator, None), None) if self._first is None else (self._first, None)
        if batch is not None:
            self._last = batch
            self._head = batch if self._taken == 1 else self._head
        return batch

    def epoch(self, epoch_index: int = 0) -> Iterator[tuple]:
        go_on = self._left_over and (epoch_index > 0 or not self.restartable)
        if self._first is None and not go_on:
            self._start()
        self._left_over = False
        return self._batches(epoch_index)

    def _batches(self, epoch_index: int, seen: int = 0) -> Iterator[tuple]:
        steps, restarted = self.steps, False
        while steps is None or seen < steps:
            batch = self._next()
            if batch is not None:
                seen += 1
                self._left_over = steps is not None and seen == steps
                yield batch
                restarted = False
            elif steps is not None and seen == 0 and not restarted and self.restartable:
                self._start()  # the last epoch ended exactly at the end of the data
                restarted = True
            else:
                break
        if steps is not None and seen < steps:
            self._ran_out(epoch_index, seen)
        elif seen == 0:
            self._ran_out(epoch_index, 0)

    def _ran_out(self, epoch_index: int, seen: int) -> None:
        self.exhausted = not self.restartable
        wanted = f" where {self.steps} were wanted" if self.steps else ""
        advice = (
            "A generator can be read only once: let it yield at least steps * epochs batches (for ever, "
            "say), or use a `PyDataset`."
            if not self.restartable
            else "Ask for fewer steps, or leave the number of steps out."
        )
        warnings.warn(
            f"{self.what} ran out in epoch {epoch_index + 1} after {seen} "
            f"batch{'' if seen == 1 else 'es'}{wanted}; the epoch ends here. {advice}",
            stacklevel=4,
        )

    def close(self) -> None:
        for iterator in (self._iterator,):
            if hasattr(iterator, "close"):
                iterator.close()
        self._iterator = self._first = self._head = self._last = None
        self._left_over = False


def fingerprint(batch) -> str | None:
    """A short text that differs for batches that differ; None for none."""
    if batch is None:
        return None
    digest = hashlib.blake2b(digest_size=16)
    for leaf in tree.flatten(batch):
        if leaf is not None:
            array = np.asarray(to_numpy(leaf))
            digest.update(f"{array.dtype}{array.shape}".encode())
            digest.update(repr(array.tolist()).encode() if array.dtype.hasobject else np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
