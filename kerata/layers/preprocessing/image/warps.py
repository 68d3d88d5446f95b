"""Layers that bend images at random: RandomPerspective and RandomElasticTransform."""

from __future__ import annotations

from kerata import backend, ops, random
from kerata.layers.preprocessing.image.affine import bounds, check_sampling, corner_points
from kerata.layers.preprocessing.image.random_base import RandomImageLayer, check_value_range, limits
from kerata.ops import _image_warp
from kerata.ops._op import op


class RandomPerspective(RandomImageLayer):
    """Shows images as if from another place, each with a random probability, in training.

    The upper left corner stays; the upper right one moves along its row, the lower left one along its column,
    the fourth anywhere; each by up to half of `scale` of the image's size.

    Args:
        factor: the probability: (lower, upper), between which it is drawn for each image, or one number for
            (0, number); from 0 to 1.
        scale: how far the corners move, from 0 to 1 (the default).
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        fill_value: the number that stands beyond the edges; 0.0 by default.
        seed: integer; None (the default) for a draw from the global seed.
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
        TypeError: if `scale` is no number.

    >>> from kerata import layers, ops
    >>> layers.RandomPerspective(scale=0.3)(ops.ones((1, 8, 8, 3)), training=True).shape  # (1, 8, 8, 3)
    """

    def __init__(self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None,
                 **kwargs):  # fmt: skip
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        check_sampling("RandomPerspective", interpolation)
        if not isinstance(scale, int | float):
            raise TypeError(f"`scale` of RandomPerspective must be a number from 0 to 1; got {scale!r}.")
        self.factor = limits(factor, "factor", "RandomPerspective")
        self.scale = limits(scale, "scale", "RandomPerspective")[1]
        self.interpolation, self.fill_value = interpolation, fill_value

    def draw(self, images, seed):
        chosen = self._chosen(images, self.factor, seed)
        x, y = (ops.cast(n, self._float_dtype) - 1 for n in reversed(self._size(images)))
        corners = ops.stack([ops.stack(p) for p in ([x * 0, y * 0], [x, y * 0], [x * 0, y], [x, y])])
        start = ops.tile(ops.expand_dims(corners, 0), (ops.shape(images)[0], 1, 1))
        end = start * self._uniform(images, (1 - self.scale / 2, 1 + self.scale / 2), seed, (4, 2))
        return {"apply_perspective": chosen, "start_points": start, "end_points": end}

    def _warped(self, images, drawn, interpolation):
        warped = ops.image.perspective_transform(
            images, drawn["start_points"], drawn["end_points"], interpolation=interpolation, fill_value=self.fill_value,
            data_format=self.data_format,
        )  # fmt: skip
        return self._only(drawn["apply_perspective"], warped, images)

    def apply(self, images, drawn):
        return self._warped(images, drawn, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._warped(segmentation_masks, transformation, "nearest")

    def transform_corners(self, corners, transformation, size):
        start, end = (ops.cast(transformation[k], "float32") for k in ("start_points", "end_points"))
        a = ops.reshape(_homography(start, end), (-1, 8, 1, 1))
        xs, ys = corner_points(corners)
        depth = a[:, 6] * xs + a[:, 7] * ys + 1
        new_x = (a[:, 0] * xs + a[:, 1] * ys + a[:, 2]) / depth
        new_y = (a[:, 3] * xs + a[:, 4] * ys + a[:, 5]) / depth
        chosen = ops.reshape(transformation["apply_perspective"], (-1, 1, 1))
        return ops.where(chosen, bounds(new_x, new_y), corners)


def _homography(start, end):
    """The 8 numbers of the perspective map that takes each point of `start` to its point of `end`, both (batch, 4, 2)."""
    x, y, u, v = start[..., 0], start[..., 1], end[..., 0], end[..., 1]
    one, nil = ops.ones_like(x), ops.zeros_like(x)
    rows_u = ops.stack([x, y, one, nil, nil, nil, -u * x, -u * y], axis=-1)
    rows_v = ops.stack([nil, nil, nil, x, y, one, -v * x, -v * y], axis=-1)
    return ops.solve(ops.concatenate([rows_u, rows_v], axis=1), ops.expand_dims(ops.concatenate([u, v], axis=1), -1))


@op
def _displaced(images, field, interpolation, fill_mode, fill_value, data_format):
    """Images whose pixels are those at the places that `field`, (batch, 2, height, width), says: down and right."""
    x, undo = _image_warp._batched(images, data_format, "RandomElasticTransform")
    ys, xs = _image_warp._grid(*backend.current().shape(x)[1:3])
    return undo(_image_warp._warp(x, ys + field[:, 0], xs + field[:, 1], interpolation, fill_mode, fill_value))


def _smoothing(size, sigma):
    """The symmetric matrix that blurs a line of `size` pixels by a Gaussian, with zeros outside."""
    i = ops.arange(size, dtype="float32")
    total = 2 * ops.sum(ops.exp(-0.5 * ops.square(i / sigma))) - 1
    return ops.exp(-0.5 * ops.square((ops.expand_dims(i, 1) - i) / sigma)) / total


class RandomElasticTransform(RandomImageLayer):
    """Bends images like rubber, each with a random probability, in training.

    Each pixel moves by normal noise that is blurred (standard deviation `0.05 s min(height, width)` pixels)
    and multiplied by `0.1 s max(height, width)`, with s drawn for each batch.

    Args:
        factor: the probability: (lower, upper), between which it is drawn for each image, or one number for
            (0, number); from 0 to 1.
        scale: s, from 0 to 1: (lower, upper), or one number (1.0 by default) for (0, number).
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        fill_mode: what stands beyond the edges: "reflect" (the default), "constant" (`fill_value`), "wrap",
            "nearest" or "mirror".
        fill_value: the number for "constant"; 0.0 by default.
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.
        NotImplementedError: if there are bounding boxes: a bent image does not tell where they are.

    Source: Simard et al. (2003), "Best Practices for Convolutional Neural Networks Applied to Visual Document
    Analysis".

    >>> from kerata import layers, ops
    >>> layers.RandomElasticTransform()(ops.ones((1, 8, 8, 3)), training=True).shape  # (1, 8, 8, 3)
    """

    def __init__(self, factor=1.0, scale=1.0, interpolation="bilinear", fill_mode="reflect", fill_value=0.0,
                 value_range=(0, 255), seed=None, data_format=None, **kwargs):  # fmt: skip
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        check_sampling("RandomElasticTransform", interpolation, fill_mode)
        self.factor = limits(factor, "factor", "RandomElasticTransform")
        self.scale = limits(scale, "scale", "RandomElasticTransform")
        self.interpolation, self.fill_mode, self.fill_value = interpolation, fill_mode, fill_value
        self.value_range = check_value_range(value_range, "RandomElasticTransform")

    def draw(self, images, seed):
        """Which images are changed, s, and how far each pixel moves: (batch, 2, height, width), down and right."""
        chosen = self._chosen(images, self.factor, seed)
        scale = ops.cast(self._uniform(ops.zeros((1,)), self.scale, seed, ())[0], "float32")
        height, width = self._size(images)
        noise = random.normal((ops.shape(images)[0], 2, height, width), dtype="float32", seed=seed)
        sigma = ops.maximum(0.05 * scale * ops.cast(ops.minimum(height, width), "float32"), 1e-3)
        field = ops.matmul(ops.matmul(_smoothing(height, sigma), noise), _smoothing(width, sigma))
        way = 0.1 * scale * ops.cast(ops.maximum(height, width), "float32")
        return {"apply_transform": chosen, "distortion_factor": scale, "field": field * way}

    def _bent(self, images, drawn, interpolation):
        field = ops.cast(drawn["field"], "float32")
        bent = _displaced(images, field, interpolation, self.fill_mode, self.fill_value, self.data_format)
        return self._only(drawn["apply_transform"], bent, images)

    def apply(self, images, drawn):
        return ops.clip(self._bent(images, drawn, self.interpolation), *self.value_range)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._bent(segmentation_masks, transformation, "nearest")

    def transform_corners(self, corners, transformation, size):
        raise NotImplementedError(
            f"Layer {self.name!r} (RandomElasticTransform) cannot move 'bounding_boxes': a bent image has no telling where "
            "they are. Use segmentation masks, or a layer such as RandomPerspective."
        )
