"""Normalization by the root mean square."""

from __future__ import annotations

from kerata import ops
from kerata.layers.layer import Layer
from kerata.layers.normalization._affine import sizes


class RMSNormalization(Layer):
    """Divides each sample by the root mean square of its features.

    `y = scale * x / sqrt(mean(x**2) + epsilon)`: `LayerNormalization` without mean and shift.

    Args:
        axis: integer or list of integers: the feature axes; -1 by default.
        epsilon: number added to the mean square; 1e-6 by default.

    Input shape:
        `(batch, ...)`, float, of known sizes along `axis`; the output has the same shape.

    Raises:
        ValueError: if the input lacks an axis.

    Source: Zhang and Sennrich (2019), "Root Mean Square Layer Normalization".

    >>> from kerata import layers, ops
    >>> layers.RMSNormalization(epsilon=0.0)(ops.convert_to_tensor([[1.0, 7.0]]))  # [[0.2, 1.4]]
    """

    _rowwise = True

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape):
        self.axis = sorted(self.axis) if isinstance(self.axis, list | tuple) else [self.axis]  # the order of the weight's axes
        shape = sizes(self, input_shape, self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, inputs):
        return ops.rms_normalization(inputs, scale=self.scale, axis=self.axis, epsilon=self.epsilon)
