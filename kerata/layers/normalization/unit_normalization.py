"""Normalization to unit length."""

from __future__ import annotations

import numbers

from kerata import ops
from kerata.layers._weightless import Weightless


class UnitNormalization(Weightless):
    """Scales vectors to the length 1: `x / sqrt(sum(x**2))`.

    Args:
        axis: integer or list of integers: the axes of a vector; -1 by default.

    Input shape:
        Any, float; the output has the same shape. Vectors of zeros stay zeros.

    Raises:
        TypeError: if `axis` is no integer and no list of them.

    >>> from kerata import layers, ops
    >>> layers.UnitNormalization()(ops.convert_to_tensor([[3.0, 4.0]]))  # [[0.6, 0.8]]
    """

    _rowwise = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        if not all(isinstance(a, numbers.Integral) for a in (axis if isinstance(axis, list | tuple) else [axis])):
            raise TypeError(f"`axis` of UnitNormalization is an integer or a list of integers; got {axis!r}.")
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.supports_masking = True

    def call(self, inputs):
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return ops.normalize(inputs, axis=axis, order=2, epsilon=1e-12)
