"""Conv1DTranspose, Conv2DTranspose, Conv3DTranspose."""

from __future__ import annotations

from kerata import ops
from kerata.core.configurable import arguments
from kerata.layers.convolutional.base import ConvBase, spread


class ConvTransposeBase(ConvBase):
    """The transpose of a convolution: strides make the output larger.

    Args:
        output_padding: cells added to one side of each spatial axis; chosen so that shapes match if None.
        ...: as in `ConvBase`.
    """

    _config_skip = ConvBase._config_skip | {"groups"}

    def __init__(self, rank, filters, kernel_size, strides=1, padding="valid", output_padding=None, data_format=None,
                 dilation_rate=1, **kwargs):  # fmt: skip
        super().__init__(
            rank, filters, kernel_size, strides, padding, data_format, dilation_rate, **kwargs
        )
        self.output_padding = (
            None if output_padding is None else spread(output_padding, rank, "output_padding", type(self).__name__, zero=True)
        )
        for pad, stride in zip(self.output_padding or (), self.strides):
            if pad >= stride:
                raise ValueError(f"`output_padding` {self.output_padding} must be less than `strides` {self.strides}.")

    def _kernel_shape(self, channels):
        return (*self.kernel_size, self.filters, channels)

    def _convolve(self, inputs):
        return ops.conv_transpose(
            inputs, self.kernel, strides=self.strides, padding=self.padding, output_padding=self.output_padding,
            data_format=self.data_format, dilation_rate=self.dilation_rate,
        )  # fmt: skip


class Conv1DTranspose(ConvTransposeBase):
    """The transpose of `Conv1D`. Args: see `ConvTransposeBase`."""

    def __init__(self, filters, kernel_size, strides=1, padding="valid", output_padding=None, data_format=None,
                 dilation_rate=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class Conv2DTranspose(ConvTransposeBase):
    """The transpose of `Conv2D`. Args: see `ConvTransposeBase`.

    >>> import kerata
    >>> kerata.layers.Conv2DTranspose(4, 2, strides=2)(kerata.ops.ones((1, 8, 8, 3))).shape[1]
    16
    """

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", output_padding=None, data_format=None,
                 dilation_rate=(1, 1), activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))


class Conv3DTranspose(ConvTransposeBase):
    """The transpose of `Conv3D`. Args: see `ConvTransposeBase`."""

    def __init__(self, filters, kernel_size, strides=(1, 1, 1), padding="valid", data_format=None, output_padding=None,
                 dilation_rate=(1, 1, 1), activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(3, **arguments(locals()))
