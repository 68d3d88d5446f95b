"""Counting true and false positives and negatives, at one or many thresholds."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from kerata import ops
from kerata.losses._reduction import match_ranks

BELOW_ALL = -1e10  # the threshold that every score is above


def standardize_thresholds(thresholds: Any, default: float) -> list:
    """Thresholds as a list; each in [0, 1] (or the lowest one)."""
    if thresholds is None:
        return [default]
    listed = list(thresholds) if isinstance(thresholds, list | tuple | np.ndarray) else [thresholds]
    wrong = [t for t in listed if not isinstance(t, numbers.Real) or t < 0 or t > 1]
    if wrong:
        raise ValueError(f"Thresholds lie in [0, 1], as probabilities do; got {wrong}.")
    return listed


def evenly_spaced(thresholds: list) -> bool:
    """Whether the thresholds go from 0 to 1 in equal steps: then a score's bucket is found without comparing."""
    if len(thresholds) < 3:
        return False
    return np.allclose(thresholds, np.linspace(0.0, 1.0, len(thresholds)), atol=1e-6)


def keep_top_k(scores: Any, k: int) -> Any:
    """Scores with all but the `k` largest of the last axis replaced by a very low value."""
    _, best = ops.top_k(scores, k, sorted=False)
    kept = ops.sum(ops.one_hot(best, scores.shape[-1], dtype=scores.dtype), axis=-2)
    return scores * kept + BELOW_ALL * (1 - kept)


class Counts:
    """What the confusion metrics need of a batch: scores, positive and negative weight of each label.

    Args:
        thresholds: list of numbers; a score above the threshold is a positive prediction.
        top_k, class_id: look at the `k` best classes of a sample, at one class.
        multi_label: count each label of the last axis on its own.
        label_weights: weights of the labels.
        even: the thresholds are evenly spaced from 0 to 1.
    """

    def __init__(
        self,
        y_true,
        y_pred,
        thresholds,
        dtype,
        sample_weight=None,
        top_k=None,
        class_id=None,
        multi_label=False,
        label_weights=None,
        even=False,
    ):
        y_true = ops.convert_to_tensor(y_true, dtype=dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=dtype)
        y_true, y_pred = match_ranks(y_true, y_pred)
        if top_k is not None:
            y_pred = keep_top_k(y_pred, top_k)
        if class_id is not None:
            y_true, y_pred = y_true[..., class_id, None], y_pred[..., class_id, None]
        check_same_shape(y_true, y_pred)
        weights = _weights(y_pred, sample_weight, None if multi_label else label_weights, dtype)
        axes = (-1, y_pred.shape[-1]) if multi_label else (-1,)
        self.thresholds, self.dtype, self.even = thresholds, dtype, even and len(thresholds) > 2
        self.scores = ops.reshape(y_pred, axes)
        labels = ops.cast(ops.not_equal(ops.reshape(y_true, axes), 0), dtype)
        weights = 1.0 if weights is None else ops.reshape(weights, axes)
        self.positive, self.negative = labels * weights, (1.0 - labels) * weights
        self._above = None

    def true_positives(self):
        return self._sum_above(self.positive)

    def false_positives(self):
        return self._sum_above(self.negative)

    def false_negatives(self):
        return ops.sum(self.positive, axis=0) - self._sum_above(self.positive)

    def true_negatives(self):
        return ops.sum(self.negative, axis=0) - self._sum_above(self.negative)

    def _sum_above(self, weights):
        """For each threshold, the sum of the weights of scores above it: `(thresholds,)` or `(thresholds, labels)`."""
        return self._sum_buckets(weights) if self.even else self._sum_compared(weights)

    def _sum_compared(self, weights):
        if self._above is None:
            thresholds = ops.convert_to_tensor(self.thresholds, dtype=self.dtype)
            thresholds = ops.reshape(thresholds, (-1,) + (1,) * len(self.scores.shape))
            self._above = ops.cast(ops.greater(ops.expand_dims(self.scores, 0), thresholds), self.dtype)
        return ops.sum(self._above * ops.expand_dims(weights, 0), axis=1)

    def _sum_buckets(self, weights):
        n = len(self.thresholds)
        if self._above is None:
            # How many thresholds lie below a score. A score of 0 is above the first one only if that is below 0.
            below = ops.ceil(ops.clip(self.scores, 0.0, 1.0) * (n - 1))
            self._above = ops.cast(ops.maximum(below, 1) if self.thresholds[0] < 0 else below, "int32")
        if len(weights.shape) == 1:
            sums = ops.segment_sum(weights, self._above, num_segments=n)
        else:
            labels = weights.shape[-1]
            ids = self._above + ops.reshape(ops.arange(labels, dtype="int32"), (1, -1)) * n
            sums = ops.segment_sum(ops.reshape(weights, (-1,)), ops.reshape(ids, (-1,)), num_segments=n * labels)
            sums = ops.transpose(ops.reshape(sums, (labels, n)))
        above = ops.flip(ops.cumsum(ops.flip(sums[1:], axis=0), axis=0), axis=0)
        return ops.concatenate([above, ops.zeros_like(sums[:1])], axis=0)


def _weights(y_pred: Any, sample_weight: Any, label_weights: Any, dtype: str) -> Any:
    """Sample and label weights multiplied, in the shape of `y_pred`; None for all ones."""
    weights = None
    if sample_weight is not None:
        weights = ops.convert_to_tensor(sample_weight, dtype=dtype)
        if 0 < len(weights.shape) < len(y_pred.shape):
            weights = ops.expand_dims(weights, -1)
        weights = weights + ops.zeros_like(y_pred)
    if label_weights is not None:
        label_weights = ops.convert_to_tensor(label_weights, dtype=dtype)
        weights = label_weights + ops.zeros_like(y_pred) if weights is None else weights * label_weights
    return weights


def check_same_shape(y_true: Any, y_pred: Any) -> None:
    true_shape, pred_shape = tuple(y_true.shape), tuple(y_pred.shape)
    if len(true_shape) != len(pred_shape) or any(a != b and None not in (a, b) for a, b in zip(true_shape, pred_shape)):
        raise ValueError(
            f"Shapes {true_shape} and {pred_shape} are incompatible: this metric compares `y_true` and `y_pred` "
            "entry by entry. For integer class labels, give one-hot targets: `keras.utils.to_categorical(y)`."
        )
