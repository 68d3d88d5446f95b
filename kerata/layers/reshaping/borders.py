"""Cropping, zero padding and upsampling."""

from __future__ import annotations

from kerata import ops
from kerata.core.config import standardize_data_format
from kerata.core.configurable import as_list
from kerata.layers._errors import positive_integer
from kerata.layers.convolutional.base import spread
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def _pairs(value, rank: int, name: str, who: str):
    """`((before, after), ...)` for each spatial axis, from one integer, one for each axis, or pairs."""
    plain = as_list(value)
    each = tuple(plain) if isinstance(plain, list | tuple) and rank > 1 else (plain,) * rank
    pairs = tuple(tuple(p) if isinstance(p, list | tuple) else (p, p) for p in each)
    if len(pairs) != rank or any(len(p) != 2 or any(not isinstance(n, int) or n < 0 for n in p) for p in pairs):
        wanted = "(before, after)" if rank == 1 else f"{rank} integers, or {rank} pairs of them"
        raise ValueError(f"`{name}` of {who} is an integer, or {wanted}, none below 0; got {value!r}.")
    return pairs


class _Spatial(Layer):
    _rank = 2

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    @property
    def _first(self) -> int:
        """The first spatial axis."""
        return 2 if self.data_format == "channels_first" else 1


class _Cropping(_Spatial):
    def _crop(self, inputs, cropping):
        slices = [slice(None)] * len(inputs.shape)
        for axis, (before, after) in enumerate(cropping, self._first):
            size = inputs.shape[axis]
            if isinstance(size, int) and before + after >= size:
                raise ValueError(
                    f"Layer {self.name!r} would crop {before} + {after} of the {size} cells of axis {axis}; the input has "
                    f"the shape {tuple(inputs.shape)}."
                )
            slices[axis] = slice(before, -after if after else None)
        return inputs[tuple(slices)]


