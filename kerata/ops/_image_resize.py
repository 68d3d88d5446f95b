"""Resampling of images: `resize` and `scale_and_translate`.

Every method is a weighted sum of input cells along each axis (a kernel around the sample's place, widened for
antialiasing), so it is one matrix product an axis.
"""

from __future__ import annotations

import math

from kerata import backend
from kerata.core.claims import claim
from kerata.core.config import standardize_data_format
from kerata.ops._op import arrays, convert, op

METHODS = ("area", "bicubic", "bilinear", "lanczos3", "lanczos5", "nearest")


def _triangle(xp, x):
    return xp.maximum(1 - x, xp.zeros_like(x))


def _keys_cubic(xp, x):
    """Keys (1981) with a = -0.5."""
    near = ((1.5 * x - 2.5) * x) * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return xp.where(x >= 2, xp.zeros_like(x), xp.where(x >= 1, far, near))


def _lanczos(radius):
    def kernel(xp, x):
        tiny = x <= 1e-3
        safe = xp.where(tiny, xp.ones_like(x), x) * math.pi
        value = radius * xp.sin(safe) * xp.sin(safe / radius) / xp.square(safe)
        return xp.where(x > radius, xp.zeros_like(x), xp.where(tiny, xp.ones_like(x), value))

    return kernel


_KERNELS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear"), _triangle),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), _keys_cubic),
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
}


def weights(xp, size: int, out: int, scale, translation, method: str, antialias: bool):
    """(size, out): how much each of `size` input cells counts for each of `out` samples.

    `xp` is NumPy's where scale and translation are Python numbers: then nothing is computed on the device.
    """
    inverse = 1.0 / scale
    spread = xp.maximum(inverse, xp.ones_like(inverse)) if antialias else 1.0
    samples = (xp.arange(out, dtype="float32") + 0.5) * inverse - translation * inverse - 0.5
    cells = xp.reshape(xp.arange(size, dtype="float32"), (-1, 1))
    w = _KERNELS[method](xp, xp.abs(samples - cells) / spread)
    total = xp.sum(w, axis=0, keepdims=True)
    enough = xp.abs(total) > 1000 * 1.1920929e-07
    w = xp.where(enough, w / xp.where(enough, total, xp.ones_like(total)), xp.zeros_like(w))
    inside = xp.logical_and(samples >= -0.5, samples <= size - 0.5)
    return xp.where(inside, w, xp.zeros_like(w))


def _static_weights(size, out, method, antialias):
    import numpy as np

    claim((size, out), "the weights of resizing")
    if method == "area":  # the mean over the cells, and the parts of cells, that a sample covers
        edges, cells = np.arange(out + 1) * (size / out), np.arange(size)[:, None]
        covered = np.minimum(edges[1:], cells + 1) - np.maximum(edges[:-1], cells)
        return (np.maximum(covered, 0) * (out / size)).astype("float32")
    xp = backend.get("numpy").xp
    return xp.asarray(weights(xp, size, out, np.float32(out / size), np.float32(0), method, antialias), dtype="float32")


def _contract(xp, x, axis: int, matrix):
    """Multiply one axis of `x` by a (size, out) matrix."""
    out = xp.tensordot(x, matrix, axes=[[axis], [0]])
    return xp.moveaxis(out, -1, axis)


def _through_float(fn, x, dtype: str):
    """`fn` on floats; integers are rounded and cut to their range on the way back."""
    b = backend.current()
    if dtype.startswith(("float", "bfloat")):
        wide = b.cast(x, "float32") if dtype in ("float16", "bfloat16") else x
        return b.cast(fn(wide), dtype)
    import numpy as np

    out = b.xp.round(fn(b.cast(x, "float32")))
    info = np.iinfo("uint8" if dtype == "bool" else dtype)
    return b.cast(b.xp.clip(out, float(info.min), float(info.max)), dtype)


def _nearest(xp, x, axes, sizes):
    import numpy as np

    for axis, out in zip(axes, sizes):
        size = x.shape[axis]
        if size != out:
            index = np.floor((np.arange(out, dtype="float32") + 0.5) * np.float32(size / out)).astype("int32")
            x = xp.take(x, convert(np.minimum(index, size - 1)), axis=axis)
    return x


def _resample(x, axes, sizes, method, antialias):
    b = backend.current()
    if method == "nearest":
        return _nearest(b.xp, x, axes, sizes)

    def smooth(x):
        for axis, out in zip(axes, sizes):
            size = x.shape[axis]
            if size != out:
                x = _contract(b.xp, x, axis, convert(_static_weights(size, out, method, antialias), b.dtype(x)))
        return x

    return _through_float(smooth, x, b.dtype(x))


def _axes_of(images, data_format) -> tuple[int, int]:
    rank = len(images.shape)
    if rank not in (3, 4):
        raise ValueError(
            "Images must be (height, width, channels) or a batch of them (4 axes), or with the channels first; "
            f"the shape is {tuple(images.shape)}."
        )
    return (rank - 2, rank - 1) if data_format == "channels_first" else (rank - 3, rank - 2)


