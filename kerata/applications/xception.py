"""Xception: Inception of separable convolutions (Chollet 2016, arXiv:1610.02357)."""

from __future__ import annotations

from kerata import layers
from kerata.applications import imagenet_utils
from kerata.applications._application import pooled_unnamed, standard
from kerata.applications._blocks import Style, named
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions

_STYLE = Style()


def _separable(x, filters: int, name: str, active: bool = True):
    """Activation, unless the input has one, separable convolution, normalization."""
    if active:
        x = _STYLE.act(x, f"{name}_act")
    return _STYLE.norm(_STYLE.separable(x, filters, 3, name=name), f"{name}_bn")


def _halving(x, filters: tuple[int, int], block: int, active: bool = True):
    """Two separable convolutions and pooling, beside a shortcut with strides of 2."""
    shortcut = _STYLE.norm(_STYLE.conv(x, filters[1], 1, 2))
    for j, n in enumerate(filters, 1):
        x = _separable(x, n, f"block{block}_sepconv{j}", active or j > 1)
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.Add()([x, shortcut])


def body(x):
    """Entry flow (blocks 1 to 4), middle flow (5 to 12), exit flow (13 and 14)."""
    for j, (filters, strides) in enumerate(((32, 2), (64, 1)), 1):
        x = _STYLE.unit(x, filters, 3, strides, "valid", named(f"block1_conv{j}{{}}", "", "_bn", "_act"))
    for block, filters in ((2, 128), (3, 256), (4, 728)):
        x = _halving(x, (filters, filters), block, active=block > 2)
    for block in range(5, 13):
        shortcut = x
        for j in (1, 2, 3):
            x = _separable(x, 728, f"block{block}_sepconv{j}")
        x = layers.Add()([x, shortcut])
    x = _halving(x, (728, 1024), 13)
    for j, filters in enumerate((1536, 2048), 1):
        x = _STYLE.act(_separable(x, filters, f"block14_sepconv{j}", active=False), f"block14_sepconv{j}_act")
    return x


Xception = standard(
    "Xception", "xception", body, in_keras_folder("xception"), "Xception (arXiv:1610.02357).", size=299, smallest=71,
    pool=pooled_unnamed,
)  # fmt: skip


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as Xception expects them: from -1 to 1.

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
