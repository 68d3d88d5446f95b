"""`kerata.ops.image`: colours, crops, patches, filters; with resampling and warps from the files beside this one."""

from __future__ import annotations

from kerata import backend
from kerata.backend import windows
from kerata.core import dtypes
from kerata.core.config import standardize_data_format
from kerata.ops._image_resize import resize, scale_and_translate
from kerata.ops._image_warp import (
    _as_float,
    _gaussian,
    affine_transform,
    elastic_transform,
    gaussian_blur,
    map_coordinates,
    perspective_transform,
)
from kerata.ops._nn_windows import spread
from kerata.ops._op import arrays, floating, op


def _channel_axis(images, data_format, op_name: str, channels: tuple[int, ...] = ()) -> int:
    rank = len(images.shape)
    if rank not in (3, 4):
        raise ValueError(f"{op_name}(): images must have 3 axes, or 4 with the batch; the shape is {tuple(images.shape)}.")
    axis = rank - 3 if standardize_data_format(data_format) == "channels_first" else rank - 1
    if channels and images.shape[axis] not in channels:
        raise ValueError(
            f"{op_name}(): images must have {' or '.join(map(str, channels))} channels on axis {axis}; "
            f"the shape is {tuple(images.shape)}."
        )
    return axis


def _channels(images, axis: int) -> list:
    before = (slice(None),) * axis
    return [images[(*before, slice(i, i + 1))] for i in range(3)]


@op
def rgb_to_grayscale(images, data_format=None):
    """Luma of RGB images: `0.2989 * red + 0.5870 * green + 0.1140 * blue`.

    Args:
        images: (height, width, 3) or (batch, height, width, 3), or channels first. Images of one channel are grey
            already and come back as they are.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor with one channel, of the dtype of `images` (integers drop the fraction).

    Raises:
        ValueError: if there are other than 3 channels or 1.

    Source: ITU-R BT.601, https://www.itu.int/rec/R-REC-BT.601

    >>> kerata.ops.image.rgb_to_grayscale([[[1.0, 0.0, 0.0]]])  # [[[0.2989]]]
    """
    images, _ = arrays(images)
    axis = _channel_axis(images, data_format, "rgb_to_grayscale", (3, 1))
    if images.shape[axis] == 1:
        return images
    dtype = backend.current().dtype(images)
    red, green, blue = _channels(_as_float(images), axis)
    return backend.current().cast(0.2989 * red + 0.5870 * green + 0.1140 * blue, dtype)


def _need_float(images, op_name: str) -> str:
    dtype = backend.current().dtype(images)
    if not dtypes.is_float(dtype):
        raise ValueError(
            f"{op_name}(): images must be floats (from 0 to 1); their dtype is {dtype}. Divide by 255 first."
        )
    return dtype


@op
def rgb_to_hsv(images, data_format=None):
    """RGB to hue, saturation and value.

    Args:
        images: floats from 0 to 1, (height, width, 3) or (batch, height, width, 3), or channels first.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the shape and dtype of `images`, all from 0 to 1 (hue 1/3 is green, 2/3 blue).

    Raises:
        ValueError: if the dtype is no float, or there are other than 3 channels.

    Source: https://doi.org/10.1145/965139.807361 (Smith, 1978)

    >>> kerata.ops.image.rgb_to_hsv([[[0.0, 0.5, 0.0]]])  # [[[0.333333, 1, 0.5]]]
    """
    images, xp = arrays(images)
    dtype = _need_float(images, "rgb_to_hsv")
    axis = _channel_axis(images, data_format, "rgb_to_hsv", (3,))
    red, green, blue = _channels(_as_float(images), axis)
    value = xp.maximum(xp.maximum(red, green), blue)
    span = value - xp.minimum(xp.minimum(red, green), blue)
    nil = xp.zeros_like(value)
    grey, black = span <= 0, value <= 0
    saturation = xp.where(black, nil, span / xp.where(black, xp.ones_like(value), value))
    sixth = 1 / (6 * xp.where(grey, xp.ones_like(span), span))
    hue = xp.where(
        red == value,
        sixth * (green - blue),
        xp.where(green == value, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6),
    )
    hue = xp.where(grey, nil, hue)
    hue = xp.where(hue < 0, hue + 1, hue)
    return backend.current().cast(xp.concat([hue, saturation, value], axis=axis), dtype)


