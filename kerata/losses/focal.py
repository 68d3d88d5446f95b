"""Focal losses: cross-entropies that weigh down what is already predicted well.

Source: Lin et al. (2018), https://arxiv.org/abs/1708.02002
"""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.configurable import arguments
from kerata.losses._reduction import as_float
from kerata.losses.probabilistic import check_axis, smooth_binary, smooth_classes, warn_single_class
from kerata.losses.wrapper import FunctionLoss


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary cross-entropy times `(1 - p_t)**gamma`, where `p_t` is the probability of the true label.

    Args:
        y_true: labels 0 or 1, `(batch, ..., n)`.
        y_pred: probabilities of 1, or logits, of the same shape.
        apply_class_balancing: whether losses are multiplied by `alpha` where the label is 1, and by
            `1 - alpha` where it is 0; False by default.
        alpha: number from 0 to 1: the weight of label 1; 0.25 by default.
        gamma: number of at least 0: how strongly what is predicted well is weighed down; 2.0 by default.
        from_logits: whether `y_pred` are logits, which go through a sigmoid first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / 2`; 0.0 by default.
        axis: integer: the axis of the mean; -1 by default.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    Source: Lin et al. (2017), "Focal Loss for Dense Object Detection".

    >>> binary_focal_crossentropy([[0.0, 1.0]], [[0.1, 0.9]])  # [0.00105]
    """
    y_pred = as_float(y_pred)
    y_true = smooth_binary(ops.cast(y_true, y_pred.dtype), label_smoothing)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    losses = ops.binary_crossentropy(y_true, y_pred, from_logits=False)
    p_t = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    losses = ops.power(1.0 - p_t, gamma) * losses
    if apply_class_balancing:
        losses = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * losses
    return ops.mean(losses, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-sum(alpha * (1 - p)**gamma * y_true * log(p))` over `axis`, for one-hot targets.

    Args:
        y_true: one-hot labels `(batch, ..., classes)`.
        y_pred: probabilities of the classes, or logits, of the same shape.
        alpha: number, or one for each class: weights; 0.25 by default.
        gamma: number of at least 0: how strongly what is predicted well is weighed down; 2.0 by default.
        from_logits: whether `y_pred` are logits, which go through a softmax first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / classes`; 0.0 by default.
        axis: integer: the axis of the classes; -1 by default.

    Returns:
        Losses `(batch, ...)`, in the dtype of `y_pred`.

    Raises:
        ValueError: if `axis` is a bool.

    Source: Lin et al. (2017), "Focal Loss for Dense Object Detection".

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.1, 0.9]])  # [0.00026]
    """
    check_axis(axis)
    y_pred = as_float(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    warn_single_class("categorical_focal_crossentropy", y_pred.shape)
    y_true = smooth_classes(y_true, label_smoothing)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    weights = ops.power(1.0 - p, gamma) * ops.convert_to_tensor(alpha, dtype=p.dtype)
    return ops.sum(weights * (-y_true * ops.log(p)), axis=axis)


class BinaryFocalCrossentropy(FunctionLoss):
    """Focal loss for targets 0 or 1; the formula stands at `binary_focal_crossentropy`.

    Args:
        apply_class_balancing: whether losses are multiplied by `alpha` where the label is 1, and by
            `1 - alpha` where it is 0; False by default.
        alpha: number from 0 to 1: the weight of label 1; 0.25 by default.
        gamma: number of at least 0: how strongly what is predicted well is weighed down; 2.0 by default.
        from_logits: whether `y_pred` are logits, which go through a sigmoid first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / 2`; 0.0 by default.
        axis: integer: the axis of the mean; -1 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    Source: Lin et al. (2017), "Focal Loss for Dense Object Detection".

    >>> BinaryFocalCrossentropy()([[0.0, 1.0]], [[0.4, 0.6]])  # 0.08173
    """

    function = staticmethod(binary_focal_crossentropy)

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(**arguments(locals()))


class CategoricalFocalCrossentropy(FunctionLoss):
    """Focal loss for one-hot targets; the formula stands at `categorical_focal_crossentropy`.

    Args:
        alpha: number, or one for each class: weights; 0.25 by default.
        gamma: number of at least 0: how strongly what is predicted well is weighed down; 2.0 by default.
        from_logits: whether `y_pred` are logits, which go through a softmax first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / classes`; 0.0 by default.
        axis: integer: the axis of the classes; -1 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    Source: Lin et al. (2017), "Focal Loss for Dense Object Detection".

    >>> CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.4, 0.6]])  # 0.02043
    """

    function = staticmethod(categorical_focal_crossentropy)

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        super().__init__(**arguments(locals()))
