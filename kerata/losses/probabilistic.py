"""Losses between probability distributions: cross-entropies, divergences, likelihoods."""

from __future__ import annotations

import warnings
from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.configurable import arguments
from kerata.core.masks import set_mask
from kerata.losses._reduction import as_float, float_pair, match_ranks, together
from kerata.losses.wrapper import FunctionLoss


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """`sum(y_true * log(y_true / y_pred))` over the last axis, with both sides clipped to `[epsilon, 1]`.

    Args:
        y_true: probabilities `(batch, ..., n)`.
        y_pred: probabilities of the same shape.

    Returns:
        Losses `(batch, ...)`, in the dtype of `y_pred`.

    Source: Kullback and Leibler (1951), "On Information and Sufficiency".

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])  # [0.14384]
    """
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """`mean(y_pred - y_true * log(y_pred + epsilon))` over the last axis: counts against predicted rates.

    Args:
        y_true: counts `(batch, ..., n)`.
        y_pred: positive rates of the same shape.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> poisson([[1.0, 0.0]], [[2.0, 1.0]])  # [1.15343]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    epsilon = ops.convert_to_tensor(config.epsilon(), dtype=y_pred.dtype)
    return ops.mean(y_pred - y_true * ops.log(y_pred + epsilon), axis=-1)


def check_axis(axis: Any) -> None:
    if isinstance(axis, bool):
        raise ValueError(f"`axis` is the number of an axis; got the bool {axis!r}.")


def smooth_classes(y_true: Any, label_smoothing: float) -> Any:
    """One-hot labels moved towards the uniform distribution by `label_smoothing`."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]


def smooth_binary(y_true: Any, label_smoothing: float) -> Any:
    """Labels 0/1 moved towards 1/2 by `label_smoothing`."""
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing


def warn_single_class(function: str, shape: Any) -> None:
    if shape and shape[-1] == 1:
        warnings.warn(
            f"{function} got predictions of shape {tuple(shape)}: with one class the loss is always 0. "
            "For two classes with one output use 'binary_crossentropy'.",
            SyntaxWarning,
            stacklevel=3,
        )


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-sum(y_true * log(y_pred))` over `axis`: targets are one-hot, or probabilities.

    Args:
        y_true: probabilities of the classes `(batch, ..., classes)`.
        y_pred: predicted ones, or logits, of the same shape.
        from_logits: whether `y_pred` are logits, which go through a softmax first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / classes`; 0.0 by default.
        axis: integer: the axis of the classes; -1 by default.

    Returns:
        Losses `(batch, ...)`, in the dtype of `y_pred`.

    Raises:
        ValueError: if `axis` is a bool, or the shapes differ.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.1, 0.9]])  # [0.10536]
    """
    check_axis(axis)
    y_pred = as_float(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    warn_single_class("categorical_crossentropy", y_pred.shape)
    y_true = smooth_classes(y_true, label_smoothing)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """`-log(y_pred[class])` for integer labels; a label out of range gives 0.

    Args:
        y_true: integers, of the shape of `y_pred` without `axis`, or with size 1 there.
        y_pred: probabilities of the classes, or logits, `(batch, ..., classes)`.
        from_logits: whether `y_pred` are logits, which go through a softmax first; False by default.
        ignore_class: a label whose positions give 0 and leave the average; None for none.
        axis: integer: the axis of the classes; -1 by default.

    Returns:
        Losses `(batch, ...)`, in the dtype of `y_pred`.

    >>> sparse_categorical_crossentropy([1, 0], [[0.1, 0.9], [0.5, 0.5]])  # [0.10536, 0.69315]
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if axis not in (-1, len(y_pred.shape) - 1):
        y_pred, axis = ops.moveaxis(y_pred, axis, -1), -1
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ops.cast(ignore_class, y_true.dtype))
    y_true = y_true * ops.cast(valid, y_true.dtype)
    losses = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    losses = ops.where(valid, losses, ops.zeros_like(losses))
    return set_mask(losses, valid)


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """`-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))` over `axis`: targets 0 or 1, one for each output.

    Args:
        y_true: labels 0 or 1, or probabilities, `(batch, ..., n)`.
        y_pred: probabilities of 1, or logits, of the same shape.
        from_logits: whether `y_pred` are logits, which go through a sigmoid first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / 2`; 0.0 by default.
        axis: integer: the axis of the mean; -1 by default.

    Returns:
        Losses `(batch, ...)`: the mean over the last axis, in the dtype of `y_pred`.

    >>> binary_crossentropy([[0.0, 1.0]], [[0.1, 0.9]])  # [0.10536]
    """
    y_pred = as_float(y_pred)
    y_true, y_pred = together(*match_ranks(ops.cast(y_true, y_pred.dtype), y_pred))
    y_true = smooth_binary(y_true, label_smoothing)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """`(1 - p**q) / q` with p the probability that is predicted for the labelled class.

    It lies between cross-entropy (q to 0) and absolute error (q = 1), and is less moved by wrong labels than
    the former.

    Args:
        y_true: integers `(batch,)`.
        y_pred: probabilities `(batch, classes)`.
        q: number above 0, up to 1.

    Returns:
        Losses `(batch,)`, in the dtype of `y_pred`.

    Source: Zhang and Sabuncu (2018), https://arxiv.org/abs/1805.07836.

    >>> categorical_generalized_cross_entropy([1], [[0.1, 0.9]], q=0.5)  # [0.10263]
    """
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    one_hot = ops.one_hot(ops.cast(y_true, "int64"), y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.clip(ops.sum(one_hot * y_pred, axis=-1), config.epsilon(), 1.0 - config.epsilon())
    return (1.0 - ops.power(p, q)) / q


sparse_categorical_crossentropy.takes_class_numbers = True
categorical_generalized_cross_entropy.takes_class_numbers = True


class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of the prediction from the target; the formula stands at `kl_divergence`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])  # 0.14384
    """

    function = staticmethod(kl_divergence)

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(reduction, name, dtype)


class Poisson(FunctionLoss):
    """Negative log-likelihood of counts under predicted rates; the formula stands at `poisson`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> Poisson()([[1.0, 0.0]], [[2.0, 1.0]])  # 1.15343
    """

    function = staticmethod(poisson)

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(reduction, name, dtype)


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy for targets 0 or 1, each output on its own; the formula stands at `binary_crossentropy`.

    Args:
        from_logits: whether `y_pred` are logits, which go through a sigmoid first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / 2`; 0.0 by default.
        axis: integer: the axis of the mean; -1 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> BinaryCrossentropy()([[0.0], [1.0]], [[0.1], [0.9]])  # 0.10536
    >>> BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]])  # 0.69315
    """

    function = staticmethod(binary_crossentropy)

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        super().__init__(**arguments(locals()))


