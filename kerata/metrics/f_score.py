"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.metrics.metric import Metric, zeros

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """`(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`, for each class.

    Args:
        average: None (the default) for a score of each class, "micro" (counts over all classes), "macro" (the
            classes' mean) or "weighted" (the mean weighted by the number of true samples).
        beta: float above 0: recall counts beta times as much as precision; 1.0 by default.
        threshold: number above 0, up to 1: predictions above it are positive; None for the largest of a
            sample.

    `update_state` takes `y_true`, 0 or 1, and `y_pred`, both `(batch, classes)`, and perhaps `sample_weight`
    `(batch,)`; `result` gives `(classes,)`, or a scalar with an average.
    Raises:
        ValueError: if an argument is out of its range, or arrays have another rank.

    >>> m = FBetaScore(beta=0.5, threshold=0.6)
    >>> m.update_state([[1, 0], [0, 1], [1, 1]], [[0.9, 0.7], [0.2, 0.8], [0.4, 0.3]])
    >>> m.result()  # [0.83333, 0.5]
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ValueError(
                f"`average` of {type(self).__name__} is None, 'micro', 'macro' or 'weighted'; got {average!r}."
            )
        _check_float("beta", beta)
        if beta <= 0.0:
            raise ValueError(f"`beta` of {type(self).__name__} is above 0; got {beta}.")
        if threshold is not None:
            _check_float("threshold", threshold)
            if not 0.0 < threshold <= 1.0:
                raise ValueError(f"`threshold` of {type(self).__name__} is above 0 and at most 1; got {threshold}.")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, true_shape: tuple, pred_shape: tuple) -> None:
        if len(pred_shape) != 2 or len(true_shape) != 2:
            raise ValueError(
                f"{type(self).__name__} compares 2D arrays of shape (samples, classes); the targets have the shape "
                f"{true_shape}, the predictions {pred_shape}."
            )
        if pred_shape[-1] is None or true_shape[-1] is None:
            raise ValueError(
                f"{type(self).__name__} must know the number of classes, the last size of both arrays; the targets have "
                f"the shape {true_shape}, the predictions {pred_shape}."
            )
        shape = () if self.average == "micro" else (pred_shape[-1],)
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, name, self.add_variable(shape, zeros, dtype=self._dtype, name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = ops.convert_to_tensor(y_true, dtype=self._dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self._dtype)
        if not self._built:
            self._build(tuple(y_true.shape), tuple(y_pred.shape))
        if self.threshold is None:
            best = ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(y_pred >= best, ops.abs(y_pred) > 1e-9)  # all-zero rows choose no class
        else:
            chosen = y_pred > self.threshold
        y_pred = ops.cast(chosen, self._dtype)
        weights = 1.0
        if sample_weight is not None:
            weights = ops.expand_dims(ops.convert_to_tensor(sample_weight, dtype=self._dtype), 1)

        def add(variable, values):
            variable.assign(variable.value + ops.sum(values * weights, axis=self.axis))

        add(self.true_positives, y_pred * y_true)
        add(self.false_positives, y_pred * (1 - y_true))
        add(self.false_negatives, (1 - y_pred) * y_true)
        add(self.intermediate_weights, y_true)

    def result(self) -> Any:
        if not self._built:
            return ops.convert_to_tensor(0.0, dtype=self._dtype)
        right = self.true_positives.value
        precision = ops.divide_no_nan(right, right + self.false_positives.value)
        recall = ops.divide_no_nan(right, right + self.false_negatives.value)
        square = self.beta**2
        score = (1 + square) * ops.divide_no_nan(precision * recall, precision * square + recall)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return ops.sum(score * ops.divide_no_nan(weights, ops.sum(weights)))
        return ops.mean(score) if self.average is not None else score

    def reset_state(self) -> None:
        if self._built:
            super().reset_state()


def _check_float(name: str, value: Any) -> None:
    if not isinstance(value, float):
        raise ValueError(f"`{name}` is a Python float, such as 1.0; got {value!r}, of type {type(value).__name__}.")


class F1Score(FBetaScore):
    """`2 * precision * recall / (precision + recall)`, for each class.

    Args:
        average: None (the default) for a score of each class, "micro" (counts over all classes), "macro" (the
            classes' mean) or "weighted" (the mean weighted by the number of true samples).
        threshold: number above 0, up to 1: predictions above it are positive; None for the largest of a
            sample.

    `update_state` takes `y_true`, 0 or 1, and `y_pred`, both `(batch, classes)`, and perhaps `sample_weight`
    `(batch,)`; `result` gives `(classes,)`, or a scalar with an average.
    Raises:
        ValueError: if an argument is out of its range, or arrays have another rank.

    >>> m = F1Score(threshold=0.6)
    >>> m.update_state([[1, 0], [0, 1], [1, 1]], [[0.9, 0.7], [0.2, 0.8], [0.4, 0.3]])
    >>> m.result()  # [0.66667, 0.5]
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
