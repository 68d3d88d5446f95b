"""VGG: 3 x 3 convolutions in five blocks, each halved by pooling (Simonyan and Zisserman 2014, arXiv:1409.1556)."""

from __future__ import annotations

from functools import partial

from kerata import layers
from kerata.applications import imagenet_utils
from kerata.applications._application import pooled_unnamed, standard
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions

_FILTERS = (64, 128, 256, 512, 512)


def body(x, convolutions: tuple[int, ...]):
    """The five blocks, with so many convolutions each."""
    for i, (filters, count) in enumerate(zip(_FILTERS, convolutions), 1):
        for j in range(1, count + 1):
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{i}_conv{j}")(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{i}_pool")(x)
    return x


def _head(x, classes: int, activation):
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
    return layers.Dense(classes, activation=activation, name="predictions")(x)


def vgg(public: str, convolutions: tuple[int, ...]):
    """The function that builds one of the two models."""
    name, summary = public.lower(), f"{public}: {sum(convolutions)} convolutions and 3 dense layers (arXiv:1409.1556)."
    files = in_keras_folder(name)
    return standard(
        public, name, partial(body, convolutions=convolutions), files, summary, head=_head, pool=pooled_unnamed
    )


VGG16 = vgg("VGG16", (2, 2, 3, 3, 3))


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as VGG16 expects them: BGR, each channel less its ImageNet mean.

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
