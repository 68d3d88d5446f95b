"""Margin losses."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.losses._reduction import as_float, float_pair, together
from kerata.losses.wrapper import FunctionLoss


def signed_labels(y_true: Any) -> Any:
    """Labels 0/1 as -1/1, when there are no others; other labels as they are."""
    zeros, ones = ops.equal(y_true, 0), ops.equal(y_true, 1)
    binary = ops.all(ops.logical_or(zeros, ones))
    return ops.where(binary, 2.0 * y_true - 1.0, y_true)


def _violation(y_true: Any, y_pred: Any) -> Any:
    """By how much each prediction misses the margin of 1."""
    y_pred = as_float(y_pred)
    y_true, y_pred = together(signed_labels(ops.cast(y_true, y_pred.dtype)), y_pred)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0))` over the last axis.

    Args:
        y_true: labels `(batch, ..., n)`: -1 or 1; if there are only 0 and 1, 0 counts as -1.
        y_pred: scores of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> hinge([[-1.0, 1.0]], [[0.5, 0.5]])  # [1]
    """
    return ops.mean(_violation(y_true, y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0)**2)` over the last axis.

    Args:
        y_true: labels `(batch, ..., n)`: -1 or 1; if there are only 0 and 1, 0 counts as -1.
        y_pred: scores of the same shape, float.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> squared_hinge([[-1.0, 1.0]], [[0.5, 0.5]])  # [1.25]
    """
    return ops.mean(ops.square(_violation(y_true, y_pred)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(neg - pos + 1, 0)`: by how much the true class fails to lead the best of the others by 1.

    `pos = sum(y_true * y_pred)` and `neg = max((1 - y_true) * y_pred)`, over the last axis.

    Args:
        y_true: one-hot labels `(batch, ..., classes)`.
        y_pred: scores of the same shape, float.

    Returns:
        Losses `(batch, ...)`, in the dtype of `y_pred`.

    >>> categorical_hinge([[0.0, 1.0]], [[0.4, 0.6]])  # [0.8]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    positive = ops.sum(y_true * y_pred, axis=-1)
    negative = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(negative - positive + 1.0, 0.0)


class Hinge(FunctionLoss):
    """Hinge loss of labels -1 and 1 (or 0 and 1); the formula stands at `hinge`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> Hinge()([[-1.0, 1.0]], [[0.5, 0.5]])  # 1
    """

    function = staticmethod(hinge)

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(reduction, name, dtype)


class SquaredHinge(FunctionLoss):
    """Squared hinge loss of labels -1 and 1 (or 0 and 1); the formula stands at `squared_hinge`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]])  # 1.25
    """

    function = staticmethod(squared_hinge)

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(reduction, name, dtype)


class CategoricalHinge(FunctionLoss):
    """Hinge loss between the true class and the best of the others; the formula stands at `categorical_hinge`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.4, 0.6]])  # 0.8
    """

    function = staticmethod(categorical_hinge)

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(reduction, name, dtype)
