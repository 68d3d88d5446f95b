"""RandomFlip."""

from __future__ import annotations

from kerata import ops
from kerata.core.errors import unknown_name
from kerata.layers.preprocessing.image.random_base import RandomImageLayer

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

    def draw(self, images, seed):
        return {"flips": self._uniform(images, (0.0, 1.0), seed) <= 0.5}

    def apply(self, images, drawn):
        return ops.where(drawn["flips"], ops.flip(images, axis=self._mirrored()), images)

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
