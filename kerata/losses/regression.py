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
    """`mean((y_true - y_pred)**2)` over the last axis: `(batch, d0, .. dN)` gives `(batch, d0, .. dN-1)`.

    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """`mean(|y_true - y_pred|)` over the last axis.

    >>> mean_absolute_error([[0.0, 2.0]], [[1.0, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """`100 * mean(|(y_true - y_pred) / max(|y_true|, epsilon)|)` over the last axis.

    >>> mean_absolute_percentage_error([[1.0, 2.0]], [[1.0, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    scale = ops.maximum(ops.abs(y_true), _epsilon(y_true))
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / scale), axis=-1)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """`mean((log(y_true + 1) - log(y_pred + 1))**2)` over the last axis; values below epsilon are raised to it.

    >>> mean_squared_logarithmic_error([[0.0, 2.0]], [[1.0, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    epsilon = _epsilon(y_pred)
    log_pred = ops.log(ops.maximum(y_pred, epsilon) + 1.0)
    log_true = ops.log(ops.maximum(y_true, epsilon) + 1.0)
    return ops.mean(ops.square(log_true - log_pred), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Quadratic for errors up to `delta`, linear beyond: the mean over the last axis of
    `e**2 / 2` where `|e| <= delta`, else `delta * |e| - delta**2 / 2`.

    Source: Huber (1964), Robust estimation of a location parameter.

    >>> huber([[0.0, 2.0]], [[1.0, 5.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    error = ops.abs(y_pred - y_true)
    return ops.mean(ops.where(error <= delta, 0.5 * ops.square(error), delta * error - 0.5 * delta * delta), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """`mean(log(cosh(y_pred - y_true)))` over the last axis, computed without overflow.

    >>> log_cosh([[0.0, 1.0]], [[1.0, 1.0]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    x = y_pred - y_true
    return ops.mean(x + ops.softplus(-2.0 * x) - math.log(2.0), axis=-1)


def _epsilon(x: Any) -> Any:
    return ops.convert_to_tensor(config.epsilon(), dtype=x.dtype)


class MeanSquaredError(FunctionLoss):
    """Mean of squared errors: see `mean_squared_error`.

    >>> float(MeanSquaredError()([[0.0], [2.0]], [[1.0], [1.0]]))
    1.0
    """

    function = staticmethod(mean_squared_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(reduction, name, dtype)


class MeanAbsoluteError(FunctionLoss):
    """Mean of absolute errors: see `mean_absolute_error`.

    >>> float(MeanAbsoluteError()([[0.0], [2.0]], [[1.0], [1.0]]))
    1.0
    """

    function = staticmethod(mean_absolute_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(reduction, name, dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of errors in percent of the target: see `mean_absolute_percentage_error`.

    >>> float(MeanAbsolutePercentageError()([[1.0], [2.0]], [[1.0], [1.0]]))
    25.0
    """

    function = staticmethod(mean_absolute_percentage_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(reduction, name, dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of squared errors between logarithms: see `mean_squared_logarithmic_error`.

    >>> MeanSquaredLogarithmicError()([[0.0], [2.0]], [[1.0], [1.0]])
    """

    function = staticmethod(mean_squared_logarithmic_error)

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(reduction, name, dtype)


class Huber(FunctionLoss):
    """Squared error for small errors, absolute error for large ones: see `huber`.

    Args:
        delta: the error at which the loss turns from quadratic to linear.

    >>> float(Huber()([[0.0], [2.0]], [[1.0], [1.0]]))
    0.5
    """

    function = staticmethod(huber)
    _unlisted_config = {"delta": 1.0}

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(**arguments(locals()))


class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error: see `log_cosh`.

    >>> LogCosh()([[0.0], [2.0]], [[1.0], [1.0]])
    """

    function = staticmethod(log_cosh)

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(reduction, name, dtype)
