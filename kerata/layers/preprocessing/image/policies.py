"""Layers that draw from many changes: RandAugment and AugMix."""

from __future__ import annotations

import functools

from kerata import ops, random
from kerata.core import tree
from kerata.layers.preprocessing.image import affine, colors, filters, tones
from kerata.layers.preprocessing.image.random_base import RandomImageLayer, check_value_range, limits

_ORDER = ("random_shear", "random_translation", "random_rotation", "random_brightness", "random_color_degeneration",
          "random_contrast", "random_sharpness", "random_posterization", "solarization", "auto_contrast",
          "equalization")  # fmt: skip
_COLORS = {"random_brightness": colors.RandomBrightness, "random_color_degeneration": colors.RandomColorDegeneration,
           "random_contrast": colors.RandomContrast, "random_sharpness": filters.RandomSharpness}  # fmt: skip


class PolicyLayer(RandomImageLayer):
    """A layer that holds layers of other kinds, and draws which of them change a batch, all with one strength.

    Args:
        factor: strength from 0 to 1: (lower, upper), or one number for (0, number).
    """

    def __init__(self, value_range=(0, 255), factor=0.5, interpolation="bilinear", **kwargs):
        super().__init__(**kwargs)
        affine.check_sampling(type(self).__name__, interpolation)
        self.value_range = check_value_range(value_range, type(self).__name__)
        self.factor = limits(factor, "factor", type(self).__name__, least=0)
        self.interpolation = interpolation

    def _common(self) -> dict:
        return {"data_format": self.data_format, "dtype": self.dtype_policy,
                "bounding_box_format": self.bounding_box_format}  # fmt: skip

    def _make_moves(self) -> None:
        f, common = self.factor, {**self._common(), "seed": self.seed, "interpolation": self.interpolation}
        self.random_shear = affine.RandomShear(f, f, **common)
        self.random_translation = affine.RandomTranslation(f, f, **common)
        self.random_rotation = affine.RandomRotation(f, **common)

    def _make_colors(self) -> None:
        for name, kind in _COLORS.items():
            setattr(self, name, kind(self.factor, value_range=self.value_range, seed=self.seed, **self._common()))

    def _make_tones(self, bits: int) -> None:
        common = {**self._common(), "value_range": self.value_range}
        self.solarization = tones.Solarization(self.factor, self.factor, seed=self.seed, **common)
        self.random_posterization = tones.RandomPosterization(bits, seed=self.seed, **common)
        self.auto_contrast = tones.AutoContrast(**common)
        self.equalization = tones.Equalization(**common)

    def _choices(self) -> list:
        return [getattr(self, name) for name in _ORDER if hasattr(self, name)]

    def _draw_each(self, images) -> dict:
        """What each layer draws, by its name among the attributes; the layers without chance draw nothing."""
        names = [n for n in _ORDER if isinstance(getattr(self, n, None), RandomImageLayer)]
        return {n: getattr(self, n).get_random_transformation(images) for n in names}

    def _changed(self, which, method: str, value, drawn, **more):
        """`value` after the layer number `which`; a number beyond the last changes nothing."""
        names = [n for n in _ORDER if hasattr(self, n)]
        branches = [functools.partial(self._after, n, method, drawn.get(n), more) for n in names]
        branches.append(lambda value: value)
        known = _known(which)
        if known is not None:
            return branches[known](value)
        out = ops.switch(which, branches, value)
        return tree.map_structure(lambda x, y: ops.reshape(y, ops.shape(x)), value, out)  # a graph forgets the shape

    def _after(self, name: str, method: str, drawn, more: dict, value):
        out = getattr(getattr(self, name), method)(value, drawn, training=True, **more)
        return tree.map_structure(lambda x, y: ops.cast(y, ops.dtype(x)), value, out)  # as the other branches

    def _draw_index(self, many: int, count: int, seed):
        """`many` integers from 0 to count - 1."""
        draws = random.uniform((many,), dtype="float32", seed=seed)
        return ops.cast(ops.floor(draws * count), "int32")


class RandAugment(PolicyLayer):
    """Applies some of eleven changes, drawn for each batch, one after the other, in training.

    They are shear, translation, rotation, brightness, color degeneration, contrast, sharpness, posterization,
    solarization, auto contrast and equalization, all with one strength.

    Args:
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        num_ops: integer: how many changes; 2 by default.
        factor: the strength, from 0 to 1: (lower, upper), or one number (0.5 by default) for (0, number).
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Masks and boxes move with the images.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and perhaps "labels", "segmentation_masks"
        and "bounding_boxes".
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    Source: Cubuk et al. (2019), "RandAugment", https://arxiv.org/abs/1909.13719.

    >>> from kerata import layers, ops
    >>> layers.RandAugment()(ops.ones((1, 8, 8, 3)), training=True).shape  # (1, 8, 8, 3)
    """

    def __init__(self, value_range=(0, 255), num_ops=2, factor=0.5, interpolation="bilinear", seed=None, data_format=None,
                 **kwargs):  # fmt: skip
        super().__init__(value_range=value_range, factor=factor, interpolation=interpolation, seed=seed,
                         data_format=data_format, **kwargs)  # fmt: skip
        self.num_ops = num_ops
        self._make_moves()
        self._make_colors()
        self._make_tones(4)

    def draw(self, images, seed):
        which = self._draw_index(self.num_ops, len(self._choices()), seed)
        return {"layer_idxes": which, "transforms": self._draw_each(images)}

    def _all(self, method: str, value, drawn, **more):
        for i in range(self.num_ops):
            value = self._changed(drawn["layer_idxes"][i], method, value, drawn["transforms"], **more)
        return value

    def apply(self, images, drawn):
        return self._all("transform_images", images, drawn)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        if not training or transformation is None:
            return segmentation_masks
        return self._all("transform_segmentation_masks", segmentation_masks, transformation)

    def transform_bounding_boxes(self, bounding_boxes, transformation, training=True, size=None):
        if not training or transformation is None:
            return bounding_boxes
        return self._all("transform_bounding_boxes", bounding_boxes, transformation, size=size)