class CategoricalCrossentropy(FunctionLoss):
    """Cross-entropy for one-hot targets; the formula stands at `categorical_crossentropy`.

    Args:
        from_logits: whether `y_pred` are logits, which go through a softmax first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / classes`; 0.0 by default.
        axis: integer: the axis of the classes; -1 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.1, 0.9]])  # 0.10536
    """

    function = staticmethod(categorical_crossentropy)

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(**arguments(locals()))


class SparseCategoricalCrossentropy(FunctionLoss):
    """Cross-entropy for integer labels; the formula stands at `sparse_categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits, which go through a softmax first; False by default.
        ignore_class: a label whose positions give 0 and leave the average; None for none.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).
        axis: integer: the axis of the classes; -1 by default.

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> SparseCategoricalCrossentropy()([1, 0], [[0.1, 0.9], [0.5, 0.5]])  # 0.39925
    """

    function = staticmethod(sparse_categorical_crossentropy)
    _unlisted_config = {"axis": -1}

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(**arguments(locals()))


class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Cross-entropy that wrong labels move less; the formula stands at `categorical_generalized_cross_entropy`.

    Args:
        q: number between 0 and 1: the nearer to 1, the more robust and the slower to learn; 0.5 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    Raises:
        ValueError: if q is not between 0 and 1.

    Source: Zhang and Sabuncu (2018), https://arxiv.org/abs/1805.07836.

    >>> CategoricalGeneralizedCrossEntropy()([1], [[0.1, 0.9]])  # 0.10263
    """

    function = staticmethod(categorical_generalized_cross_entropy)

    def __init__(
        self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None
    ):
        if not 0 < q < 1:
            raise ValueError(f"`q` lies between 0 (cross-entropy) and 1 (absolute error), ends excluded; got {q}.")
        super().__init__(**arguments(locals()))
