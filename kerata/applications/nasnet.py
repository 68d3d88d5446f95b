"""NASNet: two kinds of searched cells, normal and reduction ones (Zoph et al. 2017, arXiv:1707.07012)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import _files, imagenet_utils
from kerata.applications._application import Asked, application, dense_head, pooled_unnamed, published
from kerata.applications._blocks import Style, depth, image_axes, same_padding
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.core.scopes import name_scope
from kerata.models import Model

_STYLE = Style(momentum=0.9997, initializer="he_normal")


def _halved(x, kernel: int, name: str):
    """`x` with borders, and the padding with which windows with strides of 2 go over it.

    Where the size is unknown there are no borders, and the padding is "same": the same positions for every size, though
    poolings leave the border out instead of reading zeros there.
    """
    if None in (x.shape[axis] for axis in image_axes()):
        return layers.ZeroPadding2D(0, name=name)(x), "same"
    return layers.ZeroPadding2D(same_padding(x, kernel), name=name)(x), "valid"


def _separable(x, filters: int, kernel: int, name: str, strides: int = 1):
    """Activation, separable convolution and normalization, twice; the strides are the first one's."""
    with name_scope(f"separable_conv_block_{name}"):
        x, padding = _STYLE.act(x), "same"
        if strides > 1:
            x, padding = _halved(x, kernel, f"separable_conv_1_pad_{name}")
        x = _STYLE.separable(x, filters, kernel, strides, padding, f"separable_conv_1_{name}")
        x = _STYLE.act(_STYLE.norm(x, f"separable_conv_1_bn_{name}"))
        x = _STYLE.separable(x, filters, kernel, name=f"separable_conv_2_{name}")
        return _STYLE.norm(x, f"separable_conv_2_bn_{name}")


