"""Correlation between targets and predictions."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.losses._reduction import float_pair
from kerata.metrics.reduction import FunctionMetric


def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Covariance over the product of standard deviations, over `axis`.

    >>> pearson_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    y_true = y_true - ops.mean(y_true, axis=axis, keepdims=True)
    y_pred = y_pred - ops.mean(y_pred, axis=axis, keepdims=True)
    y_true = ops.normalize(y_true, axis=axis)
    y_pred = ops.normalize(y_pred, axis=axis)
    return ops.sum(y_true * y_pred, axis=axis)


def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Lin's coefficient `2 * cov / (var_true + var_pred + (mean_true - mean_pred)**2)`, over `axis`.

    >>> concordance_correlation([[0.0, 1.0, 0.5]], [[0.1, 0.9, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    mean_true, mean_pred = ops.mean(y_true, axis=axis, keepdims=True), ops.mean(y_pred, axis=axis, keepdims=True)
    var_true, var_pred = ops.var(y_true, axis=axis), ops.var(y_pred, axis=axis)
    covariance = ops.mean((y_true - mean_true) * (y_pred - mean_pred), axis=axis)
    bias = ops.squeeze(ops.square(mean_true - mean_pred), axis=axis)
    return 2 * covariance / (var_true + var_pred + bias + config.epsilon())


class PearsonCorrelation(FunctionMetric):
    """Mean Pearson correlation coefficient of the samples: see `pearson_correlation`.

    >>> m = PearsonCorrelation(axis=-1)
    >>> m.update_state([[1.0, 2.0, 4.0]], [[2.0, 3.0, 7.0]])
    """

    function = staticmethod(pearson_correlation)
    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)


class ConcordanceCorrelation(FunctionMetric):
    """Mean concordance correlation coefficient of the samples: see `concordance_correlation`.

    >>> m = ConcordanceCorrelation(axis=-1)
    >>> m.update_state([[1.0, 2.0, 4.0]], [[2.0, 3.0, 7.0]])
    """

    function = staticmethod(concordance_correlation)
    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(name, dtype, axis=axis)
