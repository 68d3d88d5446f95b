"""Depthwise and separable convolutions."""

from __future__ import annotations

from kerata import ops
from kerata.core.configurable import arguments
from kerata.layers._errors import positive_integer
from kerata.layers._weights import add, store_options
from kerata.layers.convolutional.base import ConvBase
from kerata.layers.input_spec import InputSpec


class DepthwiseConvBase(ConvBase):
    """Each channel is convolved with `depth_multiplier` kernels of its own.

    Args:
        depth_multiplier: output channels for each input channel.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the kernel.
        ...: as in `ConvBase`.
    """

    _config_skip = ConvBase._config_skip | {
        "filters", "groups", "lora_rank", "lora_alpha", "kernel_initializer", "kernel_regularizer", "kernel_constraint",
    }  # fmt: skip

    _strides_with_dilation = True

    def __init__(self, rank, depth_multiplier, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, depthwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(
            rank, None, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier = positive_integer(depth_multiplier, "depth_multiplier", type(self).__name__)
        store_options(self, locals())

    def build(self, input_shape):
        axis, channels = self._channels(input_shape)
        self._kernel = add(self, "kernel", (*self.kernel_size, channels, self.depth_multiplier), of="depthwise")
        self._build_bias(self.depth_multiplier * channels)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})

    def _convolve(self, inputs):
        padding = "valid" if self.padding == "causal" else self.padding
        return ops.depthwise_conv(
            inputs, self.kernel, strides=self.strides, padding=padding, dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )  # fmt: skip


class DepthwiseConv1D(DepthwiseConvBase):
    """Convolution along time of each channel on its own.

    Channel c gives `depth_multiplier` output channels, each the convolution of c alone with a kernel of its
    own; all kernels have the shape `(kernel_size, channels, depth_multiplier)`.

    Args:
        kernel_size: integer: time steps that a kernel covers.
        strides: integer: steps from one window to the next; 1 by default.
        padding: "valid" (none, the default), "same" or "causal" (zeros at the start alone).
        depth_multiplier: integer: output channels for each input channel; 1 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer: steps between the cells of a kernel; 1 by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each output channel; True by default.
        depthwise_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties of the weights and the
            output; None.
        depthwise_constraint, bias_constraint: projections applied after each update; None.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; float.
    Output shape:
        `(batch, new_time, channels * depth_multiplier)`, or with channels on axis 1, in the compute dtype.

    Raises:
        ValueError: if a size is no positive integer, or if the number of channels is unknown.

    >>> from kerata import layers, ops
    >>> layers.DepthwiseConv1D(3, depth_multiplier=2)(ops.ones((1, 8, 4))).shape  # (1, 6, 8)
    """

    def __init__(self, kernel_size, strides=1, padding="valid", depth_multiplier=1, data_format=None, dilation_rate=1,
                 activation=None, use_bias=True, depthwise_initializer="glorot_uniform", bias_initializer="zeros",
                 depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class DepthwiseConv2D(DepthwiseConvBase):
    """Convolution over height and width of each channel on its own.

    Channel c gives `depth_multiplier` output channels, each the convolution of c alone with a kernel of its
    own; all kernels have the shape `(*kernel_size, channels, depth_multiplier)`.

    Args:
        kernel_size: integer or (rows, columns), in pixels.
        strides: integer or two, in pixels: from one window to the next; (1, 1) by default.
        padding: "valid" (none, the default) or "same" (zeros around: `ceil(size / strides)` pixels come out).
        depth_multiplier: integer: output channels for each input channel; 1 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer or two: pixels between the cells of a kernel; (1, 1) by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each output channel; True by default.
        depthwise_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        depthwise_regularizer, bias_regularizer, activity_regularizer: penalties of the weights and the
            output; None.
        depthwise_constraint, bias_constraint: projections applied after each update; None.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float.
    Output shape:
        `(batch, new_height, new_width, channels * depth_multiplier)`, or with channels on axis 1, in the
        compute dtype.

    Raises:
        ValueError: if a size is no positive integer, or if the number of channels is unknown.

    >>> from kerata import layers, ops
    >>> layers.DepthwiseConv2D(3, depth_multiplier=2)(ops.ones((1, 8, 8, 3))).shape  # (1, 6, 6, 6)
    """

    def __init__(self, kernel_size, strides=(1, 1), padding="valid", depth_multiplier=1, data_format=None,
                 dilation_rate=(1, 1), activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, depthwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))


