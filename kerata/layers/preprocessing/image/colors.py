"""Layers that change the colours of images at random."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.image.random_base import RandomColorLayer, RandomImageLayer, limits, rescaled


class RandomBrightness(RandomColorLayer):
    """Adds a random number to the pixels of each image, in training.

    `clip(images + f * (highest - lowest))` with f drawn for each image. Integer images stay integers.

    Args:
        factor: f, from -1 (black) to 1 (white): (lower, upper), or one number f for (-f, f).
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or a dictionary with these as
        "images".
    Output shape:
        The input's, in the input's dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> layers.RandomBrightness((0.5, 0.5), value_range=(0, 1))(ops.zeros((1, 1, 1)), training=True)  # [[[0.5]]]
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomBrightness", signed=True)

    def draw(self, images, seed):
        width = self.value_range[1] - self.value_range[0]
        return {"rgb_delta": self._uniform(images, self.factor, seed) * width}

    def transform_images(self, images, transformation, training=True):
        return ops.cast(super().transform_images(images, transformation, training), ops.dtype(images))

    def apply(self, images, drawn):
        return self._clip(images + drawn["rgb_delta"])


class RandomContrast(RandomColorLayer):
    """Moves the pixels of each image away from the mean of their channel, or towards it, in training.

    `clip((images - mean) * f + mean)` with f drawn for each image from `1 - lower` to `1 + upper`.

    Args:
        factor: (lower, upper), or one number for (0, number); from -1 to 1.
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
    >>> x = ops.convert_to_tensor([[[0.4], [0.6]]])
    >>> y = layers.RandomContrast((0.5, 0.5), value_range=(0, 1), seed=1)(x, training=True)
    >>> y.shape  # (1, 2, 1)
    """

    def __init__(self, factor, value_range=(0, 255), seed=None, **kwargs):
        super().__init__(value_range=value_range, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomContrast")

    def draw(self, images, seed):
        lower, upper = self.factor
        return {"contrast_factor": self._uniform(images, (1 - lower, 1 + upper), seed)}

    def apply(self, images, drawn):
        mean = ops.mean(images, axis=self._axes, keepdims=True)
        return self._clip((images - mean) * drawn["contrast_factor"] + mean)


class RandomColorDegeneration(RandomColorLayer):
    """Makes colours duller, in training: `clip(images + f * (grey - images))` with f drawn for each image.

    Args:
        factor: f, from 0 (as it is) to 1 (grey): (lower, upper), or one number f for (-f, f).
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, 3)` or `(batch, height, width, 3)`, or channels before height with "channels_first";
        or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> red = ops.convert_to_tensor([[[100.0, 0.0, 0.0]]])
    >>> layers.RandomColorDegeneration((1.0, 1.0))(red, training=True)[0, 0]  # [29.89, 29.89, 29.89]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomColorDegeneration", signed=True)

    def draw(self, images, seed):
        return {"factor": self._uniform(images, self.factor, seed)}

    def apply(self, images, drawn):
        grey = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return self._clip(images + drawn["factor"] * (grey - images))


class RandomGrayscale(RandomImageLayer):
    """Makes images grey, each with a given probability, in training; all channels get the luma.

    Args:
        factor: the probability, from 0 to 1; 0.5 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, 3)` or `(batch, height, width, 3)`, or channels before height with "channels_first";
        of any values.
    Output shape:
        The input's, in the input's dtype.

    Raises:
        ValueError: if `factor` is not from 0 to 1.
        TypeError: if it is no number.

    >>> from kerata import layers, ops
    >>> red = ops.convert_to_tensor([[[100.0, 0.0, 0.0]]])
    >>> layers.RandomGrayscale(factor=1.0)(red, training=True)[0, 0]  # [29.89, 29.89, 29.89]
    """

    _config_skip = RandomImageLayer._config_skip | {"seed"}

    def __init__(self, factor=0.5, data_format=None, seed=None, **kwargs):
        super().__init__(data_format=data_format, seed=seed, **kwargs)
        if not isinstance(factor, int | float):
            raise TypeError(f"`factor` of RandomGrayscale must be a number from 0 to 1; got {factor!r}.")
        if not 0 <= factor <= 1:
            raise ValueError(f"`factor` of RandomGrayscale must be a number from 0 to 1; got {factor!r}.")
        self.factor = factor

    def draw(self, images, seed):
        return self._uniform(images, (0.0, 1.0), seed) < self.factor

    def transform_images(self, images, transformation, training=True):
        return ops.cast(super().transform_images(images, transformation, training), ops.dtype(images))

    def apply(self, images, drawn):
        return ops.where(drawn, ops.image.rgb_to_grayscale(images, data_format=self.data_format), images)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return segmentation_masks

    def _moves(self, training) -> bool:
        return False


class _HSVLayer(RandomColorLayer):
    """Colours changed as hue, saturation and value; `change(channels, drawn)` gets these three, from 0 to 1."""

    def apply(self, images, drawn):
        images = ops.clip(rescaled(images, self.value_range, (0, 1)), 0, 1)
        hsv = ops.image.rgb_to_hsv(images, data_format=self.data_format)
        changed = self.change(ops.split(hsv, 3, axis=self._channel_axis), drawn)
        images = ops.image.hsv_to_rgb(ops.concatenate(changed, axis=self._channel_axis), data_format=self.data_format)
        return self._clip(rescaled(ops.clip(images, 0, 1), (0, 1), self.value_range))


class RandomHue(_HSVLayer):
    """Turns the hue of each image, in training.

    It turns by half of f, drawn for each image, in either direction; 1 is the whole circle of colours.

    Args:
        factor: f, from 0 to 1: (lower, upper), or one number for (0, number).
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, 3)` or `(batch, height, width, 3)`, or channels before height with "channels_first";
        or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> red = ops.convert_to_tensor([[[255.0, 0.0, 0.0]]])
    >>> layers.RandomHue((1.0, 1.0))(red, training=True)[0, 0]  # [0, 255, 255]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomHue")

    def draw(self, images, seed):
        back = self._uniform(images, (0.0, 1.0), seed, ()) > 0.5
        turn = self._uniform(images, self.factor, seed, ()) * 0.5
        return {"factor": ops.where(back, -turn, turn)}

    def change(self, channels, drawn):
        hue, saturation, value = channels
        hue = hue + ops.reshape(drawn["factor"], (-1, 1, 1, 1))
        return [hue - ops.floor(hue), saturation, value]


