"""Losses for continuous targets."""

from __future__ import annotations

import math
from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.configurable import arguments
from kerata.losses._reduction import float_pair
from kerata.losses.wrapper import FunctionLoss


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((y_true - y_pred)**2)` over the last axis.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 1.0]])  # [1]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """`mean(|y_true - y_pred|)` over the last axis.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> mean_absolute_error([[0.0, 2.0]], [[1.0, 1.0]])  # [1]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """`100 * mean(|(y_true - y_pred) / max(|y_true|, epsilon)|)` over the last axis, in percent of the target.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> mean_absolute_percentage_error([[1.0, 2.0]], [[1.0, 1.0]])  # [25]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    scale = ops.maximum(ops.abs(y_true), _epsilon(y_true))
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / scale), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((log(y_true + 1) - log(y_pred + 1))**2)` over the last axis; values below epsilon are raised to it.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> mean_squared_logarithmic_error([[0.0, 2.0]], [[1.0, 1.0]])  # [0.32243]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    epsilon = _epsilon(y_pred)
    log_pred = ops.log(ops.maximum(y_pred, epsilon) + 1.0)
    log_true = ops.log(ops.maximum(y_true, epsilon) + 1.0)
    return ops.mean(ops.square(log_true - log_pred), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Quadratic for errors up to `delta`, linear beyond; the mean over the last axis.

    With `e = y_true - y_pred`: `e**2 / 2` where `|e| <= delta`, else `delta * |e| - delta**2 / 2`.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.
        delta: positive number, in units of the targets; 1.0 by default.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    Source: Huber (1964), "Robust Estimation of a Location Parameter".

    >>> huber([[0.0, 2.0]], [[1.0, 5.0]])  # [1.5]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    return ops.mean(ops.where(error <= delta, 0.5 * ops.square(error), delta * error - 0.5 * delta * delta), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """`mean(log(cosh(y_pred - y_true)))` over the last axis, computed without overflow.

    About `e**2 / 2` for small errors e and `|e| - log(2)` for large ones.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> log_cosh([[0.0, 1.0]], [[1.0, 1.0]])  # [0.21689]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    x = y_pred - y_true
    return ops.mean(x + ops.softplus(-2.0 * x) - math.log(2.0), axis=-1)


def _epsilon(x: Any) -> Any:
    return ops.convert_to_tensor(config.epsilon(), dtype=x.dtype)


class MeanSquaredError(FunctionLoss):
    """Mean of squared errors; the formula stands at `mean_squared_error`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> MeanSquaredError()([[0.0], [2.0]], [[1.0], [1.0]])  # 1
    >>> MeanSquaredError()([[0.0], [2.0]], [[1.0], [5.0]], sample_weight=[1.0, 0.0])  # 0.5
    """

    function = staticmethod(mean_squared_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(reduction, name, dtype)


class MeanAbsoluteError(FunctionLoss):
    """Mean of absolute errors; the formula stands at `mean_absolute_error`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> MeanAbsoluteError()([[0.0], [2.0]], [[1.0], [5.0]])  # 2
    """

    function = staticmethod(mean_absolute_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(reduction, name, dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of errors in percent of the target; the formula stands at `mean_absolute_percentage_error`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> MeanAbsolutePercentageError()([[1.0], [2.0]], [[1.0], [1.0]])  # 25
    """

    function = staticmethod(mean_absolute_percentage_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(reduction, name, dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of squared errors between logarithms; the formula stands at `mean_squared_logarithmic_error`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> MeanSquaredLogarithmicError()([[0.0], [2.0]], [[1.0], [1.0]])  # 0.32243
    """

    function = staticmethod(mean_squared_logarithmic_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(reduction, name, dtype)


class Huber(FunctionLoss):
    """Squared error for small errors, absolute error for large ones; the formula stands at `huber`.

    Args:
        delta: positive number, in units of the targets: where the loss turns from quadratic to linear; 1.0 by
            default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    Source: Huber (1964), "Robust Estimation of a Location Parameter".

    >>> Huber()([[0.0], [2.0]], [[1.0], [5.0]])  # 1.5
    """

    function = staticmethod(huber)
    _unlisted_config = {"delta": 1.0}

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(**arguments(locals()))


class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error; the formula stands at `log_cosh`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> LogCosh()([[0.0], [2.0]], [[1.0], [1.0]])  # 0.43378
    """

    function = staticmethod(log_cosh)

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(reduction, name, dtype)
