"""split_dataset: one data set into two."""

from __future__ import annotations

import importlib
import sys

import numpy as np

from kerata import backend
from kerata.core import tree


def split_dataset(dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None):
    """Two data sets of the elements of one.

    Args:
        dataset: `tf.data.Dataset`, `torch.utils.data.Dataset`, or NumPy arrays (one, or a tuple, list or dict of them).
        left_size, right_size: size of each part: a fraction (float), or a number of elements (int); at least one is
            given, and the other is the rest by default.
        shuffle: whether to shuffle before the split; False by default.
        seed: integer, of the shuffle; None by default.
        preferred_backend: "tensorflow" or "torch": the kind of the parts. By default the kind of `dataset`; for arrays
            that of the backend in force, and on JAX that of an installed one of the two.

    Returns:
        The pair (left, right), of `tf.data.Dataset` or `torch.utils.data.Dataset`; their elements are single samples
        (of one array, PyTorch's are tuples of one tensor, as in a `TensorDataset`).

    Raises:
        ValueError: if the sizes are out of range, or arrays differ in length.
        TypeError: for other kinds of data.
        ImportError: if neither TensorFlow nor PyTorch is installed.

    >>> left, right = kerata.utils.split_dataset(np.arange(10), left_size=0.8, preferred_backend="torch")
    >>> len(left), len(right)
    (8, 2)
    """
    kind = _kind(dataset, preferred_backend)
    if kind == "torch" and isinstance(dataset, np.ndarray):
        dataset = (dataset,)
    leaves, structure, count = _elements(dataset)
    left, right = _sizes(count, left_size, right_size)
    order = np.arange(count)
    if shuffle:
        np.random.RandomState(seed).shuffle(order)
    halves = []
    for numbers in (order[:left], order[count - right :]):
        arrays = tree.unflatten(structure, [leaf[numbers] for leaf in leaves])
        halves.append(importlib.import_module(f"kerata.backend.{kind}.data").from_arrays(arrays))
    return tuple(halves)


def _kind(dataset, preferred) -> str:
    if preferred not in (None, "tensorflow", "torch"):
        raise ValueError(f"`preferred_backend` is 'tensorflow', 'torch' or None; got {preferred!r}.")
    if preferred:
        return preferred
    if _is_torch(dataset):
        return "torch"
    current = backend.current().name
    if current == "torch" and not _is_tf(dataset):
        return "torch"
    kinds = [n for n in ("tensorflow", "torch") if n in backend.installed()]
    if not kinds:
        raise ImportError(
            "split_dataset() gives tf.data or torch data sets, and neither TensorFlow nor PyTorch is installed. For arrays "
            "use `kerata.training.data.train_validation_split`."
        )
    return kinds[0]


def _is_tf(x) -> bool:
    tf = sys.modules.get("tensorflow")
    return tf is not None and isinstance(x, tf.data.Dataset)


def _is_torch(x) -> bool:
    data = sys.modules.get("torch.utils.data")
    return data is not None and isinstance(x, data.Dataset)


def _elements(dataset) -> tuple[list, object, int]:
    """Whole arrays for each leaf of an element, the structure, and the number of elements."""
    if _is_tf(dataset) or _is_torch(dataset):
        items = dataset.as_numpy_iterator() if _is_tf(dataset) else (dataset[i] for i in range(len(dataset)))
        rows = [tree.flatten_with_structure(item) for item in items]
        if not rows:
            raise ValueError("The data set is empty.")
        leaves = [np.stack([np.asarray(r[0][i]) for r in rows]) for i in range(len(rows[0][0]))]
        return leaves, rows[0][1], len(rows)
    if isinstance(dataset, list):
        dataset = tuple(dataset)
    leaves, structure = tree.flatten_with_structure(dataset)
    for leaf in leaves:
        if not isinstance(leaf, np.ndarray):
            raise TypeError(
                "split_dataset() wants a tf.data.Dataset, a torch Dataset, or NumPy arrays in a tuple, list or dict; got "
                f"{type(leaf).__name__}."
            )
    sizes = {len(leaf) for leaf in leaves}
    if len(sizes) != 1:
        raise ValueError(f"The arrays differ in length: {[len(leaf) for leaf in leaves]}.")
    return leaves, structure, sizes.pop()


def _sizes(count: int, left, right) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("Give `left_size` or `right_size`: a fraction, or a number of elements.")
    if isinstance(left, float) and isinstance(right, float) and left + right > 1:
        raise ValueError(f"The fractions left_size={left} and right_size={right} are more than 1 together.")
    left, right = (_one_size(n, v, count) for n, v in (("left_size", left), ("right_size", right)))
    left, right = (count - right if left is None else left), (count - left if right is None else right)
    if left + right > count:
        raise ValueError(f"left_size and right_size are {left} and {right} elements together, but there are {count}.")
    if not left or not right:
        raise ValueError(f"Of {count} elements, {left} would be in the left half and {right} in the right one.")
    return left, right


def _one_size(name: str, size, count: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, int | float):
        raise TypeError(f"`{name}` is a fraction or a number of elements; got {size!r} of type {type(size).__name__}.")
    allowed = 0 < size <= 1 if isinstance(size, float) else 0 < size < count
    if not allowed:
        raise ValueError(f"`{name}` is a fraction (0 to 1) or a number of elements below {count}; got {size!r}.")
    return round(size * count) if isinstance(size, float) else size
