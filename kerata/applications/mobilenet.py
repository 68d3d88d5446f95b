"""MobileNet: depthwise and pointwise convolutions in turn (Howard et al. 2017, arXiv:1704.04861)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import _files, imagenet_utils
from kerata.applications._application import Asked, application, pooled_unnamed, published
from kerata.applications._blocks import Style, image_axes, named, relu6
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.models import Model

_STYLE = Style(relu6)
_PARTS = ("", "_bn", "_relu")
_SIZES = (128, 160, 192, 224)  # of images for which there are official weights
# (filters, strides) of the blocks
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))


def body(x, alpha: float, depth_multiplier: int):
    """A convolution and 13 blocks, `alpha` times as wide."""
    x = _STYLE.unit(x, int(32 * alpha), 3, 2, names=named("conv1{}", *_PARTS))
    for i, (filters, strides) in enumerate(_BLOCKS, 1):
        if strides > 1:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{i}")(x)
        padding = "valid" if strides > 1 else "same"
        names = named(f"conv_dw_{i}{{}}", *_PARTS)
        x = _STYLE.depthwise(x, 3, strides, padding, names[0], depth_multiplier=depth_multiplier)
        x = _STYLE.act(_STYLE.norm(x, names[1]), names[2])
        x = _STYLE.unit(x, int(filters * alpha), 1, names=named(f"conv_pw_{i}{{}}", *_PARTS))
    return x


def _head(x, classes: int, activation, dropout: float):
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((classes,), name="reshape_2")(x)
    return layers.Activation(activation, name="predictions")(x)


def official_size(asked: Asked, sizes: tuple[int, ...]) -> tuple[int, int | None]:
    """The height of images for which weights are to be taken, and the one by which the model is named."""
    if asked.input_shape is None or len(asked.input_shape) != 3:
        height = width = 224 if asked.include_top else None
    else:
        height, width = (asked.input_shape[axis - 1] for axis in image_axes())
    size = height if height == width and height in sizes else 224
    return size, size if asked.official else height


def check_width(asked: Asked, alpha: float, known: tuple[float, ...]) -> None:
    """ValueError for a width without official weights, where these are wanted."""
    if asked.official and alpha not in known:
        widths = ", ".join(map(str, known))
        raise ValueError(
            f'Of MobileNets with weights="imagenet" there are those with alpha = {widths}; got alpha={alpha!r}.'
        )


def _build(input_shape=None, alpha=1.0, depth_multiplier=1, dropout=1e-3, include_top=True, weights="imagenet",
           input_tensor=None, pooling=None, classes=1000, classifier_activation="softmax", name=None) -> Model:  # fmt: skip
    asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    check_width(asked, alpha, _files.MOBILENET_ALPHAS)
    if asked.official and depth_multiplier != 1:
        raise ValueError(f'MobileNet with weights="imagenet" has depth_multiplier=1; got {depth_multiplier!r}.')
    size, shown = official_size(asked, _SIZES)
    return application(
        asked._replace(name=name or f"mobilenet_{alpha:0.2f}_{shown}"),
        partial(body, alpha=alpha, depth_multiplier=depth_multiplier),
        lambda top: _files.mobilenet_file(alpha, size, top),
        size,
        head=partial(_head, dropout=dropout),
        pool=pooled_unnamed,
    )


MobileNet = published(
    _build,
    "MobileNet",
    body,
    "MobileNet (arXiv:1704.04861), of depthwise and pointwise convolutions in turn.",
)


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as MobileNet expects them: from -1 to 1.

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
