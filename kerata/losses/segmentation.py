"""Overlap losses for segmentation."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.configurable import arguments
from kerata.losses._reduction import as_float
from kerata.losses.wrapper import FunctionLoss


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """`1 - 2 I / (T + P)`: the part of two regions that does not overlap.

    I is the sum of `y_true * y_pred`, T that of `y_true`, P that of `y_pred`.

    Args:
        y_true: labels 0 or 1, of any shape.
        y_pred: probabilities of the same shape.
        axis: integer or several: the axes of the sums; None (the default) for all.

    Returns:
        Losses of the shape that is left; a scalar for None.

    Source: Milletari et al. (2016), "V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image
    Segmentation".

    >>> dice([[0.0, 1.0]], [[0.5, 0.5]])  # 0.5
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    axis = _axes(axis)
    overlap = ops.sum(y_true * y_pred, axis=axis)
    size = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - ops.divide(2.0 * overlap, size + config.epsilon())


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """`1 - TP / (TP + alpha * FN + beta * FP)`: Dice with a weight for each kind of error.

    Args:
        y_true: labels 0 or 1, of any shape.
        y_pred: probabilities of the same shape.
        alpha: weight of what is missed, FN (as Keras computes it); 0.5 by default.
        beta: weight of false alarms, FP; 0.5 by default.
        axis: integer or several: the axes of the sums; None (the default) for all.

    Returns:
        Losses of the shape that is left; a scalar for None.

    Source: Salehi et al. (2017), "Tversky Loss Function for Image Segmentation Using 3D Fully Convolutional
    Deep Networks".

    >>> tversky([[0.0, 1.0]], [[0.5, 0.5]])  # 0.5
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
    """Dice loss for segmentation; the formula stands at `dice`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).
        axis: integer or several: the axes of the sums; None (the default) for all.

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> Dice()([[0.0, 1.0]], [[0.5, 0.5]])  # 0.5
    """

    function = staticmethod(dice)

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(**arguments(locals()))


class Tversky(FunctionLoss):
    """Tversky loss for segmentation, Dice with a weight for each kind of error; the formula stands at `tversky`.

    Args:
        alpha: weight of what is missed; 0.5 by default.
        beta: weight of false alarms; 0.5 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).
        axis: integer or several: the axes of the sums; None (the default) for all.

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> Tversky(alpha=0.3, beta=0.7)([[0.0, 1.0]], [[0.5, 0.5]])  # 0.5
    """

    function = staticmethod(tversky)

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(**arguments(locals()))
