"""Correlation between targets and predictions."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.losses._reduction import float_pair
from kerata.metrics.reduction import FunctionMetric


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Covariance over the product of the standard deviations, from -1 to 1; NaN where one of them is 0.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape.
        axis: integer: the axis along which they go together; -1 by default.

    Returns:
        Floats of the shape without `axis`.

    Source: Pearson (1895), "Notes on Regression and Inheritance in the Case of Two Parents".

    >>> pearson_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 0.5]])  # [1]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    y_true = y_true - ops.mean(y_true, axis=axis, keepdims=True)
    y_pred = y_pred - ops.mean(y_pred, axis=axis, keepdims=True)
    y_true = y_true / ops.std(y_true, axis=axis, keepdims=True)
    y_pred = y_pred / ops.std(y_pred, axis=axis, keepdims=True)
    return ops.mean(y_true * y_pred, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """How near pairs lie to the line of equality, from -1 to 1.

    `2 cov / (var_true + var_pred + (mean_true - mean_pred)**2)`.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape.
        axis: integer: the axis along which they go together; -1 by default.

    Returns:
        Floats of the shape without `axis`.

    Source: Lin (1989), "A Concordance Correlation Coefficient to Evaluate Reproducibility".

    >>> concordance_correlation([[0.0, 1.0, 0.5]], [[0.0, 2.0, 1.0]])  # [0.61538]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    mean_true, mean_pred = ops.mean(y_true, axis=axis, keepdims=True), ops.mean(y_pred, axis=axis, keepdims=True)
    var_true, var_pred = ops.var(y_true, axis=axis), ops.var(y_pred, axis=axis)
    covariance = ops.mean((y_true - mean_true) * (y_pred - mean_pred), axis=axis)
    bias = ops.squeeze(ops.square(mean_true - mean_pred), axis=axis)
    return 2 * covariance / (var_true + var_pred + bias + config.epsilon())


class PearsonCorrelation(FunctionMetric):
    """Mean Pearson correlation of the samples; the formula stands at `pearson_correlation`.

    Args:
        axis: integer: the axis along which targets and predictions go together; -1 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = PearsonCorrelation()
    >>> m.update_state([[1.0, 2.0, 3.0]], [[2.0, 4.0, 6.0]])
    >>> m.result()  # 1
    """

    function = staticmethod(pearson_correlation)
    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)


class ConcordanceCorrelation(FunctionMetric):
    """Mean concordance correlation of the samples; the formula stands at `concordance_correlation`.

    Args:
        axis: integer: the axis along which targets and predictions go together; -1 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    Source: Lin (1989), "A Concordance Correlation Coefficient to Evaluate Reproducibility".

    >>> m = ConcordanceCorrelation()
    >>> m.update_state([[0.0, 1.0, 0.5]], [[0.0, 2.0, 1.0]])
    >>> m.result()  # 0.61538
    """

    function = staticmethod(concordance_correlation)
    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)
