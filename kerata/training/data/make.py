"""From the arguments of `fit`, `evaluate` and `predict` to a source."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

from kerata import backend
from kerata.training.data.arrays import ArraySource, check_count
from kerata.training.data.class_weight import check_class_weight
from kerata.training.data.pydataset import PyDataset
from kerata.training.data.source import Source
from kerata.training.data.streams import (
    GeneratorSource,
    IterableSource,
    PyDatasetSource,
    TFDataSource,
    TorchLoaderSource,
)


def make_source(x, y=None, sample_weight=None, batch_size=None, steps=None, shuffle=False, class_weight=None,
                seed=None, workers=None, use_multiprocessing=None, max_queue_size=None) -> Source:  # fmt: skip
    """The source for whatever was given as data.

    Args:
        x: arrays (NumPy, lists, tensors of any library, pandas, scipy sparse, datasets of an open HDF5 file, which are
            read as they are needed, nested lists and dicts of them), or a generator, `PyDataset`, tf.data.Dataset,
            torch DataLoader or grain data set that yields batches.
        y, sample_weight: for arrays only.
        batch_size: for arrays only; by default so many samples that `steps` batches are all of them, or 32.
        steps: batches of an epoch.
        shuffle: True, False or "batch".
        class_weight: {class: weight}.
        seed: integer that fixes the order; by default it follows from `set_random_seed`.
        workers, use_multiprocessing, max_queue_size: override those of a `PyDataset`.
    """
    if isinstance(x, Source):
        return x
    if x is None:
        raise ValueError("There are no data: `x` is None.")
    if class_weight is not None:
        class_weight = check_class_weight(class_weight)
    steps = check_count("the number of steps", steps)
    kind = _kind(x)
    if kind is None:
        return ArraySource(x, y, sample_weight, batch_size, steps, shuffle, class_weight, seed)
    _refuse_extra(kind, y=y, sample_weight=sample_weight)
    items = getattr(x, "_items", None) if kind == "tf.data.Dataset" else None
    if isinstance(items, PyDataset) and backend.current().name != "tensorflow":  # made of this by a function of ours
        kind, x, shuffle = "PyDataset", items, False
    if kind == "PyDataset":
        return PyDatasetSource(x, steps, class_weight, shuffle, seed, workers, use_multiprocessing, max_queue_size)
    if kind == "tf.data.Dataset":
        return TFDataSource(x, steps, class_weight)
    if kind == "torch DataLoader":
        return TorchLoaderSource(x, steps, class_weight)
    if kind == "grain data set":
        return IterableSource(x, steps, class_weight, "The grain data set")
    return GeneratorSource(x, steps, class_weight)


def is_array_like(x) -> bool:
    """Whether `make_source(x, ...)` gives an ArraySource."""
    return x is not None and not isinstance(x, Source) and _kind(x) is None


def _kind(x) -> str | None:
    """What kind of batches-yielding object it is; None for arrays and structures of arrays."""
    if isinstance(x, PyDataset):
        return "PyDataset"
    if isinstance(x, list | tuple | dict) or hasattr(x, "__array__"):
        return None
    if _is(x, "tensorflow", "data.Dataset") or _is(x, "tensorflow", "distribute.DistributedDataset"):
        return "tf.data.Dataset"
    if _is(x, "torch", "utils.data.DataLoader"):
        return "torch DataLoader"
    if _is(x, "torch", "utils.data.Dataset"):
        raise ValueError(
            "A torch Dataset gives single samples; wrap it: `torch.utils.data.DataLoader(x, batch_size=32)`."
        )
    if any(_is(x, "grain", n) for n in ("MapDataset", "IterDataset", "DataLoader")):
        return "grain data set"
    if _is(x, "keras", "utils.PyDataset"):
        return "PyDataset"
    if isinstance(x, Iterator):
        return "generator"
    if inspect.isgeneratorfunction(x):
        raise ValueError(
            f"`x` is the generator function {x.__name__!r} itself; call it, `{x.__name__}()`, to get a generator."
        )
    return None


def _is(x, package: str, path: str) -> bool:
    value = sys.modules.get(package)
    for part in path.split("."):
        value = getattr(value, part, None) if value is not None else None
    return isinstance(value, type) and isinstance(x, value)


def _refuse_extra(kind: str, **extra) -> None:
    for name, value in extra.items():
        if value is not None:
            raise ValueError(
                f"`{name}` was given beside a {kind}, which brings its own: it yields `(x, y)` or "
                f"`(x, y, sample_weight)`. Leave `{name}` out."
            )
