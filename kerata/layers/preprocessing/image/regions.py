"""Layers that cut out, erase or mix regions of images: RandomCrop, RandomErasing, CutMix, MixUp."""

from __future__ import annotations

from kerata import ops, random
from kerata.layers.preprocessing.image.random_base import RandomColorLayer, RandomImageLayer, limits


class RandomCrop(RandomImageLayer):
    """Cuts a window out of images, at a random place in training, which is the same for the whole batch.

    In inference, and where images are smaller than the window, the largest window of the wanted proportions
    is taken from the middle and resized.

    Args:
        height, width: integers: the size of the window, in pixels.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "segmentation_masks" and
        "bounding_boxes", which follow.
    Output shape:
        The input's, of the window's size, in the layer's float dtype.

    >>> from kerata import layers, ops
    >>> layers.RandomCrop(2, 4)(ops.ones((1, 6, 6, 3)), training=True).shape  # (1, 2, 4, 3)
    """

    def __init__(self, height, width, seed=None, data_format=None, name=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, name=name, **kwargs)
        self.height, self.width = height, width

    def _new_size(self, size) -> tuple:
        return self.height, self.width

    def draw(self, images, seed):
        size = self._size(images)
        if any(isinstance(have, int) and have < want for have, want in zip(size, self._new_size(size))):
            return None
        draws = random.uniform((2,), dtype="float32", seed=seed)
        room = [ops.cast(have - want + 1, "float32") for have, want in zip(size, self._new_size(size))]
        starts = [ops.cast(ops.floor(draws[i] * room[i]), "int32") for i in range(2)]
        return {"top": starts[0], "left": starts[1]}

    def transform_images(self, images, transformation, training=True):
        images = ops.cast(images, self.compute_dtype)
        return self._resized(images) if transformation is None or not training else self.apply(images, transformation)

    def apply(self, images, drawn):
        for axis, start, size in zip(self._axes, (drawn["top"], drawn["left"]), self._new_size(None)):
            images = ops.take(images, start + ops.arange(size, dtype="int32"), axis=axis % 4)
        return images

    def _resized(self, images):
        return ops.image.resize(
            images, self._new_size(None), crop_to_aspect_ratio=True, data_format=self.data_format
        )

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if training and transformation is not None:
            return self.apply(segmentation_masks, transformation)
        return ops.image.resize(
            segmentation_masks, self._new_size(None), interpolation="nearest", crop_to_aspect_ratio=True,
            data_format=self.data_format,
        )  # fmt: skip

    def _moves(self, training) -> bool:
        return True

    def transform_corners(self, corners, transformation, size):
        if transformation is not None:
            left, top = (ops.cast(transformation[k], corners.dtype) for k in ("left", "top"))
            return corners - ops.stack([left, top, left, top])
        height, width = size
        window = min(height, width * self.height / self.width), min(width, height * self.width / self.height)
        top, left = (height - window[0]) / 2, (width - window[1]) / 2
        y, x = self.height / window[0], self.width / window[1]
        return (corners - ops.convert_to_tensor([left, top, left, top], dtype=corners.dtype)) * ops.convert_to_tensor(
            [x, y, x, y], dtype=corners.dtype
        )


def rectangles(layer, images, shares, seed):
    """Which pixels are in a random rectangle of each image: booleans that broadcast to the images.

    Args:
        layer: the layer that draws.
        images: the batch.
        shares: (batch, 2) parts of the height and the width that the rectangles take.
        seed: for the place, which is anywhere within the image.
    """
    places = layer._uniform(images, (0.0, 1.0), seed, (2,))
    inside = None
    for i, axis in enumerate(layer._axes):
        size = layer._size(images)[i]
        whole = ops.cast(size, "float32")
        length = ops.round(ops.cast(shares[:, i], "float32") * whole)
        start = ops.floor(ops.cast(places[:, i], "float32") * (whole - length + 1))
        start, length = (ops.expand_dims(v, -1) for v in (start, length))
        line = ops.expand_dims(ops.arange(size, dtype="float32"), 0)
        line = ops.logical_and(line >= start, line < start + length)
        shape = [-1, 1, 1, 1]
        shape[axis % 4] = size
        line = ops.reshape(line, shape)
        inside = line if inside is None else ops.logical_and(inside, line)
    return inside


class RandomErasing(RandomColorLayer):
    """Overwrites a rectangle of each image by a number or by noise, in training.

    Args:
        factor: the probability: (lower, upper), between which it is drawn for each image, or one number (1.0
            by default) for (0, number).
        scale: (lower, upper), between which two numbers are drawn for each image, whose square roots are the
            rectangle's parts of height and width; (0.02, 0.33) by default.
        fill_value: the number to write; None (the default) for normal noise, cut to the value range.
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Masks and boxes stay.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    Source: Zhong et al. (2017), "Random Erasing Data Augmentation".

    >>> from kerata import layers, ops
    >>> layer = layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.25), fill_value=0.0)
    >>> ops.sum(layer(ops.ones((4, 4, 1)), training=True))  # 12
    """

    def __init__(self, factor=1.0, scale=(0.02, 0.33), fill_value=None, value_range=(0, 255), seed=None, data_format=None,
                 **kwargs):  # fmt: skip
        super().__init__(value_range=value_range, seed=seed, data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "RandomErasing")
        self.scale = limits(scale, "scale", "RandomErasing", least=0)
        self.fill_value = fill_value

    def draw(self, images, seed):
        chosen = self._chosen(images, self.factor, seed)
        inside = rectangles(self, images, ops.sqrt(self._uniform(images, self.scale, seed, (2,))), seed)
        if self.fill_value is None:
            fill = random.normal(ops.shape(images), dtype="float32", seed=seed) * self.value_range[1]
        else:
            fill = ops.convert_to_tensor(self.fill_value, dtype="float32")
        return {"apply_erasing": chosen, "batch_masks": inside, "fill_value": ops.cast(self._clip(fill), self._float_dtype)}

    def apply(self, images, drawn):
        return self._only(drawn["apply_erasing"], ops.where(drawn["batch_masks"], drawn["fill_value"], images), images)


