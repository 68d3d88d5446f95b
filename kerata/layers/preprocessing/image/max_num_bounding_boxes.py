"""MaxNumBoundingBoxes."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.image.base import ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Makes the number of boxes of each image equal: cuts them off, or adds boxes of `fill_value`.

    Args:
        max_number: integer: how many boxes each image gets.
        fill_value: the number in added boxes and labels; -1 by default.

    Input shape:
        A dictionary with "images" and "bounding_boxes", itself one of "boxes" `(batch, boxes, 4)` and
        "labels" `(batch, boxes)`.
    Output shape:
        The same, with `max_number` boxes.

    >>> from kerata import layers, ops
    >>> layer = layers.MaxNumBoundingBoxes(2, bounding_box_format="xyxy")
    >>> boxes = {"boxes": ops.ones((1, 1, 4)), "labels": ops.ones((1, 1))}
    >>> layer({"images": ops.ones((1, 2, 2, 3)), "bounding_boxes": boxes})["bounding_boxes"]["labels"]  # [[1, -1]]
    """

    def __init__(self, max_number, fill_value=-1, **kwargs):
        super().__init__(**kwargs)
        self.max_number, self.fill_value = int(max_number), fill_value

    def get_config(self) -> dict:
        """Keras's configs have no `fill_value`; one that is not the default stands here."""
        config = super().get_config()
        if self.fill_value == -1:
            del config["fill_value"]
        return config

    def transform_images(self, images, transformation=None, training=True):
        return images

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        return segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True, size=None):
        return {k: self._fitted(v) for k, v in bounding_boxes.items()}

    def _fitted(self, x):
        batch, count, *rest = ops.shape(x)
        if isinstance(count, int) and count >= self.max_number:
            return x[:, : self.max_number]
        added = ops.full((batch, self.max_number, *rest), self.fill_value, dtype=x.dtype)
        return ops.concatenate([x, added], axis=1)[:, : self.max_number]
