"""Sampling images at computed places: affine, perspective and elastic transforms."""

from __future__ import annotations

import itertools
import math

from kerata import backend
from kerata.core import dtypes
from kerata.core.config import standardize_data_format
from kerata.ops._op import arrays, convert, op

INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def _choice(value, among, name: str, op_name: str):
    if value not in among:
        raise ValueError(f"{op_name}(): `{name}` must be one of {', '.join(among)}; it is {value!r}.")


def _inside(xp, index, size: int, mode: str):
    """An index of each cell after the edge's rule, and where the cell exists (None: everywhere)."""
    if mode == "constant":
        return xp.clip(index, 0, size - 1), xp.logical_and(index >= 0, index < size)
    if mode == "nearest":
        return xp.clip(index, 0, size - 1), None
    if mode == "wrap":
        return xp.remainder(index, size), None
    if mode == "mirror":  # the edge is not repeated: period 2 * (size - 1)
        half = size - 1
        return (index * 0 if half == 0 else half - xp.abs(xp.remainder(index, 2 * half) - half)), None
    around = xp.remainder(index, 2 * size)
    return xp.minimum(around, 2 * size - 1 - around), None


def _round(xp, x):
    """To the nearest integer, halves away from 0."""
    return xp.where(x < 0, xp.ceil(x - 0.5), xp.floor(x + 0.5))


def _corners(xp, place, size: int, order: int, mode: str):
    """The cells that a sample at `place` takes from, along one axis: (index, where it exists, weight) of each."""
    cast = backend.current().cast
    if order == 0:
        return [(*_inside(xp, cast(_round(xp, place), "int32"), size, mode), None)]
    low = xp.floor(place)
    above = place - low
    cells = ((low, 1 - above), (low + 1, above))
    return [(*_inside(xp, cast(index, "int32"), size, mode), weight) for index, weight in cells]


def sample(table, sizes, places, order: int, mode: str, fill_value, base=None):
    """Interpolate at `places` between the cells of a grid.

    `table` has one row a cell (grids of `sizes` flattened, several grids one after the other); `places` is a list of
    coordinate arrays of one shape, one an axis; `base` is the row at which each sample's grid begins. The result has
    the places' shape and then the row's.
    """
    b = backend.current()
    xp = b.xp
    axes = [_corners(xp, place, size, order, mode) for place, size in zip(places, sizes)]
    wide = (..., *[None] * (len(table.shape) - 1))
    out = None
    for corner in itertools.product(*axes):
        row, weight, valid = None, None, None
        for (index, exists, w), size in zip(corner, sizes):
            row = index if row is None else row * size + index
            weight = w if weight is None else weight * w
            valid = exists if valid is None else xp.logical_and(valid, exists)
        value = xp.take(table, row if base is None else base + row, axis=0)
        if valid is not None:
            value = xp.where(valid[wide], value, xp.full_like(value, fill_value))
        if weight is not None:
            value = value * b.cast(weight, b.dtype(value))[wide]
        out = value if out is None else out + value
    return out


def _as_float(x):
    b = backend.current()
    name = b.dtype(x)
    return x if dtypes.is_float(name) and name not in ("float16", "bfloat16") else b.cast(x, "float32")


def _as_before(out, dtype: str):
    """Back to the images' dtype; integers are rounded."""
    b = backend.current()
    if b.dtype(out) == dtype:
        return out
    return b.cast(out if dtypes.is_float(dtype) else _round(b.xp, out), dtype)


