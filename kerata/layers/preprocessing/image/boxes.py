"""Bounding boxes that go with images: (..., 4) arrays in one of several formats, and a label for each."""

from __future__ import annotations

from kerata import ops
from kerata.core.errors import unknown_name

_KINDS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw")
FORMATS = (*_KINDS, *(f"rel_{k}" for k in _KINDS))  # rel_: in parts of the image's width and height


def check_format(name, who: str) -> str | None:
    """`name`, or a ValueError that lists the formats."""
    if name is not None and name not in FORMATS:
        raise ValueError(unknown_name(f"`bounding_box_format` of {who}", name, FORMATS))
    return name


def to_corners(boxes, fmt: str, height, width):
    """Boxes of a format as (left, top, right, bottom) in pixels."""
    kind = fmt.removeprefix("rel_")
    a, b, c, d = (boxes[..., i] for i in range(4))
    if kind.removeprefix("center_").startswith("yx"):
        a, b, c, d = b, a, d, c
    if kind.startswith("center"):
        a, b = a - c / 2, b - d / 2
    if kind.endswith(("wh", "hw")):
        c, d = a + c, b + d
    if fmt.startswith("rel_"):
        a, b, c, d = a * width, b * height, c * width, d * height
    return ops.stack([a, b, c, d], axis=-1)


def from_corners(corners, fmt: str, height, width):
    """The reverse of `to_corners`."""
    kind = fmt.removeprefix("rel_")
    a, b, c, d = (corners[..., i] for i in range(4))
    if fmt.startswith("rel_"):
        a, b, c, d = a / width, b / height, c / width, d / height
    if kind.endswith(("wh", "hw")):
        c, d = c - a, d - b
    if kind.startswith("center"):
        a, b = a + c / 2, b + d / 2
    if kind.removeprefix("center_").startswith("yx"):
        a, b, c, d = b, a, d, c
    return ops.stack([a, b, c, d], axis=-1)


def clip(corners, labels, height, width):
    """Corners inside the image; a box of which nothing is left becomes zeros, and its label -1."""
    limit = ops.convert_to_tensor([width, height, width, height], dtype=corners.dtype)
    corners = ops.minimum(ops.maximum(corners, 0), limit)
    left, top, right, bottom = (corners[..., i] for i in range(4))
    some = (right - left) * (bottom - top) > 0
    corners = ops.where(ops.expand_dims(some, -1), corners, ops.zeros_like(corners))
    return corners, ops.where(some, labels, ops.full_like(labels, -1))


def dense(boxes: dict, batched: bool) -> dict:
    """Boxes and labels as tensors; lists of one array an image are filled up with empty boxes of label -1."""
    out = {}
    for key, value in boxes.items():
        if batched and isinstance(value, list | tuple):
            rows = [ops.convert_to_tensor(v) for v in value]
            most = max(r.shape[0] for r in rows)
            fill = 0 if key == "boxes" else -1
            rows = [ops.pad(r, [(0, most - r.shape[0])] + [(0, 0)] * (len(r.shape) - 1), constant_values=fill) for r in rows]
            value = ops.stack(rows)
        out[key] = ops.convert_to_tensor(value)
    return out
