"""Rescaling."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.data_layer import DataLayer


class Rescaling(DataLayer):
    """`inputs * scale + offset`, in the layer's float dtype.

    Args:
        scale: number, or a list with one for each channel.
        offset: likewise; 0.0 by default.

    Input shape:
        Any, integer or float; the output has the same shape, in the compute dtype.

    >>> from kerata import layers, ops
    >>> layers.Rescaling(1 / 127.5, offset=-1.0)(ops.convert_to_tensor([0, 255]))  # [-1, 1]
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True

    def call(self, inputs):
        dtype = self.compute_dtype
        inputs = ops.cast(inputs, dtype)
        scale = self.scale if isinstance(self.scale, int | float) else ops.cast(ops.convert_to_tensor(self.scale), dtype)
        offset = self.offset if isinstance(self.offset, int | float) else ops.cast(ops.convert_to_tensor(self.offset), dtype)
        out = ops.multiply(inputs, scale)
        return out if isinstance(offset, int | float) and offset == 0 else ops.add(out, offset)
