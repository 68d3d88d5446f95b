"""How per-sample values, weights and masks become one number: shared by losses and metrics."""

from __future__ import annotations

import math
from typing import Any

from kerata import ops
from kerata.core import config
from kerata.core.dtypes import is_float

REDUCTIONS = ("sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None)


def match_ranks(a: Any, b: Any) -> tuple[Any, Any]:
    """Makes two tensors whose ranks differ by a trailing axis of size 1 equal in rank.

    The extra axis is squeezed away, except against a rank-1 partner, which gains an axis instead:
    `(N,)` with `(N, 1)` gives two tensors of shape `(N, 1)`. Other pairs are returned as they are.
    """
    rank_a, rank_b = len(a.shape), len(b.shape)
    if rank_a == rank_b + 1 and a.shape[-1] == 1:
        return (a, ops.expand_dims(b, -1)) if rank_b == 1 else (ops.squeeze(a, -1), b)
    if rank_b == rank_a + 1 and b.shape[-1] == 1:
        return (ops.expand_dims(a, -1), b) if rank_a == 1 else (a, ops.squeeze(b, -1))
    return a, b


def float_pair(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both as tensors of one floating dtype (that of `y_pred`) and of matching rank."""
    y_pred = as_float(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    return together(*match_ranks(y_true, y_pred))


def together(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """The pair; ValueError if their shapes do not broadcast."""
    true, predicted = tuple(y_true.shape), tuple(y_pred.shape)
    if any(a != b and 1 not in (a, b) and None not in (a, b) for a, b in zip(reversed(true), reversed(predicted))):
        raise ValueError(f"The targets, of shape {true}, and the predictions, of shape {predicted}, do not fit together.")
    return y_true, y_pred


def as_float(x: Any) -> Any:
    """`x` as a tensor; integers and booleans become `floatx`."""
    x = ops.convert_to_tensor(x)
    return x if is_float(x.dtype) else ops.cast(x, config.floatx())


def count(x: Any) -> Any:
    """The number of elements of `x`: a Python int where the shape is known, else a tensor."""
    shape = tuple(x.shape)
    if None in shape:
        return ops.prod(ops.shape(x))
    return math.prod(shape)


def apply_mask(sample_weight: Any, mask: Any, dtype: str, reduction: str | None) -> Any:
    """Folds a boolean mask into the sample weights.

    For the averaging reductions the mask is scaled by (all / kept), so that dividing by the full size
    afterwards gives the mean over what the mask keeps.
    """
    mask = ops.cast(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        total = ops.cast(count(mask), dtype)
        mask = mask * (total / (ops.sum(mask) + config.epsilon()))
    if sample_weight is None:
        return mask
    mask, sample_weight = match_ranks(mask, ops.cast(sample_weight, dtype))
    return sample_weight * mask


def reduce_values(values: Any, sample_weight: Any = None, reduction: str | None = "sum_over_batch_size") -> Any:
    """Reduces (already weighted) values as `reduction` says."""
    if reduction in (None, "none") or tuple(values.shape) in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(sample_weight))
    return ops.mean(values)


def weigh_and_reduce(
    values: Any,
    sample_weight: Any = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: str | None = None,
) -> Any:
    """Applies `mask` and `sample_weight` to `values`, then `reduction`."""
    dtype = dtype or config.floatx()
    values = ops.convert_to_tensor(values, dtype=dtype)
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
    if mask is not None:
        sample_weight = apply_mask(sample_weight, mask, dtype, reduction)
    if sample_weight is not None:
        sample_weight = ops.cast(sample_weight, dtype)
        values, sample_weight = match_ranks(values, sample_weight)
        check_weight_shape(values, sample_weight)
        values = values * sample_weight
    return reduce_values(values, sample_weight, reduction)


def check_weight_shape(values: Any, sample_weight: Any) -> None:
    """Raises when `sample_weight` cannot be broadcast to the per-sample values."""
    value_shape, weight_shape = tuple(values.shape), tuple(sample_weight.shape)
    pairs = zip(reversed(value_shape), reversed(weight_shape), strict=False)
    if any(v != w and 1 not in (v, w) and None not in (v, w) for v, w in pairs):
        raise ValueError(
            f"`sample_weight` of shape {weight_shape} does not fit per-sample values of shape {value_shape} "
            "(the shape of the targets without their last axis). Give one weight per sample, shape "
            f"{value_shape[:1]}"
            + (f", or one per value, shape {value_shape}." if len(value_shape) > 1 else ".")
            + (
                " For one weight per sample here, use `sample_weight[:, None]`."
                if len(value_shape) > 1 and weight_shape == value_shape[:1]
                else ""
            )
        )