def _adjusted(p, filters: int, shrink: bool, block: str):
    """The map before the last one, `p`, in the size of the last one (half its own, if `shrink`) and with `filters` channels."""
    if shrink:
        with name_scope("adjust_block"), name_scope(f"adjust_reduction_block_{block}"):
            p = layers.Activation("relu", name=f"adjust_relu_1_{block}")(p)
            shifted = layers.Cropping2D(((1, 0), (1, 0)))(layers.ZeroPadding2D(((0, 1), (0, 1)))(p))
            parts = []
            for i, part in enumerate((p, shifted), 1):
                part = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{block}")(part)
                parts.append(_STYLE.conv(part, filters // 2, 1, name=f"adjust_conv_{i}_{block}"))
            return _STYLE.norm(_STYLE.concat(parts), f"adjust_bn_{block}")
    if depth(p) != filters:
        with name_scope("adjust_block"), name_scope(f"adjust_projection_block_{block}"):
            p = _STYLE.conv(_STYLE.act(p), filters, 1, name=f"adjust_conv_projection_{block}")
            return _STYLE.norm(p, f"adjust_bn_{block}")
    return p


def _squeezed(x, filters: int, kind: str, block: str):
    x = _STYLE.conv(_STYLE.act(x), filters, 1, name=f"{kind}_conv_1_{block}")
    return _STYLE.norm(x, f"{kind}_bn_1_{block}")


def _average(x, name: str):
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _normal(x, p, filters: int, block: str, shrink: bool = False):
    """The next map, of 6 times `filters` channels, from the last two."""
    with name_scope(f"normal_A_block_{block}"):
        return _normal_cell(x, _adjusted(p, filters, shrink, block), filters, block)


def _normal_cell(x, p, filters: int, block: str):
    h = _squeezed(x, filters, "normal", block)

    def separable(x, kernel, side):
        with name_scope(f"block_{side[-1]}"):
            return _separable(x, filters, kernel, f"normal_{side}_{block}")

    pairs = [
        [separable(h, 5, "left1"), separable(p, 3, "right1")],
        [separable(p, 5, "left2"), separable(p, 3, "right2")],
        [_average(h, f"normal_left3_{block}"), p],
        [_average(p, f"normal_left4_{block}"), _average(p, f"normal_right4_{block}")],
        [separable(h, 3, "left5"), h],
    ]
    sums = [layers.Add(name=f"normal_add_{i}_{block}")(pair) for i, pair in enumerate(pairs, 1)]
    return _STYLE.concat([p, *sums], f"normal_concat_{block}")


def _reduction(x, p, filters: int, block: str, shrink: bool = False):
    """The next map, of half the size and 4 times `filters` channels, from the last two (of one, if they are the same)."""
    with name_scope(f"reduction_A_block_{block}"):
        p = p if p is x else _adjusted(p, filters, shrink, block)
        return _reduction_cell(x, p, filters, block)


def _reduction_cell(x, p, filters: int, block: str):
    h = _squeezed(x, filters, "reduction", block)
    h3, padding = _halved(h, 3, f"reduction_pad_1_{block}")

    def separable(x, kernel, side, strides=2):
        with name_scope(f"block_{5 if side == 'left4' else side[-1]}"):
            return _separable(x, filters, kernel, f"reduction_{side}_{block}", strides)

    def pool(layer, side):
        return layer(3, strides=2, padding=padding, name=f"reduction_{side}_{block}")(h3)

    def add(parts, name):
        return layers.Add(name=f"reduction_{name}_{block}")(parts)

    x1 = add([separable(h, 5, "left1"), separable(p, 7, "right1")], "add_1")
    x2 = add([pool(layers.MaxPooling2D, "left2"), separable(p, 7, "right2")], "add_2")
    x3 = add([pool(layers.AveragePooling2D, "left3"), separable(p, 5, "right3")], "add3")
    x4 = layers.Add()([x2, _average(x1, f"reduction_left4_{block}")])
    x5 = add([separable(x1, 3, "left4", 1), pool(layers.MaxPooling2D, "right5")], "add4")
    return _STYLE.concat([x2, x3, x4, x5], f"reduction_concat_{block}")


def body(x, cells: int, filters: int, stem: int, skip_reduction: bool):
    """A convolution, two reductions, and three stacks of `cells` normal cells, the later ones behind a reduction.

    `skip_reduction`: whether the cell behind a reduction sees the map before the last one from before the reduction.
    """
    x = _STYLE.conv(x, stem, 3, 2, "valid", "stem_conv1")
    p = x = _STYLE.norm(x, "stem_bn1")
    x, p = _reduction(x, p, filters // 4, "stem_1"), x
    x, p = _reduction(x, p, filters // 2, "stem_2", shrink=True), x
    for stack in range(3):
        first = stack * cells + (stack > 0)
        if stack > 0:
            filters *= 2
            reduced = _reduction(x, p, filters, f"reduce_{stack * cells}")
            x, p = reduced, p if skip_reduction else x
        for i in range(first, first + cells):
            x, p = _normal(x, p, filters, str(i), shrink=i == first), x
    return _STYLE.act(x)


def _nasnet(kind: str, size: int, cells: int, filters: int, stem: int, skip_reduction: bool):
    """The function that builds one of the two models."""

    def build(input_shape=None, include_top=True, weights="imagenet", input_tensor=None, pooling=None, classes=1000,
              classifier_activation="softmax", name=f"nasnet_{kind}") -> Model:  # fmt: skip
        if kind == "mobile" and input_shape is None and input_tensor is None:
            input_shape = (size, size, 3)
        asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        return application(
            asked,
            partial(body, cells=cells, filters=filters, stem=stem, skip_reduction=skip_reduction),
            lambda top: _files.nasnet_file(kind, top),
            size,
            head=partial(dense_head, name=None),
            pool=pooled_unnamed,
        )

    public = f"NASNet{kind.capitalize()}"
    return published(build, public, body, f"{public} (arXiv:1707.07012), by default for images of {size} x {size}.", size)


NASNetMobile = _nasnet("mobile", 224, cells=4, filters=44, stem=32, skip_reduction=False)
NASNetLarge = _nasnet("large", 331, cells=6, filters=168, stem=96, skip_reduction=True)


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as NASNet expects them: from -1 to 1.

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
