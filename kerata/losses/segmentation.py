"""Overlap losses for segmentation."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.configurable import arguments
from kerata.losses._reduction import as_float
from kerata.losses.wrapper import FunctionLoss


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))` over `axis` (all axes when None).

    Source: Milletari et al. (2016), https://arxiv.org/abs/1606.04797

    >>> dice([[0.0, 1.0]], [[0.0, 1.0]])
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    axis = _axes(axis)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    size = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - ops.divide(2.0 * overlap, size + config.epsilon())


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """`1 - TP / (TP + alpha * FN + beta * FP)` over `axis` (all axes when None).

    Args:
        alpha, beta: weights of false negatives and of false positives (as Keras computes it).

    Source: Salehi et al. (2017), https://arxiv.org/abs/1706.05721

    >>> tversky([[0.0, 1.0]], [[0.0, 1.0]])
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    axis = _axes(axis)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    false_negative = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    false_positive = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    size = overlap + alpha * false_negative + beta * false_positive
    return 1.0 - ops.divide(overlap, size + config.epsilon())


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


class Dice(FunctionLoss):
    """Dice loss: see `dice`.

    >>> Dice()([[0.0, 1.0]], [[0.0, 1.0]])
    """

    function = staticmethod(dice)

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(**arguments(locals()))


class Tversky(FunctionLoss):
    """Tversky loss, Dice with different weights for false positives and negatives: see `tversky`.

    >>> Tversky(alpha=0.3, beta=0.7)([[0.0, 1.0]], [[0.0, 1.0]])
    """

    function = staticmethod(tversky)

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(**arguments(locals()))
