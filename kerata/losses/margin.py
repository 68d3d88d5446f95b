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
    """`mean(max(1 - y_true * y_pred, 0))` over the last axis; labels are -1/1, or 0/1, which count as -1/1.

    >>> hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    """
    return ops.mean(_violation(y_true, y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """`mean(max(1 - y_true * y_pred, 0)**2)` over the last axis; labels as for `hinge`.

    >>> squared_hinge([[-1.0, 1.0]], [[0.5, 0.5]])
    """
    return ops.mean(ops.square(_violation(y_true, y_pred)), axis=-1)


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """`max(neg - pos + 1, 0)` with `pos = sum(y_true * y_pred)` and `neg = max((1 - y_true) * y_pred)`.

    >>> categorical_hinge([[0.0, 1.0]], [[0.4, 0.6]])
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    positive = ops.sum(y_true * y_pred, axis=-1)
    negative = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(negative - positive + 1.0, 0.0)


class Hinge(FunctionLoss):
    """Hinge loss: see `hinge`.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.0
    """

    function = staticmethod(hinge)

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(reduction, name, dtype)


class SquaredHinge(FunctionLoss):
    """Squared hinge loss: see `squared_hinge`.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[0.5, 0.5]]))
    1.25
    """

    function = staticmethod(squared_hinge)

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(reduction, name, dtype)


class CategoricalHinge(FunctionLoss):
    """Hinge loss between the true class and the best of the others: see `categorical_hinge`.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.4, 0.6]])
    """

    function = staticmethod(categorical_hinge)

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(reduction, name, dtype)
