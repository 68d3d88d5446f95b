"""Pooling: windows, whole images, and given output sizes."""

from __future__ import annotations

from kerata import ops
from kerata.core.config import standardize_data_format
from kerata.layers._errors import image_hint
from kerata.layers._weightless import Weightless
from kerata.layers.convolutional.base import check_padding, spread
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer


class _Windows(Weightless):
    """Pooling over windows.

    Args:
        pool_size: integer, or one for each spatial axis.
        strides: likewise; `pool_size` by default.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """

    _rank = 2
    _pool = staticmethod(ops.max_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        who = type(self).__name__
        self.pool_size = spread(pool_size, self._rank, "pool_size", who)
        self.strides = spread(self.pool_size if strides is None else strides, self._rank, "strides", who)
        self.padding = check_padding(padding, False, who)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)
        self._shape_hint = image_hint(self._rank + 2)

    def call(self, inputs):
        return self._pool(
            inputs, pool_size=self.pool_size, strides=self.strides, padding=self.padding, data_format=self.data_format
        )


class MaxPooling1D(_Windows):
    """The maximum of each channel over windows of time.

    Args:
        pool_size: integer: steps in a window; 2 by default.
        strides: integer: steps from one window to the next; `pool_size` if None.
        padding: "valid" (the default: `floor((time - pool_size) / strides) + 1` windows, all inside) or
            "same" (`ceil(time / strides)` windows; steps outside do not count).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first".
    Output shape:
        `(batch, windows, channels)`, or `(batch, channels, windows)`.

    Raises:
        ValueError: if a size is no positive integer, the padding has another name, or the input another rank.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.convert_to_tensor([1.0, 3.0, 2.0, 5.0]), (1, 4, 1))
    >>> layers.MaxPooling1D(2)(x)[0, :, 0]  # [3, 5]
    >>> layers.MaxPooling1D(2, strides=1)(x)[0, :, 0]  # [3, 3, 5]
    """

    _rank = 1

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling2D(_Windows):
    """The maximum of each channel over windows of images.

    Args:
        pool_size: integer or (rows, columns), in pixels; (2, 2) by default.
        strides: integer or two, in pixels: from one window to the next; `pool_size` if None.
        padding: "valid" (windows inside alone, the default) or "same" (`ceil(size / strides)` windows; pixels
            outside do not count).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first".
    Output shape:
        The same axes, with the number of windows down and across.

    Raises:
        ValueError: if a size is no positive integer, the padding has another name, or the input another rank.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.arange(16, dtype="float32"), (1, 4, 4, 1))
    >>> layers.MaxPooling2D(2)(x)[0, :, :, 0]  # [[5, 7], [13, 15]]
    """

    _rank = 2

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling3D(_Windows):
    """The maximum of each channel over windows of volumes.

    Args:
        pool_size: integer or three, in cells; (2, 2, 2) by default.
        strides: integer or three, in cells: from one window to the next; `pool_size` if None.
        padding: "valid" (windows inside alone, the default) or "same" (`ceil(size / strides)` windows; cells
            outside do not count).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first".
    Output shape:
        The same axes, with the number of windows along each.

    Raises:
        ValueError: if a size is no positive integer, the padding has another name, or the input another rank.

    >>> from kerata import layers, ops
    >>> layers.MaxPooling3D(2)(ops.ones((1, 4, 4, 6, 1))).shape  # (1, 2, 2, 3, 1)
    """

    _rank = 3

    def __init__(self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling1D(_Windows):
    """The mean of each channel over windows of time.

    Args:
        pool_size: integer: steps in a window.
        strides: integer: steps from one window to the next; `pool_size` if None.
        padding: "valid" (the default: `floor((time - pool_size) / strides) + 1` windows, all inside) or
            "same" (`ceil(time / strides)` windows; steps outside do not count).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first".
    Output shape:
        `(batch, windows, channels)`, or `(batch, channels, windows)`.

    Raises:
        ValueError: if a size is no positive integer, the padding has another name, or the input another rank.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.convert_to_tensor([1.0, 3.0, 2.0, 5.0]), (1, 4, 1))
    >>> layers.AveragePooling1D(2)(x)[0, :, 0]  # [2, 3.5]
    """

    _rank = 1
    _pool = staticmethod(ops.average_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling2D(_Windows):
    """The mean of each channel over windows of images.

    Args:
        pool_size: integer or (rows, columns), in pixels.
        strides: integer or two, in pixels: from one window to the next; `pool_size` if None.
        padding: "valid" (windows inside alone, the default) or "same" (`ceil(size / strides)` windows; pixels
            outside do not count).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first".
    Output shape:
        The same axes, with the number of windows down and across.

    Raises:
        ValueError: if a size is no positive integer, the padding has another name, or the input another rank.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.arange(16, dtype="float32"), (1, 4, 4, 1))
    >>> layers.AveragePooling2D(2)(x)[0, :, :, 0]  # [[2.5, 4.5], [10.5, 12.5]]
    """

    _rank = 2
    _pool = staticmethod(ops.average_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling3D(_Windows):
    """The mean of each channel over windows of volumes.

    Args:
        pool_size: integer or three, in cells.
        strides: integer or three, in cells: from one window to the next; `pool_size` if None.
        padding: "valid" (windows inside alone, the default) or "same" (`ceil(size / strides)` windows; cells
            outside do not count).
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first".
    Output shape:
        The same axes, with the number of windows along each.

    Raises:
        ValueError: if a size is no positive integer, the padding has another name, or the input another rank.

    >>> from kerata import layers, ops
    >>> layers.AveragePooling3D(2)(ops.ones((1, 4, 4, 6, 1))).shape  # (1, 2, 2, 3, 1)
    """

    _rank = 3
    _pool = staticmethod(ops.average_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class _Global(Weightless):
    _rank = 2

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self._rank + 2)
        self._shape_hint = image_hint(self._rank + 2)

    @property
    def _axes(self) -> tuple:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self._rank))


class _GlobalMax(_Global):
    def call(self, inputs):
        return ops.max(inputs, axis=self._axes, keepdims=self.keepdims)


class _GlobalAverage(_Global):
    def call(self, inputs):
        return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalMax):
    """The maximum of each channel over all of time.

    Args:
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        keepdims: whether the time axis stays, with size 1; False by default.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first".
    Output shape:
        `(batch, channels)`.

    >>> from kerata import layers, ops
    >>> layers.GlobalMaxPooling1D()(ops.convert_to_tensor([[[1.0, 8.0], [3.0, 2.0]]]))  # [[3, 8]]
    """

    _rank = 1


