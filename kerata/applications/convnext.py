"""ConvNeXt: a convolutional network in the manner of transformers (Liu et al. 2022, arXiv:2201.03545)."""

from __future__ import annotations

from functools import partial

from kerata import initializers, layers
from kerata.applications._application import Asked, application, pooled_unnamed, published
from kerata.applications._blocks import depth
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import MEAN, STD
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.core.config import image_data_format
from kerata.layers.layer import Layer
from kerata.models import Model, Sequential


class LayerScale(Layer):
    """Multiplies each channel by a weight of its own, small at first.

    Args:
        init_values: the weights' first value.
        projection_dim: the number of channels, the last axis.
    """

    def __init__(self, init_values, projection_dim, **kwargs):
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, _):
        self.gamma = self.add_weight((self.projection_dim,), initializers.Constant(self.init_values))

    def call(self, x):
        return x * self.gamma


def _norm(name=None):
    return layers.LayerNormalization(epsilon=1e-6, name=name)


def _block(x, name: str):
    """7 x 7 depthwise convolution, normalization, four times the channels and back, plus the input."""
    channels = depth(x)
    new = layers.Conv2D(channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv")(x)
    new = _norm(f"{name}_layernorm")(new)
    new = layers.Dense(4 * channels, name=f"{name}_pointwise_conv_1")(new)
    new = layers.Activation("gelu", name=f"{name}_gelu")(new)
    new = layers.Dense(channels, name=f"{name}_pointwise_conv_2")(new)
    new = LayerScale(1e-6, channels, name=f"{name}_layer_scale")(new)
    return x + layers.Activation("linear", name=f"{name}_identity")(new)


def body(x, blocks: tuple[int, ...], filters: tuple[int, ...], rescale: bool, name: str):
    """Four stacks of blocks, each on a smaller map; all names begin with the model's."""
    if image_data_format() == "channels_first":
        raise ValueError(
            'ConvNeXt needs channels last; image_data_format() is "channels_first". Call '
            'kerata.config.set_image_data_format("channels_last").'
        )
    if rescale and depth(x) == 3:
        mean, variance = [255 * m for m in MEAN], [(255 * s) ** 2 for s in STD]
        x = layers.Normalization(mean=mean, variance=variance, name=f"{name}_prestem_normalization")(x)
    conv = layers.Conv2D(filters[0], 4, strides=4, name=f"{name}_stem_conv")
    shrink = [Sequential([conv, _norm(f"{name}_stem_layernorm")], name=f"{name}_stem")]
    for i, n in enumerate(filters[1:]):
        conv = layers.Conv2D(n, 2, strides=2, name=f"{name}_downsampling_conv_{i}")
        norm = _norm(f"{name}_downsampling_layernorm_{i}")
        shrink.append(Sequential([norm, conv], name=f"{name}_downsampling_block_{i}"))
    for i, count in enumerate(blocks):
        x = shrink[i](x)
        for j in range(count):
            x = _block(x, f"{name}_stage_{i}_block_{j}")
    return x


def _head(x, classes: int, activation, name: str):
    x = _norm(f"{name}_head_layernorm")(layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x))
    return layers.Dense(classes, activation=activation, name=f"{name}_head_dense")(x)


def _pool(x, kind: str | None):
    return _norm()(pooled_unnamed(x, kind))


def _convnext(kind: str, blocks: tuple[int, ...], width: int):
    """The function that builds one of the models; `width`: channels of the first stack, each next one doubles them."""
    key, files = f"convnext_{kind.lower()}", in_keras_folder("convnext")
    filters = tuple(width * 2**i for i in range(4))

    def build(include_top=True, include_preprocessing=True, weights="imagenet", input_tensor=None, input_shape=None,
              pooling=None, classes=1000, classifier_activation="softmax", name=key) -> Model:  # fmt: skip
        asked = Asked(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
        whole = partial(body, blocks=blocks, filters=filters, rescale=include_preprocessing, name=name)
        return application(asked, whole, lambda top: files(key, top), head=partial(_head, name=name), pool=_pool)

    return published(build, f"ConvNeXt{kind}", body, f"ConvNeXt {kind} (arXiv:2201.03545), for images from 0 to 255.")


ConvNeXtTiny = _convnext("Tiny", (3, 3, 9, 3), 96)
ConvNeXtSmall = _convnext("Small", (3, 3, 27, 3), 96)
ConvNeXtBase = _convnext("Base", (3, 3, 27, 3), 128)
ConvNeXtLarge = _convnext("Large", (3, 3, 27, 3), 192)
ConvNeXtXLarge = _convnext("XLarge", (3, 3, 27, 3), 256)


def preprocess_input(x, data_format=None):
    """The images as they are, from 0 to 255: the model normalizes them itself (see `include_preprocessing`).

    Args:
        x: images from 0 to 255, an array or tensor of any shape.
        data_format: of no effect.
    Returns:
        `x` itself.

    >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]))[0, 0]  # [0, 127.5, 255]
    """
    return x
