"""Inception V3: branches of convolutions of several sizes (Szegedy et al. 2015, arXiv:1512.00567)."""

from __future__ import annotations

from kerata import layers
from kerata.applications import imagenet_utils
from kerata.applications._application import pooled_unnamed, standard
from kerata.applications._blocks import Style
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions

STYLE = Style(axis=3, scale=False)
# A branch is a list of steps: (filters, kernel), (filters, kernel, strides), AVERAGE, MAXIMUM, or a Split.
AVERAGE, MAXIMUM = "average", "maximum"


class Split(tuple):
    """Convolutions 1 x 3 and 3 x 1 side by side: `(filters, name of the layer that joins them)`."""


def branches(x, *parts: list, name: str):
    """The branches of a block, joined under a name."""
    return STYLE.concat([_branch(x, part) for part in parts], name)


def _branch(x, steps: list):
    for step in steps:
        if step == AVERAGE:
            x = layers.AveragePooling2D(3, strides=1, padding="same")(x)
        elif step == MAXIMUM:
            x = layers.MaxPooling2D(3, strides=2)(x)
        elif isinstance(step, Split):
            x = STYLE.concat([STYLE.unit(x, step[0], (1, 3)), STYLE.unit(x, step[0], (3, 1))], step[1])
        else:
            filters, kernel, strides = (*step, 1)[:3]
            x = STYLE.unit(x, filters, kernel, strides, "valid" if strides > 1 else "same")
    return x


def stem(x):
    """From the image to an eighth of its size; of Inception-ResNet too."""
    x = STYLE.unit(x, 32, 3, 2, "valid")
    x = STYLE.unit(STYLE.unit(x, 32, 3, 1, "valid"), 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = STYLE.unit(STYLE.unit(x, 80, 1, 1, "valid"), 192, 3, 1, "valid")
    return layers.MaxPooling2D(3, strides=2)(x)


def _blocks():
    """`(name, branches)` of each block."""
    for i, pool in enumerate((32, 64, 64)):
        yield f"mixed{i}", [[(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)], [AVERAGE, (pool, 1)]]
    yield "mixed3", [[(384, 3, 2)], [(64, 1), (96, 3), (96, 3, 2)], [MAXIMUM]]
    for i, n in enumerate((128, 160, 160, 192), 4):
        once = [(n, 1), (n, (1, 7)), (192, (7, 1))]
        twice = [(n, 1), (n, (7, 1)), (n, (1, 7)), (n, (7, 1)), (192, (1, 7))]
        yield f"mixed{i}", [[(192, 1)], once, twice, [AVERAGE, (192, 1)]]
    yield "mixed8", [[(192, 1), (320, 3, 2)], [(192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, 2)], [MAXIMUM]]
    for i in (0, 1):
        wide = [(384, 1), Split((384, f"mixed9_{i}"))]
        deep = [(448, 1), (384, 3), Split((384, None))]
        yield f"mixed{9 + i}", [[(320, 1)], wide, deep, [AVERAGE, (192, 1)]]


def body(x):
    """The stem and eleven blocks of branches."""
    x = stem(x)
    for name, parts in _blocks():
        x = branches(x, *parts, name=name)
    return x


InceptionV3 = standard(
    "InceptionV3", "inception_v3", body, in_keras_folder("inception_v3"), "Inception V3 (arXiv:1512.00567).", size=299,
    smallest=75, pool=pooled_unnamed,
)  # fmt: skip


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as Inception expects them: from -1 to 1.

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
