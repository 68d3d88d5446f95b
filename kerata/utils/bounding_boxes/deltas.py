"""Boxes as deltas from anchors, and back."""

from __future__ import annotations

from kerata import ops
from kerata.core import config
from kerata.utils.bounding_boxes.formats import check_format, convert_format

_ENCODINGS = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(anchors, boxes, anchor_format, box_format, encoding_format="center_yxhw", variance=None,
                         image_shape=None):  # fmt: skip
    """What a detector learns to predict: how boxes differ from anchors.

    For middles (cx, cy) and sizes (w, h): `(cx - anchor_cx) / anchor_w` and `log(w / anchor_w)`; likewise for y and h.

    Args:
        anchors: array of shape (n, 4), or a dictionary of such arrays by level, which are joined.
        boxes: array of shape (n, 4) or (batch, n, 4), one box for each anchor.
        anchor_format, box_format: their formats; see `convert_format`.
        encoding_format: order of the deltas, "center_yxhw" (the default) or "center_xywh".
        variance: four numbers that the deltas are divided by; None by default.
        image_shape: (height, width, channels), needed for relative formats.

    Returns:
        A float32 tensor of the shape of `boxes`.

    Raises:
        ValueError: for another order, a `variance` of other length, or a relative format without `image_shape`.

    Source: Ren et al. (2015), https://arxiv.org/abs/1506.01497

    >>> encode = kerata.utils.bounding_boxes.encode_box_to_deltas
    >>> encode([[0.0, 0.0, 10.0, 10.0]], [[1.0, 2.0, 11.0, 12.0]], "xyxy", "xyxy", "center_xywh")  # [[0.1, 0.2, 0.0, 0.0]]
    """
    _check(encoding_format, variance, anchor_format, box_format, image_shape)
    if isinstance(anchors, dict):
        anchors = ops.concatenate([anchors[k] for k in anchors], axis=0)
    anchors = _absolute(anchors, anchor_format, encoding_format, image_shape)
    boxes = _absolute(boxes, box_format, encoding_format, image_shape)
    if len(boxes.shape) == len(anchors.shape) + 1:
        anchors = ops.expand_dims(anchors, 0)
    # Anchors and boxes without an extent are padding: their deltas mean nothing, but have to be finite.
    sizes, wanted = (ops.maximum(x[..., 2:], config.epsilon()) for x in (anchors, boxes))
    deltas = ops.concatenate([(boxes[..., :2] - anchors[..., :2]) / sizes, ops.log(wanted / sizes)], axis=-1)
    return deltas if variance is None else deltas / ops.convert_to_tensor(variance, "float32")


def decode_deltas_to_boxes(anchors, boxes_delta, anchor_format, box_format, encoded_format="center_yxhw", variance=None,
                           image_shape=None):  # fmt: skip
    """Boxes from what a detector predicts: the inverse of `encode_box_to_deltas`.

    Args:
        anchors: array of shape (n, 4), or a dictionary of such arrays by level.
        boxes_delta: array of shape (n, 4) or (batch, n, 4), or a dictionary of such arrays with the keys of `anchors`.
        anchor_format: format of the anchors; see `convert_format`.
        box_format: format of the result.
        encoded_format: order of the deltas, "center_yxhw" (the default) or "center_xywh".
        variance: four numbers that the deltas are multiplied by; None by default.
        image_shape: (height, width, channels), needed for relative formats.

    Returns:
        A float32 tensor of the shape of `boxes_delta`, or a dictionary of them.

    Raises:
        ValueError: for another order, a `variance` of other length, a relative format without `image_shape`, or levels
            that differ.

    >>> decode = kerata.utils.bounding_boxes.decode_deltas_to_boxes
    >>> decode([[0.0, 0.0, 10.0, 10.0]], [[0.1, 0.2, 0.0, 0.0]], "xyxy", "xyxy", "center_xywh")  # [[1.0, 2.0, 11.0, 12.0]]
    """
    _check(encoded_format, variance, anchor_format, box_format, image_shape)
    if isinstance(anchors, dict) != isinstance(boxes_delta, dict):
        raise ValueError("`anchors` and `boxes_delta` must both be arrays, or both dictionaries by level.")
    options = (anchor_format, box_format, encoded_format, variance, image_shape)
    if isinstance(anchors, dict):
        if anchors.keys() != boxes_delta.keys():
            raise ValueError(f"`anchors` has the levels {list(anchors)}, `boxes_delta` has {list(boxes_delta)}.")
        return {k: _decode(anchors[k], boxes_delta[k], *options) for k in anchors}
    return _decode(anchors, boxes_delta, *options)


def _decode(anchors, deltas, anchor_format, box_format, encoded_format, variance, image_shape):
    anchors = _absolute(anchors, anchor_format, encoded_format, image_shape)
    deltas = ops.cast(ops.convert_to_tensor(deltas), "float32")
    if variance is not None:
        deltas = deltas * ops.convert_to_tensor(variance, "float32")
    if len(deltas.shape) == len(anchors.shape) + 1:
        anchors = ops.expand_dims(anchors, 0)
    sizes = anchors[..., 2:]
    boxes = ops.concatenate([deltas[..., :2] * sizes + anchors[..., :2], ops.exp(deltas[..., 2:]) * sizes], axis=-1)
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, encoded_format, box_format, height, width)


def _absolute(boxes, form, encoding, image_shape):
    height, width = (None, None) if image_shape is None else image_shape[:2]
    return convert_format(boxes, form, encoding, height, width)


def _check(encoding, variance, anchor_format, box_format, image_shape) -> None:
    if encoding not in _ENCODINGS:
        raise ValueError(f"Deltas are in the order 'center_yxhw' or 'center_xywh'; got {encoding!r}.")
    if variance is not None and len(variance) != 4:
        raise ValueError(f"`variance` is four numbers; got {len(variance)}.")
    for form in (anchor_format, box_format):
        if check_format(form).startswith("rel_") and image_shape is None:
            raise ValueError(f"For the format {form!r} `image_shape` (height, width, channels) is needed.")
