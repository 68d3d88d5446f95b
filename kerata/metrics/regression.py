"""Metrics of continuous targets."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.losses import regression as losses
from kerata.losses import similarity
from kerata.losses._reduction import match_ranks
from kerata.metrics.metric import Metric, zeros
from kerata.metrics.reduction import FunctionMetric, Mean


class MeanSquaredError(FunctionMetric):
    """Mean of squared errors, `mean((y_true - y_pred)**2)`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = MeanSquaredError()
    >>> m.update_state([[3.5, 1.5], [2.5, 0.5]], [[1.5, 1.5], [2.5, 4.5]])
    >>> m.result()  # 5
    """

    function = staticmethod(losses.mean_squared_error)

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(name, dtype)


class MeanAbsoluteError(FunctionMetric):
    """Mean of absolute errors, `mean(|y_true - y_pred|)`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = MeanAbsoluteError()
    >>> m.update_state([[3.5, 1.5], [2.5, 0.5]], [[1.5, 1.5], [2.5, 4.5]])
    >>> m.result()  # 1.5
    """

    function = staticmethod(losses.mean_absolute_error)

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(name, dtype)


class MeanAbsolutePercentageError(FunctionMetric):
    """Mean of errors in percent of the target, `100 * mean(|y_true - y_pred| / max(|y_true|, epsilon))`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = MeanAbsolutePercentageError()
    >>> m.update_state([[1.0], [2.0]], [[1.0], [1.0]])
    >>> m.result()  # 25
    """

    function = staticmethod(losses.mean_absolute_percentage_error)

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(name, dtype)


class MeanSquaredLogarithmicError(FunctionMetric):
    """Mean of squared errors between logarithms, `mean((log(y_true + 1) - log(y_pred + 1))**2)`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = MeanSquaredLogarithmicError()
    >>> m.update_state([[0.0], [2.0]], [[1.0], [1.0]])
    >>> m.result()  # 0.32243
    """

    function = staticmethod(losses.mean_squared_logarithmic_error)

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(name, dtype)


class LogCoshError(FunctionMetric):
    """Mean logarithm of the hyperbolic cosine of the error, `mean(log(cosh(y_pred - y_true)))`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = LogCoshError()
    >>> m.update_state([[0.0], [2.0]], [[1.0], [1.0]])
    >>> m.result()  # 0.43378
    """

    function = staticmethod(losses.log_cosh)

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(name, dtype)


class RootMeanSquaredError(Mean):
    """Square root of the mean of squared errors, over all samples.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = RootMeanSquaredError()
    >>> m.update_state([[0.0], [0.0]], [[3.0], [4.0]])
    >>> m.result()  # 3.53553
    """

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = ops.convert_to_tensor(y_true, dtype=self._dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self._dtype)
        y_true, y_pred = match_ranks(y_true, y_pred)
        super().update_state(ops.square(y_true - y_pred), sample_weight)

    def result(self) -> Any:
        return ops.sqrt(super().result())


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Cosine of the angle between target and prediction."""
    return -similarity.cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(FunctionMetric):
    """Mean cosine of the angle between target and prediction: 1 for equal directions, -1 for opposite ones.

    Args:
        axis: integer: the axis of the vectors; -1 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = CosineSimilarity()
    >>> m.update_state([[0.0, 1.0]], [[0.0, 2.0]])
    >>> m.result()  # 1
    """

    function = staticmethod(cosine_similarity)
    _direction = "up"
    _unlisted_config = {"axis": -1}

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)


