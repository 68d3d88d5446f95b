"""Inception-ResNet V2: branches whose sum, scaled down, is added to a shortcut (Szegedy et al. 2016, arXiv:1602.07261)."""

from __future__ import annotations

from kerata.applications import imagenet_utils
from kerata.applications._application import pooled_unnamed, standard
from kerata.applications._blocks import depth
from kerata.applications._files import in_keras_folder
from kerata.applications.imagenet_utils import decode_predictions as decode_predictions
from kerata.applications.inception_v3 import AVERAGE, MAXIMUM, STYLE, branches, stem
from kerata.layers._weightless import Weightless


class CustomScaleLayer(Weightless):
    """`x + scale * residual` of the inputs `[x, residual]`, of one shape.

    Args:
        scale: a number.
    """

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs):
        x, residual = inputs
        return x + residual * self.scale


def _residual(x, scale: float, parts: list, name: str, active: bool = True):
    new = branches(x, *parts, name=f"{name}_mixed")
    new = STYLE.conv(new, depth(x), 1, name=f"{name}_conv", bias=True)
    x = CustomScaleLayer(scale)([x, new])
    return STYLE.act(x, f"{name}_ac") if active else x


_BLOCK35 = [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (48, 3), (64, 3)]]
_BLOCK17 = [[(192, 1)], [(128, 1), (160, (1, 7)), (192, (7, 1))]]
_BLOCK8 = [[(192, 1)], [(192, 1), (224, (1, 3)), (256, (3, 1))]]
_MIXED_5B = [[(96, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)], [AVERAGE, (64, 1)]]
_MIXED_6A = [[(384, 3, 2)], [(256, 1), (256, 3), (384, 3, 2)], [MAXIMUM]]
_MIXED_7A = [[(256, 1), (384, 3, 2)], [(256, 1), (288, 3, 2)], [(256, 1), (288, 3), (320, 3, 2)], [MAXIMUM]]


def body(x):
    """The stem and three stacks of residual blocks, for maps of 35, 17 and 8 pixels."""
    x = branches(stem(x), *_MIXED_5B, name="mixed_5b")
    for i in range(1, 11):
        x = _residual(x, 0.17, _BLOCK35, f"block35_{i}")
    x = branches(x, *_MIXED_6A, name="mixed_6a")
    for i in range(1, 21):
        x = _residual(x, 0.1, _BLOCK17, f"block17_{i}")
    x = branches(x, *_MIXED_7A, name="mixed_7a")
    for i in range(1, 10):
        x = _residual(x, 0.2, _BLOCK8, f"block8_{i}")
    x = _residual(x, 1.0, _BLOCK8, "block8_10", active=False)
    return STYLE.unit(x, 1536, 1, names=("conv_7b", "conv_7b_bn", "conv_7b_ac"))


InceptionResNetV2 = standard(
    "InceptionResNetV2", "inception_resnet_v2", body, in_keras_folder("inception_resnet_v2"),
    "Inception-ResNet V2 (arXiv:1602.07261).", size=299, smallest=75, pool=pooled_unnamed,
)  # fmt: skip


def preprocess_input(x, data_format=None):
    """Images from 0 to 255 as Inception-ResNet expects them: from -1 to 1.

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
