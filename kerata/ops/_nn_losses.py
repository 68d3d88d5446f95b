"""Crossentropies and label encodings."""

from __future__ import annotations

from kerata import backend
from kerata.core import config, dtypes
from kerata.core.claims import claim
from kerata.ops._op import convert, floating, op


def encode(x, num_classes: int, axis: int, dtype: str):
    """One-hot rows of integer `x`, with zeros for what is out of range."""
    b = backend.current()
    xp, rank = b.xp, len(x.shape) + 1
    axis = axis + rank if axis < 0 else axis
    claim((*x.shape, num_classes), "one-hot rows")
    shape = [1] * rank
    shape[axis] = num_classes
    classes = xp.reshape(xp.arange(num_classes, dtype=b.dtype(x)), shape)
    return b.cast(xp.expand_dims(x, axis) == classes, dtype)


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """1 at the index that x names along a new axis, 0 elsewhere; indices out of range give zeros only.

    >>> kerata.ops.one_hot([0, 2], 3)  # [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    x = convert(x)
    if backend.current().dtype(x) not in dtypes.SIGNED:
        x = convert(x, "int32")
    return encode(x, num_classes, axis, dtypes.standardize_dtype(dtype))


@op
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """1 at every index that a row of `inputs` names, 0 elsewhere.

    >>> kerata.ops.multi_hot([[0, 2]], 4)  # [[1.0, 0.0, 1.0, 0.0]]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None:
        raise ValueError("multi_hot(): `num_classes` must be given.")
    x = convert(inputs)
    if backend.current().dtype(x) not in dtypes.SIGNED:
        x = convert(x, "int32")
    rows = encode(x, num_classes, axis, dtypes.standardize_dtype(dtype))
    return backend.current().xp.max(rows, axis=1 if len(x.shape) > 1 else 0)


def _same_shape(target, output, name: str) -> None:
    if len(target.shape) != len(output.shape) or any(
        a is not None and b is not None and a != b for a, b in zip(target.shape, output.shape)
    ):
        raise ValueError(
            f"{name}() compares element with element, and the shapes differ: `target` {tuple(target.shape)}, "
            f"`output` {tuple(output.shape)}."
        )


def _pair(target, output):
    output, xp = floating(output)
    return convert(target, backend.current().dtype(output)), output, xp


@op
def binary_crossentropy(target, output, from_logits=False):
    """-target log(p) - (1 - target) log(1 - p), elementwise; p is `output`, or its sigmoid if `from_logits`."""
    target, output, xp = _pair(target, output)
    _same_shape(target, output, "binary_crossentropy")
    if from_logits:
        # log(1 + exp(x)) - target * x: no overflow, one exponential.
        return xp.softplus(output) - target * output
    edge = config.epsilon()
    output = xp.clip(output, edge, 1.0 - edge)
    return -(target * xp.log(output) + (1.0 - target) * xp.log(1.0 - output))


def _log_probabilities(output, from_logits: bool, axis: int, xp):
    if from_logits:
        return backend.current().log_softmax(output, axis)
    output = output / xp.sum(output, axis=axis, keepdims=True)
    edge = config.epsilon()
    return xp.log(xp.clip(output, edge, 1.0 - edge))


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-sum(target * log(p)) over `axis`; p is `output` scaled to sum 1, or its softmax if `from_logits`."""
    target, output, xp = _pair(target, output)
    if len(target.shape) < 1:
        raise ValueError("categorical_crossentropy(): `target` and `output` need a class axis; they are scalars.")
    _same_shape(target, output, "categorical_crossentropy")
    return -xp.sum(target * _log_probabilities(output, from_logits, axis, xp), axis=axis)


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """-log(p)[target] along `axis`, for integer targets; a target out of range counts 0."""
    output, xp = floating(output)
    b = backend.current()
    target = convert(target)
    if b.dtype(target) not in dtypes.SIGNED:
        target = b.cast(target, "int32")
    if len(output.shape) < 1:
        raise ValueError("sparse_categorical_crossentropy(): `output` needs a class axis; it is a scalar.")
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = xp.squeeze(target, axis=-1)
    axis %= len(output.shape)
    kept = [s for a, s in enumerate(output.shape) if a != axis]
    if len(target.shape) != len(kept) or any(
        a is not None and c is not None and a != c for a, c in zip(target.shape, kept)
    ):
        raise ValueError(
            "sparse_categorical_crossentropy(): `target` must have the shape of `output` without its class axis "
            f"{axis}; they are {tuple(target.shape)} and {tuple(output.shape)}. For one-hot targets use "
            "categorical_crossentropy()."
        )
    if from_logits and axis == len(output.shape) - 1 and hasattr(b, "sparse_crossentropy"):
        return b.sparse_crossentropy(target, output)
    log_p = _log_probabilities(output, from_logits, axis, xp)
    return -xp.sum(encode(target, output.shape[axis], axis, b.dtype(output)) * log_p, axis=axis)

