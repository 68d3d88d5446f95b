"""ImageLayer: what all layers of this folder share."""

from __future__ import annotations

from kerata import ops
from kerata.core import dtypes
from kerata.core.config import standardize_data_format
from kerata.layers.preprocessing.data_layer import DataLayer
from kerata.layers.preprocessing.image import boxes as boxes_


class ImageLayer(DataLayer):
    """A layer that changes images, and what goes with them in the same way.

    Its input is a tensor of images, (height, width, channels) or a batch of them (4 axes), or with the channels
    first; or a dict of them under "images" and any of "labels", "segmentation_masks", and "bounding_boxes" (itself a
    dict: "boxes" in the format `bounding_box_format`, "labels"). The methods below always get batches.

    A subclass defines `transform_images(images, transformation, training)`, and, where they matter:
    `get_random_transformation(images, training, seed)`, whose result all the methods get; `transform_labels`;
    `transform_segmentation_masks` (by default as images); `transform_corners(corners, transformation)` for boxes
    (by default unchanged).

    Args:
        bounding_box_format: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", or one of these with "rel_" before it.
        data_format: "channels_last" or "channels_first".
    """

    _config_optional = frozenset(("bounding_box_format",))

    def __init__(self, bounding_box_format=None, data_format=None, **kwargs):
        if "factor" in kwargs:
            raise ValueError(f"{type(self).__name__} does not take a `factor`; it was given factor={kwargs['factor']!r}.")
        super().__init__(**kwargs)
        self.bounding_box_format = boxes_.check_format(bounding_box_format, type(self).__name__)
        self.data_format = standardize_data_format(data_format)

    # -- what subclasses define -------------------------------------------------------------------------------
    def get_random_transformation(self, images, training=True, seed=None):
        """What is to happen to this batch: anything that the other methods understand; None for nothing."""

    def transform_images(self, images, transformation, training=True):
        """The images after it."""
        raise NotImplementedError(f"{type(self).__name__} must define transform_images(images, transformation, training).")

    def transform_labels(self, labels, transformation, training=True):
        """The labels of the images after it."""
        return labels

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        """The masks after it."""
        return self.transform_images(segmentation_masks, transformation, training=training)

    def transform_corners(self, corners, transformation, size):
        """(left, top, right, bottom) of boxes, in pixels of images of `size` (height, width), after it."""
        return corners

    @property
    def _float_dtype(self) -> str:
        """The dtype of what is drawn and computed with: the layer's, or float32 in a layer of integer images."""
        return self.compute_dtype if dtypes.is_float(self.compute_dtype) else "float32"

    # -- sizes ------------------------------------------------------------------------------------------------
    @property
    def _axes(self) -> tuple[int, int]:
        """The axes of height and width, counted from the end."""
        return (-2, -1) if self.data_format == "channels_first" else (-3, -2)

    def _size(self, images) -> tuple:
        """(height, width), as integers where they are known."""
        shape = ops.shape(images)
        return tuple(shape[a] for a in self._axes)

    def _is_batch(self, images) -> bool:
        rank = len(images.shape)
        if rank not in (3, 4):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) takes one image (3 axes) or a batch (4 axes); "
                f"it was given the shape {tuple(images.shape)}."
            )
        return rank == 4

    # -- the call ---------------------------------------------------------------------------------------------
    def call(self, data, training=True):
        parts = dict(data) if isinstance(data, dict) else {"images": data}
        batched = self._is_batch(ops.convert_to_tensor(parts["images"]))
        parts = self._as_tensors(parts, batched)
        parts = parts if batched else _nested(lambda x: ops.expand_dims(x, 0), parts)
        size = self._size(parts["images"])
        what = self.get_random_transformation(parts["images"], training=training)
        if "bounding_boxes" in parts:
            boxes = parts["bounding_boxes"]
            parts["bounding_boxes"] = self.transform_bounding_boxes(boxes, what, training=training, size=size)
        for key in ("images", "labels", "segmentation_masks"):
            if key in parts:
                parts[key] = getattr(self, f"transform_{key}")(parts[key], what, training=training)
        parts = parts if batched else _nested(lambda x: ops.squeeze(x, axis=0), parts)
        return parts if isinstance(data, dict) else parts["images"]

    def _as_tensors(self, parts: dict, batched: bool) -> dict:
        out = {}
        for key, value in parts.items():
            if key == "bounding_boxes":
                if not self.bounding_box_format:
                    raise ValueError(
                        f"The input of layer {self.name!r} has 'bounding_boxes', but the layer was not told their format: "
                        f"pass e.g. `bounding_box_format='xyxy'` to {type(self).__name__}."
                    )
                out[key] = boxes_.dense(value, batched)
            else:
                out[key] = ops.convert_to_tensor(value)
        return out

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True, size=None):
        """The boxes after it: cut to the new image; those that left it have the label -1."""
        if not self._moves(training):
            return bounding_boxes
        form, new_size, boxes = self.bounding_box_format, self._new_size(size), bounding_boxes["boxes"]
        dtype = ops.dtype(boxes) if dtypes.is_float(ops.dtype(boxes)) else "float32"
        corners = boxes_.to_corners(ops.cast(boxes, "float32"), form, *size)
        corners = self.transform_corners(corners, transformation, size)
        corners, labels = boxes_.clip(corners, bounding_boxes["labels"], *new_size)
        return {**bounding_boxes, "boxes": ops.cast(boxes_.from_corners(corners, form, *new_size), dtype), "labels": labels}

    def _moves(self, training) -> bool:
        """Whether boxes are changed."""
        return True

    def _new_size(self, size) -> tuple:
        return size


def _nested(fn, parts: dict) -> dict:
    """`fn` of every tensor in a dict of tensors and dicts."""
    return {k: _nested(fn, v) if isinstance(v, dict) else fn(v) for k, v in parts.items()}
