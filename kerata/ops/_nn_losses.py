"""Crossentropies and label encodings."""

from __future__ import annotations

import math

from kerata import backend
from kerata.core import config, dtypes
from kerata.core.claims import claim
from kerata.ops._op import convert, floating, op


def as_sparse(x, name: str, most: int | None):
    """A tensor with at most so many elements beside 0 as a sparse one; ValueError on backends without them."""
    b = backend.current()
    if getattr(b, "composite", None) is None:
        raise ValueError(
            f"ops.{name}(sparse=True) needs sparse tensors, which the backends 'tensorflow' and 'jax' have; {b.name!r} is in "
            "force. Leave `sparse` out for a dense tensor."
        )
    return b.composite.from_dense(x, most if isinstance(most, int) else None)


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
    """A row for each integer: 1 at its place, 0 elsewhere.

    Args:
        x: integers of any shape; those out of range give zeros only.
        num_classes: the length of a row.
        axis: where the axis of the row stands in the result.
        dtype: name of a dtype; floatx by default.
        sparse: whether to give a sparse tensor, which TensorFlow and JAX have.

    Returns:
        Tensor with one axis more than `x`.

    Raises:
        ValueError: for `sparse` on another backend.

    >>> kerata.ops.one_hot([0, 2], 3)  # [[1, 0, 0], [0, 0, 1]]
    """
    x = convert(x)
    if backend.current().dtype(x) not in dtypes.SIGNED:
        x = convert(x, "int32")
    out = encode(x, num_classes, axis, dtypes.standardize_dtype(dtype))
    return as_sparse(out, "one_hot", math.prod(x.shape)) if sparse else out


@op
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """A row for each list of integers: 1 at every place that it names, 0 elsewhere.

    Args:
        inputs: integers (..., n), or (n,) for a single row; those out of range count for nothing.
        num_classes: the length of a row; it must be given.
        axis: where the axis of the row stands.
        dtype: name of a dtype; floatx by default.
        sparse: whether to give a sparse tensor, which TensorFlow and JAX have.

    Returns:
        Tensor with the rows in place of the lists.

    Raises:
        ValueError: without `num_classes`, or for `sparse` on another backend.

    >>> kerata.ops.multi_hot([[0, 2], [1, 1]], 4)  # [[1, 0, 1, 0], [0, 1, 0, 0]]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None:
        raise ValueError("multi_hot(): `num_classes` must be given.")
    x = convert(inputs)
    if backend.current().dtype(x) not in dtypes.SIGNED:
        x = convert(x, "int32")
    rows = encode(x, num_classes, axis, dtypes.standardize_dtype(dtype))
    out = backend.current().xp.max(rows, axis=1 if len(x.shape) > 1 else 0)
    return as_sparse(out, "multi_hot", math.prod(x.shape)) if sparse else out


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
    """`-target * log(p) - (1 - target) * log(1 - p)`, element by element.

    Args:
        target: labels from 0 to 1, of the shape of `output`.
        output: the probabilities p, which are kept `epsilon()` away from 0 and 1; or logits.
        from_logits: whether `output` holds logits, so that p is their sigmoid.

    Returns:
        Float tensor of that shape.

    Raises:
        ValueError: if the shapes differ.

    >>> kerata.ops.binary_crossentropy([1.0, 0.0], [0.5, 0.8])  # [0.693147, 1.609438]
    """
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
    """`-sum(target * log(p))` over the axis of the classes.

    Args:
        target: probabilities of the classes, often one-hot; of the shape of `output`.
        output: predicted probabilities, which are scaled to sum 1; or logits.
        from_logits: whether `output` holds logits, so that p is their softmax.
        axis: the axis of the classes.

    Returns:
        Float tensor without that axis.

    Raises:
        ValueError: if the shapes differ, or are those of scalars.

    >>> kerata.ops.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])  # [0.693147]
    """
    target, output, xp = _pair(target, output)
    if len(target.shape) < 1:
        raise ValueError("categorical_crossentropy(): `target` and `output` need a class axis; they are scalars.")
    _same_shape(target, output, "categorical_crossentropy")
    return -xp.sum(target * _log_probabilities(output, from_logits, axis, xp), axis=axis)


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-log(p[target])`: the cross-entropy for classes that are given by their number.

    Args:
        target: integers, of the shape of `output` without the axis of the classes (or with size 1 there, as the
            last); one that is no class gives 0.
        output: predicted probabilities, which are scaled to sum 1; or logits.
        from_logits: whether `output` holds logits, so that p is their softmax.
        axis: the axis of the classes.

    Returns:
        Float tensor of the shape of `output` without that axis.

    Raises:
        ValueError: if the shapes do not fit.

    >>> kerata.ops.sparse_categorical_crossentropy([1, 0], [[0.5, 0.5], [0.8, 0.2]])  # [0.693147, 0.223144]
    """
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

