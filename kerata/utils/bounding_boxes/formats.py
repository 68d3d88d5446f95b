"""convert_format."""

from __future__ import annotations

from kerata import ops
from kerata.core.errors import unknown_name

FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def convert_format(boxes, source, target, height=None, width=None, dtype="float32"):
    """Boxes in another format.

    Args:
        boxes: array of shape (..., 4), or a dictionary with such an array under "boxes" (the rest stays).
        source, target: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", or "rel_" and one of the first four.
        height, width: size of the images in pixels; needed between relative and absolute formats.
        dtype: of the result; "float32" by default.

    Returns:
        A tensor of the shape of `boxes`, or such a dictionary.

    Raises:
        ValueError: for an unknown format, or without a size where it is needed.

    >>> kerata.utils.bounding_boxes.convert_format([[10.0, 20.0, 30.0, 60.0]], "xyxy", "xywh")  # [[10.0, 20.0, 20.0, 40.0]]
    """
    if isinstance(boxes, dict):
        return {**boxes, "boxes": convert_format(boxes["boxes"], source, target, height, width, dtype)}
    source, target = check_format(source), check_format(target)
    boxes = ops.cast(ops.convert_to_tensor(boxes), dtype)
    if boxes.shape[-1] != 4:
        raise ValueError(f"Boxes have four numbers in the last dimension; got shape {tuple(boxes.shape)}.")
    if source == target:
        return boxes
    if source.startswith("rel_") != target.startswith("rel_") and (height is None or width is None):
        raise ValueError(
            f"Between {source!r} and {target!r} the image's `height` and `width` are needed; got height={height}, "
            f"width={width}."
        )
    x1, y1, x2, y2 = _corners(boxes, source.removeprefix("rel_"))
    if source.startswith("rel_") != target.startswith("rel_"):
        w, h = (ops.cast(n, dtype) for n in (width, height))
        if target.startswith("rel_"):
            x1, y1, x2, y2 = x1 / w, y1 / h, x2 / w, y2 / h
        else:
            x1, y1, x2, y2 = x1 * w, y1 * h, x2 * w, y2 * h
    return ops.concatenate(_numbers(x1, y1, x2, y2, target.removeprefix("rel_")), axis=-1)


def check_format(name) -> str:
    """The format's name in small letters."""
    if str(name).lower() not in FORMATS:
        raise ValueError(unknown_name("box format", name, FORMATS))
    return str(name).lower()


def _corners(boxes, form: str) -> tuple:
    a, b, c, d = ops.split(boxes, 4, axis=-1)
    if form == "xyxy":
        return a, b, c, d
    if form == "yxyx":
        return b, a, d, c
    if form == "xywh":
        return a, b, a + c, b + d
    if form == "center_yxhw":
        a, b, c, d = b, a, d, c
    return a - c / 2, b - d / 2, a + c / 2, b + d / 2


def _numbers(x1, y1, x2, y2, form: str) -> list:
    if form == "xyxy":
        return [x1, y1, x2, y2]
    if form == "yxyx":
        return [y1, x1, y2, x2]
    w, h = x2 - x1, y2 - y1
    if form == "xywh":
        return [x1, y1, w, h]
    if form == "center_xywh":
        return [x1 + w / 2, y1 + h / 2, w, h]
    return [y1 + h / 2, x1 + w / 2, h, w]


def as_corners(boxes, form: str, image_shape=None):
    """Absolute "xyxy" boxes; `image_shape` is (height, width, channels)."""
    height, width = _image_size(form, image_shape)
    return convert_format(boxes, form, "xyxy", height, width)


def _image_size(form: str, image_shape) -> tuple:
    if not check_format(form).startswith("rel_"):
        return (None, None) if image_shape is None else tuple(image_shape[:2])
    if image_shape is None:
        raise ValueError(f"For the format {form!r} `image_shape` (height, width, channels) is needed.")
    return tuple(image_shape[:2])
