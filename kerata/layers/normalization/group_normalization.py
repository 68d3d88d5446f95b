"""Group normalization."""

from __future__ import annotations

import numpy as np

from kerata import ops
from kerata.layers._errors import positive_integer
from kerata.layers.input_spec import InputSpec
from kerata.layers.normalization._affine import Affine, sizes, wide


class GroupNormalization(Affine):
    """Normalizes each sample over groups of its channels.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`, with moments over all positions and the
    channels of one group, so that they do not depend on the batch.

    Args:
        groups: integer that divides the channels: how many groups; -1 for one channel each
            (instance normalization); 32 by default.
        axis: integer: the channel axis; -1 by default.
        epsilon: number added to the variance; 0.001 by default.
        center, scale: whether to add `beta` and to multiply by `gamma`; True by default.
        beta_initializer, gamma_initializer: first values, one for each channel; "zeros" and "ones".
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: penalties, and projections
            after updates; None.

    Input shape:
        `(batch, ...)`, float, of known size along `axis`; the output has the same shape. 16-bit inputs are
        computed in float32.

    Raises:
        ValueError: if `groups` does not divide the channels, or their number is unknown.

    Source: Wu and He (2018), "Group Normalization".

    >>> from kerata import layers, ops
    >>> layers.GroupNormalization(groups=2, epsilon=0.0)(ops.convert_to_tensor([[1.0, 3.0, 8.0, 2.0]]))  # [[-1, 1, 1, -1]]
    """

    def __init__(self, groups=32, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        groups = int(groups) if isinstance(groups, np.integer) else groups
        if groups != -1:
            positive_integer(groups, "groups", "GroupNormalization")
        self.groups, self.axis, self.epsilon = groups, axis, epsilon
        self._set_affine(locals())

    def build(self, input_shape):
        (size,) = sizes(self, input_shape, [self.axis])
        if size is None:
            raise ValueError(f"Layer {self.name!r} must know the size of its channel axis {self.axis}; the input: {input_shape}.")
        if self.groups == -1:
            self.groups = size
        if size % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: {size} channels cannot be split into {self.groups} groups; `groups` must divide them."
            )
        self._build_affine((size,), self.scale, self.center)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs):
        x, dtype = wide(inputs)
        shape = ops.shape(x)
        rank, axis = len(shape), self.axis % len(shape)
        split = (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        grouped = ops.reshape(x, split)
        axes = [i for i in range(1, rank + 1) if i != axis]
        mean, variance = ops.moments(grouped, axes=axes, keepdims=True)
        out = ops.reshape((grouped - mean) * ops.rsqrt(variance + self.epsilon), shape)
        along = [1] * rank
        along[axis] = -1
        if self.gamma is not None:
            out = out * ops.reshape(ops.cast(self.gamma, ops.dtype(x)), along)
        if self.beta is not None:
            out = out + ops.reshape(ops.cast(self.beta, ops.dtype(x)), along)
        return ops.cast(out, dtype) if x is not inputs else out