class RandomSaturation(_HSVLayer):
    """Multiplies the saturation of each image by `f / (1 - f)`, in training.

    Args:
        factor: f: 0 gives grey images, 0.5 leaves them, 1 gives pure colours: (lower, upper), or one number f
            for (-f, f).
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, 3)` or `(batch, height, width, 3)`, or channels before height with "channels_first";
        or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> pink = ops.convert_to_tensor([[[200.0, 100.0, 100.0]]])
    >>> layers.RandomSaturation((0.0, 0.0))(pink, training=True)[0, 0]  # [200, 200, 200]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomSaturation", signed=True)

    def draw(self, images, seed):
        f = self._uniform(images, self.factor, seed, ())
        return {"factor": f / ops.maximum(1 - f, 1e-7)}

    def change(self, channels, drawn):
        hue, saturation, value = channels
        return [hue, ops.clip(saturation * ops.reshape(drawn["factor"], (-1, 1, 1, 1)), 0, 1), value]


class RandomColorJitter(RandomColorLayer):
    """Changes brightness, contrast, saturation and hue at random, in this order, in training.

    Args:
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        brightness_factor: the `factor` of `RandomBrightness`; None for no such change.
        contrast_factor: the `factor` of `RandomContrast`; None for no such change.
        saturation_factor: the `factor` of `RandomSaturation`; None for no such change.
        hue_factor: the `factor` of `RandomHue`; None for no such change.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, 3)` or `(batch, height, width, 3)`, or channels before height with "channels_first";
        or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> layer = layers.RandomColorJitter(brightness_factor=(0.2, 0.2))
    >>> layer(ops.zeros((1, 1, 3)), training=True)[0, 0]  # [51, 51, 51]
    """

    def __init__(self, value_range=(0, 255), brightness_factor=None, contrast_factor=None, saturation_factor=None,
                 hue_factor=None, seed=None, data_format=None, **kwargs):  # fmt: skip
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        common = {"value_range": value_range, "seed": seed, "data_format": self.data_format, "dtype": self.dtype_policy}
        for name, kind in (("brightness", RandomBrightness), ("contrast", RandomContrast),
                           ("saturation", RandomSaturation), ("hue", RandomHue)):  # fmt: skip
            factor = getattr(self, f"{name}_factor")
            if factor is not None:
                setattr(self, f"random_{name}", kind(factor, **common))

    def _steps(self) -> dict:
        names = ("random_brightness", "random_contrast", "random_saturation", "random_hue")
        return {n: getattr(self, n) for n in names if hasattr(self, n)}

    def draw(self, images, seed):
        return {name: layer.get_random_transformation(images) for name, layer in self._steps().items()}

    def apply(self, images, drawn):
        for name, layer in self._steps().items():
            images = layer.apply(images, drawn[name])
        return images
