"""MobileNetV3: searched blocks with squeeze and excitation (Howard et al. 2019, arXiv:1905.02244)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import _files
from kerata.applications._application import Asked, application, pooled, published
from kerata.applications._blocks import Style, depth, padded, rounded
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.models import Model


def _relu(name=None):
    return layers.ReLU(name=name)


def _hard_swish(name=None):
    return layers.Activation("hard_silu", name=name)


_RELU, _SWISH = (Style(activation, momentum=0.999) for activation in (_relu, _hard_swish))
# (times the channels of the input inside, filters, kernel, strides, with squeeze and excitation, hard swish)
_SMALL = (
    (1, 16, 3, 2, True, False), (72 / 16, 24, 3, 2, False, False), (88 / 24, 24, 3, 1, False, False),
    (4, 40, 5, 2, True, True), *[(6, 40, 5, 1, True, True)] * 2, *[(3, 48, 5, 1, True, True)] * 2,
    (6, 96, 5, 2, True, True), *[(6, 96, 5, 1, True, True)] * 2,
)  # fmt: skip
_LARGE = (
    (1, 16, 3, 1, False, False), (4, 24, 3, 2, False, False), (3, 24, 3, 1, False, False),
    (3, 40, 5, 2, True, False), *[(3, 40, 5, 1, True, False)] * 2, (6, 80, 3, 2, False, True),
    (2.5, 80, 3, 1, False, True), *[(2.3, 80, 3, 1, False, True)] * 2, *[(6, 112, 3, 1, True, True)] * 2,
    (6, 160, 5, 2, True, True), *[(6, 160, 5, 1, True, True)] * 2,
)  # fmt: skip


def _squeeze_excite(x, inside: int, name: str):
    """Weighs the channels by what their means say."""
    pool = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_avg_pool")(x)
    hidden = _RELU.act(_RELU.conv(pool, inside, 1, name=f"{name}_conv", bias=True), f"{name}_relu")
    weight = _RELU.conv(hidden, depth(x), 1, name=f"{name}_conv_1", bias=True)
    weight = layers.ReLU(6.0)(weight + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{name}_mul")([x, weight])


def _block(x, style: Style, expansion: float, filters: int, kernel: int, strides: int, excited: bool, name: str):
    """Pointwise, depthwise, pointwise convolutions; the input is added if it fits. The first block does not widen."""
    shortcut, channels = x, depth(x)
    wide = channels * expansion
    if name != "expanded_conv":
        x = style.unit(x, rounded(wide), 1, names=(f"{name}_expand", f"{name}_expand_bn", None))
    if strides > 1:
        x = padded(x, kernel, f"{name}_depthwise_pad")
    x = style.depthwise(x, kernel, strides, "valid" if strides > 1 else "same", f"{name}_depthwise")
    x = style.act(style.norm(x, f"{name}_depthwise_bn"))
    if excited:
        x = _squeeze_excite(x, rounded(wide * 0.25), f"{name}_squeeze_excite")
    x = style.norm(style.conv(x, filters, 1, name=f"{name}_project"), f"{name}_project_bn")
    return layers.Add(name=f"{name}_add")([shortcut, x]) if strides == 1 and channels == filters else x


def body(x, blocks: tuple, alpha: float, minimalistic: bool, rescale: bool):
    """A convolution, the blocks, a last pointwise convolution; minimalistic: 3 x 3, ReLU, no excitation."""
    last = _RELU if minimalistic else _SWISH
    if rescale:
        x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
    x = last.unit(x, 16, 3, 2, names=("conv", "conv_bn", None))
    for i, (expansion, filters, kernel, strides, excited, swish) in enumerate(blocks):
        style = last if swish else _RELU
        kernel, excited = (3, False) if minimalistic else (kernel, excited)
        name = f"expanded_conv_{i}" if i else "expanded_conv"
        x = _block(x, style, expansion, rounded(filters * alpha), kernel, strides, excited, name)
    return last.unit(x, rounded(depth(x) * 6), 1, names=("conv_1", "conv_1_bn", None))


def _head(x, classes: int, activation, width: int, minimalistic: bool, dropout: float):
    style = _RELU if minimalistic else _SWISH
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = style.act(style.conv(x, width, 1, name="conv_2", bias=True))
    if dropout > 0:
        x = layers.Dropout(dropout)(x)
    x = layers.Flatten()(style.conv(x, classes, 1, name="logits", bias=True))
    return layers.Activation(activation, name="predictions")(x)


def _mobilenet(kind: str, blocks: tuple, width: int):
    """The function that builds one of the two models; `width`: channels of the last hidden layer."""

    def build(input_shape=None, alpha=1.0, minimalistic=False, include_top=True, weights="imagenet", input_tensor=None,
              classes=1000, pooling=None, dropout_rate=0.2, classifier_activation="softmax", include_preprocessing=True,
              name=f"MobileNetV3{kind}") -> Model:  # fmt: skip
        asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        _check_official(asked, alpha, minimalistic)
        last = rounded(width * alpha) if alpha > 1 else width
        return application(
            asked,
            partial(body, blocks=blocks, alpha=alpha, minimalistic=minimalistic, rescale=include_preprocessing),
            lambda top: _files.mobilenet_v3_file(kind.lower(), alpha, minimalistic, top),
            size=None,
            head=partial(_head, width=last, minimalistic=minimalistic, dropout=dropout_rate),
            pool=pooled,
        )

    summary = f"MobileNetV3 {kind} (arXiv:1905.02244), `alpha` times as wide, for images from 0 to 255."
    return published(build, f"MobileNetV3{kind}", body, summary, None)


def _check_official(asked: Asked, alpha: float, minimalistic: bool) -> None:
    if asked.official and _files.mobilenet_v3_file("small", alpha, minimalistic, True) is None:
        known = "1.0" if minimalistic else "0.75 or 1.0"
        raise ValueError(
            f'MobileNetV3 with weights="imagenet" and minimalistic={minimalistic} has alpha = {known}; got alpha={alpha!r}.'
        )


MobileNetV3Small = _mobilenet("Small", _SMALL, 1024)
MobileNetV3Large = _mobilenet("Large", _LARGE, 1280)


def preprocess_input(x, data_format=None):
    """The images as they are, from 0 to 255: the model rescales them itself (see `include_preprocessing`).

    Args:
        x: images from 0 to 255, an array or tensor of any shape.
        data_format: of no effect.
    Returns:
        `x` itself.

    >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]))[0, 0]  # [0, 127.5, 255]
    """
    return x
