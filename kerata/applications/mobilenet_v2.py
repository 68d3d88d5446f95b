"""MobileNetV2: inverted residuals with linear bottlenecks (Sandler et al. 2018, arXiv:1801.04381)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import _files, imagenet_utils
from kerata.applications._application import Asked, application, dense_head, pooled_unnamed, published
from kerata.applications._blocks import Style, depth, padded, relu6, rounded
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.applications.mobilenet import check_width, official_size
from kerata.models import Model

_STYLE = Style(relu6, momentum=0.999)
_SIZES = (96, 128, 160, 192, 224)
# (filters, repeats, strides of the first) of the stacks behind the first block
_STACKS = ((24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1))


def _block(x, filters: int, strides: int, expansion: int, name: str):
    """1 x 1 to `expansion` times the channels, 3 x 3 depthwise, 1 x 1 to `filters`; the input is added if it fits."""
    shortcut, channels = x, depth(x)
    if expansion > 1:
        names = (f"{name}expand", f"{name}expand_BN", f"{name}expand_relu")
        x = _STYLE.unit(x, expansion * channels, 1, names=names)
    if strides > 1:
        x = padded(x, 3, f"{name}pad")
    x = _STYLE.depthwise(x, 3, strides, "valid" if strides > 1 else "same", f"{name}depthwise")
    x = _STYLE.act(_STYLE.norm(x, f"{name}depthwise_BN"), f"{name}depthwise_relu")
    x = _STYLE.norm(_STYLE.conv(x, filters, 1, name=f"{name}project"), f"{name}project_BN")
    return layers.Add(name=f"{name}add")([shortcut, x]) if channels == filters and strides == 1 else x


def body(x, alpha: float):
    """A convolution, 17 blocks and a last pointwise convolution, `alpha` times as wide."""
    x = _STYLE.unit(x, rounded(32 * alpha), 3, 2, names=("Conv1", "bn_Conv1", "Conv1_relu"))
    x = _block(x, rounded(int(16 * alpha)), 1, 1, "expanded_conv_")
    i = 0
    for filters, count, strides in _STACKS:
        for j in range(count):
            i += 1
            x = _block(x, rounded(int(filters * alpha)), 1 if j else strides, 6, f"block_{i}_")
    last = rounded(1280 * alpha) if alpha > 1 else 1280
    return _STYLE.unit(x, last, 1, 1, "valid", ("Conv_1", "Conv_1_bn", "out_relu"))


def _build(input_shape=None, alpha=1.0, include_top=True, weights="imagenet", input_tensor=None, pooling=None,
           classes=1000, classifier_activation="softmax", name=None) -> Model:  # fmt: skip
    asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    check_width(asked, alpha, _files.MOBILENET_V2_ALPHAS)
    size, shown = official_size(asked, _SIZES)
    return application(
        asked._replace(name=name or f"mobilenetv2_{alpha:0.2f}_{shown}"),
        partial(body, alpha=alpha),
        lambda top: _files.mobilenet_v2_file(alpha, size, top),
        size,
        head=partial(dense_head, name=None),
        pool=pooled_unnamed,
    )


MobileNetV2 = published(_build, "MobileNetV2", body, "MobileNetV2 (arXiv:1801.04381), `alpha` times as wide.")


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as MobileNetV2 expects them: from -1 to 1.

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