@op
def hsv_to_rgb(images, data_format=None):
    """Hue, saturation and value to RGB; undoes `rgb_to_hsv`.

    Args:
        images: floats from 0 to 1, (height, width, 3) or (batch, height, width, 3), or channels first.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the shape and dtype of `images`, from 0 to 1.

    Raises:
        ValueError: if the dtype is no float, or there are other than 3 channels.

    >>> kerata.ops.image.hsv_to_rgb([[[0.5, 1.0, 1.0]]])  # [[[0, 1, 1]]]
    """
    images, xp = arrays(images)
    dtype = _need_float(images, "hsv_to_rgb")
    axis = _channel_axis(images, data_format, "hsv_to_rgb", (3,))
    hue, saturation, value = _channels(_as_float(images), axis)
    turns = hue * 6

    def channel(amount):
        """`amount` (0 to 1) of the pure hue, washed out by the saturation."""
        return (1 - saturation + saturation * xp.clip(amount, 0, 1)) * value

    red = channel(xp.abs(turns - 3) - 1)
    green = channel(2 - xp.abs(turns - 2))
    blue = channel(2 - xp.abs(turns - 4))
    return backend.current().cast(xp.concat([red, green, blue], axis=axis), dtype)


def _patches(x, size, strides, dilation, padding, data_format, op_name):
    """Patches of (batch, *spatial, channels): each output cell's channels are the window's cells, row by row."""
    xp, rank = backend.current().xp, len(size)
    if len(x.shape) not in (rank + 1, rank + 2):
        raise ValueError(
            f"{op_name}() wants {rank} spatial axes and channels, with or without a batch; the shape is {tuple(x.shape)}."
        )
    alone = len(x.shape) == rank + 1
    x = xp.expand_dims(x, 0) if alone else x
    first = standardize_data_format(data_format) == "channels_first"
    x = xp.moveaxis(x, 1, -1) if first else x
    pads = windows.pads(padding, x.shape[1:-1], size, strides, dilation)
    if any(map(any, pads)):
        x = xp.pad(x, [(0, 0), *pads, (0, 0)])
    counts = [windows.count(*a) for a in zip(x.shape[1:-1], size, strides, dilation)]
    taps = [()]
    for w, d, s, n in zip(size, dilation, strides, counts):
        taps = [(*t, slice(i * d, i * d + (n - 1) * s + 1, s)) for t in taps for i in range(w)]
    out = xp.concat([x[(slice(None), *tap)] for tap in taps], axis=-1)
    out = xp.moveaxis(out, -1, 1) if first else out
    return xp.squeeze(out, axis=0) if alone else out


def _extract(x, size, strides, dilation_rate, padding, data_format, rank, op_name):
    x, _ = arrays(x)
    size = spread(size, rank, "size", op_name)
    strides = size if strides is None else spread(strides, rank, "strides", op_name)
    dilation = spread(dilation_rate, rank, "dilation_rate", op_name)
    if padding not in ("valid", "same"):
        raise ValueError(f"{op_name}(): `padding` must be 'valid' or 'same'; it is {padding!r}.")
    return _patches(x, size, strides, dilation, padding, data_format, op_name)


@op
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Windows of images, each laid out in the channels of one cell.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        size: of the window, an integer or (height, width). With three numbers it is `extract_patches_3d`.
        strides: pixels from window to window, an integer or a pair; as `size` by default.
        dilation_rate: pixels from one tap of the window to the next, an integer or a pair.
        padding: "valid", or "same" for ceil(size / stride) windows an axis.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor (batch, rows, columns, taps * channels) of the dtype of `images`: the window row by row, each
        pixel with its channels.

    Raises:
        ValueError: if numbers of axes do not fit, or for another padding.

    >>> kerata.ops.image.extract_patches(np.arange(8).reshape(1, 2, 4, 1), 2)  # [[[[0, 1, 4, 5], [2, 3, 6, 7]]]]
    """
    if not isinstance(size, int) and len(tuple(size)) == 3:
        return extract_patches_3d(images, size, strides, dilation_rate, padding, data_format)
    return _extract(images, size, strides, dilation_rate, padding, data_format, 2, "extract_patches")


@op
def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Windows of volumes, each laid out in the channels of one cell.

    Args:
        volumes: (depth, height, width, channels) or with a batch axis, or channels first.
        size: of the window, an integer or (depth, height, width).
        strides: voxels from window to window, an integer or three; as `size` by default.
        dilation_rate: voxels from one tap of the window to the next, an integer or three.
        padding: "valid", or "same" for ceil(size / stride) windows an axis.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor (batch, slices, rows, columns, taps * channels) of the dtype of `volumes`.

    Raises:
        ValueError: if numbers of axes do not fit, or for another padding.

    >>> kerata.ops.image.extract_patches_3d(np.ones((1, 4, 4, 4, 1)), 2).shape
    (1, 2, 2, 2, 8)
    """
    return _extract(volumes, size, strides, dilation_rate, padding, data_format, 3, "extract_patches_3d")


