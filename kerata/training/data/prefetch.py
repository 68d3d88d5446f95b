"""Batches prepared ahead by threads or processes, given out in their order."""

from __future__ import annotations

import collections
import concurrent.futures
import functools
import multiprocessing
import random
import warnings
from collections.abc import Iterable, Iterator

import numpy as np

from kerata.utils.seeds import new_seed

_dataset = None  # in a worker process: the data set that was handed over at its start


def _adopt(dataset) -> None:
    global _dataset
    _dataset = dataset


def _item(index: int, words: tuple[int, ...]):
    """One item, made in a worker process with random numbers of its own.

    Processes that are forked start with one and the same state of `random` and `np.random`; seeding by the item makes
    random augmentation differ between items and repeat from run to run, whichever worker gets which item.
    """
    low, high = np.random.SeedSequence([*words, index]).generate_state(2).tolist()
    random.seed(low)
    np.random.seed(high)
    return _dataset[index]


class Prefetcher:
    """Workers that compute `dataset[i]`.

    Args:
        dataset: has `__getitem__`.
        workers: number of threads or processes.
        processes: whether they are processes.
        queue_size: how many results may be under way or waiting.
    """

    def __init__(self, dataset, workers: int, processes: bool, queue_size: int):
        self.dataset, self.workers, self.processes = dataset, max(1, workers), processes
        self.queue_size = max(queue_size, self.workers)
        self._pool: concurrent.futures.Executor | None = None
        self._seed = new_seed() if processes else (0, 0)
        self._passes = 0

    def _start(self) -> concurrent.futures.Executor:
        if self._pool is None:
            if self.processes:
                self._pool = concurrent.futures.ProcessPoolExecutor(
                    self.workers, _context(), initializer=_adopt, initargs=(self.dataset,)
                )
            else:
                self._pool = concurrent.futures.ThreadPoolExecutor(self.workers, "kerata-data")
        return self._pool

    def items(self, indices: Iterable[int]) -> Iterator:
        """`dataset[i]` for each index, in this order; an error in a worker is raised when its turn comes."""
        pool, waiting, indices = self._start(), collections.deque(), iter(indices)
        words = (*self._seed, self._passes)
        work = functools.partial(_item, words=words) if self.processes else self.dataset.__getitem__
        self._passes += 1
        try:
            with warnings.catch_warnings() if self.processes else _nothing:
                if self.processes:  # JAX warns of every fork; a worker that only makes batches never touches it
                    warnings.filterwarnings("ignore", message=".*fork.*")
                self._fill(pool, work, waiting, indices)
            while waiting:
                result = waiting.popleft().result()
                self._fill(pool, work, waiting, indices)
                yield result
        except concurrent.futures.BrokenExecutor as error:
            self.close()
            raise RuntimeError(
                "A data worker process died. Its data set may have run out of memory, or crashed; with "
                "`use_multiprocessing=False` the batches are made in threads of this process."
            ) from error
        finally:
            for future in waiting:
                future.cancel()

    def _fill(self, pool, work, waiting, indices) -> None:
        while len(waiting) < self.queue_size:
            index = next(indices, None)
            if index is None:
                return
            waiting.append(pool.submit(work, index))

    def close(self) -> None:
        """End the workers."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


class _Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return None


_nothing = _Nothing()


def _context():
    """Fork where the system can: programs without a `__main__` guard, and classes of a notebook, work then."""
    chosen = multiprocessing.get_start_method(allow_none=True)
    if chosen is None and "fork" in multiprocessing.get_all_start_methods():
        chosen = "fork"
    return multiprocessing.get_context(chosen)
