"""CenterCrop."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.image.base import ImageLayer


class CenterCrop(ImageLayer):
    """Cuts the middle out of images.

    Images that are too small are cut to the wanted proportions and enlarged.

    Args:
        height, width: integers: the size of the result, in pixels.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "segmentation_masks" and
        "bounding_boxes", which follow.
    Output shape:
        The input's, of the new size, in the layer's float dtype.

    >>> from kerata import layers, ops
    >>> layers.CenterCrop(2, 2)(ops.reshape(ops.arange(16), (1, 4, 4, 1)))[0, :, :, 0]  # [[5, 6], [9, 10]]
    """

    def __init__(self, height, width, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = height, width

    def _new_size(self, size) -> tuple:
        return self.height, self.width

    def _large_enough(self, size) -> bool:
        """Sizes known only when the program runs are taken to be so."""
        return all(not isinstance(have, int) or have >= want for have, want in zip(size, self._new_size(size)))

    def transform_images(self, images, transformation=None, training=True):
        images = ops.cast(images, self.compute_dtype)
        size, new = self._size(images), self._new_size(None)
        if not self._large_enough(size):
            return ops.image.resize(images, new, crop_to_aspect_ratio=True, data_format=self.data_format)
        cut = [slice(None)] * 4
        for axis, have, want in zip(self._axes, size, new):
            start = (have - want) // 2
            cut[axis] = slice(start, start + want)
        return images[tuple(cut)]

    def transform_corners(self, corners, transformation, size):
        (height, width), window = size, (self.height, self.width)
        if not self._large_enough(size):
            window = (
                max(min(height, int(width * self.height / self.width)), 1),
                max(min(width, int(height * self.width / self.height)), 1),
            )
        top, left = (height - window[0]) // 2, (width - window[1]) // 2
        shift = ops.convert_to_tensor([left, top, left, top], dtype=corners.dtype)
        y, x = self.height / window[0], self.width / window[1]
        return (corners - shift) * ops.convert_to_tensor([x, y, x, y], dtype=corners.dtype)
