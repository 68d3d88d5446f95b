# Made by tools/stubs.py.
from kerata.visualization.boxes import draw_bounding_boxes as draw_bounding_boxes
from kerata.visualization.masks import draw_segmentation_masks as draw_segmentation_masks
from kerata.visualization.boxes import plot_bounding_box_gallery as plot_bounding_box_gallery
from kerata.visualization.gallery import plot_image_gallery as plot_image_gallery
from kerata.visualization.masks import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
