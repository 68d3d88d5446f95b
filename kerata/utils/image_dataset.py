"""image_dataset_from_directory."""

from __future__ import annotations

import functools
import importlib

import numpy as np

from kerata import backend
from kerata.core import config, staging
from kerata.utils import directory as folders
from kerata.utils.images import img_to_array, load_img, middle, smart_resize
from kerata.utils.item_dataset import LOADERS, ItemDataset, as_format, check_format

ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
_FILTERS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")
_BY_TENSORFLOW = ("gaussian", "mitchellcubic")  # no op of Kerata


def image_dataset_from_directory(directory, labels="inferred", label_mode="int", class_names=None, color_mode="rgb",
                                 batch_size=32, image_size=(256, 256), shuffle=True, seed=None,
                                 validation_split=None, subset=None, interpolation="bilinear", follow_links=False,
                                 crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, data_format=None,
                                 format="tf", verbose=True):  # fmt: skip
    """A data set of the images (bmp, gif, jpeg, png) in a folder, whose subfolders are the classes.

    Args:
        directory: path of the folder.
        labels: "inferred" (the default) from the subfolders, a list with a class number for each file (sorted by path),
            or None for images alone.
        label_mode: "int" (the default, int32), "categorical" (one-hot), "binary" (0.0 or 1.0, of two classes) or None.
        class_names: the subfolders to read, in the order of their numbers; all, in alphabetical order, by default.
        color_mode: "rgb" (the default), "rgba" or "grayscale".
        batch_size: images of a batch; 32 by default, None for single images.
        image_size: (height, width) in pixels to which every image is resized, or one number for both; (256, 256) by default.
        shuffle: whether each epoch has a new order; True by default, False for the order of paths.
        seed: integer, of the order and the split; None by default.
        validation_split: fraction of the files for validation; None by default.
        subset: "training", "validation" or "both"; needed with `validation_split`.
        interpolation: as of `kerata.ops.image.resize`, "bilinear" by default; where TensorFlow is installed
            "gaussian" and "mitchellcubic" too.
        follow_links: whether folders that are links are read too; False by default.
        crop_to_aspect_ratio: whether the middle is cut out instead of distorting; False by default.
        pad_to_aspect_ratio: whether black borders are added instead of distorting; False by default.
        data_format: "channels_last" or "channels_first"; the configured one by default.
        format: "tf" (the default): a `tf.data.Dataset` if TensorFlow is installed; "grain"; or "numpy": batches of arrays.
        verbose: whether to print how many files there are; True by default.

    Returns:
        The data set (with `class_names` and `file_paths`) of float32 images (uint8 ones for "nearest", which makes no
        new values) of shape (batch, height, width, channels), from 0 to 255, and their labels; or a pair of data sets for subset="both".

    Raises:
        ValueError: for arguments that exclude each other, unknown ones, or a folder without images.

    >>> import os
    >>> for name in ("cats", "dogs"):
    ...     os.makedirs(f"pets/{name}", exist_ok=True)
    ...     kerata.utils.save_img(f"pets/{name}/1.png", np.zeros((4, 5, 3)))
    >>> pets = kerata.utils.image_dataset_from_directory("pets", image_size=(8, 8), format="numpy", verbose=False)
    >>> images, labels = pets[0]
    >>> images.shape, sorted(labels.tolist()), pets.class_names
    ((2, 8, 8, 3), [0, 1], ['cats', 'dogs'])
    """
    check_format(format)
    if not isinstance(image_size, int) and len(image_size) != 2:
        raise ValueError(f"`image_size` is (height, width), or one number; got {image_size!r}.")
    if color_mode not in _CHANNELS:
        raise ValueError(f"`color_mode` is 'rgb', 'rgba' or 'grayscale'; got {color_mode!r}.")
    if interpolation not in _FILTERS:
        raise ValueError(f"`interpolation` is one of {', '.join(_FILTERS)}; got {interpolation!r}.")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("`crop_to_aspect_ratio` and `pad_to_aspect_ratio` exclude each other.")
    folders.check_arguments(labels, label_mode, class_names, validation_split, subset, shuffle, seed)
    data_format = config.standardize_data_format(data_format)
    found = folders.index_directory(directory, labels, ENDINGS, class_names, follow_links, verbose)
    size, channels = (image_size,) * 2 if isinstance(image_size, int) else tuple(image_size), _CHANNELS[color_mode]
    shape = (channels, *size) if data_format == "channels_first" else (*size, channels)
    read = functools.partial(load_images, color_mode=color_mode, size=size, interpolation=interpolation,
                             crop=crop_to_aspect_ratio, data_format=data_format,
                             pad=pad_to_aspect_ratio and ("before" if format == "grain" else "after"))  # fmt: skip
    plain = interpolation == "bilinear" and not crop_to_aspect_ratio and not pad_to_aspect_ratio

    def make(part, shuffled):
        values = folders.label_values(part, label_mode)

        def load(numbers):
            images = read([part.files[i] for i in numbers])
            return images if values is None else (images, values[numbers])

        def read_with_tf():
            images = importlib.import_module("kerata.backend.tensorflow.images")
            return images.reader(part.files, values, channels, size, data_format == "channels_first",
                                 lambda path: read([path])[0])  # fmt: skip

        dataset = ItemDataset(len(part.files), load, batch_size, shuffled, seed, workers=LOADERS)
        dataset.file_paths = part.files
        if values is not None:
            dataset.class_names = part.class_names
        lead = () if batch_size is None else (None,)
        spec = folders.label_spec(part, label_mode)
        shapes = (*lead, *shape) if spec is None else ((*lead, *shape), (*lead, *spec[0]))
        dtype = "uint8" if interpolation == "nearest" else "float32"
        dtypes = dtype if spec is None else (dtype, spec[1])
        return as_format(dataset, format, shapes, dtypes, read_with_tf if plain and color_mode != "rgba" else None)

    return folders.build(found, make, validation_split, subset, shuffle, seed, verbose, "file", label_mode)


