"""Bounding boxes on images."""

from __future__ import annotations

import numpy as np

from kerata.core.errors import need
from kerata.utils.bounding_boxes import convert_format
from kerata.visualization.arrays import as_bytes, image_batch, to_numpy

_TEXT_SIZE = 16  # pixels, at font_scale=1


def draw_bounding_boxes(images, bounding_boxes, bounding_box_format, class_mapping=None, color=(128, 128, 128),
                        line_thickness=2, text_thickness=1, font_scale=1.0, data_format=None):  # fmt: skip
    """Images with boxes drawn on them.

    Args:
        images: array of shape (batch, height, width, channels), with values of 0..255.
        bounding_boxes: dictionary with "boxes", of shape (batch, boxes, 4), "labels", of shape (batch, boxes) (-1: no box),
            and, if wanted, "confidences", of shape (batch, boxes).
        bounding_box_format: "xyxy", "rel_xywh", ...; see `kerata.utils.bounding_boxes.convert_format`.
        class_mapping: dictionary of labels and names, which are written above the boxes; None by default.
        color: red, green and blue, 0..255; a grey by default.
        line_thickness: of the boxes, in pixels; 2 by default.
        text_thickness: of the letters; 1, the default, is normal.
        font_scale: of the letters; 1.0, the default, is 16 pixels.
        data_format: of the images, "channels_last" or "channels_first"; the configured one by default.

    Returns:
        A NumPy array of bytes, of shape (batch, height, width, channels).

    Raises:
        ValueError: for shapes that do not fit, or a dictionary without boxes or labels.
        TypeError: for boxes that are no dictionary.
        ImportError: without Pillow.

    >>> boxes = {"boxes": np.array([[[2.0, 2.0, 8.0, 8.0]]]), "labels": np.array([[0]])}
    >>> drawn = kerata.visualization.draw_bounding_boxes(np.zeros((1, 12, 12, 3)), boxes, "xyxy", line_thickness=1)
    >>> drawn[0, 2, 5].tolist(), drawn[0, 5, 5].tolist()
    ([128, 128, 128], [0, 0, 0])
    """
    images = as_bytes(image_batch(images, data_format, "draw_bounding_boxes()"))
    boxes, labels, confidences = _parts(bounding_boxes)
    height, width = images.shape[1:3]
    corners = to_numpy(convert_format(boxes, bounding_box_format, "xyxy", height, width))
    pen = _Pen(tuple(int(c) for c in color), line_thickness, text_thickness, font_scale)
    out = np.array(images)
    for i in range(len(images)):
        texts = [_text(class_mapping, label, c) for label, c in zip(labels[i], confidences[i])]
        out[i] = pen.draw(out[i], [(b, t) for b, t, label in zip(corners[i], texts, labels[i]) if label != -1])
    return out


def _parts(bounding_boxes) -> tuple:
    if not isinstance(bounding_boxes, dict):
        raise TypeError(
            f'`bounding_boxes` is a dict with "boxes" and "labels"; got {bounding_boxes!r} ({type(bounding_boxes).__name__}).'
        )
    lacking = [key for key in ("boxes", "labels") if key not in bounding_boxes]
    if lacking:
        raise ValueError(f"`bounding_boxes` lacks {lacking}; it has the keys {list(bounding_boxes)}.")
    boxes = to_numpy(bounding_boxes["boxes"]).astype("float32")
    labels = to_numpy(bounding_boxes["labels"])
    if boxes.ndim != 3 or boxes.shape[-1] != 4 or labels.shape != boxes.shape[:2]:
        raise ValueError(
            "`bounding_boxes` holds boxes of shape (batch, boxes, 4) and labels of shape (batch, boxes); got the shapes "
            f"{boxes.shape} and {labels.shape}."
        )
    confidences = bounding_boxes.get("confidences")
    return boxes, labels, np.full(labels.shape, np.nan) if confidences is None else to_numpy(confidences)


def _text(names, label, confidence) -> str:
    if names is None:
        return ""
    name = str(names.get(int(label), int(label)))
    return name if np.isnan(confidence) else f"{name} | {confidence:.2f}"


