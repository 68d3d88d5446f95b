"""Layer normalization."""

from __future__ import annotations

from kerata import ops
from kerata.layers.normalization._affine import Affine, sizes, wide


class LayerNormalization(Affine):
    """Normalizes each sample over its features.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with moments over `axis`.

    Args:
        axis: integer or list of integers: the feature axes; -1 by default.
        epsilon: number added to the variance; 0.001 by default.
        center, scale: whether to add `beta` and to multiply by `gamma`; True by default.
        beta_initializer, gamma_initializer: first values, one for each feature; "zeros" and "ones".
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: penalties, and projections
            after updates; None.

    Input shape:
        `(batch, ...)`, float, of known sizes along `axis`; the output has the same shape. 16-bit inputs are
        computed in float32.

    Raises:
        ValueError: if the input lacks an axis.

    Source: Ba et al. (2016), "Layer Normalization".

    >>> from kerata import layers, ops
    >>> layers.LayerNormalization(epsilon=0.0)(ops.convert_to_tensor([[1.0, 3.0], [0.0, 8.0]]))  # [[-1, 1], [-1, 1]]
    """

    _rowwise = True

    def __init__(self, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **kwargs):  # fmt: skip
        self.rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.epsilon = epsilon
        self._set_affine(locals())

    def build(self, input_shape):
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]  # the order of the weights' axes
        shape = sizes(self, input_shape, self.axis)
        # Keras's old way to an RMS norm has gamma alone.
        self._build_affine(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs):
        x, dtype = wide(inputs)
        if self.rms_scaling:
            variance = ops.var(x, axis=self.axis, keepdims=True)
            out = x * ops.rsqrt(variance + self.epsilon) * self._broadcast(self.gamma, x)
        else:
            out = ops.layer_normalization(x, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)
        return ops.cast(out, dtype) if x is not inputs else out

    def _broadcast(self, weight, x):
        axes = [a % len(x.shape) for a in (self.axis if isinstance(self.axis, list) else [self.axis])]
        shape = [x.shape[i] if i in axes else 1 for i in range(len(x.shape))]
        return ops.reshape(ops.convert_to_tensor(weight), shape)

    def get_config(self):
        return {**super().get_config(), "rms_scaling": self.rms_scaling}
