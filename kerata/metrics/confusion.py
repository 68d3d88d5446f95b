"""Counts of hits and errors, precision and recall."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.metrics._confusion import BELOW_ALL, Counts, standardize_thresholds
from kerata.metrics.metric import Metric, zeros


class _ConditionCount(Metric):
    """Base of the four counts: `which` names the method of `Counts`."""

    which = ""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = standardize_thresholds(thresholds, 0.5)
        self.accumulator = self.add_variable((len(self.thresholds),), zeros, name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        counts = Counts(y_true, y_pred, self.thresholds, self.accumulator.dtype, sample_weight)
        self.accumulator.assign(self.accumulator.value + getattr(counts, self.which)())

    def result(self) -> Any:
        return _scalar_if_one(self.accumulator.value, self.thresholds)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


def _scalar_if_one(result: Any, thresholds: list) -> Any:
    return result[0] if len(thresholds) == 1 else result


class FalsePositives(_ConditionCount):
    """Number (or weight) of samples with label 0 that are predicted 1.

    Args:
        thresholds: number, or a list of numbers, from 0 to 1: predictions above it count as 1; 0.5 if None.

    `result` gives a scalar, or one number for each of the thresholds.
    Raises:
        ValueError: if a threshold is not from 0 to 1.

    >>> m = FalsePositives()
    >>> m.update_state([1, 0, 0, 1, 0], [1, 1, 0, 0, 1])
    >>> m.result()  # 2
    """

    which = "false_positives"


class FalseNegatives(_ConditionCount):
    """Number (or weight) of samples with label 1 that are predicted 0.

    Args:
        thresholds: number, or a list of numbers, from 0 to 1: predictions above it count as 1; 0.5 if None.

    `result` gives a scalar, or one number for each of the thresholds.
    Raises:
        ValueError: if a threshold is not from 0 to 1.

    >>> m = FalseNegatives()
    >>> m.update_state([1, 0, 0, 1, 0], [1, 1, 0, 0, 1])
    >>> m.result()  # 1
    """

    which = "false_negatives"


class TrueNegatives(_ConditionCount):
    """Number (or weight) of samples with label 0 that are predicted 0.

    Args:
        thresholds: number, or a list of numbers, from 0 to 1: predictions above it count as 1; 0.5 if None.

    `result` gives a scalar, or one number for each of the thresholds.
    Raises:
        ValueError: if a threshold is not from 0 to 1.

    >>> m = TrueNegatives()
    >>> m.update_state([1, 0, 0, 1, 0], [1, 1, 0, 0, 1])
    >>> m.result()  # 1
    """

    which = "true_negatives"


class TruePositives(_ConditionCount):
    """Number (or weight) of samples with label 1 that are predicted 1.

    Args:
        thresholds: number, or a list of numbers, from 0 to 1: predictions above it count as 1; 0.5 if None.

    `result` gives a scalar, or one number for each of the thresholds.
    Raises:
        ValueError: if a threshold is not from 0 to 1.

    >>> m = TruePositives()
    >>> m.update_state([1, 0, 0, 1, 0], [1, 1, 0, 0, 1])
    >>> m.result()  # 1
    """

    which = "true_positives"


class _Share(Metric):
    """Base of precision and recall: true positives against true positives plus one kind of error."""

    _direction = "up"
    errors = ""

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = standardize_thresholds(thresholds, 0.5 if top_k is None else BELOW_ALL)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, zeros, name="true_positives")
        setattr(self, self.errors, self.add_variable(shape, zeros, name=self.errors))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        dtype = self.true_positives.dtype
        counts = Counts(
            y_true, y_pred, self.thresholds, dtype, sample_weight, top_k=self.top_k, class_id=self.class_id
        )
        wrong = getattr(self, self.errors)
        self.true_positives.assign(self.true_positives.value + counts.true_positives())
        wrong.assign(wrong.value + getattr(counts, self.errors)())

    def result(self) -> Any:
        right, wrong = self.true_positives.value, getattr(self, self.errors).value
        return _scalar_if_one(ops.divide_no_nan(right, right + wrong), self.thresholds)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class Precision(_Share):
    """Of what is predicted positive, the share that is: `TP / (TP + FP)`; 0 if nothing is.

    Args:
        thresholds: number, or a list of numbers, from 0 to 1: predictions above it are positive; 0.5 if None.
        top_k: integer: the k best classes of a sample count as predicted positive, in place of a threshold;
            None.
        class_id: integer: only this class, of the last axis, is looked at; None for all.

    `result` gives a scalar, or one number for each of the thresholds.
    Raises:
        ValueError: if a threshold is not from 0 to 1.

    >>> m = Precision()
    >>> m.update_state([1, 0, 0, 1, 0], [0.9, 0.8, 0.2, 0.6, 0.7])
    >>> m.result()  # 0.5
    """

    errors = "false_positives"


class Recall(_Share):
    """Of what is positive, the share that is predicted so: `TP / (TP + FN)`; 0 if nothing is.

    Args:
        thresholds: number, or a list of numbers, from 0 to 1: predictions above it are positive; 0.5 if None.
        top_k: integer: the k best classes of a sample count as predicted positive, in place of a threshold;
            None.
        class_id: integer: only this class, of the last axis, is looked at; None for all.

    `result` gives a scalar, or one number for each of the thresholds.
    Raises:
        ValueError: if a threshold is not from 0 to 1.

    >>> m = Recall()
    >>> m.update_state([1, 0, 1, 1, 0], [0.9, 0.8, 0.2, 0.6, 0.7])
    >>> m.result()  # 0.66667
    """

    errors = "false_negatives"
