"""Boxes around things in images: formats, overlaps, deltas from anchors, and what cropping and turning do to them.

A box is four numbers in the last dimension of an array. Its format says which: "xyxy" and "yxyx" two opposite corners,
"xywh" a corner and the size, "center_xywh" and "center_yxhw" the middle and the size; "rel_..." are fractions of the
image's width and height.
"""

from kerata.core.lazy import attach as _attach

_PLACES = {
    "affine_transform": "kerata.utils.bounding_boxes.geometry",
    "clip_to_image_size": "kerata.utils.bounding_boxes.geometry",
    "compute_ciou": "kerata.utils.bounding_boxes.overlap",
    "compute_iou": "kerata.utils.bounding_boxes.overlap",
    "convert_format": "kerata.utils.bounding_boxes.formats",
    "crop": "kerata.utils.bounding_boxes.geometry",
    "decode_deltas_to_boxes": "kerata.utils.bounding_boxes.deltas",
    "encode_box_to_deltas": "kerata.utils.bounding_boxes.deltas",
    "pad": "kerata.utils.bounding_boxes.geometry",
}

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES, ("formats", "overlap", "deltas", "geometry"))