def _spatial(images, data_format, op_name) -> tuple[int, int]:
    rank = len(images.shape)
    channel = _channel_axis(images, data_format, op_name)
    return (rank - 2, rank - 1) if channel == rank - 3 else (rank - 3, rank - 2)


def _two_of_three(before, after, target, size, both, what, op_name, names):
    """Of (before, after, target) exactly one is None; gives before and after. `both(b, t)` finds the third."""
    if (before is None) + (after is None) + (target is None) != 1:
        raise ValueError(
            f"{op_name}(): give exactly two of {names[0]}, {names[1]} and {names[2]}; they are {before}, {after} and "
            f"{target}."
        )
    if before is None:
        before = both(after, target, size)
    elif after is None:
        after = both(before, target, size)
    for name, value in zip(names, (before, after)):
        if value < 0:
            raise ValueError(f"{op_name}(): {name} comes to {value} for images of {size} {what}; it must not be negative.")
    return before, after


@op
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Zeros around images. Of each direction, give two of: before, after, size of the result.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        top_padding, bottom_padding: rows to add above and below.
        left_padding, right_padding: columns to add on both sides.
        target_height, target_width: the size of the result.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the dtype of `images`.

    Raises:
        ValueError: if not exactly two of three are given, or the third comes to less than 0.

    >>> x = np.ones((1, 2, 2, 1))
    >>> kerata.ops.image.pad_images(x, top_padding=1, left_padding=1, target_height=4, target_width=5).shape
    (1, 4, 5, 1)
    """
    images, xp = arrays(images)
    rows, columns = _spatial(images, data_format, "pad_images")

    def rest(known, target, size):
        return target - size - known

    vertical = _two_of_three(
        top_padding, bottom_padding, target_height, images.shape[rows], rest, "rows", "pad_images",
        ("top_padding", "bottom_padding", "target_height"),
    )  # fmt: skip
    horizontal = _two_of_three(
        left_padding, right_padding, target_width, images.shape[columns], rest, "columns", "pad_images",
        ("left_padding", "right_padding", "target_width"),
    )  # fmt: skip
    pads = [(0, 0)] * len(images.shape)
    pads[rows], pads[columns] = vertical, horizontal
    return xp.pad(images, pads)


@op
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Images without their edges. Of each direction, give two of: before, after, size of the result.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        top_cropping, bottom_cropping: rows to cut off above and below.
        left_cropping, right_cropping: columns to cut off on both sides.
        target_height, target_width: the size of the result.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the dtype of `images`.

    Raises:
        ValueError: if not exactly two of three are given, or the third comes to less than 0.

    >>> x = np.ones((1, 4, 4, 1))
    >>> kerata.ops.image.crop_images(x, top_cropping=1, left_cropping=1, target_height=2, target_width=3).shape
    (1, 2, 3, 1)
    """
    images, _ = arrays(images)
    rows, columns = _spatial(images, data_format, "crop_images")

    def rest(known, target, size):
        return size - target - known

    height, width = images.shape[rows], images.shape[columns]
    top, bottom = _two_of_three(
        top_cropping, bottom_cropping, target_height, height, rest, "rows", "crop_images",
        ("top_cropping", "bottom_cropping", "target_height"),
    )  # fmt: skip
    left, right = _two_of_three(
        left_cropping, right_cropping, target_width, width, rest, "columns", "crop_images",
        ("left_cropping", "right_cropping", "target_width"),
    )  # fmt: skip
    cut = [slice(None)] * len(images.shape)
    cut[rows], cut[columns] = slice(top, height - bottom), slice(left, width - right)
    return images[tuple(cut)]


