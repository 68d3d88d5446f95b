"""Losses on sequences."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.losses._reduction import as_float
from kerata.losses.wrapper import FunctionLoss


def ctc(y_true: Any, y_pred: Any) -> Any:
    """Connectionist temporal classification: `-log` of the probability of a label sequence over all alignments.

    Args:
        y_true: integer labels, `(batch, max_labels)`; 0 is the blank and pads the end.
        y_pred: logits, `(batch, steps, classes)`.

    Returns:
        One value a sequence, `(batch,)`.

    Source: Graves et al. (2006), Connectionist temporal classification.

    >>> ctc([[1, 2]], [[[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]])
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
    """CTC loss for sequences without alignment: see `ctc`.

    >>> CTC()([[1, 2]], [[[0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]])
    """

    function = staticmethod(ctc)

    def __init__(self, reduction="sum_over_batch_size", name="ctc", dtype=None):
        super().__init__(reduction, name, dtype)