_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """Coefficient of determination: `1 - sum((y_true - y_pred)**2) / sum((y_true - mean(y_true))**2)`.

    Args:
        class_aggregation: "uniform_average" of the outputs (the default), "variance_weighted_average", or
            None for a score of each output.
        num_regressors: integer: the number of independent regressors, for the adjusted score; 0 (the default)
            for the plain one.

    `update_state` takes `y_true` and `y_pred`, both `(batch, outputs)`, and perhaps `sample_weight`
    `(batch,)`.

    Raises:
        ValueError: if an argument has another value, or arrays another rank.

    >>> m = R2Score()
    >>> m.update_state([[2.0], [5.0], [8.0]], [[3.0], [5.0], [6.0]])
    >>> m.result()  # 0.72222
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise ValueError(f"`class_aggregation` of R2Score is one of {_AGGREGATIONS}; got {class_aggregation!r}.")
        if num_regressors < 0:
            raise ValueError(
                f"`num_regressors` of R2Score counts regressors, so it is 0 or more; got {num_regressors}."
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), zeros, name="num_samples")
        self._built = False

    def _build(self, true_shape: tuple, pred_shape: tuple) -> None:
        if {len(true_shape), len(pred_shape)} == {1, 2} and max(true_shape, pred_shape, key=len)[-1] == 1:
            true_shape = pred_shape = max(true_shape, pred_shape, key=len)  # (n,) counts as (n, 1)
        if len(pred_shape) != 2 or len(true_shape) != 2:
            raise ValueError(
                "R2Score compares 2D arrays of shape (samples, outputs); the targets have the shape "
                f"{true_shape}, the predictions {pred_shape}."
            )
        if pred_shape[-1] is None or true_shape[-1] is None:
            raise ValueError(
                "R2Score must know the number of outputs, the last size of both arrays; the targets have the shape "
                f"{true_shape}, the predictions {pred_shape}."
            )
        shape = (pred_shape[-1],)
        self.squared_sum = self.add_variable(shape, zeros, name="squared_sum")
        self.sum = self.add_variable(shape, zeros, name="sum")
        self.total_mse = self.add_variable(shape, zeros, name="residual")
        self.count = self.add_variable(shape, zeros, name="count")
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true = ops.convert_to_tensor(y_true, dtype=self._dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self._dtype)
        y_true, y_pred = match_ranks(y_true, y_pred)
        if not self._built:
            self._build(tuple(y_true.shape), tuple(y_pred.shape))
        weights = ops.ones_like(y_true)
        if sample_weight is not None:
            given = ops.convert_to_tensor(sample_weight, dtype=self._dtype)
            if len(given.shape) == 1:
                given = ops.expand_dims(given, 1)
            weights = weights * given
        weighted = y_true * weights
        for variable, values in (
            (self.sum, weighted),
            (self.squared_sum, y_true * weighted),
            (self.total_mse, ops.square(y_true - y_pred) * weights),
            (self.count, weights),
        ):
            variable.assign(ops.add(variable.value, ops.sum(values, axis=0)))
        self.num_samples.assign(self.num_samples.value + ops.cast(ops.size(y_true), self.num_samples.dtype))

    def result(self) -> Any:
        if not self._built:
            return ops.convert_to_tensor(0.0, dtype=self._dtype)
        total = self.squared_sum.value - self.sum.value * ops.divide_no_nan(self.sum.value, self.count.value)
        score = self._aggregate(1 - self.total_mse.value / total, total)
        return self._adjust(score) if self.num_regressors else score

    def _aggregate(self, scores: Any, total: Any) -> Any:
        scores = ops.where(ops.isinf(scores), ops.zeros_like(scores), scores)
        if self.class_aggregation == "uniform_average":
            return ops.mean(scores)
        if self.class_aggregation == "variance_weighted_average":
            return ops.sum(total * scores) / ops.sum(total)
        return scores

    def _adjust(self, score: Any) -> Any:
        """The score less what `num_regressors` regressors explain by chance."""
        n, p = self.num_samples.value, self.num_regressors
        rest = n - p - 1.0
        adjusted = 1.0 - (1.0 - score) * (n - 1.0) / ops.where(rest > 0, rest, ops.ones_like(rest))
        return ops.where(rest > 0, adjusted, score)
