"""Tuples of inputs, targets and sample weights."""

from __future__ import annotations

from typing import Any, NamedTuple

from kerata.core import tree


class Inputs(NamedTuple):
    """A batch of inputs alone that came in a tuple, `(x,)`, or from Python code, where Keras puts one around it."""

    x: Any


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """The shortest tuple that holds inputs, targets and weights, as data sets yield it.

    Args:
        x: a tensor or structure of tensors.
        y: targets; None by default.
        sample_weight: weights of the samples; None by default.

    Returns:
        `(x, y, sample_weight)`, `(x, y)`, or without both, `(x,)` for a structure and `x` itself for a tensor.

    >>> kerata.utils.pack_x_y_sample_weight("x", "y")
    ('x', 'y')
    """
    if sample_weight is not None:
        return (x, y, sample_weight)
    if y is not None:
        return (x, y)
    return (x,) if tree.is_nested(x) else x


def unpack_x_y_sample_weight(data) -> tuple:
    """Inputs, targets and weights from what a data set yields; None for what is missing.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; also as a list.

    Returns:
        The tuple `(x, y, sample_weight)`.

    Raises:
        ValueError: for a tuple of any other length.

    >>> kerata.utils.unpack_x_y_sample_weight(("x", "y"))
    ('x', 'y', None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return (data, None, None)
    if not 1 <= len(data) <= 3:
        raise ValueError(
            f"A batch is `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; here is a tuple of {len(data)} "
            "items. Put several inputs into one list or dict: `((x1, x2), y)`."
        )
    return (*data, None, None)[:3]


def as_batch(x, y=None, sample_weight=None) -> tuple:
    """Always a tuple: `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
    if sample_weight is not None:
        return (x, y, sample_weight)
    return (x,) if y is None else (x, y)
