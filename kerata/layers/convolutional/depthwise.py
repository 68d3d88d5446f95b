"""Depthwise and separable convolutions."""

from __future__ import annotations

from kerata import ops
from kerata.core.configurable import arguments
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

    def __init__(self, rank, depth_multiplier, kernel_size, strides=1, padding="valid", data_format=None,
                 dilation_rate=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 bias_initializer="zeros", depthwise_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, depthwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(
            rank, None, kernel_size, strides, padding, data_format, dilation_rate, 1, activation, use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        if not isinstance(depth_multiplier, int) or depth_multiplier < 1:
            raise ValueError(f"`depth_multiplier` is a positive integer; got {depth_multiplier!r}.")
        self.depth_multiplier = depth_multiplier
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
    """Depthwise convolution of sequences. Args: see `DepthwiseConvBase`."""

    def __init__(self, kernel_size, strides=1, padding="valid", depth_multiplier=1, data_format=None, dilation_rate=1,
                 activation=None, use_bias=True, depthwise_initializer="glorot_uniform", bias_initializer="zeros",
                 depthwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class DepthwiseConv2D(DepthwiseConvBase):
    """Depthwise convolution of images. Args: see `DepthwiseConvBase`."""

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
    """Separable convolution of sequences. Args: see `SeparableConvBase`."""

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1,
                 depth_multiplier=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 pointwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
                 pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class SeparableConv2D(SeparableConvBase):
    """Separable convolution of images. Args: see `SeparableConvBase`."""

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 depth_multiplier=1, activation=None, use_bias=True, depthwise_initializer="glorot_uniform",
                 pointwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
                 pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))