def _pads(rank, axes, amounts):
    pads = [(0, 0)] * rank
    for axis, pad in zip(axes, amounts):
        pads[axis] = pad
    return pads


def _crop_to_ratio(x, axes, size):
    height, width = (x.shape[a] for a in axes)
    new_height = max(min(height, int(width * size[0] / size[1])), 1)
    new_width = max(min(width, int(height * size[1] / size[0])), 1)
    top, left = (height - new_height) // 2, (width - new_width) // 2
    cut = [slice(None)] * len(x.shape)
    cut[axes[0]], cut[axes[1]] = slice(top, top + new_height), slice(left, left + new_width)
    return x[tuple(cut)]


def _pad_to_ratio(xp, x, axes, size, fill_value):
    height, width = (x.shape[a] for a in axes)
    new_height = max(height, int(width * size[0] / size[1]))
    new_width = max(width, int(height * size[1] / size[0]))
    # As much on both sides: an odd number of missing cells is rounded down, as in Keras.
    amounts = [((new - old) // 2,) * 2 for new, old in ((new_height, height), (new_width, width))]
    return xp.pad(x, _pads(len(x.shape), axes, amounts), constant_values=fill_value)


@op
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Images in another size; pixels are areas, so their centres lie half a pixel from the edge.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        size: (height, width) of the result.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", or "area", the mean of what a pixel covers.
        antialias: whether to widen the kernel when shrinking, so that every pixel counts.
        crop_to_aspect_ratio: first cut the images to the proportions of `size`.
        pad_to_aspect_ratio: first surround them by `fill_value` until they have the proportions of `size`.
        fill_mode: "constant", which is all there is.
        fill_value: what the padding holds.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the dtype of `images`; integers are rounded.

    Raises:
        ValueError: for another `interpolation`, `fill_mode` or form of `size`, or if both ratios are to be kept.

    Source: Keys (1981), https://doi.org/10.1109/TASSP.1981.1163711 ("bicubic"); Duchon (1979) (Lanczos)

    >>> kerata.ops.image.resize([[[0.0], [1.0]]], (1, 4))  # [[[0], [0.25], [0.75], [1]]]
    """
    if interpolation not in METHODS:
        raise ValueError(f"resize(): `interpolation` must be one of {', '.join(METHODS)}; it is {interpolation!r}.")
    if len(tuple(size)) != 2:
        raise ValueError(f"resize(): `size` must be (height, width); it is {size}.")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("resize(): crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other.")
    if fill_mode != "constant":
        raise ValueError(f"resize(): `fill_mode` must be 'constant'; it is {fill_mode!r}.")
    size = tuple(int(s) for s in size)
    images, xp = arrays(images)
    axes = _axes_of(images, standardize_data_format(data_format))
    if crop_to_aspect_ratio:
        images = _crop_to_ratio(images, axes, size)
    elif pad_to_aspect_ratio:
        images = _pad_to_ratio(xp, images, axes, size, fill_value)
    if tuple(images.shape[a] for a in axes) == size:
        return images
    native = getattr(getattr(backend.current(), "image", None), "resize", None)
    if native is not None:
        out = native(images, axes, size, interpolation, antialias)
        if out is not NotImplemented:
            return out
    return _resample(images, axes, size, interpolation, antialias)


@op
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """Resamples along some axes: place y of the result holds place `(y - translation) / scale` of the input.

    Args:
        images: tensor of any shape.
        output_shape: the whole shape of the result.
        scale, translation: one number an axis in `spatial_dims` (a vector or tensor); translations in cells of
            the result.
        spatial_dims: the axes to resample.
        method: "linear", "cubic", "lanczos3" or "lanczos5" (also "bilinear", "bicubic" and so on).
        antialias: whether to widen the kernel when shrinking.

    Returns:
        Tensor of that shape and the dtype of `images`; 0 where a place lies outside the input.

    Raises:
        ValueError: for another method.

    >>> x = np.array([[0.0], [1.0]], "float32")
    >>> kerata.ops.image.scale_and_translate(x, (4, 1), [2.0], [0.0], (0,), "linear")  # [[0], [0.25], [0.75], [1]]
    """
    if method not in _KERNELS:
        raise ValueError(f"scale_and_translate(): `method` must be one of {', '.join(_KERNELS)}; it is {method!r}.")
    images, xp = arrays(images)
    b = backend.current()
    scale, translation = convert(scale, "float32"), convert(translation, "float32")

    def smooth(x):
        for i, axis in enumerate(spatial_dims):
            axis %= len(x.shape)
            w = weights(xp, x.shape[axis], int(output_shape[axis]), scale[i], translation[i], method, antialias)
            x = _contract(xp, x, axis, b.cast(w, b.dtype(x)))
        return x

    return _through_float(smooth, images, b.dtype(images))