class Cropping1D(_Cropping):
    """Cuts time steps off both ends of sequences.

    Args:
        cropping: integer for both ends, or (at the start, at the end), in steps; (1, 1) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; any dtype.
    Output shape:
        The input's, with `time - start - end` steps.

    Raises:
        ValueError: if `cropping` has another form, or nothing would be left.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[1.0], [2.0], [3.0], [4.0]]])
    >>> layers.Cropping1D((1, 2))(x)  # [[[2]]]
    """

    _rank = 1

    def __init__(self, cropping=(1, 1), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = _pairs(cropping, 1, "cropping", "Cropping1D")[0]

    def call(self, inputs):
        return self._crop(inputs, (self.cropping,))

    def get_config(self):
        config = super().get_config()
        if self.data_format == "channels_last":
            config.pop("data_format")
        return config


class Cropping2D(_Cropping):
    """Cuts borders off images.

    Args:
        cropping: pixels: an integer for all sides, (rows, columns) for both sides of each, or
            `((top, bottom), (left, right))`; nothing by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first"; any
        dtype.
    Output shape:
        The input's, with height and width less what was cut.

    Raises:
        ValueError: if `cropping` has another form, or nothing would be left.

    >>> from kerata import layers, ops
    >>> layers.Cropping2D(((1, 2), (0, 3)))(ops.ones((1, 8, 8, 3))).shape  # (1, 5, 5, 3)
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = _pairs(cropping, 2, "cropping", "Cropping2D")

    def call(self, inputs):
        return self._crop(inputs, self.cropping)


class Cropping3D(_Cropping):
    """Cuts borders off volumes.

    Args:
        cropping: cells: an integer for all sides, three integers (both sides of each axis), or three pairs
            (before, after); 1 on all sides by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; any dtype.
    Output shape:
        The input's, with the three sizes less what was cut.

    Raises:
        ValueError: if `cropping` has another form, or nothing would be left.

    >>> from kerata import layers, ops
    >>> layers.Cropping3D((1, 0, 2))(ops.ones((1, 4, 4, 6, 1))).shape  # (1, 2, 4, 2, 1)
    """

    _rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = _pairs(cropping, 3, "cropping", "Cropping3D")

    def call(self, inputs):
        return self._crop(inputs, self.cropping)


class _Padding(_Spatial):
    def _pad(self, inputs, padding):
        widths = [[0, 0]] * len(inputs.shape)
        for axis, pair in enumerate(padding, self._first):
            widths[axis] = list(pair)
        return ops.pad(inputs, widths)


class ZeroPadding1D(_Padding):
    """Adds zeros at the ends of sequences.

    Args:
        padding: integer for both ends, or (at the start, at the end), in steps; 1 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, time, channels)`, or `(batch, channels, time)` with "channels_first"; any dtype.
    Output shape:
        The input's, with `start + time + end` steps.

    Raises:
        ValueError: if `padding` has another form.

    >>> from kerata import layers, ops
    >>> layers.ZeroPadding1D((2, 0))(ops.convert_to_tensor([[[5.0]]]))  # [[[0], [0], [5]]]
    """

    _rank = 1

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = _pairs(padding, 1, "padding", "ZeroPadding1D")[0]

    def call(self, inputs):
        return self._pad(inputs, (self.padding,))


class ZeroPadding2D(_Padding):
    """Adds borders of zeros to images.

    Args:
        padding: pixels: an integer for all sides, (rows, columns) for both sides of each, or
            `((top, bottom), (left, right))`; (1, 1) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first"; any
        dtype.
    Output shape:
        The input's, with height and width and what was added.

    Raises:
        ValueError: if `padding` has another form.

    >>> from kerata import layers, ops
    >>> layers.ZeroPadding2D(((1, 2), (0, 3)))(ops.ones((1, 8, 8, 3))).shape  # (1, 11, 11, 3)
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = _pairs(padding, 2, "padding", "ZeroPadding2D")

    def call(self, inputs):
        return self._pad(inputs, self.padding)


class ZeroPadding3D(_Padding):
    """Adds borders of zeros to volumes.

    Args:
        padding: cells: an integer for all sides, three integers (both sides of each axis), or three pairs
            (before, after); 1 on all sides by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; any dtype.
    Output shape:
        The input's, with the three sizes and what was added.

    Raises:
        ValueError: if `padding` has another form.

    >>> from kerata import layers, ops
    >>> layers.ZeroPadding3D((1, 0, 2))(ops.ones((1, 2, 2, 2, 1))).shape  # (1, 4, 2, 6, 1)
    """

    _rank = 3

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = _pairs(padding, 3, "padding", "ZeroPadding3D")

    def call(self, inputs):
        return self._pad(inputs, self.padding)


class UpSampling1D(Layer):
    """Repeats each time step `size` times.

    Args:
        size: integer above 0; 2 by default.

    Input shape:
        `(batch, time, channels)`, any dtype.
    Output shape:
        `(batch, time * size, channels)`.

    >>> from kerata import layers, ops
    >>> layers.UpSampling1D(2)(ops.convert_to_tensor([[[1.0], [5.0]]]))  # [[[1], [1], [5], [5]]]
    """

    def __init__(self, size=2, **kwargs):
        super().__init__(**kwargs)
        self.size = positive_integer(size, "size", "UpSampling1D", TypeError)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs):
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(_Spatial):
    """Makes images larger by whole factors.

    Args:
        size: integer, or (rows, columns): the factors; (2, 2) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        interpolation: "nearest" (repeats pixels, the default), "bilinear", "bicubic", "lanczos3" or
            "lanczos5".

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first"; float
        for all interpolations but "nearest".
    Output shape:
        The input's, with `height * rows` and `width * columns`.

    Raises:
        ValueError: if a factor is no positive integer, or the interpolation has another name.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.convert_to_tensor([1.0, 5.0]), (1, 1, 2, 1))
    >>> layers.UpSampling2D((1, 2))(x)[0, 0, :, 0]  # [1, 1, 5, 5]
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.size = spread(size, 2, "size", "UpSampling2D")
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in _INTERPOLATIONS:
            raise ValueError(f"`interpolation` of UpSampling2D is one of {_INTERPOLATIONS}; got {interpolation!r}.")

    def call(self, inputs):
        rows, columns = self._first, self._first + 1
        if self.interpolation == "nearest":
            return ops.repeat(ops.repeat(inputs, self.size[0], axis=rows), self.size[1], axis=columns)
        shape = ops.shape(inputs)
        target = (shape[rows] * self.size[0], shape[columns] * self.size[1])
        return ops.image.resize(inputs, target, interpolation=self.interpolation, data_format=self.data_format)


class UpSampling3D(_Spatial):
    """Repeats each cell of volumes along each axis.

    Args:
        size: integer or three: how many times along depth, height and width; (2, 2, 2) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; any dtype.
    Output shape:
        The input's, with the three sizes times `size`.

    Raises:
        ValueError: if a factor is no positive integer.

    >>> from kerata import layers, ops
    >>> layers.UpSampling3D((1, 2, 3))(ops.ones((1, 2, 2, 2, 1))).shape  # (1, 2, 4, 6, 1)
    """

    _rank = 3

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.size = spread(size, 3, "size", "UpSampling3D")

    def call(self, inputs):
        for axis, n in enumerate(self.size, self._first):
            inputs = ops.repeat(inputs, n, axis=axis)
        return inputs
