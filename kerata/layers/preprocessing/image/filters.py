"""Layers that sharpen and blur images at random."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.image.random_base import RandomColorLayer, limits


class RandomSharpness(RandomColorLayer):
    """Blurs or sharpens images, in training.

    `clip(blurred + 2 f (images - blurred))` with f drawn for each image; blurred are the means of 3 x 3
    pixels, with five times the weight for the middle one.

    Args:
        factor: f: 0 blurs, 0.5 leaves the image, 1 sharpens it: (lower, upper), or one number for
            (0, number).
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
    >>> x = ops.ones((1, 4, 4, 3))
    >>> layers.RandomSharpness((0.5, 0.5))(x, training=True)[0, 1, 1]  # [1, 1, 1]
    """

    def __init__(self, factor, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomSharpness")

    def draw(self, images, seed):
        return {"factor": self._uniform(images, self.factor, seed, ())}

    def apply(self, images, drawn):
        blurred = (self._sums_of_nine(images) + 4 * images) / 13
        factor = ops.reshape(drawn["factor"], (-1, 1, 1, 1))
        return self._clip(blurred + 2 * factor * (images - blurred))

    def _sums_of_nine(self, images):
        """Each pixel and its eight neighbours added up; zeros around the image."""
        for axis in self._axes:
            axis %= 4
            pads = [(0, 0)] * 4
            pads[axis] = (1, 1)
            size, wide = ops.shape(images)[axis], ops.pad(images, pads)
            images = sum(wide[(slice(None),) * axis + (slice(i, i + size),)] for i in range(3))
        return images


class RandomGaussianBlur(RandomColorLayer):
    """Blurs images by a Gaussian, each with a random probability, in training.

    Args:
        factor: the probability: (lower, upper), between which it is drawn for each image, or one number (1.0
            by default) for (0, number).
        kernel_size: odd number of pixels, or (height, width); 3 by default.
        sigma: standard deviation in pixels, up to 1, drawn for each axis: (lower, upper), or one number (1.0
            by default) for (0, number).
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or `kernel_size` is even.

    >>> from kerata import layers, ops
    >>> layers.RandomGaussianBlur()(ops.ones((1, 6, 6, 3)), training=True).shape  # (1, 6, 6, 3)
    """

    def __init__(self, factor=1.0, kernel_size=3, sigma=1.0, value_range=(0, 255), data_format=None, seed=None, **kwargs):
        super().__init__(value_range=value_range, data_format=data_format, seed=seed, **kwargs)
        self.factor = limits(factor, "factor", "RandomGaussianBlur")
        self.kernel_size = _odd(kernel_size)
        self.sigma = limits(sigma, "sigma", "RandomGaussianBlur")

    def draw(self, images, seed):
        chosen = self._chosen(images, self.factor, seed)
        return {"should_apply_blur": chosen, "blur_factor": self._uniform(ops.zeros((2,)), self.sigma, seed, ())}

    def apply(self, images, drawn):
        sigma = ops.maximum(ops.cast(drawn["blur_factor"], "float32"), 1e-3)  # 0 would divide 0 by 0
        blurred = ops.image.gaussian_blur(images, self.kernel_size, sigma, data_format=self.data_format)
        return self._only(drawn["should_apply_blur"], self._clip(blurred), images)


def _odd(size) -> tuple:
    """(height, width) of a kernel, or an error."""
    pair = (size, size) if isinstance(size, int) else tuple(size) if isinstance(size, list | tuple) else ()
    if len(pair) != 2 or any(not isinstance(n, int) or n < 1 or n % 2 == 0 for n in pair):
        raise ValueError(f"`kernel_size` of RandomGaussianBlur must be an odd number, or two of them; got {size!r}.")
    return pair
