"""How often predictions are right."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.losses._reduction import match_ranks, together
from kerata.metrics.reduction import FunctionMetric


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where `y_true` equals `y_pred`, else 0.

    Args:
        y_true: targets `(batch, ...)`.
        y_pred: predictions of the same shape.

    Returns:
        Floats of the same shape.

    >>> accuracy([[1, 2]], [[1, 3]])  # [[1, 0]]
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = together(*match_ranks(y_true, y_pred))
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """1 where the label is 1 and `y_pred > threshold`, or the label is 0 and it is not; else 0.

    Args:
        y_true: labels 0 or 1, `(batch, ...)`.
        y_pred: predictions of the same shape.
        threshold: number; 0.5 by default.

    Returns:
        Floats of the same shape.

    >>> binary_accuracy([[1.0], [0.0]], [[0.7], [0.6]])  # [[1], [0]]
    """
    y_true, y_pred = together(*match_ranks(ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)))
    above = ops.cast(ops.greater(y_pred, threshold), y_true.dtype)
    return ops.cast(ops.equal(y_true, above), config.floatx())


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the largest entry of the one-hot `y_true` and that of `y_pred` are at the same place; else 0.

    Args:
        y_true: one-hot labels `(batch, ..., classes)`.
        y_pred: scores of the same shape.

    Returns:
        Floats `(batch, ...)`.

    >>> categorical_accuracy([[0, 1], [1, 0]], [[0.25, 0.75], [0.4, 0.6]])  # [1, 0]
    """
    return sparse_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred)


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """1 where the integer label is the place of the largest entry of `y_pred`; else 0.

    Args:
        y_true: integers `(batch, ...)`, perhaps with a last axis of size 1.
        y_pred: scores `(batch, ..., classes)`.

    Returns:
        Floats `(batch, ...)`.

    >>> sparse_categorical_accuracy([1, 0], [[0.1, 0.9], [0.2, 0.8]])  # [1, 0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    best = ops.argmax(y_pred, axis=-1)
    if best.dtype != y_true.dtype:
        best = ops.cast(best, y_true.dtype)
    matches = ops.cast(ops.equal(y_true, best), config.floatx())
    if len(matches.shape) > 1 and matches.shape[-1] == 1:
        matches = ops.squeeze(matches, -1)
    return matches


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """1 where the class of the one-hot `y_true` is among the `k` largest entries of `y_pred`; else 0.

    Args:
        y_true: one-hot labels `(batch, ..., classes)`.
        y_pred: scores of the same shape.
        k: integer above 0; 5 by default.

    Returns:
        Floats `(batch, ...)`.

    >>> top_k_categorical_accuracy([[0.0, 1.0, 0.0]], [[0.5, 0.3, 0.2]], k=2)  # [1]
    """
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the integer label is among the `k` largest entries of `y_pred`; else 0.

    Args:
        y_true: integers `(batch, ...)`, perhaps with a last axis of size 1.
        y_pred: scores `(batch, ..., classes)`.
        k: integer above 0; 5 by default.
        from_sorted_ids: whether `y_pred` holds class numbers from best to worst rather than scores; False by
            default.

    Returns:
        Floats of the shape of `y_true`.

    >>> sparse_top_k_categorical_accuracy([1, 2], [[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]], k=2)  # [1, 0]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    shape = tuple(y_true.shape)
    y_pred = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    y_true = ops.cast(ops.reshape(y_true, (-1,)), "int32")
    if from_sorted_ids:
        best = ops.cast(y_pred[:, :k], "int32")
        matches = ops.any(ops.equal(ops.expand_dims(y_true, 1), best), axis=1)
    else:
        matches = ops.in_top_k(y_true, y_pred, k=k)
    matches = ops.cast(matches, config.floatx())
    return matches if len(shape) == 1 else ops.reshape(matches, _open_shape(shape))


def _open_shape(shape: tuple) -> tuple:
    return tuple(-1 if size is None else size for size in shape)


class Accuracy(FunctionMetric):
    """Share of predictions equal to the targets.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = Accuracy()
    >>> m.update_state([[5], [2], [7], [1], [3]], [[5], [6], [7], [1], [4]])
    >>> m.result()  # 0.6
    """

    function = staticmethod(accuracy)
    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(name, dtype)


class BinaryAccuracy(FunctionMetric):
    """Share of 0/1 targets that the thresholded predictions match.

    Args:
        threshold: number: predictions above it count as 1; 0.5 by default (for logits, 0).

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = BinaryAccuracy()
    >>> m.update_state([[1], [0], [1], [0], [0]], [[0.8], [0.3], [0.4], [0.7], [0.2]])
    >>> m.result()  # 0.6
    """

    function = staticmethod(binary_accuracy)
    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(name, dtype, threshold=threshold)


class CategoricalAccuracy(FunctionMetric):
    """Share of samples whose most likely class is that of the one-hot target.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = CategoricalAccuracy()
    >>> y_true = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]
    >>> m.update_state(y_true, [[0.75, 0.15, 0.1], [0.05, 0.25, 0.7], [0.45, 0.35, 0.2], [0.65, 0.05, 0.3]])
    >>> m.result()  # 0.75
    """

    function = staticmethod(categorical_accuracy)
    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(name, dtype)


class SparseCategoricalAccuracy(FunctionMetric):
    """Share of samples whose most likely class is the integer target.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = SparseCategoricalAccuracy()
    >>> m.update_state([0, 2, 1, 0], [[0.75, 0.15, 0.1], [0.05, 0.25, 0.7], [0.45, 0.35, 0.2], [0.65, 0.05, 0.3]])
    >>> m.result()  # 0.75
    """

    function = staticmethod(sparse_categorical_accuracy)
    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(name, dtype)


class TopKCategoricalAccuracy(FunctionMetric):
    """Share of samples whose one-hot target is among the `k` most likely classes.

    Args:
        k: integer above 0; 5 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = TopKCategoricalAccuracy(k=2)
    >>> m.update_state([[0, 0, 1], [1, 0, 0]], [[0.5, 0.3, 0.2], [0.4, 0.5, 0.1]])
    >>> m.result()  # 0.5
    """

    function = staticmethod(top_k_categorical_accuracy)
    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(name, dtype, k=k)


class SparseTopKCategoricalAccuracy(FunctionMetric):
    """Share of samples whose integer target is among the `k` most likely classes.

    Args:
        k: integer above 0; 5 by default.
        from_sorted_ids: whether predictions are class numbers from best to worst rather than scores; False by
            default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = SparseTopKCategoricalAccuracy(k=2)
    >>> m.update_state([2, 0], [[0.5, 0.3, 0.2], [0.4, 0.5, 0.1]])
    >>> m.result()  # 0.5
    """

    function = staticmethod(sparse_top_k_categorical_accuracy)
    _direction = "up"
    _unlisted_config = {"from_sorted_ids": False}

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(name, dtype, k=k, from_sorted_ids=from_sorted_ids)