@op
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Values of a grid at fractional places: the sample at c is `inputs[c[0], c[1], ...]`.

    Args:
        inputs: tensor with n axes.
        coordinates: the places in cells, (n, *shape).
        order: 0 for the nearest cell, 1 for linear interpolation.
        fill_mode: beyond the edges: "constant" (`fill_value`), "nearest" (the edge), "wrap" (the other end),
            "mirror" (about the last cell's centre) or "reflect" (about its outer edge).
        fill_value: for "constant"; integers take its whole part.

    Returns:
        Tensor (*shape) of the dtype of `inputs`; integers are rounded.

    Raises:
        ValueError: for another `order` or `fill_mode`, or if the coordinates do not have n rows.

    >>> kerata.ops.image.map_coordinates([[1.0, 2.0], [3.0, 4.0]], [[0.5], [0.5]], order=1)  # [2.5]
    """
    _choice(fill_mode, FILL_MODES, "fill_mode", "map_coordinates")
    if order not in (0, 1):
        raise ValueError(f"map_coordinates(): `order` must be 0 or 1; it is {order}.")
    inputs, xp = arrays(inputs)
    dtype = backend.current().dtype(inputs)
    coordinates = _as_float(convert(coordinates))
    if len(coordinates.shape) < 2 or coordinates.shape[0] != len(inputs.shape):
        raise ValueError(
            "map_coordinates(): the first axis of `coordinates` must have one entry for each axis of `inputs`, and "
            f"there must be at least one more; the shapes are {tuple(coordinates.shape)} and {tuple(inputs.shape)}."
        )
    fill_value = fill_value if dtypes.is_float(dtype) or hasattr(fill_value, "shape") else int(fill_value)
    places = [coordinates[i] for i in range(len(inputs.shape))]
    out = sample(_as_float(xp.reshape(inputs, (-1,))), inputs.shape, places, order, fill_mode, fill_value)
    return _as_before(out, dtype)


def _batched(images, data_format, op_name: str):
    """Channels-last images with a batch axis, and a function that undoes that."""
    xp = backend.current().xp
    rank = len(images.shape)
    if rank not in (3, 4):
        raise ValueError(
            f"{op_name}(): images must have 3 axes, or 4 with the batch; the shape is {tuple(images.shape)}."
        )
    first = standardize_data_format(data_format) == "channels_first"
    x = images if rank == 4 else xp.expand_dims(images, 0)
    x = xp.permute_dims(x, (0, 2, 3, 1)) if first else x

    def undo(out):
        out = xp.permute_dims(out, (0, 3, 1, 2)) if first else out
        return out if rank == 4 else xp.squeeze(out, axis=0)

    return x, undo


def _grid(height, width):
    xp = backend.current().xp
    ys = xp.reshape(xp.arange(height, dtype="float32"), (1, -1, 1))
    xs = xp.reshape(xp.arange(width, dtype="float32"), (1, 1, -1))
    return ys, xs


def _warp(images, ys, xs, interpolation, fill_mode, fill_value):
    """Channels-last images (batch, h, w, c) sampled at the places ys, xs (batch or 1, h, w)."""
    b = backend.current()
    xp = b.xp
    batch, height, width, channels = b.shape(images)
    table = xp.reshape(_as_float(images), (-1, channels))
    base = xp.reshape(xp.arange(batch, dtype="int32") * (height * width), (-1, 1, 1))
    order = INTERPOLATIONS.index(interpolation)
    out = sample(table, (height, width), [ys, xs], order, fill_mode, fill_value, base)
    return _as_before(out, b.dtype(images))


@op
def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None
):
    """Images moved by an affine map: pixel (x, y) of the result shows place `(a0 x + a1 y + a2, b0 x + b1 y + b2)`.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        transform: [a0, a1, a2, b0, b1, b2, c0, c1], (8,) or one for each image (batch, 8); c0 and c1, which a
            perspective map would have, are not used.
        interpolation: "nearest" or "bilinear".
        fill_mode: beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect"; see `map_coordinates`.
        fill_value: for "constant".
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the shape and dtype of `images`.

    Raises:
        ValueError: for another choice, or another shape of `transform`.

    >>> shift = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0]
    >>> kerata.ops.image.affine_transform(np.array([[[5.0], [6.0], [7.0]]]), shift)  # [[[6], [7], [0]]]
    """
    _choice(interpolation, INTERPOLATIONS, "interpolation", "affine_transform")
    _choice(fill_mode, FILL_MODES, "fill_mode", "affine_transform")
    images, xp = arrays(images)
    transform = convert(transform, "float32")
    if len(transform.shape) not in (1, 2) or transform.shape[-1] != 8:
        raise ValueError(f"affine_transform(): `transform` must be (8,) or (batch, 8); it is {tuple(transform.shape)}.")
    x, undo = _batched(images, data_format, "affine_transform")
    a = xp.reshape(transform, (-1, 8, 1, 1))
    ys, xs = _grid(*backend.current().shape(x)[1:3])
    to_x = a[:, 0] * xs + a[:, 1] * ys + a[:, 2]
    to_y = a[:, 3] * xs + a[:, 4] * ys + a[:, 5]
    return undo(_warp(x, to_y, to_x, interpolation, fill_mode, fill_value))


def _homography(start, end):
    """The 8 numbers that take each `end` point (x, y) to its `start` point, (batch, 8, 1)."""
    xp = backend.current().xp
    x, y = end[..., 0], end[..., 1]
    u, v = start[..., 0], start[..., 1]
    one, nil = xp.ones_like(x), xp.zeros_like(x)
    rows_u = xp.stack([x, y, one, nil, nil, nil, -u * x, -u * y], axis=-1)
    rows_v = xp.stack([nil, nil, nil, x, y, one, -v * x, -v * y], axis=-1)
    matrix = xp.concat([rows_u, rows_v], axis=1)
    return xp.linalg.solve(matrix, xp.expand_dims(xp.concat([u, v], axis=1), -1))


@op
def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Images warped so that four points come to lie on four others.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        start_points: four points (x, y) of the images, (4, 2) or (batch, 4, 2), in pixels.
        end_points: where they go, in the same form.
        interpolation: "nearest" or "bilinear".
        fill_value: what shows beyond the edges.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the shape and dtype of `images`.

    Raises:
        ValueError: for another interpolation, or other shapes of the points.

    >>> corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> x = np.array([[[1.0], [2.0]], [[3.0], [4.0]]])
    >>> kerata.ops.image.perspective_transform(x, corners, corners[[1, 0, 3, 2]])  # [[[2], [1]], [[4], [3]]]
    """
    _choice(interpolation, INTERPOLATIONS, "interpolation", "perspective_transform")
    images, xp = arrays(images)
    start, end = convert(start_points, "float32"), convert(end_points, "float32")
    for name, points in (("start_points", start), ("end_points", end)):
        if len(points.shape) not in (2, 3) or tuple(points.shape[-2:]) != (4, 2):
            raise ValueError(
                f"perspective_transform(): `{name}` must be (4, 2) or (batch, 4, 2); its shape is {tuple(points.shape)}."
            )
    x, undo = _batched(images, data_format, "perspective_transform")
    start, end = xp.reshape(start, (-1, 4, 2)), xp.reshape(end, (-1, 4, 2))
    a = xp.expand_dims(_homography(start, end), -1)
    ys, xs = _grid(*backend.current().shape(x)[1:3])
    depth = a[:, 6] * xs + a[:, 7] * ys + 1
    to_x = (a[:, 0] * xs + a[:, 1] * ys + a[:, 2]) / depth
    to_y = (a[:, 3] * xs + a[:, 4] * ys + a[:, 5]) / depth
    return undo(_warp(x, to_y, to_x, interpolation, "constant", fill_value))


