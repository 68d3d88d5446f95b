"""Layers that turn, move, zoom and shear images at random."""

from __future__ import annotations

import math

from kerata import ops
from kerata.core.errors import unknown_name
from kerata.layers.preprocessing.image.random_base import RandomImageLayer, limits

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
INTERPOLATIONS = ("bilinear", "nearest")


class AffineLayer(RandomImageLayer):
    """A layer that samples images at places `(a0 x + a1 y + a2, b0 x + b1 y + b2)` for each output pixel (x, y).

    A subclass defines `draw`, and `places(drawn, height, width)`, the six numbers, each of shape (batch,).

    Args:
        fill_mode: what stands beyond the edges: "reflect", "constant" (`fill_value`), "wrap", "nearest" or "mirror".
        interpolation: "bilinear" or "nearest"; masks always take the nearest pixel.
        fill_value: number for "constant".
    """

    def __init__(self, fill_mode="reflect", interpolation="bilinear", fill_value=0.0, **kwargs):
        super().__init__(**kwargs)
        check_sampling(type(self).__name__, interpolation, fill_mode)
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value

    def _places(self, drawn, size) -> list:
        height, width = (ops.cast(n, "float32") for n in size)
        return self.places({k: ops.cast(v, "float32") for k, v in drawn.items()}, height, width)

    def _sampled(self, images, drawn, interpolation):
        numbers = self._places(drawn, self._size(images))
        nil = ops.zeros_like(numbers[0])
        transform = ops.stack([*numbers, nil, nil], axis=-1)
        return ops.image.affine_transform(
            images, transform, interpolation=interpolation, fill_mode=self.fill_mode, fill_value=self.fill_value,
            data_format=self.data_format,
        )  # fmt: skip

    def apply(self, images, drawn):
        return self._sampled(images, drawn, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._sampled(segmentation_masks, transformation, "nearest")

    def transform_corners(self, corners, transformation, size):
        a0, a1, a2, b0, b1, b2 = (ops.reshape(n, (-1, 1, 1)) for n in self._places(transformation, size))
        det = a0 * b1 - a1 * b0
        xs, ys = corner_points(corners)
        xs, ys = xs - a2, ys - b2
        return bounds((b1 * xs - a1 * ys) / det, (a0 * ys - b0 * xs) / det)


def corner_points(corners) -> tuple:
    """x and y of the four corners of boxes, each (..., 4), in numbers of pixels: the middle of the first pixel is 0."""
    left, top, right, bottom = (corners[..., i] - 0.5 for i in range(4))
    return ops.stack([left, right, left, right], axis=-1), ops.stack([top, top, bottom, bottom], axis=-1)


def bounds(xs, ys):
    """(left, top, right, bottom) of the upright boxes around points: the reverse of `corner_points`."""
    sides = [ops.min(xs, axis=-1), ops.min(ys, axis=-1), ops.max(xs, axis=-1), ops.max(ys, axis=-1)]
    return ops.stack(sides, axis=-1) + 0.5


def check_sampling(who: str, interpolation: str, fill_mode: str = "constant") -> None:
    """A ValueError for names that do not exist."""
    for name, value, known in (("interpolation", interpolation, INTERPOLATIONS), ("fill_mode", fill_mode, FILL_MODES)):
        if value not in known:
            raise ValueError(unknown_name(f"`{name}` of {who}", value, known))


def _about_middle(a0, a1, b0, b1, height, width) -> list:
    """The six numbers for a linear map that leaves the middle of the image where it is."""
    x, y = (width - 1) / 2, (height - 1) / 2
    return [a0, a1, x - a0 * x - a1 * y, b0, b1, y - b0 * x - b1 * y]


class RandomRotation(AffineLayer):
    """Turns images about their middle, in training.

    Args:
        factor: angle in full turns, counter-clockwise: (lower, upper), or one number f for (-f, f); from -1
            to 1.
        fill_mode: what stands beyond the edges: "reflect" (the default), "constant" (`fill_value`), "wrap",
            "nearest" or "mirror".
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        seed: integer; None (the default) for a draw from the global seed.
        fill_value: the number for "constant"; 0.0 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Masks and boxes turn as well; a box becomes the upright box around it.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.arange(4.0), (2, 2, 1))
    >>> layers.RandomRotation((0.5, 0.5), interpolation="nearest")(x, training=True)[:, :, 0]  # [[3, 2], [1, 0]]
    """

    def __init__(self, factor, fill_mode="reflect", interpolation="bilinear", seed=None, fill_value=0.0, data_format=None,
                 **kwargs):  # fmt: skip
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)  # fmt: skip
        self.factor = limits(factor, "factor", "RandomRotation", signed=True)

    def draw(self, images, seed):
        return {"angle": self._uniform(images, self.factor, seed, ()) * 360}

    def places(self, drawn, height, width) -> list:
        angle = drawn["angle"] * (math.pi / 180)
        cos, sin = ops.cos(angle), ops.sin(angle)
        return _about_middle(cos, -sin, sin, cos, height, width)


