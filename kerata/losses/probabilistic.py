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
    """`sum(y_true * log(y_true / y_pred))` over the last axis, both sides clipped to `[epsilon, 1]`.

    >>> kl_divergence([[0.5, 0.5]], [[0.25, 0.75]])
    """
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true = ops.clip(y_true, config.epsilon(), 1.0)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """`mean(y_pred - y_true * log(y_pred + epsilon))` over the last axis: counts against predicted rates.

    >>> poisson([[1.0, 0.0]], [[1.0, 1.0]])
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
    """`-sum(y_true * log(y_pred))` over `axis`: one-hot (or probability) targets.

    Args:
        from_logits: `y_pred` are logits; a softmax comes first.
        label_smoothing: in `[0, 1]`: targets become `y_true * (1 - s) + s / classes`.
        axis: the axis of the classes.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.1, 0.9]])
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
    """`-log(y_pred[class])` for integer class labels.

    `y_true` has the shape of `y_pred` without `axis` (or with size 1 there). A label outside the range of
    classes gives 0. Positions whose label is `ignore_class` give 0 and leave the average.

    >>> sparse_categorical_crossentropy([1], [[0.1, 0.9]])
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
    """`-mean(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))` over `axis`: targets 0/1, one per output.

    Args:
        from_logits: `y_pred` are logits; a sigmoid comes first.
        label_smoothing: in `[0, 1]`: targets become `y_true * (1 - s) + s / 2`.
        axis: the axis over which the mean goes.

    >>> binary_crossentropy([[0.0, 1.0]], [[0.1, 0.9]])
    """
    y_pred = as_float(y_pred)
    y_true, y_pred = together(*match_ranks(ops.cast(y_true, y_pred.dtype), y_pred))
    y_true = smooth_binary(y_true, label_smoothing)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Any:
    """`(1 - p**q) / q` with `p` the predicted probability of the labelled class; integer labels.

    Between cross-entropy (q to 0) and absolute error (q = 1): robust to noisy labels.
    Source: Zhang and Sabuncu (2018), https://arxiv.org/abs/1805.07836

    >>> categorical_generalized_cross_entropy([1], [[0.1, 0.9]], q=0.5)
    """
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    one_hot = ops.one_hot(ops.cast(y_true, "int64"), y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.clip(ops.sum(one_hot * y_pred, axis=-1), config.epsilon(), 1.0 - config.epsilon())
    return (1.0 - ops.power(p, q)) / q


sparse_categorical_crossentropy.takes_class_numbers = True
categorical_generalized_cross_entropy.takes_class_numbers = True


class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of the prediction from the target: see `kl_divergence`.

    >>> KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])
    """

    function = staticmethod(kl_divergence)

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(reduction, name, dtype)


class Poisson(FunctionLoss):
    """Negative log-likelihood of counts under predicted rates: see `poisson`.

    >>> Poisson()([[1.0, 0.0]], [[1.0, 1.0]])
    """

    function = staticmethod(poisson)

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(reduction, name, dtype)


class BinaryCrossentropy(FunctionLoss):
    """Cross-entropy for targets 0/1, each output on its own: see `binary_crossentropy`.

    >>> BinaryCrossentropy()([[0.0], [1.0]], [[0.1], [0.9]])
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
    """Cross-entropy for one-hot targets: see `categorical_crossentropy`.

    >>> CategoricalCrossentropy()([[0.0, 1.0]], [[0.1, 0.9]])
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
    """Cross-entropy for integer class labels: see `sparse_categorical_crossentropy`.

    >>> SparseCategoricalCrossentropy()([1], [[0.1, 0.9]])
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
    """Cross-entropy made robust to noisy labels: see `categorical_generalized_cross_entropy`.

    Args:
        q: in (0, 1); the nearer to 1, the more robust and the slower to learn.

    >>> CategoricalGeneralizedCrossEntropy()([1], [[0.1, 0.9]])
    """

    function = staticmethod(categorical_generalized_cross_entropy)

    def __init__(
        self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None
    ):
        if not 0 < q < 1:
            raise ValueError(f"`q` lies between 0 (cross-entropy) and 1 (absolute error), ends excluded; got {q}.")
        super().__init__(**arguments(locals()))
