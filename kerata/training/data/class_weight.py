"""Class weights, turned into sample weights."""

from __future__ import annotations

import numpy as np

from kerata.core import config, tree


def check_class_weight(class_weight) -> dict:
    """The class weights with integer keys; ValueError for anything that is not {class: number}."""
    if not isinstance(class_weight, dict):
        raise ValueError(
            f"`class_weight` must be a dictionary from class index to weight, such as {{0: 1.0, 1: 5.0}}; "
            f"got {type(class_weight).__name__}."
        )
    out = {}
    for key, value in class_weight.items():
        try:
            number = int(key)
            same = number == float(key)
        except (TypeError, ValueError):
            same = False
        if not same:
            raise ValueError(f"The keys of `class_weight` are class indices (integers); got {key!r}.")
        out[number] = float(value)
    return out


def class_ids(y) -> np.ndarray:
    """The class of each sample (or position): from one-hot rows, a trailing axis of one, or integers."""
    y = np.asarray(y)
    if y.ndim > 1:
        if y.shape[-1] == 1:
            y = y[..., 0]
        elif y.ndim == 2 or _is_one_hot(y):
            return np.argmax(y, axis=-1)
    return np.round(y).astype("int64")


def _is_one_hot(y: np.ndarray) -> bool:
    return bool(np.all((y == 0) | (y == 1)) and np.all(np.sum(y, axis=-1) == 1))


def class_weight_to_sample_weights(y, class_weight: dict) -> np.ndarray:
    """One weight for each class index in `y` (1.0 for classes that have none), in floatx."""
    ids = class_ids(y)
    weights = np.ones(ids.shape, dtype=np.dtype(config.floatx()) if config.floatx() != "bfloat16" else "float32")
    for label, weight in class_weight.items():
        weights[ids == label] = weight
    return weights


def weigh(y, sample_weight, class_weight: dict):
    """The sample weights that class weights mean for `y`."""
    if sample_weight is not None:
        raise ValueError("Give `class_weight` or `sample_weight`, not both: they would be multiplied in silence.")
    if y is None:
        raise ValueError("`class_weight` needs targets (`y`), and there are none.")
    if tree.is_nested(y):
        leaves = tree.flatten(y)
        if len(leaves) != 1:
            raise ValueError(
                f"`class_weight` works for models with a single output; here are {len(leaves)} targets. Give "
                "`sample_weight` in the structure of `y` instead."
            )
        return tree.map_structure(lambda leaf: _weigh_leaf(leaf, class_weight), y)
    return _weigh_leaf(y, class_weight)


def _weigh_leaf(y, class_weight):
    from kerata.training.data.convert import to_numpy

    return class_weight_to_sample_weights(to_numpy(y), class_weight)


def weigh_batch(batch: tuple, class_weight: dict) -> tuple:
    """The batch with sample weights from class weights."""
    x, y, sample_weight = (*batch, None, None)[:3]
    return (x, y, weigh(y, sample_weight, class_weight))