def _gaussian(size: int, sigma):
    xp = backend.current().xp
    x = xp.arange(size, dtype="float32") - (size - 1) / 2
    w = xp.exp(-0.5 * xp.square(x / sigma))
    return w / xp.sum(w)


def blur_axes(x, kernels):
    """Channels-last `x` (batch, h, w, c) blurred along its height and width by two 1-D kernels; zeros outside."""
    b = backend.current()
    channels = x.shape[-1]
    for axis, kernel in enumerate(kernels):
        shape = [1, 1, 1, 1]
        shape[axis] = kernel.shape[0]
        kernel = b.xp.broadcast_to(b.xp.reshape(b.cast(kernel, b.dtype(x)), shape), (*shape[:2], channels, 1))
        x = b.depthwise_conv(x, kernel, (1, 1), "same", "channels_last", (1, 1))
    return x


@op
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Images blurred by a Gaussian; outside the image there are zeros.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        kernel_size: where to cut the Gaussian off: (height, width) in pixels, or an integer.
        sigma: its standard deviations (height, width) in pixels, or a number.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the shape and dtype of `images`; integers are rounded.

    >>> kerata.ops.image.gaussian_blur(np.ones((1, 3, 3, 1)), 3, 1.0)[0, 1, 1]  # [1]
    """
    images, _ = arrays(images)
    dtype = backend.current().dtype(images)
    x, undo = _batched(images, data_format, "gaussian_blur")
    sizes = (kernel_size, kernel_size) if isinstance(kernel_size, int) else tuple(kernel_size)
    sigma = convert(sigma, "float32")
    if len(sigma.shape) == 0:
        sigma = backend.current().xp.stack([sigma, sigma], axis=0)
    kernels = [_gaussian(int(sizes[i]), sigma[i]) for i in range(2)]
    return undo(_as_before(blur_axes(_as_float(x), kernels), dtype))


@op
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Images warped by a smooth random field, as if drawn on rubber.

    Args:
        images: (height, width, channels) or with a batch axis, or channels first.
        alpha: by how much pixels move: the factor of the field.
        sigma: how smooth the field is: the standard deviation, in pixels, of the Gaussian that blurs normal
            noise.
        interpolation: "nearest" or "bilinear".
        fill_mode: beyond the edges: "constant", "nearest", "wrap", "mirror" or "reflect"; see `map_coordinates`.
        fill_value: for "constant".
        seed: integer (the same field each time), `SeedGenerator` or None.
        data_format: "channels_last" or "channels_first"; `kerata.config.image_data_format()` by default.

    Returns:
        Tensor of the shape and dtype of `images`.

    Raises:
        ValueError: for another choice.

    Source: https://doi.org/10.1109/ICDAR.2003.1227801 (Simard et al., 2003)

    >>> kerata.ops.image.elastic_transform(np.ones((1, 5, 5, 1)), seed=1).shape
    (1, 5, 5, 1)
    """
    from kerata import random

    _choice(interpolation, INTERPOLATIONS, "interpolation", "elastic_transform")
    _choice(fill_mode, FILL_MODES, "fill_mode", "elastic_transform")
    images, _ = arrays(images)
    x, undo = _batched(images, data_format, "elastic_transform")
    batch, height, width, _ = backend.current().shape(x)
    noise = random.normal((batch, height, width, 2), dtype="float32", seed=seed)
    reach = math.ceil(6 * sigma) | 1
    kernel = _gaussian(reach, sigma)
    field = blur_axes(noise, [kernel, kernel]) * alpha
    ys, xs = _grid(height, width)
    return undo(_warp(x, ys + field[..., 0], xs + field[..., 1], interpolation, fill_mode, fill_value))
