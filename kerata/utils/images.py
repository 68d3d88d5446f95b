"""Images between files, PIL and arrays."""

from __future__ import annotations

import io
import os
import warnings

import numpy as np

from kerata.core import config
from kerata.core.errors import did_you_mean, missing_package

_FILTERS = {
    "nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC", "hamming": "HAMMING", "box": "BOX",
    "lanczos": "LANCZOS",
}  # fmt: skip


def _pil():
    try:
        from PIL import Image
    except ImportError:
        raise missing_package("pillow", "Reading and writing images") from None
    return Image


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """A PIL image of an array with 1, 3 or 4 channels.

    Args:
        x: array of shape (height, width, channels), or as `data_format` says.
        data_format: "channels_last" or "channels_first"; the configured one by default.
        scale: whether values are stretched to 0..255; True by default. Without, they are taken to lie there.
        dtype: of the computation; floatx by default.

    Returns:
        A `PIL.Image.Image` of mode "L" ("I" for values above 255), "RGB" or "RGBA".

    Raises:
        ValueError: for another rank or number of channels.
        ImportError: without Pillow.

    >>> kerata.utils.array_to_img(np.ones((4, 5, 3))).size
    (5, 4)
    """
    image = _pil()
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(x, dtype=config.floatx() if dtype is None else dtype)
    if x.ndim != 3:
        raise ValueError(f"array_to_img() wants one image, an array of rank 3; got shape {x.shape}.")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        top = np.max(x)
        x = x / top * 255 if top != 0 else x
    channels = x.shape[2]
    if channels in (3, 4):
        return image.fromarray(x.astype("uint8"), "RGB" if channels == 3 else "RGBA")
    if channels == 1:
        if np.max(x) > 255:  # 32-bit grey
            return image.fromarray(x[:, :, 0].astype("int32"), "I")
        return image.fromarray(x[:, :, 0].astype("uint8"), "L")
    raise ValueError(f"An image has 1, 3 or 4 channels; this array has {channels} (shape {x.shape}, {data_format}).")


def img_to_array(img, data_format=None, dtype=None) -> np.ndarray:
    """The pixels of a PIL image as an array of rank 3.

    Args:
        img: a `PIL.Image.Image`, or an array of rank 2 or 3.
        data_format: "channels_last" or "channels_first"; the configured one by default.
        dtype: of the array; floatx by default.

    Returns:
        A NumPy array of shape (height, width, channels), or with the channels first.

    Raises:
        ValueError: for another rank, or an unknown `data_format`.

    >>> image = kerata.utils.array_to_img(np.full((4, 5, 3), 7.0), scale=False)
    >>> array = kerata.utils.img_to_array(image)
    >>> array.shape, float(array.max())
    ((4, 5, 3), 7.0)
    """
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(img, dtype=config.floatx() if dtype is None else dtype)
    if x.ndim == 2:
        x = x[:, :, None]
    if x.ndim != 3:
        raise ValueError(f"img_to_array() wants an image; got shape {x.shape}.")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def load_img(path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False):
    """A PIL image from a file, in a colour mode and size.

    Args:
        path: path, or an `io.BytesIO` with the bytes of an image file.
        color_mode: "rgb" (the default), "rgba" or "grayscale".
        target_size: (height, width) in pixels to resize to, or the shape of an image; None, the default, keeps the size.
        interpolation: "nearest" (the default), "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: whether the middle is cut out before resizing, instead of distorting; False by default.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        TypeError: for a `path` that is neither.
        PIL.UnidentifiedImageError: for a file that is no image, or a broken one.
        ValueError: for an unknown `color_mode` or `interpolation`.
        ImportError: without Pillow.

    >>> kerata.utils.save_img("picture.png", np.zeros((4, 5, 3)))
    >>> kerata.utils.load_img("picture.png", target_size=(8, 8)).size
    (8, 8)
    """
    image = _pil()
    if isinstance(path, io.BytesIO):
        file, name = path, "The given bytes"
    elif isinstance(path, str | bytes | os.PathLike):
        with open(path, "rb") as f:
            file, name = io.BytesIO(f.read()), f"The file {os.fsdecode(path)!r}"
    else:
        raise TypeError(f"load_img() wants a path or an io.BytesIO; got {type(path).__name__}.")
    img = _in_mode(_read(image, file, name), color_mode)
    if target_size is None:
        return img
    height, width = target_size[:2]
    if img.size == (width, height):
        return img
    if interpolation not in _FILTERS:
        raise ValueError(
            f"Unknown `interpolation`: {interpolation!r}.{did_you_mean(interpolation, _FILTERS)} Known: {', '.join(_FILTERS)}."
        )
    how = getattr(image.Resampling, _FILTERS[interpolation])
    if not keep_aspect_ratio:
        return img.resize((width, height), how)
    return img.resize((width, height), how, box=middle(img.size, (width, height)))


