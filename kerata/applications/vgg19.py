"""VGG19 (Simonyan and Zisserman 2014, arXiv:1409.1556)."""

from __future__ import annotations

from kerata.applications import imagenet_utils
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.applications.vgg16 import vgg

VGG19 = vgg("VGG19", (2, 2, 4, 4, 4))


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as VGG19 expects them: BGR, each channel less its ImageNet mean.

    Args:
        x: RGB images from 0 to 255, `(height, width, 3)` or `(batch, height, width, 3)` (channels first as
            `data_format` says): an array, which is not changed, or a tensor, symbolic or not.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
    Returns:
        The same shape, float.
    Raises:
        ValueError: if it is no image of 3 channels, or no batch of these.

    >>> preprocess_input(np.full((1, 1, 3), 255.0))[0, 0]  # [151.061, 138.221, 131.32]
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="caffe")
