"""Conv1D, Conv2D, Conv3D."""

from __future__ import annotations

from kerata.core.configurable import arguments
from kerata.layers.convolutional.base import ConvBase


class Conv1D(ConvBase):
    """Convolution along time: slides `filters` kernels over sequences.

    `y[t, f] = activation(sum_{i, c} x[t * stride + i * dilation, c] * kernel[i, c, f] + bias[f])`; the kernel
    has the shape `(kernel_size, channels / groups, filters)` and is not turned round.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer: time steps that a kernel covers.
        strides: integer: steps from one window to the next; 1 by default.
        padding: "valid" (none, the default), "same" (zeros at both ends: `ceil(time / strides)` steps come
            out), or "causal" (zeros at the start alone, so that no step sees a later one).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer: steps between the cells of a kernel; 1 by default.
        groups: integer: in how many groups channels are convolved apart; 1 by default.
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
        ValueError: if a size is no positive integer, if strides and dilation are both above 1, if `filters`
            or the input's channels cannot be divided by `groups`, or if the number of channels is unknown.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.arange(4, dtype="float32"), (1, 4, 1))
    >>> layer = layers.Conv1D(1, 2, padding="causal", kernel_initializer="ones")
    >>> layer(x)[0, :, 0]  # [0, 1, 3, 5]
    """

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1, groups=1,
                 activation=None, use_bias=True, kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(1, **arguments(locals()))


class Conv2D(ConvBase):
    """Convolution over height and width: slides `filters` kernels over images.

    `y[i, j, f] = activation(sum_{a, b, c} x[i * s + a, j * s + b, c] * kernel[a, b, c, f] + bias[f])` for
    stride s without dilation; the kernel has the shape `(*kernel_size, channels / groups, filters)` and is
    not turned round.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer or (rows, columns), in pixels.
        strides: integer or two, in pixels: from one window to the next; (1, 1) by default.
        padding: "valid" (none, the default) or "same" (zeros around: `ceil(size / strides)` pixels come out).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer or two: pixels between the cells of a kernel; (1, 1) by default.
        groups: integer: in how many groups channels are convolved apart; 1 by default.
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
        ValueError: if a size is no positive integer, if strides and dilation are both above 1, if `filters`
            or the input's channels cannot be divided by `groups`, or if the number of channels is unknown.

    >>> from kerata import layers, ops
    >>> x = ops.ones((1, 8, 8, 3))
    >>> layers.Conv2D(4, 3, activation="relu")(x).shape  # (1, 6, 6, 4)
    >>> layers.Conv2D(4, 3, strides=2, padding="same")(x).shape  # (1, 4, 4, 4)
    """

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **kwargs):  # fmt: skip
        super().__init__(2, **arguments(locals()))


class Conv3D(ConvBase):
    """Convolution over depth, height and width: slides `filters` kernels over volumes.

    The sum of `Conv2D` with one more axis; the kernel has the shape
    `(*kernel_size, channels / groups, filters)`.

    Args:
        filters: integer above 0: channels of the output.
        kernel_size: integer or three, in cells.
        strides: integer or three, in cells: from one window to the next; (1, 1, 1) by default.
        padding: "valid" (none, the default) or "same" (zeros around: `ceil(size / strides)` cells come out).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        dilation_rate: integer or three: cells of the input between those of a kernel; (1, 1, 1) by default.
        groups: integer: in how many groups channels are convolved apart; 1 by default.
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
        ValueError: if a size is no positive integer, if strides and dilation are both above 1, if `filters`
            or the input's channels cannot be divided by `groups`, or if the number of channels is unknown.

    >>> from kerata import layers, ops
    >>> layers.Conv3D(2, 3, padding="same")(ops.ones((1, 4, 4, 4, 1))).shape  # (1, 4, 4, 4, 2)
    """

    def __init__(self, filters, kernel_size, strides=(1, 1, 1), padding="valid", data_format=None,
                 dilation_rate=(1, 1, 1), groups=1, activation=None, use_bias=True,
                 kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None,
                 bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None,
                 **kwargs):  # fmt: skip
        super().__init__(3, **arguments(locals()))
