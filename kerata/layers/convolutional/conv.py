"""Conv1D, Conv2D, Conv3D."""

from __future__ import annotations

from kerata.core.configurable import arguments
from kerata.layers.convolutional.base import ConvBase


class Conv1D(ConvBase):
    """Convolution of sequences `(batch, time, channels)`.

    Args: see `ConvBase`; `padding` may be "causal": step t sees no later step.

    >>> import kerata
    >>> kerata.layers.Conv1D(4, 3, padding="causal")(kerata.ops.ones((1, 8, 2))).shape[1]
    8
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1, groups=1,
                 activation=None, use_bias=True, kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class Conv2D(ConvBase):
    """Convolution of images `(batch, height, width, channels)`.

    Args: see `ConvBase`.

    >>> import kerata
    >>> kerata.layers.Conv2D(4, 3, activation="relu")(kerata.ops.ones((1, 8, 8, 3))).shape[1:]  # doctest: +SKIP
    (6, 6, 4)
    """

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))


class Conv3D(ConvBase):
    """Convolution of volumes `(batch, depth, height, width, channels)`. Args: see `ConvBase`."""

    def __init__(self, filters, kernel_size, strides=(1, 1, 1), padding="valid", data_format=None,
                 dilation_rate=(1, 1, 1), groups=1, activation=None, use_bias=True,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None,
                 **kwargs):  # fmt: skip
        super().__init__(3, **arguments(locals()))
