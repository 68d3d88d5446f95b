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
    """The transpose of `Conv1D`, by which strides make sequences longer.

    Each input step adds `x[t] * kernel` to the `kernel_size` output steps from `t * strides` on. The kernel
    has the shape `(kernel_size, filters, channels)`.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer: time steps that a kernel covers.
        strides: integer: output steps for each input step; 1 by default.
        padding: "valid" (the default) or "same", which gives `time * strides` steps.
        output_padding: integer below `strides`: steps added at the end; None to choose it by `padding`.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer: steps between the cells of a kernel; 1 by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each filter; True by default.
        kernel_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the weights and the output;
            None.
        kernel_constraint, bias_constraint: projections applied after each update; None.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; float.
    Output shape:
        `(batch, new_time, filters)`, or `(batch, filters, new_time)`, in the compute dtype.

    Raises:
        ValueError: if a size is no positive integer, if strides and dilation are both above 1, if
            `output_padding` is not below `strides`, or if the number of channels is unknown.

    Source: Zeiler et al. (2010), "Deconvolutional Networks".

    >>> from kerata import layers, ops
    >>> layer = layers.Conv1DTranspose(1, 2, strides=2, kernel_initializer="ones")
    >>> layer(ops.convert_to_tensor([[[1.0], [5.0]]]))[0, :, 0]  # [1, 1, 5, 5]
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", output_padding=None, data_format=None,
                 dilation_rate=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class Conv2DTranspose(ConvTransposeBase):
    """The transpose of `Conv2D`, by which strides make images larger.

    Each input pixel adds `x[i, j] * kernel` to a patch of the output. The kernel has the shape
    `(*kernel_size, filters, channels)`.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer or (rows, columns), in pixels.
        strides: integer or two: output pixels for each input pixel; (1, 1) by default.
        padding: "valid" (the default) or "same", which gives `size * strides` pixels.
        output_padding: integer or two, below `strides`: pixels added at the bottom and right; None to choose
            it by `padding`.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer or two: pixels between the cells of a kernel; (1, 1) by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each filter; True by default.
        kernel_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the weights and the output;
            None.
        kernel_constraint, bias_constraint: projections applied after each update; None.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float.
    Output shape:
        `(batch, new_height, new_width, filters)`, or `(batch, filters, new_height, new_width)`, in the
        compute dtype.

    Raises:
        ValueError: if a size is no positive integer, if strides and dilation are both above 1, if
            `output_padding` is not below `strides`, or if the number of channels is unknown.

    Source: Zeiler et al. (2010), "Deconvolutional Networks".

    >>> from kerata import layers, ops
    >>> layers.Conv2DTranspose(4, 3, strides=2, padding="same")(ops.ones((1, 8, 8, 3))).shape  # (1, 16, 16, 4)
    """

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", output_padding=None, data_format=None,
                 dilation_rate=(1, 1), activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))


class Conv3DTranspose(ConvTransposeBase):
    """The transpose of `Conv3D`, by which strides make volumes larger.

    The kernel has the shape `(*kernel_size, filters, channels)`.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer or three, in cells.
        strides: integer or three: output cells for each input cell; (1, 1, 1) by default.
        padding: "valid" (the default) or "same", which gives `size * strides` cells.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        output_padding: integer or three, below `strides`: cells added at the far ends; None to choose it by
            `padding`.
        dilation_rate: integer or three: cells of the output between those of a kernel; (1, 1, 1) by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each filter; True by default.
        kernel_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the weights and the output;
            None.
        kernel_constraint, bias_constraint: projections applied after each update; None.

    Input shape:
        `(batch, depth, height, width, channels)`, or `(batch, channels, depth, height, width)` with
        "channels_first"; float.
    Output shape:
        The same axes with new sizes, and `filters` channels, in the compute dtype.

    Raises:
        ValueError: if a size is no positive integer, if strides and dilation are both above 1, if
            `output_padding` is not below `strides`, or if the number of channels is unknown.

    Source: Zeiler et al. (2010), "Deconvolutional Networks".

    >>> from kerata import layers, ops
    >>> layers.Conv3DTranspose(2, 2, strides=2)(ops.ones((1, 2, 2, 2, 1))).shape  # (1, 4, 4, 4, 2)
    """

    def __init__(self, filters, kernel_size, strides=(1, 1, 1), padding="valid", data_format=None, output_padding=None,
                 dilation_rate=(1, 1, 1), activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(3, **arguments(locals()))
