"""ResNet: stacks of bottleneck blocks with shortcuts (He et al. 2015, arXiv:1512.03385)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import imagenet_utils
from kerata.applications._application import standard
from kerata.applications._blocks import Style, named
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions

STYLE = Style(axis=3, epsilon=1.001e-5)
_FILTERS = (64, 128, 256, 512)  # of the stacks conv2 to conv5, in the narrow part of their blocks
_PARTS = ("conv", "bn", "relu")


def stem(x, activated: bool):
    """From the image to a quarter of its size; with or without normalization and activation."""
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = STYLE.conv(x, 64, 7, 2, "valid", "conv1_conv", bias=True)
    if activated:
        x = STYLE.act(STYLE.norm(x, "conv1_bn"), "conv1_relu")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def _block(x, filters: int, strides: int, first: bool, name: str):
    """1 x 1, 3 x 3 and 1 x 1 convolutions beside the shortcut."""
    shortcut = x
    if first:
        shortcut = STYLE.conv(x, 4 * filters, 1, strides, "valid", f"{name}_0_conv", bias=True)
        shortcut = STYLE.norm(shortcut, f"{name}_0_bn")
    x = STYLE.unit(x, filters, 1, strides, "valid", named(name + "_1_{}", *_PARTS), bias=True)
    x = STYLE.unit(x, filters, 3, 1, "same", named(name + "_2_{}", *_PARTS), bias=True)
    x = STYLE.norm(STYLE.conv(x, 4 * filters, 1, 1, "valid", f"{name}_3_conv", bias=True), f"{name}_3_bn")
    return STYLE.act(layers.Add(name=f"{name}_add")([shortcut, x]), f"{name}_out")


def body(x, blocks: tuple[int, ...]):
    """The stem and four stacks of so many blocks; each stack but the first begins with strides of 2."""
    x = stem(x, activated=True)
    for i, (filters, count) in enumerate(zip(_FILTERS, blocks), 2):
        for j in range(1, count + 1):
            x = _block(x, filters, 2 if i > 2 and j == 1 else 1, j == 1, f"conv{i}_block{j}")
    return x


def _resnet(depth: int, *blocks: int):
    summary = f"ResNet of {depth} layers (arXiv:1512.03385)."
    return standard(
        f"ResNet{depth}", f"resnet{depth}", partial(body, blocks=blocks), in_keras_folder("resnet"), summary
    )


ResNet50 = _resnet(50, 3, 4, 6, 3)
ResNet101 = _resnet(101, 3, 4, 23, 3)
ResNet152 = _resnet(152, 3, 8, 36, 3)


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as ResNet expects them: BGR, each channel less its ImageNet mean.

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
