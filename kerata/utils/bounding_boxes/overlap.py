"""compute_iou and compute_ciou."""

from __future__ import annotations

import math

from kerata import ops
from kerata.utils.bounding_boxes.formats import as_corners

_TINY = 1e-7


def compute_iou(boxes1, boxes2, bounding_box_format, use_masking=False, mask_val=-1, image_shape=None):
    """Intersection over union of every box of one set with every box of the other.

    Args:
        boxes1: array of shape (n, 4) or (batch, n, 4).
        boxes2: array of shape (m, 4) or (batch, m, 4).
        bounding_box_format: of both; see `convert_format`.
        use_masking: whether pairs with a padding box (all four numbers below 0) get `mask_val`; False by default.
        mask_val: that value; -1 by default.
        image_shape: (height, width, channels), needed for relative formats.

    Returns:
        A float32 tensor of shape (n, m) or (batch, n, m), from 0 to 1.

    Raises:
        ValueError: for boxes of another rank, or a relative format without `image_shape`.

    >>> one, two = [[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 2.0, 4.0], [5.0, 5.0, 6.0, 6.0]]
    >>> kerata.utils.bounding_boxes.compute_iou(one, two, "xyxy")  # [[0.5, 0.0]]
    """
    a, b = ops.convert_to_tensor(boxes1), ops.convert_to_tensor(boxes2)
    if len(a.shape) not in (2, 3) or len(b.shape) not in (2, 3):
        raise ValueError(
            f"compute_iou() wants boxes of shape (n, 4) or (batch, n, 4); got {tuple(a.shape)} and {tuple(b.shape)}."
        )
    absent = None
    if use_masking:
        absent = ops.expand_dims(_is_padding(a), -1), ops.expand_dims(_is_padding(b), -2)
    a = ops.expand_dims(as_corners(a, bounding_box_format, image_shape), -2)
    b = ops.expand_dims(as_corners(b, bounding_box_format, image_shape), -3)
    inner = _area(ops.maximum(a[..., :2], b[..., :2]), ops.minimum(a[..., 2:], b[..., 2:]))
    union = _area(a[..., :2], a[..., 2:]) + _area(b[..., :2], b[..., 2:]) - inner
    out = ops.divide_no_nan(inner, union)
    if absent is None:
        return out
    mask = ops.logical_or(*absent)
    return ops.where(mask, ops.cast(mask_val, out.dtype), out)


def _is_padding(boxes):
    return ops.all(ops.less(ops.cast(boxes, "float32"), 0.0), axis=-1)


def _area(low, high):
    size = ops.maximum(high - low, 0.0)
    return size[..., 0] * size[..., 1]


def compute_ciou(boxes1, boxes2, bounding_box_format, image_shape=None):
    """Complete IoU of boxes in pairs: IoU less the distance of the middles and the difference of proportions.

    `ciou = iou - d^2 / c^2 - alpha v` with the distance d of the middles, the diagonal c of the box around both, and
    `v = 4 / pi^2 (atan(w1 / h1) - atan(w2 / h2))^2`, `alpha = v / (1 - iou + v)`.

    Args:
        boxes1, boxes2: arrays of shape (..., 4), paired by broadcasting.
        bounding_box_format: of both; see `convert_format`.
        image_shape: (height, width, channels), needed for relative formats.

    Returns:
        A float32 tensor of the shape of the boxes without their last axis.

    Source: Zheng et al. (2019), https://arxiv.org/abs/1911.08287

    >>> kerata.utils.bounding_boxes.compute_ciou([[0.0, 0.0, 2.0, 2.0]], [[0.0, 0.0, 2.0, 2.0]], "xyxy")  # [1.0]
    """
    a, b = (as_corners(x, bounding_box_format, image_shape) for x in (boxes1, boxes2))
    inner = _area(ops.maximum(a[..., :2], b[..., :2]), ops.minimum(a[..., 2:], b[..., 2:]))
    (w1, h1), (w2, h2) = _size(a), _size(b)
    iou = inner / (w1 * h1 + w2 * h2 - inner + _TINY)
    around = ops.maximum(a[..., 2:], b[..., 2:]) - ops.minimum(a[..., :2], b[..., :2])
    diagonal = ops.sum(ops.square(around), axis=-1) + _TINY
    apart = ops.sum(ops.square(a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]), axis=-1) / 4
    v = ops.square(ops.arctan(w2 / (h2 + _TINY)) - ops.arctan(w1 / (h1 + _TINY))) * (4 / math.pi**2)
    alpha = v / (v - iou + 1 + _TINY)
    return iou - (apart / diagonal + v * alpha)


def _size(boxes) -> tuple:
    return boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
