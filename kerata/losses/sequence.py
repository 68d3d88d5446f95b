"""Losses on sequences."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.losses._reduction import as_float
from kerata.losses.wrapper import FunctionLoss


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Connectionist temporal classification: `-log` of the probability of a label sequence over all alignments.

    Args:
        y_true: integer labels `(batch, max_labels)`; 0 is the blank and pads the end.
        y_pred: logits `(batch, steps, classes)`.

    Returns:
        Losses `(batch,)`, in the dtype of `y_pred`.

    Raises:
        ValueError: if an argument has another rank.

    Source: Graves et al. (2006), "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data
    with Recurrent Neural Networks".

    >>> ctc([[1, 2]], [[[0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]])  # [0.00049]
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), as_float(y_pred)
    if len(y_true.shape) != 2:
        raise ValueError(
            "CTC wants integer labels (samples, longest label), padded with 0; the targets have the shape "
            f"{tuple(y_true.shape)}."
        )
    if len(y_pred.shape) != 3:
        raise ValueError(
            f"CTC wants logits (samples, time steps, classes); the predictions have the shape {tuple(y_pred.shape)}."
        )
    blank = 0
    y_true = ops.cast(y_true, "int32")
    label_length = ops.sum(ops.cast(ops.not_equal(y_true, blank), "int32"), axis=-1)
    steps = ops.shape(y_pred)[1]
    input_length = steps * ops.ones_like(label_length)
    return ops.ctc_loss(y_true, y_pred, label_length, input_length, mask_index=blank)


class CTC(FunctionLoss):
    """CTC loss for label sequences whose places in time are not known; the formula stands at `ctc`.

    Args:
        reduction: "sum_over_batch_size" (the mean over all losses, the default), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of weights), "none" or None
            (one loss for each sample).

    Called with labels `(batch, max_labels)`, logits `(batch, steps, classes)` and perhaps `sample_weight`
    `(batch,)`.

    >>> CTC()([[1, 2]], [[[0.0, 9.0, 0.0], [0.0, 0.0, 9.0]]])  # 0.00049
    """

    function = staticmethod(ctc)

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(reduction, name, dtype)
