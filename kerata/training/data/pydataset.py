"""PyDataset: batches by number, made by the user's code, in threads or processes if wanted."""

from __future__ import annotations

import inspect
import warnings

from kerata.core.errors import did_you_mean


class PyDataset:
    """A data set that computes its batches: subclass it and write `__len__` and `__getitem__`.

    `__getitem__(index)` gives batch number `index`, a whole batch: `(x, y)` or `(x, y, sample_weight)`.

    Args:
        workers: how many batches are prepared at once; 1 by default: batches are made between the steps.
        use_multiprocessing: whether to prepare in processes instead of threads (for slow pure Python; the object is
            copied); False by default.
        max_queue_size: how many batches may wait; 10 by default.

    >>> class Squares(kerata.utils.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.full((2, 1), float(index))
    ...         return x, x ** 2
    >>> len(Squares(workers=2))
    3
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    def _option(self, name: str, default):
        try:
            return self.__dict__[name]
        except KeyError:
            if not self.__dict__.get("_warned"):
                self.__dict__["_warned"] = True
                warnings.warn(
                    f"{type(self).__name__}.__init__() did not call `super().__init__(**kwargs)`, so the "
                    "data set has no `workers`, `use_multiprocessing` and `max_queue_size`; the defaults "
                    "are used.",
                    stacklevel=4,
                )
            return default

    @property
    def workers(self) -> int:
        """How many batches are prepared at once."""
        return self._option("_workers", 1)

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether workers are processes."""
        return self._option("_use_multiprocessing", False)

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait."""
        return self._option("_max_queue_size", 10)

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int):
        near = did_you_mean("__getitem__", [n for n in vars(type(self)) if callable(getattr(self, n, None))])
        raise NotImplementedError(
            f"{type(self).__name__} must define `__getitem__(self, index)`, which gives batch number `index`.{near}"
        )

    @property
    def num_batches(self) -> int | None:
        """Batches of an epoch; None means that there is no end."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            f"{type(self).__name__} must define `__len__(self)`, the number of batches (or the property `num_batches`)."
        )

    def on_epoch_begin(self):
        """Called before each epoch."""

    def on_epoch_end(self):
        """Called after each epoch, for example to shuffle."""


Sequence = PyDataset


def overrides_epoch_hooks(dataset: PyDataset) -> bool:
    """Whether the data set may change between epochs, so that copies in other processes are out of date."""
    return any(
        inspect.getattr_static(type(dataset), name, None) is not inspect.getattr_static(PyDataset, name)
        for name in ("on_epoch_begin", "on_epoch_end")
    )
