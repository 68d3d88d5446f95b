"""Integers as vectors: the output modes that preprocessing layers share."""

from __future__ import annotations

from kerata import ops
from kerata.core.errors import unknown_name

MODES = ("one_hot", "multi_hot", "count")


def check_mode(mode, known, who: str) -> str:
    """`mode`, or a ValueError that names those that `who` knows."""
    if mode not in known:
        raise ValueError(unknown_name(f"`output_mode` of {who}", mode, known))
    return mode


def check_dense(sparse, who: str) -> None:
    """A ValueError for `sparse=True`: Kerata's tensors are dense."""
    if sparse:
        raise ValueError(f"{who}(sparse=True) would give sparse tensors, which Kerata does not have: leave `sparse` out.")


def encode(indices, mode: str, depth: int, dtype: str, weights=None):
    """Indices as vectors of length `depth`; indices out of range count as nothing.

    Args:
        mode: "one_hot": a vector for each index (in place of a last axis of size 1); "multi_hot": one vector a
            sample, 1 where an index occurs; "count": how often, or the sum of their `weights`. A sample is a row:
            the second axis is summed up, or the only one.
    """
    if len(indices.shape) == 0:
        indices = ops.reshape(indices, (1,))
        weights = None if weights is None else ops.reshape(weights, (1,))
    rank = len(indices.shape)
    if mode == "one_hot":
        if rank > 1 and indices.shape[-1] == 1:
            indices = ops.squeeze(indices, axis=-1)
        return ops.one_hot(indices, depth, dtype=dtype)
    rows, axis = ops.one_hot(indices, depth, dtype=dtype), 1 if rank > 1 else 0
    if mode == "multi_hot":
        return ops.max(rows, axis=axis)
    if weights is not None:
        rows = ops.multiply(rows, ops.expand_dims(ops.cast(weights, dtype), -1))
    return ops.sum(rows, axis=axis)
