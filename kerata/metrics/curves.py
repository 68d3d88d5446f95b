"""Metrics read off curves over many thresholds: AUC, and one rate at a wanted value of another."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.claims import claim
from kerata.core.errors import did_you_mean
from kerata.metrics._confusion import Counts, evenly_spaced, standardize_thresholds
from kerata.metrics.metric import Metric, zeros

_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
_ratio = ops.divide_no_nan


class _Curve(Metric):
    """Keeps the four counts at each threshold."""

    _direction = "up"

    def _make_counts(self, shape: tuple) -> None:
        for name in _COUNTS:
            setattr(self, name, self.add_variable(shape, zeros, name=name))

    def _add_counts(self, counts: Counts) -> None:
        for name in _COUNTS:
            variable = getattr(self, name)
            variable.assign(variable.value + getattr(counts, name)())

    def _values(self) -> tuple:
        return tuple(getattr(self, name).value for name in _COUNTS)


def _grid(num_thresholds: int) -> list[float]:
    claim((num_thresholds,), "the thresholds of a metric", itemsize=64)
    return [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]


class AUC(_Curve):
    """Area under the ROC or precision-recall curve, by a sum over thresholds.

    Args:
        num_thresholds: integer above 1: how many thresholds, evenly spaced from 0 to 1; 200 by default.
        curve: "ROC" (the default: recall over the share of false alarms), "PR" (precision over recall) or
            "PRGAIN" (both as gains over what always saying yes gives).
        summation_method: "interpolation" (the default: trapezia; for PR the interpolation of Davis and
            Goadrich), "minoring" or "majoring" (the lower or the higher end of each interval).
        thresholds: list of numbers from 0 to 1 in their place; 0 and 1 are added. None.
        multi_label: whether each label, of the last axis, has a curve of its own, which are averaged, or all
            entries make one curve (False, the default).
        num_labels: integer: the number of labels, to make the state before the first batch; None.
        label_weights: list of numbers: the labels' weights; None for equal ones.
        from_logits: whether predictions are logits, which go through a sigmoid first; False by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    Raises:
        ValueError: if an argument has an unknown value, `num_thresholds` is below 2, or labels and weights do
            not fit.

    Source: Davis and Goadrich (2006), "The Relationship Between Precision-Recall and ROC Curves"; Flach and
    Kull (2015), "Precision-Recall-Gain Curves: PR Analysis Done Right".

    >>> m = AUC(num_thresholds=5)
    >>> m.update_state([1, 0, 1, 0, 1], [0.9, 0.6, 0.4, 0.1, 0.7])
    >>> m.result()  # 0.75
    """

    _unlisted_config = {"thresholds": None}

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        curve, summation_method = _check_curve(curve), _check_summation(summation_method)
        if thresholds is None:
            if num_thresholds <= 1:
                raise ValueError(
                    f"`num_thresholds` of AUC is an integer from 2 on: both ends of the curve count. Got {num_thresholds!r}."
                )
            inner = _grid(num_thresholds)
        else:
            inner = sorted(standardize_thresholds(thresholds, 0.5))
        if num_labels and not multi_label:
            raise ValueError(
                "`num_labels` says how many labels have a curve of their own, so it goes with multi_label=True."
            )
        super().__init__(name=name, dtype=dtype)
        self._inner = None if thresholds is None else [float(t) for t in inner]
        self._even = evenly_spaced([0.0, *inner, 1.0])
        self._thresholds = [0.0 - config.epsilon(), *inner, 1.0 + config.epsilon()]
        self.num_thresholds = len(self._thresholds)
        self.curve, self.summation_method = curve, summation_method
        self.multi_label, self.num_labels = multi_label, num_labels
        self.label_weights = None if label_weights is None else list(label_weights)
        self._from_logits = from_logits
        self._built = False
        if not multi_label:
            self._build()
        elif num_labels:
            self._build((None, num_labels), (None, num_labels))

    @property
    def thresholds(self) -> list:
        """All thresholds, the two ends included."""
        return list(self._thresholds)

    def _build(self, true_shape: Any = None, shape: Any = None) -> None:
        n = self.num_thresholds
        if self.multi_label:
            if len(shape) != 2:
                raise ValueError(
                    f"With multi_label=True, AUC wants predictions of shape (samples, labels); got {tuple(shape)}."
                )
            self.num_labels = self.num_labels or shape[1]
        if self.label_weights is not None and shape is not None and len(self.label_weights) != shape[-1]:
            raise ValueError(
                f"`label_weights` has {len(self.label_weights)} weights, and the predictions of shape {tuple(shape)} "
                f"have {shape[-1]} labels: give one weight per label."
            )
        self._make_counts((n, self.num_labels) if self.multi_label else (n,))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_pred = ops.convert_to_tensor(y_pred, dtype=self._dtype)
        if not self._built:
            self._build(tuple(y_pred.shape), tuple(y_pred.shape))
        if self._from_logits:
            y_pred = ops.sigmoid(y_pred)
        self._add_counts(
            Counts(
                y_true,
                y_pred,
                self._thresholds,
                self.true_positives.dtype,
                sample_weight,
                multi_label=self.multi_label,
                label_weights=self.label_weights,
                even=self._even,
            )
        )

    def interpolate_pr_auc(self) -> Any:
        """Area under the precision-recall curve, interpolated as in Davis and Goadrich (2006), section 4.

        Between two thresholds, false positives grow linearly with true positives, so precision is
        `TP / (TP + FP)` with `TP = slope * P + intercept` for P predicted positives.
        """
        tp, fp, _, fn = self._values()
        predicted = tp + fp
        step_tp, step = tp[:-1] - tp[1:], ops.maximum(predicted[:-1] - predicted[1:], 0)
        slope = _ratio(step_tp, step)
        intercept = tp[1:] - slope * predicted[1:]
        ratio = ops.where(
            ops.logical_and(predicted[:-1] > 0, predicted[1:] > 0),
            _ratio(predicted[:-1], ops.maximum(predicted[1:], 0)),
            ops.ones_like(predicted[1:]),
        )
        area = _ratio(slope * (step_tp + intercept * ops.log(ratio)), ops.maximum(tp[1:] + fn[1:], 0))
        return self._over_labels(ops.sum(area, axis=0))

    def _over_labels(self, areas: Any) -> Any:
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.convert_to_tensor(self.label_weights, dtype=areas.dtype)
        return _ratio(ops.sum(areas * weights), ops.sum(weights))

    def _points(self) -> tuple[Any, Any]:
        """The curve's x and y at each threshold."""
        tp, fp, tn, fn = self._values()
        recall = _ratio(tp, tp + fn)
        if self.curve == "ROC":
            return _ratio(fp, fp + tn), recall
        precision = _ratio(tp, tp + fp)
        if self.curve == "PR":
            return recall, precision
        odds = _ratio(tp + fn, fp + tn)  # of a positive: errors are measured against it (Flach and Kull, 2015)
        recall_gain = ops.where(tp > 0, ops.maximum(1.0 - odds * _ratio(fn, tp), 0.0), ops.zeros_like(tp))
        return recall_gain, 1.0 - odds * _ratio(fp, tp)

    def result(self) -> Any:
        if not self._built:
            return ops.convert_to_tensor(0.0, dtype=self._dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._points()
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = ops.minimum(y[:-1], y[1:])
        else:
            heights = ops.maximum(y[:-1], y[1:])
        return self._over_labels(ops.sum((x[:-1] - x[1:]) * heights, axis=0))

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["from_logits"] = self._from_logits
        config.pop("thresholds", None)
        if self._inner is not None:
            config["thresholds"] = self._inner
        return config


def _check_curve(curve: Any) -> str:
    return _choose(curve, ("PR", "ROC", "PRGAIN"), "AUC curve", str.upper)


def _check_summation(method: Any) -> str:
    return _choose(method, ("interpolation", "majoring", "minoring"), "AUC summation method", str.lower)


def _choose(value: Any, choices: tuple, what: str, normal: Any) -> str:
    if isinstance(value, str) and normal(value) in choices:
        return normal(value)
    expected = ", ".join(f'"{c}"' for c in choices)
    raise ValueError(f"{what} is one of [{expected}]; got {value!r}." + did_you_mean(str(value), choices))


class SensitivitySpecificityBase(_Curve):
    """Base of the metrics that give the best value of one rate where another reaches a wanted value."""

    wanted = ""  # the name of the argument

    def __init__(self, value, num_thresholds=200, class_id=None, name=None, dtype=None):
        if not 0 <= value <= 1:
            raise ValueError(f"`{self.wanted}` of {type(self).__name__} is a rate from 0 to 1; got {value}.")
        if num_thresholds <= 0:
            raise ValueError(
                f"`num_thresholds` of {type(self).__name__} is a positive integer; got {num_thresholds!r}."
            )
        super().__init__(name=name, dtype=dtype)
        self.value = value
        setattr(self, self.wanted, value)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self.thresholds = [0.5] if num_thresholds == 1 else [0.0, *_grid(num_thresholds), 1.0]
        self._even = num_thresholds > 2
        self._make_counts((num_thresholds,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        dtype = self.true_positives.dtype
        self._add_counts(
            Counts(y_true, y_pred, self.thresholds, dtype, sample_weight, class_id=self.class_id, even=self._even)
        )

    def _rates(self) -> tuple[Any, Any]:
        """The rate that must reach `value`, and the rate that is wanted."""
        raise NotImplementedError

    def result(self) -> Any:
        reached, best = self._rates()
        return ops.max(ops.where(reached >= self.value, best, ops.zeros_like(best)), axis=-1)


class SensitivityAtSpecificity(SensitivitySpecificityBase):
    """The best sensitivity `TP / (TP + FN)` where specificity `TN / (TN + FP)` is at least what is asked.

    Args:
        specificity: number from 0 to 1.
        num_thresholds: integer above 0: how many thresholds are tried; 200 by default.
        class_id: integer: only this class, of the last axis, is looked at; None for all.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.
    Raises:
        ValueError: if the rate is not from 0 to 1, or there is no threshold.

    >>> m = SensitivityAtSpecificity(0.6)
    >>> m.update_state([1, 0, 1, 0, 0, 1], [0.95, 0.4, 0.6, 0.7, 0.1, 0.2])
    >>> m.result()  # 0.66667
    """

    wanted = "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def _rates(self):
        tp, fp, tn, fn = self._values()
        return _ratio(tn, tn + fp), _ratio(tp, tp + fn)


class SpecificityAtSensitivity(SensitivitySpecificityBase):
    """The best specificity `TN / (TN + FP)` where sensitivity `TP / (TP + FN)` is at least what is asked.

    Args:
        sensitivity: number from 0 to 1.
        num_thresholds: integer above 0: how many thresholds are tried; 200 by default.
        class_id: integer: only this class, of the last axis, is looked at; None for all.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.
    Raises:
        ValueError: if the rate is not from 0 to 1, or there is no threshold.

    >>> m = SpecificityAtSensitivity(0.6)
    >>> m.update_state([1, 0, 1, 0, 0, 1], [0.95, 0.4, 0.6, 0.7, 0.1, 0.2])
    >>> m.result()  # 0.66667
    """

    wanted = "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def _rates(self):
        tp, fp, tn, fn = self._values()
        return _ratio(tp, tp + fn), _ratio(tn, tn + fp)


class PrecisionAtRecall(SensitivitySpecificityBase):
    """The best precision `TP / (TP + FP)` where recall `TP / (TP + FN)` is at least what is asked.

    Args:
        recall: number from 0 to 1.
        num_thresholds: integer above 0: how many thresholds are tried; 200 by default.
        class_id: integer: only this class, of the last axis, is looked at; None for all.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.
    Raises:
        ValueError: if the rate is not from 0 to 1, or there is no threshold.

    >>> m = PrecisionAtRecall(0.6)
    >>> m.update_state([1, 0, 1, 0, 0, 1], [0.95, 0.4, 0.6, 0.7, 0.1, 0.2])
    >>> m.result()  # 0.66667
    """

    wanted = "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def _rates(self):
        tp, fp, _, fn = self._values()
        return _ratio(tp, tp + fn), _ratio(tp, tp + fp)


class RecallAtPrecision(SensitivitySpecificityBase):
    """The best recall `TP / (TP + FN)` where precision `TP / (TP + FP)` is at least what is asked.

    Args:
        precision: number from 0 to 1.
        num_thresholds: integer above 0: how many thresholds are tried; 200 by default.
        class_id: integer: only this class, of the last axis, is looked at; None for all.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.
    Raises:
        ValueError: if the rate is not from 0 to 1, or there is no threshold.

    >>> m = RecallAtPrecision(0.7)
    >>> m.update_state([1, 0, 1, 0, 0, 1], [0.95, 0.4, 0.6, 0.7, 0.1, 0.2])
    >>> m.result()  # 0.33333
    """

    wanted = "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def _rates(self):
        tp, fp, _, fn = self._values()
        return _ratio(tp, tp + fp), _ratio(tp, tp + fn)
