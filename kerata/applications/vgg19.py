"""VGG19 (Simonyan and Zisserman 2014, arXiv:1409.1556)."""

from __future__ import annotations

from kerata.applications import imagenet_utils
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.applications.vgg16 import vgg

VGG19 = vgg("VGG19", (2, 2, 4, 4, 4))


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as VGG expects them: BGR, each channel less its ImageNet mean."""
    return imagenet_utils.preprocess_input(x, data_format, mode="caffe")