class SeparableConvBase(ConvBase):
    """A depthwise convolution, then a 1x1 convolution that mixes the channels.

    Args:
        depth_multiplier: channels of the depthwise part for each input channel.
        depthwise_initializer, pointwise_initializer, ..._regularizer, ..._constraint: of the two kernels.
        ...: as in `ConvBase`.
    """

    _config_skip = ConvBase._config_skip | {"groups", "lora_rank", "lora_alpha", "kernel_initializer", "kernel_regularizer", "kernel_constraint"}

    _strides_with_dilation = True

    def __init__(self, rank, depth_multiplier, filters, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 pointwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
                 pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(
            rank, filters, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = depth_multiplier
        store_options(self, locals())

    def build(self, input_shape):
        axis, channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = add(self, "depthwise_kernel", shape, of="depthwise")
        shape = (*(1,) * self.rank, self.depth_multiplier * channels, self.filters)
        self.pointwise_kernel = add(self, "pointwise_kernel", shape, of="pointwise")
        self._build_bias(self.filters)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})

    def _convolve(self, inputs):
        padding = "valid" if self.padding == "causal" else self.padding
        return ops.separable_conv(
            inputs, self.depthwise_kernel, self.pointwise_kernel, strides=self.strides, padding=padding,
            dilation_rate=self.dilation_rate, data_format=self.data_format,
        )  # fmt: skip


class SeparableConv1D(SeparableConvBase):
    """A convolution of each channel along time, then one of size 1 that mixes the channels.

    It has the reach of a `Conv1D` with far fewer weights: kernels `(kernel_size, channels, depth_multiplier)`
    and `(1, channels * depth_multiplier, filters)`.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer: time steps that a depthwise kernel covers.
        strides: integer: steps from one window to the next; 1 by default.
        padding: "valid" (none, the default), "same" or "causal" (zeros at the start alone).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer: steps between the cells of a depthwise kernel; 1 by default.
        depth_multiplier: integer: channels between the two convolutions for each input channel; 1 by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each filter; True by default.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values, "glorot_uniform" for the
            kernels and "zeros" for the bias.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties; None.
        depthwise_constraint, pointwise_constraint, bias_constraint: projections applied after each update;
            None.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; float.
    Output shape:
        `(batch, new_time, filters)`, or `(batch, filters, new_time)`, in the compute dtype.

    Raises:
        ValueError: if a size is no positive integer, or if the number of channels is unknown.

    Source: Chollet (2017), "Xception: Deep Learning with Depthwise Separable Convolutions".

    >>> from kerata import layers, ops
    >>> layers.SeparableConv1D(5, 3, padding="same")(ops.ones((1, 8, 4))).shape  # (1, 8, 5)
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 depth_multiplier=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 pointwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
                 pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class SeparableConv2D(SeparableConvBase):
    """A convolution of each channel over height and width, then one of size 1 that mixes the channels.

    It has the reach of a `Conv2D` with far fewer weights: kernels
    `(*kernel_size, channels, depth_multiplier)` and `(1, 1, channels * depth_multiplier, filters)`.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer or (rows, columns), in pixels.
        strides: integer or two, in pixels: from one window to the next; (1, 1) by default.
        padding: "valid" (none, the default) or "same" (zeros around: `ceil(size / strides)` pixels come out).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer or two: pixels between the cells of a depthwise kernel; (1, 1) by default.
        depth_multiplier: integer: channels between the two convolutions for each input channel; 1 by default.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias, one number for each filter; True by default.
        depthwise_initializer, pointwise_initializer, bias_initializer: first values, "glorot_uniform" for the
            kernels and "zeros" for the bias.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: penalties; None.
        depthwise_constraint, pointwise_constraint, bias_constraint: projections applied after each update;
            None.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float.
    Output shape:
        `(batch, new_height, new_width, filters)`, or `(batch, filters, new_height, new_width)`, in the
        compute dtype.

    Raises:
        ValueError: if a size is no positive integer, or if the number of channels is unknown.

    Source: Chollet (2017), "Xception: Deep Learning with Depthwise Separable Convolutions".

    >>> from kerata import layers, ops
    >>> layer = layers.SeparableConv2D(8, 3)
    >>> layer(ops.ones((1, 6, 6, 4))).shape  # (1, 4, 4, 8)
    >>> layer.count_params()  # 76
    """

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 depth_multiplier=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 pointwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
                 pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))
