"""Normalization by the root mean square."""

from __future__ import annotations

from kerata import ops
from kerata.layers.layer import Layer
from kerata.layers.normalization._affine import sizes


class RMSNormalization(Layer):
    """Divides by the root mean square of the features (Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467).

    Args:
        axis: the feature axes.
        epsilon: added to the mean square.
    """

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape):
        self.axis = list(self.axis) if isinstance(self.axis, list | tuple) else [self.axis]
        shape = sizes(self, input_shape, self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, inputs):
        return ops.rms_normalization(inputs, scale=self.scale, axis=self.axis, epsilon=self.epsilon)
