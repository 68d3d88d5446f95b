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
    """The maximum over windows of sequences. Args: see `MaxPooling2D`."""

    _rank = 1

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling2D(_Windows):
    """The maximum over windows of images.

    Args:
        pool_size: integer or two.
        strides: likewise; `pool_size` by default.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".

    >>> import kerata
    >>> kerata.layers.MaxPooling2D(2)(kerata.ops.ones((1, 8, 8, 3))).shape[1]
    4
    """

    _rank = 2

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class MaxPooling3D(_Windows):
    """The maximum over windows of volumes. Args: see `MaxPooling2D`."""

    _rank = 3

    def __init__(self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling1D(_Windows):
    """The mean over windows of sequences. Args: see `MaxPooling2D`."""

    _rank = 1
    _pool = staticmethod(ops.average_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling2D(_Windows):
    """The mean over windows of images. Args: see `MaxPooling2D`."""

    _rank = 2
    _pool = staticmethod(ops.average_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


class AveragePooling3D(_Windows):
    """The mean over windows of volumes. Args: see `MaxPooling2D`."""

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
    """The maximum over time. Args: see `GlobalAveragePooling2D`."""

    _rank = 1


class GlobalMaxPooling2D(_GlobalMax):
    """The maximum over height and width. Args: see `GlobalAveragePooling2D`."""


class GlobalMaxPooling3D(_GlobalMax):
    """The maximum over a volume. Args: see `GlobalAveragePooling2D`."""

    _rank = 3


class GlobalAveragePooling1D(_Global):
    """The mean over time; masked steps are left out. Args: see `GlobalAveragePooling2D`."""

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
    """The mean over height and width.

    Args:
        data_format: "channels_last" or "channels_first".
        keepdims: whether the axes stay, with size 1.
    """


class GlobalAveragePooling3D(_GlobalAverage):
    """The mean over a volume. Args: see `GlobalAveragePooling2D`."""

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


def _adaptive(name: str, rank: int, pool, doc: str):
    return type(name, (_Adaptive,), {"_rank": rank, "_pool": staticmethod(pool), "__doc__": doc, "__module__": __name__})


_MEAN, _MAX = ops.adaptive_average_pool, ops.adaptive_max_pool
_ARGS = "\n\n    Args:\n        output_size: integer, or one for each spatial axis.\n        data_format: where channels are.\n    "
AdaptiveAveragePooling1D = _adaptive("AdaptiveAveragePooling1D", 1, _MEAN, "Means over parts of sequences." + _ARGS)
AdaptiveAveragePooling2D = _adaptive("AdaptiveAveragePooling2D", 2, _MEAN, "Means over parts of images." + _ARGS)
AdaptiveAveragePooling3D = _adaptive("AdaptiveAveragePooling3D", 3, _MEAN, "Means over parts of volumes." + _ARGS)
AdaptiveMaxPooling1D = _adaptive("AdaptiveMaxPooling1D", 1, _MAX, "Maxima over parts of sequences." + _ARGS)
AdaptiveMaxPooling2D = _adaptive("AdaptiveMaxPooling2D", 2, _MAX, "Maxima over parts of images." + _ARGS)
AdaptiveMaxPooling3D = _adaptive("AdaptiveMaxPooling3D", 3, _MAX, "Maxima over parts of volumes." + _ARGS)

AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = (
    GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D,
)  # fmt: skip
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