@op
def sobel_edges(images, data_format=None):
    """Derivatives of images by Sobel's 3x3 filters; outside the image there are zeros.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Float tensor with a new last axis of 2: the derivative down the rows, and along them.

    Source: https://doi.org/10.13140/RG.2.1.1912.4965 (Sobel and Feldman, 1968)

    >>> edges = kerata.ops.image.sobel_edges(np.arange(9.0).reshape(1, 3, 3, 1))
    >>> edges[0, 1, 1, 0]  # [24, 8]
    """
    images, xp = floating(images)
    _channel_axis(images, data_format, "sobel_edges")
    rows, columns = _spatial(images, data_format, "sobel_edges")
    pads = [(0, 0)] * len(images.shape)
    pads[rows] = pads[columns] = (1, 1)
    x = xp.pad(images, pads)

    def part(x, axis, i, n):
        return x[(slice(None),) * axis + (slice(i, i + n),)]

    def smooth(x, axis):
        n = images.shape[axis]
        return part(x, axis, 0, n) + 2 * part(x, axis, 1, n) + part(x, axis, 2, n)

    def slope(x, axis):
        n = images.shape[axis]
        return part(x, axis, 2, n) - part(x, axis, 0, n)

    return xp.stack([slope(smooth(x, columns), rows), slope(smooth(x, rows), columns)], axis=-1)


@op
def ssim(
    image1,
    image2,
    max_val=1.0,
    filter_size=11,
    filter_sigma=1.5,
    k1=0.01,
    k2=0.03,
    data_format=None,
):
    """Structural similarity of images: luminance, contrast and structure compared in Gaussian windows, and averaged.

    Args:
        image1, image2: images of one shape, (height, width, channels) or with a batch axis, or channels first.
        max_val: the largest value a pixel can have, such as 1.0 or 255.
        filter_size: rows and columns of the window, at most those of the images.
        filter_sigma: standard deviation of the window, in pixels.
        k1, k2: the constants that keep both quotients from 0 / 0, as shares of `max_val`.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Float tensor (batch,), or a scalar without batch: 1 for equal images, at least -1.

    Raises:
        ValueError: if the shapes differ.

    Source: https://doi.org/10.1109/TIP.2003.819861 (Wang et al., 2004)

    >>> x = np.linspace(0.0, 1.0, 144, dtype="float32").reshape(1, 12, 12, 1)
    >>> kerata.ops.image.ssim(x, x)  # [1]
    """
    image1, image2, xp = floating(image1, image2)
    b = backend.current()
    if tuple(image1.shape) != tuple(image2.shape):
        raise ValueError(f"ssim() compares images of one shape; they are {tuple(image1.shape)} and {tuple(image2.shape)}.")
    alone = len(image1.shape) == 3
    if alone:
        image1, image2 = xp.expand_dims(image1, 0), xp.expand_dims(image2, 0)
    if _channel_axis(image1, data_format, "ssim") == 1:
        image1, image2 = xp.permute_dims(image1, (0, 2, 3, 1)), xp.permute_dims(image2, (0, 2, 3, 1))
    kernel = b.cast(_gaussian(filter_size, filter_sigma), b.dtype(image1))

    def mean(x):
        channels = x.shape[-1]
        for shape in ((filter_size, 1), (1, filter_size)):
            k = xp.broadcast_to(xp.reshape(kernel, (*shape, 1, 1)), (*shape, channels, 1))
            x = b.depthwise_conv(x, k, (1, 1), "valid", "channels_last", (1, 1))
        return x

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean1, mean2 = mean(image1), mean(image2)
    products = mean1 * mean2
    squares = xp.square(mean1) + xp.square(mean2)
    luminance = (2 * products + c1) / (squares + c1)
    covariance = mean(image1 * image2) - products
    variances = mean(xp.square(image1) + xp.square(image2)) - squares
    structure = (2 * covariance + c2) / (variances + c2)
    out = xp.mean(luminance * structure, axis=(1, 2, 3))
    return out[0] if alone else out


__all__ = [
    "affine_transform", "crop_images", "elastic_transform", "extract_patches", "extract_patches_3d", "gaussian_blur",
    "hsv_to_rgb", "map_coordinates", "pad_images", "perspective_transform", "resize", "rgb_to_grayscale", "rgb_to_hsv",
    "scale_and_translate", "sobel_edges", "ssim",
]  # fmt: skip
