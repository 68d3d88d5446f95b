"""Losses on directions and distances between vectors."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.core.configurable import arguments
from kerata.core.masks import set_mask
from kerata.losses._reduction import as_float, float_pair
from kerata.losses.wrapper import FunctionLoss


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between vectors: -1 for equal directions, 1 for opposite ones.

    `-sum(y_true * y_pred) / (|y_true| |y_pred|)` over `axis`; 0 if one of them is zero.

    Args:
        y_true: targets `(batch, ..., n)`, numbers.
        y_pred: predictions of the same shape, float.
        axis: integer: the axis of the vectors; -1 by default.

    Returns:
        Losses of the shape without `axis`, in the dtype of `y_pred`.

    >>> cosine_similarity([[0.0, 1.0]], [[1.0, 1.0]])  # [-0.70711]
    """
    y_true, y_pred = float_pair(y_true, y_pred)
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """Circle loss of embeddings of length 1: pulls equal labels together, pushes others apart.

    With `d = 1 - y_pred @ ref_embeddings.T`, P the pairs of equal labels and N those of different ones:
    `softplus(a + b)` with `a = logsumexp_P(gamma * relu(d + margin) * (d - margin))` and
    `b = logsumexp_N(gamma * relu(1 + margin - d) * (1 - margin - d))`.

    Args:
        y_true: integer labels `(batch,)` or `(batch, 1)`.
        y_pred: embeddings `(batch, size)`.
        ref_labels: integer labels `(refs,)` of what to compare with; the batch's if None.
        ref_embeddings: embeddings `(refs, size)`; the batch's if None.
        remove_diagonal: whether pairs of a sample with itself are left out; True by default.
        gamma: positive number: the scale; 80 by default.
        margin: number from 0 to 1: the slack of both kinds of pairs; 0.4 by default.

    Returns:
        Losses `(batch,)`; samples without a partner give 0 and are masked.

    Source: Sun et al. (2020), "Circle Loss: A Unified Perspective of Pair Similarity Optimization".

    >>> circle([5, 5, 7], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]], gamma=1.0)  # [0.56292, 0.73396, 0]
    """
    y_pred = as_float(y_pred)
    y_true = ops.cast(y_true, "int32")
    ref_embeddings = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings, dtype=y_pred.dtype)
    ref_labels = y_true if ref_labels is None else ops.cast(ref_labels, "int32")
    distance = 1.0 - ops.matmul(y_pred, ops.transpose(ref_embeddings))
    same, different = label_pairs(y_true, ref_labels, remove_diagonal)
    near = gamma * ops.relu(distance + margin) * (distance - margin)
    far = gamma * ops.relu(1.0 + margin - distance) * (1.0 - margin - distance)
    losses = ops.softplus(_logsumexp_where(same, near) + _logsumexp_where(different, far))
    has_partner = ops.any(same, axis=1)
    losses = ops.where(has_partner, losses, ops.zeros_like(losses))
    return set_mask(losses, has_partner)


def label_pairs(labels: Any, ref_labels: Any, remove_diagonal: bool) -> tuple[Any, Any]:
    """Boolean matrices `(batch, refs)`: pairs of equal labels, and of different labels."""
    rows, columns = ops.reshape(labels, (-1, 1)), ops.reshape(ref_labels, (1, -1))
    same = ops.equal(rows, columns)
    different = ops.logical_not(same)
    if remove_diagonal:
        row = ops.reshape(ops.arange(rows.shape[0]), (-1, 1))
        column = ops.reshape(ops.arange(columns.shape[1]), (1, -1))
        same = ops.logical_and(same, ops.not_equal(row, column))
    return same, different


def _logsumexp_where(mask: Any, x: Any) -> Any:
    return ops.logsumexp(ops.where(mask, x, ops.full_like(x, -1e9)), axis=1)


class CosineSimilarity(FunctionLoss):
    """Minus the cosine of the angle between target and prediction; the formula stands at `cosine_similarity`.

    Args:
        axis: integer: the axis of the vectors; -1 by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`.

    >>> CosineSimilarity()([[0.0, 1.0]], [[1.0, 1.0]])  # -0.70711
    """

    function = staticmethod(cosine_similarity)
    _unlisted_config = {"axis": -1}

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(**arguments(locals()))


class Circle(FunctionLoss):
    """Circle loss of embeddings of length 1; the formula stands at `circle`.

    Args:
        gamma: positive number: the scale; 80.0 by default.
        margin: number from 0 to 1: the slack of both kinds of pairs; 0.4 by default.
        remove_diagonal: whether pairs of a sample with itself are left out; True by default.
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with labels `(batch,)`, embeddings `(batch, size)` and perhaps `sample_weight` `(batch,)`.

    Source: Sun et al. (2020), "Circle Loss: A Unified Perspective of Pair Similarity Optimization".

    >>> Circle(gamma=1.0)([5, 5, 7], [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])  # 0.64844
    """

    function = staticmethod(circle)

    def __init__(
        self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction="sum_over_batch_size", name="circle", dtype=None
    ):
        super().__init__(**arguments(locals()))

    def call(self, y_true: Any, y_pred: Any, ref_labels: Any = None, ref_embeddings: Any = None) -> Any:
        return circle(y_true, y_pred, ref_labels, ref_embeddings, **self._fn_kwargs)
