"""Segmentation masks over images."""

from __future__ import annotations

import numpy as np

from kerata.visualization.arrays import as_bytes, image_batch, to_numpy


def draw_segmentation_masks(images, segmentation_masks, num_classes=None, color_mapping=None, alpha=0.8, blend=True,
                            ignore_index=-1, data_format=None):  # fmt: skip
    """Images with the classes of their pixels in colours.

    Args:
        images: array of shape (batch, height, width, channels), with values of 0..255.
        segmentation_masks: integers of shape (batch, height, width) or (batch, height, width, 1).
        num_classes: classes from this one on are not drawn; by default all are.
        color_mapping: dictionary (or list) of classes and colours, (red, green, blue); a palette by default.
        alpha: how opaque the colours are, 0..1; 0.8 by default.
        blend: whether the image shines through (True, the default); otherwise the colours replace it.
        ignore_index: a class that is not drawn; -1 by default. Classes below 0 never are.
        data_format: of the images, "channels_last" or "channels_first"; the configured one by default.

    Returns:
        A NumPy array of bytes, of shape (batch, height, width, channels).

    Raises:
        ValueError: for masks of another size than the images.
        TypeError: for masks that are no integers.

    >>> images, masks = np.zeros((1, 1, 2, 3)), np.array([[[1, -1]]])
    >>> kerata.visualization.draw_segmentation_masks(images, masks, color_mapping={1: (200, 100, 0)}, alpha=0.5).tolist()
    [[[[100, 50, 0], [0, 0, 0]]]]
    """
    # In float32, as tensors would be: fractions are dropped in the end, so that the last bit counts.
    images = image_batch(images, data_format, "draw_segmentation_masks()").astype("float32")
    masks = _masks(segmentation_masks, images, data_format)
    top = int(masks.max(initial=-1)) + 1 if num_classes is None else num_classes
    palette, known = _palette(top, color_mapping)
    drawn = (masks >= 0) & (masks < top) & (masks != ignore_index)
    drawn &= known[np.where(drawn, masks, 0)]
    colors = palette[np.where(drawn, masks, 0)].astype("float32")
    if images.shape[-1] == 1:
        colors = colors.mean(-1, keepdims=True)
    elif images.shape[-1] == 4:
        colors = np.concatenate([colors, np.full((*colors.shape[:-1], 1), 255, "float32")], -1)
    mixed = images * (1 - alpha) + colors * alpha if blend else colors
    return np.clip(np.where(drawn[..., None], mixed, images), 0, 255).astype("uint8")


def _masks(masks, images: np.ndarray, data_format) -> np.ndarray:
    from kerata.core import config

    masks = to_numpy(masks)
    if masks.dtype.kind not in "iub":
        raise TypeError(f"`segmentation_masks` are integers, the classes of pixels; got dtype {masks.dtype}.")
    if masks.ndim == 4:
        axis = 1 if config.standardize_data_format(data_format) == "channels_first" else -1
        masks = masks.squeeze(axis) if masks.shape[axis] == 1 else masks
    if masks.shape != images.shape[:3]:
        raise ValueError(
            f"`segmentation_masks` has one class for each pixel: for images of shape {images.shape} the shape "
            f"{images.shape[:3]} or {(*images.shape[:3], 1)} is wanted; got {masks.shape}."
        )
    return masks.astype("int64")


def _palette(count: int, mapping) -> tuple[np.ndarray, np.ndarray]:
    """Colours of the classes, and which classes have one."""
    numbers = np.arange(max(count, 1))
    if mapping is None:
        return np.stack([numbers % 255, 127 * numbers % 255, 31 * numbers % 255], -1), np.ones(len(numbers), bool)
    pairs = list(mapping.items() if hasattr(mapping, "items") else enumerate(mapping))
    palette, known = np.zeros((len(numbers), 3), "int64"), np.zeros(len(numbers), bool)
    for number, color in pairs:
        if 0 <= number < len(numbers):
            palette[number], known[number] = color, True
    return palette, known


def plot_segmentation_mask_gallery(images, num_classes, value_range=(0, 255), y_true=None, y_pred=None,
                                   color_mapping=None, blend=True, alpha=0.8, ignore_index=-1, data_format=None,
                                   **kwargs):  # fmt: skip
    """Show images in rows; each image, then its true mask, then its predicted mask.

    Args:
        images: array of shape (batch, height, width, channels).
        num_classes: how many classes there are; see `draw_segmentation_masks`.
        value_range: the least and the greatest value of the images; (0, 255) by default.
        y_true, y_pred: masks, as `draw_segmentation_masks` takes them; None by default.
        color_mapping, blend, alpha, ignore_index, data_format: see `draw_segmentation_masks`.
        **kwargs: for `plot_image_gallery`.

    Raises:
        ValueError: for masks of another size than the images, or what `plot_image_gallery` refuses.
        ImportError: without Matplotlib.

    >>> images, masks = np.zeros((1, 8, 8, 3)), np.ones((1, 8, 8), "int32")
    >>> kerata.visualization.plot_segmentation_mask_gallery(images, 2, y_true=masks, path="masks.png")
    """
    from kerata.visualization.gallery import plot_image_gallery

    plain = as_bytes(image_batch(images, data_format, "plot_segmentation_mask_gallery()"), value_range)
    columns = [plain]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = _masks(masks, plain, data_format)
            columns.append(draw_segmentation_masks(
                plain, masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
            ))  # fmt: skip
    tiles = np.stack(columns, 1).reshape(-1, *plain.shape[1:])
    kwargs = {"rows": len(plain), "cols": len(columns), **kwargs}
    return plot_image_gallery(tiles, data_format="channels_last", **kwargs)