# So many images are resized together: few calls for small ones, and still all in the processor's cache.
_TOGETHER = 8


def load_images(paths: list, color_mode, size, interpolation, crop, pad, data_format) -> np.ndarray:
    """Images, resized, as one array."""
    if interpolation != "bilinear" or crop or pad:
        return np.stack([load_image(p, color_mode, size, interpolation, crop, pad, data_format) for p in paths])
    out = staging.empty((len(paths), *size, _CHANNELS[color_mode]), "float32")
    waiting: list = []  # images of one size, which come before number `i`

    def resize(i):
        if waiting:
            together = np.stack(waiting) if len(waiting) > 1 else waiting[0][None]
            out[i - len(waiting) : i] = together if together.shape[1:3] == tuple(size) else _bilinear(together, *size)
            waiting.clear()

    for i, path in enumerate(paths):
        image = np.asarray(load_img(path, color_mode))
        image = image if image.ndim == 3 else image[..., None]
        if waiting and (len(waiting) == _TOGETHER or (waiting[0].shape, waiting[0].dtype) != (image.shape, image.dtype)):
            resize(i)
        waiting.append(image)
    resize(len(paths))
    return out.transpose(0, 3, 1, 2) if data_format == "channels_first" else out


def _bilinear(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """As `ops.image.resize`, for a few images: two cells for each new one, where that multiplies by a matrix for each axis."""
    for axis, out in ((-3, height), (-2, width)):
        size = image.shape[axis]
        low, high, share = _neighbours(size, out)
        share = share.reshape((-1, 1, 1) if axis == -3 else (-1, 1))
        image = image.astype("float32") if out > size else image
        first, second = (np.take(image, i, axis).astype("float32", copy=False) for i in (low, high))
        second -= first
        second *= share
        second += first
        image = second
    return image


@functools.cache
def _neighbours(size: int, out: int) -> tuple:
    """For each of `out` cells, the two of `size` cells between whose centres it lies, and the share of the second."""
    place = np.clip((np.arange(out, dtype="float32") + 0.5) * np.float32(size / out) - 0.5, 0, size - 1)
    low = place.astype("int32")
    return low, np.minimum(low + 1, size - 1), (place - low).astype("float32")


def load_image(path, color_mode, size, interpolation, crop=False, pad=False, data_format="channels_last") -> np.ndarray:
    """One image, resized, as float32, or uint8 for "nearest". `pad`: False, or whether borders come "before" or "after"
    the resizing."""
    image = img_to_array(load_img(path, color_mode), "channels_last", "float32")
    if interpolation == "nearest":
        image = np.clip(image, 0, 255).astype("uint8")
    with backend.backend_scope("numpy"):
        if image.shape[:2] != tuple(size):
            if crop and interpolation not in _BY_TENSORFLOW:
                image = smart_resize(image, size, interpolation)
            elif crop:
                left, top, right, bottom = middle(image.shape[1::-1], size[::-1])
                image = _resize(image[top:bottom, left:right], size, interpolation)
            else:
                inner, place = _inside_borders(image.shape, size) if pad == "after" else (tuple(size), None)
                image = _resize(image, inner, interpolation, pad == "before")
                image = image if place is None else np.pad(image, place)
    return image.transpose(2, 0, 1) if data_format == "channels_first" else image


def _resize(image: np.ndarray, size, interpolation, pad=False) -> np.ndarray:
    from kerata import ops

    if interpolation in _BY_TENSORFLOW:
        return importlib.import_module("kerata.backend.tensorflow.images").resized(image, size, interpolation)
    return np.asarray(
        ops.image.resize(image, size, interpolation=interpolation, pad_to_aspect_ratio=pad, data_format="channels_last")
    )


def _inside_borders(shape, size) -> tuple[tuple, list]:
    """The largest size of these proportions that fits into `size`, and the borders around it, as `tf.image` places them."""
    have, want = np.array(shape[:2], "float32"), np.array(size, "float32")
    exact = have / (have / want).max()
    inner, start = np.floor(exact).astype(int), np.maximum(np.floor((want - exact) / 2), 0).astype(int)
    return tuple(inner.tolist()), [*zip(start, size - inner - start), (0, 0)]
