"""RandomFlip."""

from __future__ import annotations

from kerata import ops, random
from kerata.core.errors import unknown_name
from kerata.layers.preprocessing.image.base import RandomImageLayer

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(RandomImageLayer):
    """Mirrors images during training, each with probability 1/2.

    Args:
        mode: "horizontal" (left and right change places), "vertical", or "horizontal_and_vertical" (both at once).
        seed: integer.
        data_format: "channels_last" or "channels_first".

    Input and output: (height, width, channels) or a batch of these; the output is in the layer's float dtype.

    >>> import kerata
    >>> kerata.layers.RandomFlip("horizontal")(kerata.ops.ones((1, 2, 2, 3)), training=True).shape
    (1, 2, 2, 3)
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        if mode not in MODES:
            raise ValueError(unknown_name("`mode` of RandomFlip", mode, MODES))
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.mode = mode

    def get_random_transformation(self, images, training=True, seed=None):
        if not training:
            return None
        draws = random.uniform((ops.shape(images)[0], 1, 1, 1), seed=self._seed_generator() if seed is None else seed)
        return {"flips": draws <= 0.5}

    def transform_images(self, images, transformation, training=True):
        images = ops.cast(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        return ops.where(transformation["flips"], ops.flip(images, axis=self._mirrored()), images)

    def _mirrored(self) -> tuple:
        vertical, horizontal = (a % 4 for a in self._axes)
        axes = {"horizontal": (horizontal,), "vertical": (vertical,), "horizontal_and_vertical": (vertical, horizontal)}
        return axes[self.mode]

    def transform_corners(self, corners, transformation, size):
        height, width = size
        left, top, right, bottom = (corners[..., i] for i in range(4))
        if "horizontal" in self.mode:
            left, right = width - right, width - left
        if "vertical" in self.mode:
            top, bottom = height - bottom, height - top
        flips = ops.reshape(transformation["flips"], (-1, 1, 1))
        return ops.where(flips, ops.stack([left, top, right, bottom], axis=-1), corners)
