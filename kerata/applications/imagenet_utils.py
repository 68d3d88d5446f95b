"""Images for models trained on ImageNet, and the names of their 1000 classes."""

from __future__ import annotations

import functools
import json

import numpy as np

from kerata import ops
from kerata.applications import _files
from kerata.core.config import floatx, standardize_data_format
from kerata.core.errors import unknown_name
from kerata.core.keras_tensor import KerasTensor

MEAN = (0.485, 0.456, 0.406)  # of ImageNet's colours (red, green, blue) from 0 to 1
STD = (0.229, 0.224, 0.225)
_CAFFE_MEAN = (103.939, 116.779, 123.68)  # of blue, green, red from 0 to 255
_MODES = ("caffe", "tf", "torch")


def preprocess_input(x, data_format=None, mode="caffe"):
    """Images with values from 0 to 255 in the form that a model's official weights expect.

    Args:
        x: RGB images, `(height, width, 3)` or `(batch, height, width, 3)` (channels first as `data_format`
            says): an array, which is not changed, or a tensor, symbolic or not.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        mode: "caffe" (the default): BGR, each channel less its mean; "tf": from -1 to 1; "torch": from 0 to
            1, then less ImageNet's mean and divided by its standard deviation.

    Returns:
        The same shape; integers become floats.

    Raises:
        ValueError: if it is no image of 3 channels or no batch of these, or `mode` has another value.

    >>> preprocess_input(np.array([[[0.0, 127.5, 255.0]]]), mode="tf")[0, 0]  # [-1, 0, 1]
    """
    if mode not in _MODES:
        raise ValueError(unknown_name("mode of preprocess_input", mode, _MODES))
    axis = -1 if standardize_data_format(data_format) == "channels_last" else -3
    if not isinstance(x, KerasTensor) and not hasattr(x, "shape"):
        x = np.asarray(x)
    _check_images(x, axis, mode)
    m, dtype = (np, str(x.dtype)) if isinstance(x, np.ndarray) else (ops, ops.dtype(x))
    if "float" not in dtype:
        dtype = floatx()
        x = x.astype(dtype) if m is np else ops.cast(x, dtype)

    def constant(values):
        return np.reshape(values, (3,) + (1,) * (-axis - 1)).astype(dtype)

    if mode == "tf":
        return m.subtract(m.divide(x, constant([127.5] * 3)), constant([1.0] * 3))
    if mode == "torch":
        return m.divide(m.subtract(m.divide(x, constant([255.0] * 3)), constant(MEAN)), constant(STD))
    return m.subtract(m.flip(x, axis=axis), constant(_CAFFE_MEAN))


def _check_images(x, axis: int, mode: str) -> None:
    if len(x.shape) not in (3, 4):
        raise ValueError(
            f"preprocess_input() takes one image (3 axes) or a batch (4 axes); got the shape {tuple(x.shape)}."
        )
    if x.shape[axis] not in (3, None):
        form = "channels_last" if axis == -1 else "channels_first"
        raise ValueError(
            f"preprocess_input() takes RGB images; with data_format={form!r} the shape {tuple(x.shape)} has "
            f"{x.shape[axis]} channels."
        )


def decode_predictions(preds, top=5) -> list[list[tuple]]:
    """The most likely of ImageNet's 1000 classes for each prediction, by name.

    The names are downloaded once, into `~/.keras/models`.

    Args:
        preds: probabilities `(batch, 1000)`.
        top: integer: how many; 5 by default.

    Returns:
        For each image a list of `(WordNet id, name, probability)`, best first.

    Raises:
        ValueError: if `preds` has another shape.

    Example (not run):

        kerata.applications.imagenet_utils.decode_predictions(model.predict(images), top=1)
    """
    preds = np.asarray(ops.convert_to_numpy(preds))
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            "decode_predictions() takes a batch of predictions over ImageNet's 1000 classes, of the shape (batch, 1000); "
            f"got {preds.shape}."
        )
    names = _class_names(_files.fetch_class_index())
    best = np.argsort(preds, axis=1)[:, ::-1][:, :top]
    return [[(*names[i], row[i]) for i in indices] for row, indices in zip(preds, best)]


@functools.lru_cache(1)
def _class_names(path: str) -> list[tuple[str, str]]:
    with open(path, encoding="utf-8") as file:
        table = json.load(file)
    return [tuple(table[str(i)]) for i in range(len(table))]