class MixingLayer(RandomImageLayer):
    """A layer that mixes each image of a batch with another one of it."""

    def _order(self, images, seed):
        """A random permutation of the batch."""
        return ops.cast(ops.argsort(self._uniform(images, (0.0, 1.0), seed, ())), "int32")

    def _beta(self, images, alpha, seed):
        """Draws of a Beta distribution, (batch,). A Beta of numbers near 0 gives 0 or 1."""
        alpha = ops.maximum(ops.cast(alpha, "float32"), 1e-3)
        draws = random.beta((ops.shape(images)[0],), alpha, alpha, dtype="float32", seed=seed)
        return ops.cast(draws, self._float_dtype)

    def _others(self, x, drawn):
        return ops.take(x, drawn["permutation_order"], axis=0)

    def _mixed(self, x, drawn):
        """The weighted means of what belongs to the two images."""
        x = ops.cast(x, self._float_dtype)
        weight = ops.reshape(drawn["mix_weight"], (-1, *[1] * (len(x.shape) - 1)))
        return weight * x + (1 - weight) * self._others(x, drawn)

    def transform_labels(self, labels, transformation, training=True):
        if not training or transformation is None:
            return labels
        return self._mixed(labels, transformation)


class CutMix(MixingLayer):
    """Pastes a rectangle of another image of the batch into each image, in training.

    A weight l is drawn from Beta(a, a) with a drawn from `factor`; the rectangle takes `sqrt(1 - l)` of the
    height and of the width. Labels (one-hot) are mixed in proportion to the areas, masks like the images.

    Args:
        factor: a, from 0 to 1: (lower, upper), or one number (1.0 by default) for (0, number).
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if `factor` is out of its range.
        NotImplementedError: if there are bounding boxes: parts of them would remain.

    Source: Yun et al. (2019), "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
    Features".

    >>> from kerata import layers, ops
    >>> batch = {"images": ops.ones((2, 4, 4, 3)), "labels": ops.eye(2)}
    >>> ops.sum(layers.CutMix()(batch, training=True)["labels"], axis=-1)  # [1, 1]
    """

    def __init__(self, factor=1.0, seed=None, data_format=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.factor = limits(factor, "factor", "CutMix")

    def draw(self, images, seed):
        order = self._order(images, seed)
        weight = self._beta(images, self._uniform(images, self.factor, seed, ()), seed)
        side = ops.sqrt(ops.maximum(1 - weight, 0))
        inside = rectangles(self, images, ops.stack([side, side], axis=-1), seed)
        kept = 1 - ops.mean(ops.cast(inside, self._float_dtype), axis=(1, 2, 3), keepdims=True)
        return {"permutation_order": order, "batch_masks": inside, "mix_weight": kept}

    def apply(self, images, drawn):
        return ops.where(drawn["batch_masks"], self._others(images, drawn), images)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self.apply(segmentation_masks, transformation)

    def transform_corners(self, corners, transformation, size):
        raise NotImplementedError(
            f"Layer {self.name!r} (CutMix) cannot mix 'bounding_boxes': parts of boxes would remain. Use MixUp, or leave "
            "the boxes away."
        )


class MixUp(MixingLayer):
    """Blends each image of a batch with another one of it, in training.

    `w * image + (1 - w) * other` with w drawn from Beta(alpha, alpha) for each image. Labels (one-hot) and
    masks are blended likewise; the boxes of both images remain, twice as many as before.

    Args:
        alpha: number of at least 0: the higher, the more even the blend; 0.2 by default.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if `alpha` is negative or no number.

    Source: Zhang et al. (2018), "mixup: Beyond Empirical Risk Minimization".

    >>> from kerata import layers, ops
    >>> batch = {"images": ops.ones((2, 4, 4, 3)), "labels": ops.eye(2)}
    >>> ops.sum(layers.MixUp()(batch, training=True)["labels"], axis=-1)  # [1, 1]
    """

    def __init__(self, alpha=0.2, data_format=None, seed=None, **kwargs):
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        if not isinstance(alpha, int | float) or alpha < 0:
            raise ValueError(f"`alpha` of MixUp must be a positive number; got {alpha!r}.")
        self.alpha = alpha

    def draw(self, images, seed):
        return {"permutation_order": self._order(images, seed), "mix_weight": self._beta(images, self.alpha, seed)}

    def apply(self, images, drawn):
        return self._mixed(images, drawn)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._mixed(segmentation_masks, transformation)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True, size=None):
        if not training or transformation is None:
            return bounding_boxes
        return {k: ops.concatenate([v, self._others(v, transformation)], axis=1) for k, v in bounding_boxes.items()}