class _Pen:
    """Draws rectangles and names on one image."""

    def __init__(self, color, line: int, text: int, scale: float):
        self.images = need("PIL.Image", "draw_bounding_boxes()", "demo")
        self.drawing = need("PIL.ImageDraw", "draw_bounding_boxes()", "demo")
        self.color, self.line, self.text = color, int(line), int(text)
        self.font = need("PIL.ImageFont", "draw_bounding_boxes()", "demo").load_default(_TEXT_SIZE * scale)

    def draw(self, image: np.ndarray, boxes) -> np.ndarray:
        picture = self.images.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
        brush = self.drawing.Draw(picture)
        color = self._color_for(image.shape[-1])
        for (left, top, right, bottom), text in boxes:
            x = sorted((int(left), int(right)))
            y = sorted((int(top), int(bottom)))
            brush.rectangle((x[0], y[0], x[1], y[1]), outline=color, width=self.line)
            if text:
                place = (x[0], max(y[0] - self.font.size - self.line, 0))
                brush.text(place, text, fill=color, font=self.font, stroke_width=max(self.text - 1, 0))
        return np.asarray(picture).reshape(image.shape)

    def _color_for(self, channels: int):
        if channels == 1:
            return round(sum(self.color) / 3)
        return (*self.color[:3], 255)[:channels]


def plot_bounding_box_gallery(images, bounding_box_format, y_true=None, y_pred=None, value_range=(0, 255),
                              true_color=(0, 188, 212), pred_color=(255, 235, 59), line_thickness=2, font_scale=1.0,
                              text_thickness=None, class_mapping=None, ground_truth_mapping=None,
                              prediction_mapping=None, legend=False, legend_handles=None, rows=None, cols=None,
                              data_format=None, **kwargs):  # fmt: skip
    """Show images in rows, with true and predicted boxes.

    Args:
        images: array of shape (batch, height, width, channels).
        bounding_box_format: see `draw_bounding_boxes`.
        y_true, y_pred: boxes, as `draw_bounding_boxes` takes them; None by default.
        value_range: the least and the greatest value of the images; (0, 255) by default.
        true_color, pred_color: red, green and blue of the boxes, 0..255; a cyan and a yellow by default.
        line_thickness, font_scale: see `draw_bounding_boxes`.
        text_thickness: of the letters; as `line_thickness` by default.
        class_mapping: dictionary of labels and names; None by default.
        ground_truth_mapping, prediction_mapping: the same for true and predicted boxes alone; they go first.
        legend: whether to say which colour is which; False by default.
        legend_handles: a legend of one's own, Matplotlib's handles; None by default.
        rows, cols, data_format, **kwargs: see `plot_image_gallery`.

    Raises:
        ValueError: for both `legend` and `legend_handles`, or what `plot_image_gallery` refuses.
        ImportError: without Matplotlib or Pillow.

    >>> boxes = {"boxes": np.array([[[2.0, 2.0, 8.0, 8.0]]]), "labels": np.array([[0]])}
    >>> images = np.zeros((1, 12, 12, 3))
    >>> kerata.visualization.plot_bounding_box_gallery(images, "xyxy", y_true=boxes, path="boxes.png", legend=True)
    """
    from kerata.visualization.gallery import patch, plot_image_gallery

    if legend and legend_handles:
        raise ValueError("plot_bounding_box_gallery() takes `legend=True` or `legend_handles`, not both.")
    drawn = as_bytes(image_batch(images, data_format, "plot_bounding_box_gallery()"), value_range)
    kinds = [("Ground truth", y_true, true_color, ground_truth_mapping), ("Prediction", y_pred, pred_color, prediction_mapping)]
    for _, boxes, color, names in kinds:
        if boxes is not None:
            drawn = draw_bounding_boxes(
                drawn, boxes, bounding_box_format, class_mapping if names is None else names, color, line_thickness,
                line_thickness if text_thickness is None else text_thickness, font_scale, "channels_last",
            )  # fmt: skip
    if legend:
        legend_handles = [patch(label, color) for label, boxes, color, _ in kinds if boxes is not None]
    return plot_image_gallery(
        drawn, rows=rows, cols=cols, legend_handles=legend_handles, data_format="channels_last", **kwargs
    )
