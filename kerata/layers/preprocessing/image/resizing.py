"""Resizing."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.image.base import ImageLayer


class Resizing(ImageLayer):
    """Resamples images to one size, in the dtype that they have.

    Args:
        height, width: integers: the size of the result, in pixels.
        interpolation: "bilinear" (the default), "nearest", "bicubic", "lanczos3" or "lanczos5"; masks always
            take the nearest pixel.
        crop_to_aspect_ratio: whether images are cut to the wanted proportions first, rather than distorted;
            False by default.
        pad_to_aspect_ratio: or surrounded by `fill_value`; False by default.
        fill_mode: "constant".
        fill_value: the number to surround with; 0.0 by default.
        antialias: whether the kernel is widened when shrinking, so that every pixel counts; False by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "segmentation_masks" and
        "bounding_boxes", which follow.
    Output shape:
        The input's, of the new size, in the input's dtype.

    >>> from kerata import layers, ops
    >>> layers.Resizing(2, 3)(ops.ones((1, 6, 6, 3))).shape  # (1, 2, 3, 3)
    """

    def __init__(self, height, width, interpolation="bilinear", crop_to_aspect_ratio=False, pad_to_aspect_ratio=False,
                 fill_mode="constant", fill_value=0.0, antialias=False, data_format=None, **kwargs):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = height, width
        self.interpolation = interpolation
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self.antialias = bool(antialias)

    def _new_size(self, size) -> tuple:
        return self.height, self.width

    def _resize(self, images, interpolation):
        return ops.image.resize(
            images, (self.height, self.width), interpolation=interpolation, antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio, pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode, fill_value=self.fill_value, data_format=self.data_format,
        )  # fmt: skip

    def transform_images(self, images, transformation=None, training=True):
        return self._resize(images, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return self._resize(segmentation_masks, "nearest")

    def transform_corners(self, corners, transformation, size):
        y, x = self.height / size[0], self.width / size[1]
        if self.pad_to_aspect_ratio or self.crop_to_aspect_ratio:
            y = x = min(y, x) if self.pad_to_aspect_ratio else max(y, x)
        top, left = (self.height - size[0] * y) / 2, (self.width - size[1] * x) / 2
        moved = corners * ops.convert_to_tensor([x, y, x, y], dtype=corners.dtype)
        return moved + ops.convert_to_tensor([left, top, left, top], dtype=corners.dtype)
