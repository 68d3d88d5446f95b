"""Layers that map the values of pixels, each channel for itself."""

from __future__ import annotations

import math

from kerata import ops
from kerata.layers.preprocessing.image.base import ImageLayer
from kerata.layers.preprocessing.image.random_base import PixelValues, RandomColorLayer, limits, rescaled

BYTES = (0, 255)


class ToneLayer(PixelValues, ImageLayer):
    """A layer without chance, which changes the values of pixels."""


class AutoContrast(ToneLayer):
    """Stretches each channel of each image over the whole range of values, in training and inference.

    `(images - min) / (max - min)`, in the value range; a channel of one value stays.

    Args:
        value_range: the lowest and the highest value of pixels; (0, 255) by default.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> layers.AutoContrast()(ops.reshape(ops.arange(3.0), (1, 3, 1)))[0, :, 0]  # [0, 127.5, 255]
    """

    def transform_images(self, images, transformation=None, training=True):
        images = ops.cast(ops.cast(images, self.compute_dtype), self._float_dtype)
        low = ops.min(images, axis=self._axes, keepdims=True)
        width = ops.max(images, axis=self._axes, keepdims=True) - low
        flat = width <= 0
        first, last = self.value_range
        stretched = (images - low) * ((last - first) / ops.where(flat, ops.ones_like(width), width)) + first
        return ops.cast(ops.where(flat, images, ops.clip(stretched, first, last)), self.compute_dtype)


class Equalization(ToneLayer):
    """Spreads the values of each channel of each image evenly: histogram equalization.

    A call does so unless it says `training=False`, as `predict` and `evaluate` do: images then stay as they are.

    A value becomes `(n(value) - n(lowest)) / (n - n(lowest))` of the range, `n(v)` being the number of pixels
    up to v.

    Args:
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        bins: integer: how many values are told apart; 256 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[10.0], [11.0], [12.0]]])
    >>> layers.Equalization()(x)[0, :, 0]  # [0, 128, 255]
    """

    def __init__(self, value_range=(0, 255), bins=256, data_format=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        self.bins = bins

    def transform_images(self, images, transformation=None, training=True):
        images = ops.cast(images, self.compute_dtype)
        if not training:
            return images
        rows = images if self.data_format == "channels_first" else ops.transpose(images, (0, 3, 1, 2))
        shape = ops.shape(rows)
        rows = ops.reshape(rows, (shape[0], shape[1], shape[2] * shape[3]))
        out = ops.reshape(self._equalized(ops.cast(rows, "float32")), shape)
        out = out if self.data_format == "channels_first" else ops.transpose(out, (0, 2, 3, 1))
        return ops.cast(out, self.compute_dtype)

    def _equalized(self, rows):
        """Rows of pixels (batch, channels, pixels), each equalized."""
        last = self.bins - 1
        values = ops.cast(ops.clip(ops.floor(rescaled(rows, self.value_range, (0, last))), 0, last), "int32")
        up_to = ops.cumsum(histogram(values, self.bins), axis=-1)
        total = up_to[..., -1:]
        first = ops.min(ops.where(up_to > 0, up_to, total), axis=-1, keepdims=True)
        spread = ops.where(total > first, total - first, ops.ones_like(total))
        table = ops.clip(ops.round((up_to - first) / spread * 255), *BYTES)
        out = rescaled(ops.take_along_axis(table, values, axis=-1), BYTES, self.value_range)
        return ops.where(total > first, out, rows)


def histogram(values, bins: int):
    """How often each of 0, ..., bins - 1 stands in each row of integers (..., n): floats (..., bins)."""
    shape = ops.shape(values)
    count = math.prod(shape[:-1])
    rows = ops.reshape(values, (count, shape[-1]))
    # Every row counts into bins of its own: one pass over the pixels, and no table of pixels by bins.
    base = ops.reshape(ops.arange(count, dtype="int32") * bins, (count, 1))
    flat = ops.reshape(rows + base, (count * shape[-1],))
    counts = ops.segment_sum(ops.ones_like(flat, dtype="float32"), flat, num_segments=count * bins)
    return ops.reshape(counts, (*shape[:-1], bins))


class RandomPosterization(RandomColorLayer):
    """Keeps only the highest bits of pixels, in training.

    Args:
        factor: number of bits of 8 that are kept: (lower, upper), from lower to upper - 1; or one number for
            (1, number).
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[100.0], [200.0]]])
    >>> layers.RandomPosterization((1, 2))(x, training=True)[0, :, 0]  # [0, 128]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        pair = (1, factor) if isinstance(factor, int | float) else factor
        self.factor = limits(pair, "factor", "RandomPosterization", least=1, most=8)

    def draw(self, images, seed):
        lower, upper = self.factor
        bits = ops.floor(self._uniform(images, (lower, max(upper, lower + 1)), seed, ()))
        return {"shift_factor": ops.cast(8 - bits, "uint8")}

    def apply(self, images, drawn):
        step = 2 ** ops.reshape(ops.cast(drawn["shift_factor"], self._float_dtype), (-1, 1, 1, 1))
        images = ops.floor(ops.clip(rescaled(images, self.value_range, BYTES), *BYTES))
        return rescaled(ops.floor(images / step) * step, BYTES, self.value_range)


class Solarization(RandomColorLayer):
    """Inverts the bright pixels, in training.

    `x + a` becomes `255 - x - a` where it is not below a threshold.

    Args:
        addition_factor: a in parts of 255, drawn for each image: (lower, upper), or one number (0.0 by
            default) for (0, number).
        threshold_factor: the threshold, likewise.
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[100.0], [200.0]]])
    >>> layers.Solarization(threshold_factor=(0.5, 0.5))(x, training=True)[0, :, 0]  # [100, 55]
    """

    def __init__(self, addition_factor=0.0, threshold_factor=0.0, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.addition_factor = limits(addition_factor, "addition_factor", "Solarization", least=0)
        self.threshold_factor = limits(threshold_factor, "threshold_factor", "Solarization", least=0)

    def draw(self, images, seed):
        return {
            "additions": self._uniform(images, self.addition_factor, seed) * 255,
            "thresholds": self._uniform(images, self.threshold_factor, seed) * 255,
        }

    def apply(self, images, drawn):
        images = rescaled(images, self.value_range, BYTES)
        images = ops.clip(images + drawn["additions"], *BYTES)
        images = ops.where(images < drawn["thresholds"], images, 255 - images)
        return rescaled(images, BYTES, self.value_range)


class RandomInvert(RandomColorLayer):
    """Turns images into their negatives, each with a random probability, in training.

    The negative is `lowest + highest - images`.

    Args:
        factor: the probability: (lower, upper), between which it is drawn for each image, or one number for
            (0, number); from 0 to 1.
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[100.0], [255.0]]])
    >>> layers.RandomInvert((1.0, 1.0))(x, training=True)[0, :, 0]  # [155, 0]
    """

    def __init__(self, factor=1.0, value_range=(0, 255), seed=None, data_format=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomInvert")

    def draw(self, images, seed):
        return {"apply_inversion": self._chosen(images, self.factor, seed)}

    def apply(self, images, drawn):
        return self._only(drawn["apply_inversion"], sum(self.value_range) - images, images)