def _read(image, file: io.BytesIO, name: str):
    """The decoded image, or an error with the name of what is broken."""
    try:
        img = image.open(file)
        img.load()
    except (OSError, SyntaxError) as error:  # the latter for a broken PNG
        unknown = image.UnidentifiedImageError
        why = "it is of no kind that Pillow knows" if isinstance(error, unknown) else error
        raise unknown(f"{name} cannot be read as an image: {why}.") from error
    return img


def _in_mode(img, color_mode: str):
    if color_mode == "grayscale":
        return img if img.mode in ("L", "I;16", "I") else img.convert("L")
    if color_mode == "rgba":
        return img.convert("RGBA")
    if color_mode == "rgb":
        return img.convert("RGB")
    raise ValueError(f"`color_mode` is 'grayscale', 'rgb' or 'rgba'; got {color_mode!r}.")


def middle(size, target) -> tuple[int, int, int, int]:
    """The largest box in the middle that has the target's proportions."""
    (w, h), (tw, th) = size, target
    bw, bh = min(w, w if tw * h >= th * w else h * tw // th), min(h, w * th // tw)
    left, top = (w - bw) // 2, (h - bh) // 2
    return left, top, left + bw, top + bh


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs) -> None:
    """Write an array as an image file.

    Args:
        path: path or file object.
        x: array of rank 3 with 1, 3 or 4 channels.
        data_format: "channels_last" or "channels_first"; the configured one by default.
        file_format: such as "png"; None, the default, where the ending of `path` tells.
        scale: whether values are stretched to 0..255; True by default.
        **kwargs: for PIL's `Image.save`.

    Raises:
        ValueError: for another rank or number of channels, or without a format.

    >>> kerata.utils.save_img("grey.png", np.arange(12.0).reshape(3, 4, 1))
    >>> kerata.utils.load_img("grey.png", color_mode="grayscale").size
    (4, 3)
    """
    img = array_to_img(x, data_format=data_format, scale=scale)
    file_format = {"jpg": "jpeg"}.get(file_format, file_format)
    ending = os.path.splitext(path)[1].lower() if isinstance(path, str | os.PathLike) else ""
    if img.mode == "RGBA" and (file_format == "jpeg" or (file_format is None and ending in (".jpg", ".jpeg"))):
        warnings.warn("JPEG has no transparency: the image is saved as RGB.", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last", **kwargs):
    """Images of another size without distortion: the middle that has the wanted proportions is cut out, then resized.

    Args:
        x: array or tensor of shape (height, width, channels) or (batch, height, width, channels).
        size: (height, width) in pixels.
        interpolation: as of `kerata.ops.image.resize`; "bilinear" by default.
        data_format: "channels_last" (the default) or "channels_first".

    Returns:
        A NumPy array for a NumPy array, otherwise a tensor. Integers become float32, unless `interpolation` is "nearest",
        which makes no new values.

    Raises:
        ValueError: for another rank, or a `size` that is no pair.

    >>> kerata.preprocessing.image.smart_resize(np.ones((10, 20, 3)), (5, 5)).shape
    (5, 5, 3)
    """
    from kerata import ops
    from kerata.core.dtypes import is_float

    if len(size) != 2:
        raise ValueError(f"`size` is (height, width); got {size!r}.")
    if len(x.shape) not in (3, 4):
        raise ValueError(f"smart_resize() wants an image or a batch of them (rank 3 or 4); got shape {tuple(x.shape)}.")
    last = data_format == "channels_last"
    h_axis = len(x.shape) - 3 if last else len(x.shape) - 2
    h, w = int(x.shape[h_axis]), int(x.shape[h_axis + 1])
    left, top, right, bottom = middle((w, h), (size[1], size[0]))
    cut = [slice(None)] * len(x.shape)
    cut[h_axis], cut[h_axis + 1] = slice(top, bottom), slice(left, right)
    part = ops.convert_to_tensor(x)[tuple(cut)]
    if interpolation != "nearest" and not is_float(ops.dtype(part)):
        part = ops.cast(part, "float32")
    out = ops.image.resize(part, tuple(size), interpolation=interpolation, data_format=data_format)
    return ops.convert_to_numpy(out) if isinstance(x, np.ndarray) else out
