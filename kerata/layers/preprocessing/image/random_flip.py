"""RandomFlip."""

from __future__ import annotations

from kerata import ops
from kerata.core.errors import unknown_name
from kerata.layers.preprocessing.image.random_base import RandomImageLayer

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(RandomImageLayer):
    """Mirrors images during training, each with probability 1/2.

    Args:
        mode: "horizontal" (left and right change places), "vertical", or "horizontal_and_vertical"
            (both at once, the default).
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Masks and boxes are mirrored with the images.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if `mode` has another value, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[1.0], [2.0], [3.0]]])
    >>> y = layers.RandomFlip("horizontal", seed=0)(x, training=True)[0, :, 0]
    >>> ops.convert_to_numpy(y).tolist() in ([1, 2, 3], [3, 2, 1])
    True
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
