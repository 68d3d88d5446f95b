"""What cropping, padding and turning an image do to its boxes."""

from __future__ import annotations

import math

from kerata import ops
from kerata.utils.bounding_boxes.formats import convert_format


def clip_to_image_size(bounding_boxes, height=None, width=None, bounding_box_format="xyxy"):
    """Boxes cut off at the image's border; the label of a box of which nothing remains becomes -1.

    Args:
        bounding_boxes: dictionary with "boxes" of shape (..., 4) and perhaps "labels" of shape (...).
        height, width: size of the images in pixels; not needed for relative formats.
        bounding_box_format: format of the boxes; "xyxy" by default, see `convert_format`.

    Returns:
        A dictionary like the first.

    Raises:
        ValueError: for a dictionary without boxes, or an absolute format without a size.

    >>> boxes = {"boxes": np.float32([[-5, 2, 8, 20], [20, 20, 30, 30]]), "labels": np.array([3, 4])}
    >>> cut = kerata.utils.bounding_boxes.clip_to_image_size(boxes, height=10, width=10)
    >>> cut["boxes"].tolist(), cut["labels"].tolist()
    ([[0.0, 2.0, 8.0, 10.0], [10.0, 10.0, 10.0, 10.0]], [3, -1])
    """
    if not isinstance(bounding_boxes, dict) or "boxes" not in bounding_boxes:
        raise ValueError("clip_to_image_size() wants a dictionary with 'boxes' and, if there are any, 'labels'.")
    relative = bounding_box_format.startswith("rel_")
    if not relative and (height is None or width is None):
        raise ValueError(f"For the format {bounding_box_format!r} `height` and `width` are needed.")
    corners = "rel_xyxy" if relative else "xyxy"
    boxes = convert_format(bounding_boxes["boxes"], bounding_box_format, corners)
    boxes = _clip(boxes, 1.0 if relative else width, 1.0 if relative else height)
    out = {**bounding_boxes, "boxes": convert_format(boxes, corners, bounding_box_format)}
    if bounding_boxes.get("labels") is not None:
        empty = ops.logical_or(boxes[..., 2] <= boxes[..., 0], boxes[..., 3] <= boxes[..., 1])
        labels = ops.convert_to_tensor(bounding_boxes["labels"])
        out["labels"] = ops.where(empty, ops.cast(-1, labels.dtype), labels)
    return out


def _clip(boxes, width, height):
    x1, y1, x2, y2 = ops.split(boxes, 4, axis=-1)
    return ops.concatenate(
        [ops.clip(x1, 0, width), ops.clip(y1, 0, height), ops.clip(x2, 0, width), ops.clip(y2, 0, height)], axis=-1
    )


def crop(boxes, top, left, height, width, bounding_box_format="xyxy"):
    """Boxes after their image was cut to a part of it; what sticks out is cut off.

    Args:
        boxes: array of shape (..., 4).
        top, left: first row and column of the part, in pixels.
        height, width: size of the part, in pixels.
        bounding_box_format: an absolute format; "xyxy" by default, see `convert_format`.

    Returns:
        A float32 tensor of the shape of `boxes`.

    >>> crop = kerata.utils.bounding_boxes.crop
    >>> crop([[10.0, 10.0, 30.0, 40.0]], top=5, left=20, height=20, width=20)  # [[0.0, 5.0, 10.0, 20.0]]
    """
    boxes = convert_format(boxes, bounding_box_format, "xyxy")
    return convert_format(_clip(_moved(boxes, -left, -top), width, height), "xyxy", bounding_box_format)


def pad(boxes, top, left, height=None, width=None, bounding_box_format="xyxy"):
    """Boxes after rows and columns were added above and to the left of their image.

    Args:
        boxes: array of shape (..., 4).
        top, left: how many rows and columns, in pixels.
        height, width: not used.
        bounding_box_format: an absolute format; "xyxy" by default, see `convert_format`.

    Returns:
        A float32 tensor of the shape of `boxes`.

    >>> kerata.utils.bounding_boxes.pad([[1.0, 2.0, 3.0, 4.0]], top=10, left=20)  # [[21.0, 12.0, 23.0, 14.0]]
    """
    return convert_format(
        _moved(convert_format(boxes, bounding_box_format, "xyxy"), left, top), "xyxy", bounding_box_format
    )


def _moved(boxes, dx, dy):
    return boxes + ops.convert_to_tensor([dx, dy, dx, dy], boxes.dtype)


def affine_transform(boxes, angle, translate_x, translate_y, scale, shear_x, shear_y, height, width, center_x=None,
                     center_y=None, bounding_box_format="xyxy"):  # fmt: skip
    """The upright boxes around boxes that are moved, sheared, turned and scaled with their images.

    Args:
        boxes: array of shape (batch, n, 4).
        angle: degrees, an array of shape (batch,), as are the next five.
        translate_x, translate_y: fractions of the width and height.
        scale: factors; 1 keeps the size.
        shear_x, shear_y: degrees.
        height, width: size of the images in pixels.
        center_x, center_y: the point that stays where it is, as fractions of the size; the middle by default.
        bounding_box_format: format of the boxes; "xyxy" by default, see `convert_format`.

    Returns:
        A float32 tensor of the shape of `boxes`.

    >>> zero, one = np.zeros(1, "float32"), np.ones(1, "float32")
    >>> move = kerata.utils.bounding_boxes.affine_transform
    >>> move([[[2.0, 2.0, 4.0, 4.0]]], zero, 0.5 * one, zero, one, zero, zero, 11, 11)  # [[[7.0, 2.0, 9.0, 4.0]]]
    """
    boxes = convert_format(boxes, bounding_box_format, "xyxy", height, width)
    turn = _linear_part(*(_column(v) for v in (angle, scale, shear_x, shear_y)))
    w, h = ops.cast(width, "float32") - 1, ops.cast(height, "float32") - 1
    cx = w * (0.5 if center_x is None else center_x)
    cy = h * (0.5 if center_y is None else center_y)
    x1, y1, x2, y2 = (boxes[..., i] for i in range(4))
    xs, ys = ops.stack([x1, x2, x1, x2], axis=-1), ops.stack([y1, y1, y2, y2], axis=-1)
    xs, ys = xs - cx + _column(translate_x) * w, ys - cy + _column(translate_y) * h
    (a, b), (c, d) = turn
    new_x, new_y = a * xs + b * ys + cx, c * xs + d * ys + cy
    out = ops.stack([ops.min(new_x, -1), ops.min(new_y, -1), ops.max(new_x, -1), ops.max(new_y, -1)], axis=-1)
    return convert_format(out, "xyxy", bounding_box_format, height, width)


def _column(value):
    """One number for each image, to be broadcast over boxes and corners."""
    return ops.reshape(ops.cast(ops.convert_to_tensor(value), "float32"), (-1, 1, 1))


def _linear_part(angle, scale, shear_x, shear_y) -> tuple:
    """The 2 x 2 matrix: rotation, then shear along y, then along x (with the sign that Keras gives it), then scale."""
    radians = math.pi / 180
    cos, sin = ops.cos(angle * radians), ops.sin(angle * radians)
    tan_x, tan_y = ops.tan(shear_x * radians), ops.tan(shear_y * radians)
    c, d = -sin + tan_y * cos, cos + tan_y * sin
    a, b = cos - tan_x * c, sin + tan_x * d
    return (a * scale, b * scale), (c * scale, d * scale)
