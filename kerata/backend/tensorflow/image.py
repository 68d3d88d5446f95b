"""Image primitives for which TensorFlow has a fused kernel, or that must serve sizes known at run time only."""

from __future__ import annotations

import tensorflow as tf


def resize(x, axes, size, method, antialias):
    """Images of 3 or 4 axes, `axes` spatial."""
    unknown = any(x.shape[a] is None for a in axes)
    if not unknown and (method != "bilinear" or antialias or not x.dtype.is_floating):
        return NotImplemented
    rank, dtype = x.shape.rank, x.dtype
    x = x if rank == 4 else tf.expand_dims(x, 0)
    first = axes[1] == rank - 1
    x = tf.transpose(x, (0, 2, 3, 1)) if first else x
    out = tf.image.resize(x, size, method, antialias=antialias)
    if out.dtype != dtype:
        out = tf.saturate_cast(out if dtype.is_floating else tf.round(out), dtype)
    out = tf.transpose(out, (0, 3, 1, 2)) if first else out
    return out if rank == 4 else tf.squeeze(out, 0)
