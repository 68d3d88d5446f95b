"""EfficientNet: one network, scaled in width, depth and size of images together (Tan and Le 2019, arXiv:1905.11946)."""

from __future__ import annotations

import math
from functools import partial

from kerata import initializers, layers
from kerata.applications._application import dense_head, standard
from kerata.applications._blocks import Style, channel_axis, depth, padded, rounded, swish
from kerata.applications._files import weight_file
from kerata.applications.imagenet_utils import STD
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions

KERNEL = partial(initializers.VarianceScaling, 2.0, "fan_out", "truncated_normal")
_STYLE = Style(swish, axis=3, initializer=KERNEL)
# (kernel, repeats, filters, times the channels inside, strides of the first) of the stacks
_STACKS = (
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2), (3, 1, 320, 6, 1),
)  # fmt: skip


def squeeze_excite(style: Style, x, inside: int, name: str):
    """Weighs the channels by what their means say; `inside` channels between the two convolutions."""
    channels = depth(x)
    weight = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    shape = (channels, 1, 1) if channel_axis() == 1 else (1, 1, channels)
    weight = layers.Reshape(shape, name=f"{name}se_reshape")(weight)
    weight = style.conv(weight, inside, 1, name=f"{name}se_reduce", bias=True, activation="silu")
    weight = style.conv(weight, channels, 1, name=f"{name}se_expand", bias=True, activation="sigmoid")
    return layers.Multiply(name=f"{name}se_excite")([x, weight])


def with_shortcut(x, shortcut, strides: int, drop_rate: float, name: str):
    """`x` plus the block's input where the two fit; in training the whole of `x` is left out at the given rate."""
    if strides > 1 or depth(x) != depth(shortcut):
        return x
    if drop_rate > 0:
        x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, shortcut])


def block_names(repeats: list[int]):
    """`(stack, number in the stack, number in all, name)` of each block: "block1a_", "block1b_", ..."""
    total = 0
    for i, count in enumerate(repeats):
        for j in range(count):
            yield i, j, total, f"block{i + 1}{chr(ord('a') + j)}_"
            total += 1


def top(style: Style, x, filters: int):
    """The last pointwise convolution."""
    return style.unit(x, filters, 1, names=("top_conv", "top_bn", "top_activation"))


def head(x, classes: int, activation, dropout: float):
    """The classifier behind the last feature map."""
    kernel = initializers.VarianceScaling(1 / 3, "fan_out", "uniform")
    return dense_head(x, classes, activation, dropout=dropout, kernel_initializer=kernel)


def _block(x, kernel: int, filters: int, expansion: int, strides: int, drop_rate: float, name: str):
    """Pointwise, depthwise and pointwise convolutions with squeeze and excitation, plus the input if it fits."""
    shortcut = x
    if expansion > 1:
        names = (f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
        x = _STYLE.unit(x, depth(x) * expansion, 1, names=names)
    if strides > 1:
        x = padded(x, kernel, f"{name}dwconv_pad")
    x = _STYLE.depthwise(x, kernel, strides, "valid" if strides > 1 else "same", f"{name}dwconv")
    x = _STYLE.act(_STYLE.norm(x, f"{name}bn"), f"{name}activation")
    x = squeeze_excite(_STYLE, x, max(1, depth(shortcut) // 4), name)
    x = _STYLE.norm(_STYLE.conv(x, filters, 1, name=f"{name}project_conv"), f"{name}project_bn")
    return with_shortcut(x, shortcut, strides, drop_rate, name)


def _prepare(x, official: bool):
    """Rescaling and normalization, which are part of the model."""
    x = layers.Normalization(axis=channel_axis())(layers.Rescaling(1.0 / 255.0)(x))
    if (
        official
    ):  # the official weights were trained with the roots of the deviations; the layer's variances are their squares
        x = layers.Rescaling([1.0 / math.sqrt(s) for s in STD])(x)
    return x


def body(x, width: float, deep: float):
    """A convolution, seven stacks of blocks, a last pointwise convolution."""
    names = ("stem_conv", "stem_bn", "stem_activation")
    x = _STYLE.unit(padded(x, 3, "stem_conv_pad"), rounded(32 * width), 3, 2, "valid", names)
    repeats = [math.ceil(deep * stack[1]) for stack in _STACKS]
    for i, j, number, name in block_names(repeats):
        kernel, _, filters, expansion, strides = _STACKS[i]
        rate = 0.2 * number / sum(repeats)
        x = _block(x, kernel, rounded(filters * width), expansion, 1 if j else strides, rate, name)
    return top(_STYLE, x, rounded(1280 * width))


def _efficientnet(kind: str, width: float, deep: float, size: int, dropout: float):
    """The function that builds one of the models."""
    public = f"EfficientNet{kind}"
    return standard(
        public, public.lower(), partial(body, width=width, deep=deep), partial(weight_file, "keras-applications/"),
        f"{public} (arXiv:1905.11946), for images from 0 to 255, by default of {size} x {size}.",
        size=size, head=partial(head, dropout=dropout), prepare=_prepare,
    )  # fmt: skip


EfficientNetB0 = _efficientnet("B0", 1.0, 1.0, 224, 0.2)
EfficientNetB1 = _efficientnet("B1", 1.0, 1.1, 240, 0.2)
EfficientNetB2 = _efficientnet("B2", 1.1, 1.2, 260, 0.3)
EfficientNetB3 = _efficientnet("B3", 1.2, 1.4, 300, 0.3)
EfficientNetB4 = _efficientnet("B4", 1.4, 1.8, 380, 0.4)
EfficientNetB5 = _efficientnet("B5", 1.6, 2.2, 456, 0.4)
EfficientNetB6 = _efficientnet("B6", 1.8, 2.6, 528, 0.5)
EfficientNetB7 = _efficientnet("B7", 2.0, 3.1, 600, 0.5)


def preprocess_input(x, data_format=None):
    """The images as they are, from 0 to 255: the model rescales them itself.

    Args:
        x: images from 0 to 255, an array or tensor of any shape.
        data_format: of no effect.
    Returns:
        `x` itself.

    >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]))[0, 0]  # [0, 127.5, 255]
    """
    return x
