"""DenseNet: each block adds channels to all that came before (Huang et al. 2016, arXiv:1608.06993)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import imagenet_utils
from kerata.applications._application import standard
from kerata.applications._blocks import Style, depth, named
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions

_STYLE = Style(axis=3, epsilon=1.001e-5)
_GROWTH = 32  # channels that each block adds


def _block(x, name: str):
    new = _STYLE.act(_STYLE.norm(x, f"{name}_0_bn"), f"{name}_0_relu")
    new = _STYLE.unit(new, 4 * _GROWTH, 1, 1, "valid", named(name + "_1_{}", "conv", "bn", "relu"))
    new = _STYLE.conv(new, _GROWTH, 3, name=f"{name}_2_conv")
    return _STYLE.concat([x, new], f"{name}_concat")


def _transition(x, name: str):
    """Half the channels, half the size."""
    x = _STYLE.act(_STYLE.norm(x, f"{name}_bn"), f"{name}_relu")
    x = _STYLE.conv(x, depth(x) // 2, 1, 1, "valid", f"{name}_conv")
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def body(x, blocks: tuple[int, ...]):
    """The stem and four stacks of so many blocks, with transitions between them."""
    x = layers.ZeroPadding2D(3)(x)
    x = _STYLE.unit(x, 64, 7, 2, "valid", named("conv1_{}", "conv", "bn", "relu"))
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(layers.ZeroPadding2D(1)(x))
    for i, count in enumerate(blocks, 2):
        for j in range(1, count + 1):
            x = _block(x, f"conv{i}_block{j}")
        if i < 5:
            x = _transition(x, f"pool{i}")
    return _STYLE.act(_STYLE.norm(x, "bn"), "relu")


def _densenet(layers_: int, *blocks: int):
    public, summary = f"DenseNet{layers_}", f"DenseNet of {layers_} layers (arXiv:1608.06993)."
    return standard(public, public.lower(), partial(body, blocks=blocks), in_keras_folder("densenet"), summary)


DenseNet121 = _densenet(121, 6, 12, 24, 16)
DenseNet169 = _densenet(169, 6, 12, 32, 32)
DenseNet201 = _densenet(201, 6, 12, 48, 32)


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as DenseNet expects them: from 0 to 1, less ImageNet's mean, divided by its deviation.

    Args:
        x: RGB images from 0 to 255, `(height, width, 3)` or `(batch, height, width, 3)` (channels first as
            `data_format` says): an array, which is not changed, or a tensor, symbolic or not.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
    Returns:
        The same shape, float.
    Raises:
        ValueError: if it is no image of 3 channels, or no batch of these.

    >>> preprocess_input(np.full((1, 1, 3), 255.0))[0, 0]  # [2.24891, 2.42857, 2.64]
    """
    return imagenet_utils.preprocess_input(x, data_format, mode="torch")
