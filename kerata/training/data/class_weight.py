"""Class weights, turned into sample weights."""

from __future__ import annotations

import numpy as np

from kerata.core import config, tree
from kerata.core.errors import did_you_mean


class OutputClassWeights:
    """Class weights of a model with several outputs: by the outputs' names, or in their order.

    Args:
        weights: `{output: {class: weight}}`, or a list of `{class: weight}` and None.
        names: the model's output names in order; None where they are not known.
    """

    def __init__(self, weights, names: list[str] | None = None):
        self.names = names
        if isinstance(weights, dict):
            self.by_name = {k: v if v is None else check_class_weight(v) for k, v in weights.items()}
            self.by_place = None
        else:
            self.by_name, self.by_place = None, [v if v is None else check_class_weight(v) for v in weights]

    def weigh(self, y):
        """The sample weights for `y`, in its structure; None for outputs that were given no class weights."""
        if isinstance(y, dict):
            keys, targets = list(y), list(y.values())
        else:
            targets = list(y) if isinstance(y, list | tuple) else [y]
            keys = self.names if self.names is not None and len(self.names) == len(targets) else None
        chosen = self._of(keys, len(targets))
        weights = [None if w is None else _weigh_leaf(t, w) for t, w in zip(targets, chosen)]
        if isinstance(y, dict):
            return {k: w for k, w in zip(keys, weights) if w is not None}
        return weights if isinstance(y, list | tuple) else weights[0]

    def _of(self, keys, count: int) -> list:
        if self.by_place is not None:
            if len(self.by_place) != count:
                raise ValueError(f"`class_weight` is a list of {len(self.by_place)} for {count} target(s): give one (or None) each.")
            return self.by_place
        known = [] if keys is None else keys
        unknown = [k for k in self.by_name if k not in known]
        if unknown:
            hint = "".join(did_you_mean(str(k), map(str, known)) for k in unknown)
            raise ValueError(
                f"`class_weight` has {', '.join(map(repr, unknown))}, and the outputs are {', '.join(map(repr, known)) or 'not named'}."
                f"{hint} Give {{output: {{class: weight}}}}."
            )
        return [self.by_name.get(k) for k in keys]


def check_class_weight(class_weight, names: list[str] | None = None):
    """The class weights with integer keys, or the `OutputClassWeights`; ValueError for anything else."""
    if isinstance(class_weight, OutputClassWeights):
        return class_weight
    values = class_weight.values() if isinstance(class_weight, dict) else class_weight
    if isinstance(class_weight, dict | list | tuple) and any(isinstance(v, dict) for v in values):
        return OutputClassWeights(class_weight, names)
    if not isinstance(class_weight, dict):
        balanced = ""
        if class_weight == "balanced":
            balanced = " For balanced weights: {c: len(y) / (classes * n) for c, n in enumerate(numpy.bincount(y))}."
        raise ValueError(
            f"`class_weight` must be a dictionary from class index to weight, such as {{0: 1.0, 1: 5.0}}; "
            f"got {type(class_weight).__name__}.{balanced}"
        )
    return {_class_index(key): _weight(key, value) for key, value in class_weight.items()}


def _class_index(key) -> int:
    try:
        number = int(key)
        same = number == float(key)
    except (TypeError, ValueError):
        same = False
    if not same:
        raise ValueError(
            f"The keys of `class_weight` are class indices (integers); got {key!r}. (For several outputs: "
            "{output: {class: weight}}.)"
        )
    return number


def _weight(key, value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"`class_weight` maps classes to numbers; the class {key!r} has {value!r}.") from None


def class_ids(y) -> np.ndarray:
    """The class of each sample (or position): from one-hot rows, a trailing axis of one, or integers."""
    y = np.asarray(y)
    if y.ndim > 1:
        if y.shape[-1] == 1:
            y = y[..., 0]
        elif _is_distribution(y) or (y.ndim == 2 and y.size and ((y.min() >= 0 and y.max() <= 1) or np.any(y % 1))):
            return np.argmax(y, axis=-1)
    return np.round(y).astype("int64")


def _is_distribution(y: np.ndarray) -> bool:
    """Whether its rows are one-hot labels, or probabilities."""
    return bool(np.all(y >= 0) and np.all(np.abs(np.sum(y, axis=-1, dtype="float64") - 1) < 1e-3))


def class_weight_to_sample_weights(y, class_weight: dict) -> np.ndarray:
    """One weight for each class index in `y` (1.0 for classes that have none), in floatx."""
    ids = class_ids(y)
    weights = np.ones(ids.shape, dtype=np.dtype(config.floatx()) if config.floatx() != "bfloat16" else "float32")
    for label, weight in class_weight.items():
        weights[ids == label] = weight
    return weights


def weigh(y, sample_weight, class_weight):
    """The sample weights that class weights mean for `y`."""
    if sample_weight is not None:
        raise ValueError("Give `class_weight` or `sample_weight`, not both: they would be multiplied in silence.")
    if y is None:
        raise ValueError("`class_weight` needs targets (`y`), and there are none.")
    if isinstance(class_weight, OutputClassWeights):
        return class_weight.weigh(y)
    if tree.is_nested(y):
        leaves = tree.flatten(y)
        if len(leaves) != 1:
            example = repr(next(iter(y))) if isinstance(y, dict) else "'output name'"
            raise ValueError(
                f"`class_weight` has weights for one output, and here are {len(leaves)} targets. Say which output they are for: "
                f"class_weight={{{example}: {{class: weight}}}}, or give `sample_weight` in the structure of `y`."
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
