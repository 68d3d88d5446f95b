"""Pictures of images with boxes, masks and labels. Drawing needs Pillow, galleries need Matplotlib."""

from kerata.core.lazy import attach as _attach

_PLACES = {
    "draw_bounding_boxes": "kerata.visualization.boxes",
    "draw_segmentation_masks": "kerata.visualization.masks",
    "plot_bounding_box_gallery": "kerata.visualization.boxes",
    "plot_image_gallery": "kerata.visualization.gallery",
    "plot_segmentation_mask_gallery": "kerata.visualization.masks",
}

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES)