class GlobalMaxPooling2D(_GlobalMax):
    """The maximum of each channel over height and width.

    Args:
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        keepdims: whether the two axes stay, with size 1; False by default.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first".
    Output shape:
        `(batch, channels)`.

    >>> from kerata import layers, ops
    >>> layers.GlobalMaxPooling2D()(ops.reshape(ops.arange(8), (1, 2, 2, 2)))  # [[6, 7]]
    """


class GlobalMaxPooling3D(_GlobalMax):
    """The maximum of each channel over depth, height and width.

    Args:
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        keepdims: whether the three axes stay, with size 1; False by default.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first".
    Output shape:
        `(batch, channels)`.

    >>> from kerata import layers, ops
    >>> layers.GlobalMaxPooling3D(keepdims=True)(ops.ones((1, 2, 4, 4, 3))).shape  # (1, 1, 1, 1, 3)
    """

    _rank = 3


class GlobalAveragePooling1D(_Global):
    """The mean of each channel over all of time, without masked steps.

    Args:
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        keepdims: whether the time axis stays, with size 1; False by default.

    Called with inputs and perhaps `mask`, boolean `(batch, time)`: True where a step counts.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; float.
    Output shape:
        `(batch, channels)`.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[1.0, 8.0], [3.0, 2.0]]])
    >>> layers.GlobalAveragePooling1D()(x)  # [[2, 5]]
    >>> layers.GlobalAveragePooling1D()(x, mask=ops.convert_to_tensor([[True, False]]))  # [[1, 8]]
    """

    _rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return ops.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        axis = self._axes[0]
        kept = ops.expand_dims(ops.cast(mask, ops.dtype(inputs)), 2 if axis == 1 else 1)
        return ops.sum(inputs * kept, axis=axis, keepdims=self.keepdims) / ops.sum(kept, axis=axis, keepdims=self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None


class GlobalAveragePooling2D(_GlobalAverage):
    """The mean of each channel over height and width.

    Args:
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        keepdims: whether the two axes stay, with size 1; False by default.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float.
    Output shape:
        `(batch, channels)`.

    >>> from kerata import layers, ops
    >>> layers.GlobalAveragePooling2D()(ops.reshape(ops.arange(8.0), (1, 2, 2, 2)))  # [[3, 4]]
    """


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean of each channel over depth, height and width.

    Args:
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        keepdims: whether the three axes stay, with size 1; False by default.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; float.
    Output shape:
        `(batch, channels)`.

    >>> from kerata import layers, ops
    >>> layers.GlobalAveragePooling3D()(ops.ones((1, 2, 4, 4, 3)))  # [[1, 1, 1]]
    """

    _rank = 3


class _Adaptive(Layer):
    """Pooling to a given output size.

    Args:
        output_size: integer, or one for each spatial axis.
        data_format: "channels_last" or "channels_first".
    """

    _rank = 2
    _pool = staticmethod(ops.adaptive_average_pool)

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.output_size = spread(output_size, self._rank, "output_size", type(self).__name__)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def call(self, inputs):
        return self._pool(inputs, output_size=self.output_size, data_format=self.data_format)


class AdaptiveAveragePooling1D(_Adaptive):
    """The mean of each channel over parts of sequences, of which there are as many as wanted.

    Part i of an axis of size n, of m parts, goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`.

    Args:
        output_size: integer: the number of parts along each axis.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; float.
    Output shape:
        The same axes, with sizes as `output_size` says.

    Raises:
        ValueError: if `output_size` is no positive integer, or the input has another rank.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.convert_to_tensor([1.0, 3.0, 2.0, 6.0]), (1, 4, 1))
    >>> layers.AdaptiveAveragePooling1D(2)(x)[0, :, 0]  # [2, 4]
    """

    _rank = 1
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(_Adaptive):
    """The mean of each channel over parts of images, of which there are as many as wanted.

    Part i of an axis of size n, of m parts, goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`.

    Args:
        output_size: integer or (height, width): the number of parts along each axis.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float.
    Output shape:
        The same axes, with sizes as `output_size` says.

    Raises:
        ValueError: if `output_size` is no positive integer, or the input has another rank.

    >>> from kerata import layers, ops
    >>> layers.AdaptiveAveragePooling2D((3, 4))(ops.ones((1, 6, 8, 2))).shape  # (1, 3, 4, 2)
    """

    _rank = 2
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling3D(_Adaptive):
    """The mean of each channel over parts of volumes, of which there are as many as wanted.

    Part i of an axis of size n, of m parts, goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`.

    Args:
        output_size: integer or three: the number of parts along each axis.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; float.
    Output shape:
        The same axes, with sizes as `output_size` says.

    Raises:
        ValueError: if `output_size` is no positive integer, or the input has another rank.

    >>> from kerata import layers, ops
    >>> layers.AdaptiveAveragePooling3D((2, 3, 4))(ops.ones((1, 4, 6, 8, 2))).shape  # (1, 2, 3, 4, 2)
    """

    _rank = 3
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling1D(_Adaptive):
    """The maximum of each channel over parts of sequences, of which there are as many as wanted.

    Part i of an axis of size n, of m parts, goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`.

    Args:
        output_size: integer: the number of parts along each axis.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; float.
    Output shape:
        The same axes, with sizes as `output_size` says.

    Raises:
        ValueError: if `output_size` is no positive integer, or the input has another rank.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.convert_to_tensor([1.0, 3.0, 2.0, 6.0]), (1, 4, 1))
    >>> layers.AdaptiveMaxPooling1D(2)(x)[0, :, 0]  # [3, 6]
    """

    _rank = 1
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(_Adaptive):
    """The maximum of each channel over parts of images, of which there are as many as wanted.

    Part i of an axis of size n, of m parts, goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`.

    Args:
        output_size: integer or (height, width): the number of parts along each axis.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float.
    Output shape:
        The same axes, with sizes as `output_size` says.

    Raises:
        ValueError: if `output_size` is no positive integer, or the input has another rank.

    >>> from kerata import layers, ops
    >>> layers.AdaptiveMaxPooling2D((3, 4))(ops.ones((1, 6, 8, 2))).shape  # (1, 3, 4, 2)
    """

    _rank = 2
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(_Adaptive):
    """The maximum of each channel over parts of volumes, of which there are as many as wanted.

    Part i of an axis of size n, of m parts, goes from `floor(i n / m)` up to `ceil((i + 1) n / m)`.

    Args:
        output_size: integer or three: the number of parts along each axis.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; float.
    Output shape:
        The same axes, with sizes as `output_size` says.

    Raises:
        ValueError: if `output_size` is no positive integer, or the input has another rank.

    >>> from kerata import layers, ops
    >>> layers.AdaptiveMaxPooling3D((2, 3, 4))(ops.ones((1, 4, 6, 8, 2))).shape  # (1, 2, 3, 4, 2)
    """

    _rank = 3
    _pool = staticmethod(ops.adaptive_max_pool)


AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
)  # fmt: skip
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