class RandomTranslation(AffineLayer):
    """Moves images, in training.

    Args:
        height_factor: way down in parts of the height: (lower, upper), or one number f for (-f, f); from -1
            to 1.
        width_factor: way to the right in parts of the width, likewise.
        fill_mode: what stands beyond the edges: "reflect" (the default), "constant" (`fill_value`), "wrap",
            "nearest" or "mirror".
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        seed: integer; None (the default) for a draw from the global seed.
        fill_value: the number for "constant"; 0.0 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Masks and boxes move as well.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.arange(4.0), (4, 1, 1))
    >>> layers.RandomTranslation((0.5, 0.5), 0.0, fill_mode="constant")(x, training=True)[:, 0, 0]  # [0, 0, 0, 1]
    """

    def __init__(self, height_factor, width_factor, fill_mode="reflect", interpolation="bilinear", seed=None,
                 fill_value=0.0, data_format=None, **kwargs):  # fmt: skip
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)  # fmt: skip
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_limits = limits(height_factor, "height_factor", "RandomTranslation", signed=True)
        self._width_limits = limits(width_factor, "width_factor", "RandomTranslation", signed=True)

    def draw(self, images, seed):
        height, width = (ops.cast(n, self._float_dtype) for n in self._size(images))
        down = self._uniform(images, self._height_limits, seed, (1,)) * height
        right = self._uniform(images, self._width_limits, seed, (1,)) * width
        return {"translations": ops.concatenate([right, down], axis=-1)}

    def places(self, drawn, height, width) -> list:
        right, down = drawn["translations"][:, 0], drawn["translations"][:, 1]
        one, nil = ops.ones_like(right), ops.zeros_like(right)
        return [one, nil, -right, nil, one, -down]


class RandomZoom(AffineLayer):
    """Makes what images show larger or smaller, about their middle, in training.

    Args:
        height_factor: how much more of the height is shown: 0.2 for a fifth more (smaller), -0.2 for a fifth
            less: (lower, upper), or one number f for (-f, f); from -1 to 1.
        width_factor: likewise for the width; None (the default) to keep the proportions.
        fill_mode: what stands beyond the edges: "reflect" (the default), "constant" (`fill_value`), "wrap",
            "nearest" or "mirror".
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        seed: integer; None (the default) for a draw from the global seed.
        fill_value: the number for "constant"; 0.0 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Masks and boxes follow.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> x = ops.reshape(ops.arange(4.0), (1, 4, 1))
    >>> layers.RandomZoom(0.0, (-0.5, -0.5))(x, training=True)[0, :, 0]  # [0.75, 1.25, 1.75, 2.25]
    """

    def __init__(self, height_factor, width_factor=None, fill_mode="reflect", interpolation="bilinear", seed=None,
                 fill_value=0.0, data_format=None, **kwargs):  # fmt: skip
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)  # fmt: skip
        self.height_factor, self.width_factor = height_factor, width_factor
        self._height_limits = limits(height_factor, "height_factor", "RandomZoom", signed=True)
        self._width_limits = (
            None if width_factor is None else limits(width_factor, "width_factor", "RandomZoom", signed=True)
        )

    def draw(self, images, seed):
        height = self._uniform(images, self._height_limits, seed, (1,)) + 1
        width = height if self._width_limits is None else self._uniform(images, self._width_limits, seed, (1,)) + 1
        return {"height_zoom": height, "width_zoom": width}

    def places(self, drawn, height, width) -> list:
        y, x = drawn["height_zoom"][:, 0], drawn["width_zoom"][:, 0]
        nil = ops.zeros_like(x)
        return _about_middle(x, nil, nil, y, height, width)


class RandomShear(AffineLayer):
    """Shears images, in training.

    Args:
        x_factor: how far rows move against each other, in pixels a row: (lower, upper), taken with either
            sign, or one number f for (-f, f); from 0 to 1; 0.0 by default.
        y_factor: likewise for columns.
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        fill_mode: what stands beyond the edges: "reflect" (the default), "constant" (`fill_value`), "wrap",
            "nearest" or "mirror".
        fill_value: the number for "constant"; 0.0 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Masks and boxes are sheared as well.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    >>> from kerata import layers, ops
    >>> layers.RandomShear(x_factor=0.3, y_factor=0.1)(ops.ones((1, 4, 4, 3)), training=True).shape  # (1, 4, 4, 3)
    """

    def __init__(self, x_factor=0.0, y_factor=0.0, interpolation="bilinear", fill_mode="reflect", fill_value=0.0,
                 data_format=None, seed=None, **kwargs):  # fmt: skip
        super().__init__(fill_mode=fill_mode, interpolation=interpolation, seed=seed, fill_value=fill_value,
                         data_format=data_format, **kwargs)  # fmt: skip
        self.x_factor, self.y_factor = _shear_limits(x_factor, "x_factor"), _shear_limits(y_factor, "y_factor")

    def draw(self, images, seed):
        back = self._uniform(images, (0.0, 1.0), seed, (1,)) > 0.5
        x, y = (self._uniform(images, f, seed, (1,)) for f in (self.x_factor, self.y_factor))
        shears = ops.concatenate([x, y], axis=-1)
        return {"shear_factor": ops.where(back, -shears, shears)}

    def places(self, drawn, height, width) -> list:
        x, y = drawn["shear_factor"][:, 0], drawn["shear_factor"][:, 1]
        one, nil = ops.ones_like(x), ops.zeros_like(x)
        return [one, x, nil, y, one, nil]


def _shear_limits(factor, name: str) -> tuple:
    lower, upper = limits(factor, name, "RandomShear")
    return (-upper, upper) if isinstance(factor, int | float) else (lower, upper)
