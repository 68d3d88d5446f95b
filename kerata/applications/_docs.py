"""The documentation of the applications: they share their arguments, and most of what there is to say of them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

_ARGUMENTS = {
    "include_top": "whether the model ends with the classifier; True by default.",
    "include_preprocessing": "whether the model scales images from 0 to 255 itself; True by default.",
    "weights": '"imagenet" (the default; downloaded once, into `~/.keras/models`), the path of a weight file, or None for '
    "random ones.",
    "input_tensor": "a symbolic tensor to build upon, in place of a new input; None.",
    "input_shape": "`(height, width, channels)`, at least {smallest} pixels each way; None for {size}. Height and "
    "width may be None without the classifier.",
    "alpha": "number: how many times as wide the layers are as in the paper; 1.0 by default.",
    "depth_multiplier": "integer: output channels of depthwise convolutions for each input channel; 1 by default.",
    "dropout": "number from 0 to 1: the dropout's rate before the classifier; 0.001 by default.",
    "dropout_rate": "number from 0 to 1: the dropout's rate before the classifier; 0.2 by default.",
    "minimalistic": "whether squeeze and excitation, hard swish and 5 x 5 kernels are left out; False by default.",
    "pooling": 'without the classifier: None (the default) for the last feature map, "avg" or "max" for one vector an image.',
    "classes": "integer: the number of classes; 1000 by default.",
    "classifier_activation": 'function or name for the last layer; "softmax" by default, None for logits.',
    "name": "the model's name.",
}
_SOURCES = {
    "convnext": 'Liu et al. (2022), "A ConvNet for the 2020s"',
    "densenet": 'Huang et al. (2017), "Densely Connected Convolutional Networks"',
    "efficientnet": 'Tan and Le (2019), "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"',
    "efficientnet_v2": 'Tan and Le (2021), "EfficientNetV2: Smaller Models and Faster Training"',
    "inception_resnet_v2": "Szegedy et al. (2017), arXiv:1602.07261",
    "inception_v3": 'Szegedy et al. (2016), "Rethinking the Inception Architecture for Computer Vision"',
    "mobilenet": "Howard et al. (2017), arXiv:1704.04861",
    "mobilenet_v2": 'Sandler et al. (2018), "MobileNetV2: Inverted Residuals and Linear Bottlenecks"',
    "mobilenet_v3": 'Howard et al. (2019), "Searching for MobileNetV3"',
    "nasnet": 'Zoph et al. (2018), "Learning Transferable Architectures for Scalable Image Recognition"',
    "resnet": 'He et al. (2016), "Deep Residual Learning for Image Recognition"',
    "resnet_v2": 'He et al. (2016), "Identity Mappings in Deep Residual Networks"',
    "vgg16": "Simonyan and Zisserman (2015), arXiv:1409.1556",
    "xception": 'Chollet (2017), "Xception: Deep Learning with Depthwise Separable Convolutions"',
}
_QUICK = ("MobileNet", "MobileNetV2", "MobileNetV3Small", "VGG16", "VGG19")  # built in a moment: their examples run


def documentation(
    public: str, family: str, parameters: Iterable[str], summary: str, size: int | None, smallest: int
) -> str:
    """The docstring of an application.

    Args:
        public: its name.
        family: the module that it is in.
        parameters: the names of its arguments.
        summary: the first line.
        size: height and width of images by default; None for any.
        smallest: the least height and width.
    """
    default = "images of any size" if size is None else f"{size} x {size} x 3 (without the classifier, any size)"
    known = {n: _ARGUMENTS[n].format(smallest=smallest, size=default) for n in parameters}
    text = "".join(_wrapped(f"{n}: {line}") for n, line in known.items())
    return f"""{summary}

    Images go through `preprocess_input` of the module `kerata.applications.{family}` first.

    Args:
{text}
    Returns:
        A `Model`: floats `(batch, height, width, channels)` to probabilities `(batch, classes)`; without the
        classifier, to a feature map or, with `pooling`, to `(batch, channels)`.

    Raises:
        ValueError: for sizes that are too small, and arguments that do not fit each other or the weights.

    Source: {_SOURCES[family]}.

{_quick(public) if public in _QUICK else _whole(public, family)}    """


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 110, initial_indent=" " * 8, subsequent_indent=" " * 12, break_long_words=False) + "\n"


def _quick(public: str) -> str:
    return f"""    >>> import kerata
    >>> body = kerata.applications.{public}(weights=None, include_top=False, input_shape=(32, 32, 3))
    >>> body.output_shape[:3]
    (None, 1, 1)
"""


def _whole(public: str, family: str) -> str:
    return f"""    Example (not run):

        model = kerata.applications.{public}()
        images = kerata.applications.{family}.preprocess_input(images)
        names = kerata.applications.{family}.decode_predictions(model.predict(images), top=3)
"""
