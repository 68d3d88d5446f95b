"""Normalization to unit length."""

from __future__ import annotations

from kerata import ops
from kerata.layers._weightless import Weightless


class UnitNormalization(Weightless):
    """Scales vectors along `axis` (integer or list) to length 1."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.supports_masking = True

    def call(self, inputs):
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return ops.normalize(inputs, axis=axis, order=2, epsilon=1e-12)