class AugMix(PolicyLayer):
    """Mixes images with what several chains of changes make of them, in training.

    `m images + (1 - m) sum(w_i chain_i(images))` with m drawn from Beta(alpha, alpha) and w from
    Dirichlet(alpha), one for the batch. A chain has up to `chain_depth` of the changes that `RandAugment`
    lists.

    Args:
        value_range: the lowest and the highest value of pixels; (0, 255) by default.
        num_chains: integer: how many chains; 3 by default.
        chain_depth: integer: the most changes in a chain; 3 by default.
        factor: the strength, from 0 to 1: (lower, upper), or one number (0.3 by default) for (0, number).
        alpha: positive number: the higher, the more even the mixture; 1.0 by default.
        all_ops: whether brightness, color degeneration, contrast and sharpness are among the changes; True by
            default.
        interpolation: "bilinear" (the default) or "nearest"; masks always take the nearest pixel.
        seed: integer; None (the default) for a draw from the global seed.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.

    Input shape:
        `(height, width, channels)` or `(batch, height, width, channels)`, or channels before height with
        "channels_first"; or a dictionary with these as "images", and more, which stays as it is.
    Output shape:
        The input's, in the layer's float dtype.

    Raises:
        ValueError: if an argument is out of its range, or the input has other axes.

    Source: Hendrycks et al. (2020), "AugMix: A Simple Data Processing Method to Improve Robustness and
    Uncertainty".

    >>> from kerata import layers, ops
    >>> layers.AugMix()(ops.ones((1, 8, 8, 3)), training=True).shape  # (1, 8, 8, 3)
    """

    def __init__(self, value_range=(0, 255), num_chains=3, chain_depth=3, factor=0.3, alpha=1.0, all_ops=True,
                 interpolation="bilinear", seed=None, data_format=None, **kwargs):  # fmt: skip
        super().__init__(value_range=value_range, factor=factor, interpolation=interpolation, seed=seed,
                         data_format=data_format, **kwargs)  # fmt: skip
        self.num_chains, self.chain_depth = num_chains, chain_depth
        self.alpha, self.all_ops = alpha, all_ops
        self._make_moves()
        self._make_tones(2)
        if all_ops:
            self._make_colors()

    def draw(self, images, seed):
        """One number of a layer for each place in the chains, one chain after the other, and what that layer draws."""
        count, slots = len(self._choices()), self.num_chains * self.chain_depth
        depth = self._draw_index(self.num_chains, self.chain_depth + 1, seed)
        empty = ops.arange(slots, dtype="int32") % self.chain_depth >= ops.repeat(depth, self.chain_depth)
        gammas = random.gamma((self.num_chains,), self.alpha, dtype="float32", seed=seed)
        return {
            "chain_mixing_weights": gammas / ops.sum(gammas),
            "weight_sample": random.beta((), self.alpha, self.alpha, dtype="float32", seed=seed),
            "layer_idxes": ops.where(empty, count, self._draw_index(slots, count, seed)),
            "transforms": self._draw_slots(images, slots),
        }

    def _draw_slots(self, images, slots: int) -> dict:
        """`_draw_each` for each place in the chains, stacked: what is drawn depends on the images' sizes alone."""
        batch, shape = ops.shape(images)[0], list(ops.shape(images))
        shape[self._channel_axis] = 0
        drawn = self._draw_each(ops.zeros((batch * slots, *shape[1:])))
        return tree.map_structure(lambda x: ops.reshape(x, (slots, batch, *ops.shape(x)[1:])), drawn)

    def apply(self, images, drawn):
        which, depth = drawn["layer_idxes"], self.chain_depth
        own = ops.cast(drawn["weight_sample"], self._float_dtype)
        weights = (1 - own) * ops.cast(drawn["chain_mixing_weights"], self._float_dtype)

        def step(i, state):
            changed, mixed = state
            changed = ops.where(i % depth == 0, images, changed)
            here = tree.map_structure(lambda x: x[i], drawn["transforms"])
            changed = ops.cast(self._changed(which[i], "transform_images", changed, here), self._float_dtype)
            last = ops.cast(i % depth == depth - 1, self._float_dtype)
            return changed, mixed + last * weights[i // depth] * changed

        state = (images, own * images)
        if _known(which[0]) is None and depth:  # a loop in the program: it holds each kind of change once
            return ops.fori_loop(0, which.shape[0], step, state)[1]
        for i in range(which.shape[0]):
            state = step(i, state)
        return state[1]

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return segmentation_masks

    def _moves(self, training) -> bool:
        return False


def _known(index) -> int | None:
    """The value of an integer tensor; None where a program is traced that will only compute it."""
    try:
        return int(ops.convert_to_numpy(index))
    except (TypeError, ValueError, NotImplementedError, AttributeError, RuntimeError):
        return None
