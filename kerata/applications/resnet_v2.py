"""ResNetV2: normalization and activation before each convolution (He et al. 2016, arXiv:1603.05027)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import imagenet_utils
from kerata.applications._application import standard
from kerata.applications._blocks import named
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.applications.resnet import _FILTERS, _PARTS, STYLE, stem


def _block(x, filters: int, strides: int, first: bool, name: str):
    """Normalization and activation, then 1 x 1, 3 x 3 and 1 x 1 convolutions, beside the shortcut."""
    active = STYLE.act(STYLE.norm(x, f"{name}_preact_bn"), f"{name}_preact_relu")
    if first:
        shortcut = STYLE.conv(active, 4 * filters, 1, strides, "valid", f"{name}_0_conv", bias=True)
    else:
        shortcut = layers.MaxPooling2D(1, strides=strides)(x) if strides > 1 else x
    x = STYLE.unit(active, filters, 1, 1, "valid", named(name + "_1_{}", *_PARTS))
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = STYLE.unit(x, filters, 3, strides, "valid", named(name + "_2_{}", *_PARTS))
    x = STYLE.conv(x, 4 * filters, 1, 1, "valid", f"{name}_3_conv", bias=True)
    return layers.Add(name=f"{name}_out")([shortcut, x])


def body(x, blocks: tuple[int, ...]):
    """The stem and four stacks of so many blocks; each stack but the last ends with strides of 2."""
    x = stem(x, activated=False)
    for i, (filters, count) in enumerate(zip(_FILTERS, blocks), 2):
        for j in range(1, count + 1):
            x = _block(x, filters, 2 if i < 5 and j == count else 1, j == 1, f"conv{i}_block{j}")
    return STYLE.act(STYLE.norm(x, "post_bn"), "post_relu")


def _resnet(depth: int, *blocks: int):
    public, summary = f"ResNet{depth}V2", f"ResNetV2 of {depth} layers (arXiv:1603.05027)."
    return standard(public, public.lower(), partial(body, blocks=blocks), in_keras_folder("resnet"), summary)


ResNet50V2 = _resnet(50, 3, 4, 6, 3)
ResNet101V2 = _resnet(101, 3, 4, 23, 3)
ResNet152V2 = _resnet(152, 3, 8, 36, 3)


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as ResNetV2 expects them: from -1 to 1.

    Args:
        x: RGB images from 0 to 255, `(height, width, 3)` or `(batch, height, width, 3)` (channels first as
            `data_format` says): an array, which is not changed, or a tensor, symbolic or not.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
    Returns:
        The same shape, float.
    Raises:
        ValueError: if it is no image of 3 channels, or no batch of these.

    >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]))[0, 0]  # [-1, 0, 1]
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")
