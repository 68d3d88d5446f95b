# Made by tools/stubs.py.
from kerata.utils.bounding_boxes import deltas as deltas
from kerata.utils.bounding_boxes import formats as formats
from kerata.utils.bounding_boxes import geometry as geometry
from kerata.utils.bounding_boxes import overlap as overlap
from kerata.utils.bounding_boxes.geometry import affine_transform as affine_transform
from kerata.utils.bounding_boxes.geometry import clip_to_image_size as clip_to_image_size
from kerata.utils.bounding_boxes.overlap import compute_ciou as compute_ciou
from kerata.utils.bounding_boxes.overlap import compute_iou as compute_iou
from kerata.utils.bounding_boxes.formats import convert_format as convert_format
from kerata.utils.bounding_boxes.geometry import crop as crop
from kerata.utils.bounding_boxes.deltas import decode_deltas_to_boxes as decode_deltas_to_boxes
from kerata.utils.bounding_boxes.deltas import encode_box_to_deltas as encode_box_to_deltas
from kerata.utils.bounding_boxes.geometry import pad as pad
