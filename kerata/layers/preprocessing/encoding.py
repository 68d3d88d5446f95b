"""Integers as vectors: the output modes that preprocessing layers share."""

from __future__ import annotations

from kerata import backend, ops
from kerata.core.errors import unknown_name
from kerata.ops._composite import is_ragged

MODES = ("one_hot", "multi_hot", "count")


def check_mode(mode, known, who: str) -> str:
    """`mode`, or a ValueError that names those that `who` knows."""
    if mode not in known:
        raise ValueError(unknown_name(f"`output_mode` of {who}", mode, known))
    return mode


def as_sparse(out, who: str):
    """A dense tensor, of the backend in force, as a sparse one; ValueError on backends without them."""
    composite = getattr(backend.current(), "composite", None)
    if composite is None:
        raise ValueError(
            f"{who} was made with sparse=True; sparse tensors need the backend 'tensorflow' or 'jax', and "
            f"{backend.current().name!r} is in force. Leave `sparse` out for dense ones."
        )
    return composite.from_dense(out)


def padded(x):
    """Ragged indices as a matrix, with -1, which counts as nothing, where rows are shorter; others as they are."""
    return x.to_tensor(default_value=-1) if is_ragged(x) else x


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
        return ops.max(rows, axis=axis, initial=0)
    if weights is not None:
        rows = ops.multiply(rows, ops.expand_dims(ops.cast(weights, dtype), -1))
    return ops.sum(rows, axis=axis)
