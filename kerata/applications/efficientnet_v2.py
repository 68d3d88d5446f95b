"""EfficientNetV2: fused blocks in the first stacks (Tan and Le 2021, arXiv:2104.00298)."""

from __future__ import annotations

import math
from functools import partial

from kerata import layers
from kerata.applications._application import Asked, application, published
from kerata.applications._blocks import Style, channel_axis, depth, rounded, swish
from kerata.applications._files import in_keras_folder
from kerata.applications.efficientnet import KERNEL, block_names, head, squeeze_excite, top, with_shortcut
from kerata.applications.imagenet_utils import MEAN, STD
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.models import Model

_STYLE = Style(swish, axis=3, momentum=0.9, initializer=KERNEL)
# (fused, repeats, filters, times the channels inside, strides of the first) of the stacks
_B = (
    (True, 1, 16, 1, 1), (True, 2, 32, 4, 2), (True, 2, 48, 4, 2), (False, 3, 96, 4, 2), (False, 5, 112, 6, 1), (False, 8, 192, 6, 2),
)  # fmt: skip
_S = (
    (True, 2, 24, 1, 1), (True, 4, 48, 4, 2), (True, 4, 64, 4, 2), (False, 6, 128, 4, 2), (False, 9, 160, 6, 1), (False, 15, 256, 6, 2),
)  # fmt: skip
_M = (
    (True, 3, 24, 1, 1), (True, 5, 48, 4, 2), (True, 5, 80, 4, 2), (False, 7, 160, 4, 2), (False, 14, 176, 6, 1), (False, 18, 304, 6, 2),
    (False, 5, 512, 6, 1),
)  # fmt: skip
_L = (
    (True, 4, 32, 1, 1), (True, 7, 64, 4, 2), (True, 7, 96, 4, 2), (False, 10, 192, 4, 2), (False, 19, 224, 6, 1), (False, 25, 384, 6, 2),
    (False, 7, 640, 6, 1),
)  # fmt: skip


def _fused(x, filters: int, expansion: int, strides: int, name: str):
    """One 3 x 3 convolution that widens, one 1 x 1 that narrows; or a 3 x 3 one alone."""
    if expansion == 1:
        names = (f"{name}project_conv", f"{name}project_bn", f"{name}project_activation")
        return _STYLE.unit(x, filters, 3, strides, names=names)
    names = (f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
    x = _STYLE.unit(x, depth(x) * expansion, 3, strides, names=names)
    return _STYLE.norm(_STYLE.conv(x, filters, 1, name=f"{name}project_conv"), f"{name}project_bn")


def _depthwise(x, filters: int, expansion: int, strides: int, name: str):
    """Pointwise, depthwise and pointwise convolutions with squeeze and excitation."""
    inside = max(1, depth(x) // 4)
    names = (f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
    x = _STYLE.unit(x, depth(x) * expansion, 1, names=names)
    x = _STYLE.depthwise(x, 3, strides, name=f"{name}dwconv2")
    x = squeeze_excite(_STYLE, _STYLE.act(_STYLE.norm(x, f"{name}bn"), f"{name}activation"), inside, name)
    return _STYLE.norm(_STYLE.conv(x, filters, 1, name=f"{name}project_conv"), f"{name}project_bn")


def _rescaled(x, normalized: bool):
    """Images from 0 to 255: normalized as ImageNet is, or from -1 to 1."""
    if not normalized or depth(x) != 3:
        return layers.Rescaling(1.0 / 128.0, offset=-1.0)(x)
    x = layers.Rescaling(1.0 / 255.0)(x)
    return layers.Normalization(mean=list(MEAN), variance=[s**2 for s in STD], axis=channel_axis())(x)


def body(x, stacks: tuple, width: float, deep: float, rescale: bool):
    """A convolution, stacks of blocks, a last pointwise convolution."""

    def scaled(filters):
        return rounded(filters * width, most_loss=0)

    if rescale:
        x = _rescaled(x, stacks is _B)
    stem = 32 if stacks is _B else stacks[0][2]
    x = _STYLE.unit(x, scaled(stem), 3, 2, names=("stem_conv", "stem_bn", "stem_activation"))
    for i, j, number, name in block_names([math.ceil(deep * stack[1]) for stack in stacks]):
        fused, _, filters, expansion, strides = stacks[i]
        strides = 1 if j else strides
        new = (_fused if fused else _depthwise)(x, scaled(filters), expansion, strides, name)
        rate = 0.2 * number / sum(stack[1] for stack in stacks)
        x = with_shortcut(new, x, strides, rate, name)
    return top(_STYLE, x, scaled(1280))


def _efficientnet(kind: str, stacks: tuple, width: float, deep: float, size: int):
    """The function that builds one of the models."""
    key, files = f"efficientnetv2-{kind.lower()}", in_keras_folder("efficientnet_v2")

    def build(include_top=True, weights="imagenet", input_tensor=None, input_shape=None, pooling=None, classes=1000,
              classifier_activation="softmax", include_preprocessing=True, name=key) -> Model:  # fmt: skip
        asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        whole = partial(body, stacks=stacks, width=width, deep=deep, rescale=include_preprocessing)
        return application(asked, whole, lambda top: files(key, top), size, head=partial(head, dropout=0.2))

    public = f"EfficientNetV2{kind}"
    summary = f"{public} (arXiv:2104.00298), for images from 0 to 255, by default of {size} x {size}."
    return published(build, public, body, summary, size)


EfficientNetV2B0 = _efficientnet("B0", _B, 1.0, 1.0, 224)
EfficientNetV2B1 = _efficientnet("B1", _B, 1.0, 1.1, 240)
EfficientNetV2B2 = _efficientnet("B2", _B, 1.1, 1.2, 260)
EfficientNetV2B3 = _efficientnet("B3", _B, 1.2, 1.4, 300)
EfficientNetV2S = _efficientnet("S", _S, 1.0, 1.0, 384)
EfficientNetV2M = _efficientnet("M", _M, 1.0, 1.0, 480)
EfficientNetV2L = _efficientnet("L", _L, 1.0, 1.0, 480)


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
