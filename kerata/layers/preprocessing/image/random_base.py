"""Bases of the layers that change images at random: draw first, then change all that goes together."""

from __future__ import annotations

from kerata import backend, ops, random
from kerata.core.configurable import as_list
from kerata.layers.preprocessing.image.base import ImageLayer


class RandomImageLayer(ImageLayer):
    """An `ImageLayer` that draws what it does, in training only.

    A subclass defines two things. `draw(images, seed)` gives the random numbers for a batch of images: a dict of
    tensors (or a tensor). `apply(images, drawn)` gives the images, in the layer's float dtype, after what was drawn.
    Where it matters also what `ImageLayer` names: `transform_labels`, `transform_segmentation_masks`,
    `transform_corners`.

    Args:
        seed: integer; by default made from the process's seed.
        bounding_box_format, data_format: as in `ImageLayer`.
    """

    _untracked = frozenset(("_elsewhere",))

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = random.SeedGenerator(seed)
        self._elsewhere: dict = {}  # generators of data pipelines, by backend: no part of the layer's state

    def draw(self, images, seed):
        """The random numbers for these images."""
        raise NotImplementedError(f"{type(self).__name__} must define draw(images, seed).")

    def apply(self, images, drawn):
        """The images after what was drawn."""
        raise NotImplementedError(f"{type(self).__name__} must define apply(images, drawn).")

    def get_random_transformation(self, data, training=True, seed=None):
        """What `draw` gives for these images (a batch, or a dict with one); None where nothing is to happen."""
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        return self.draw(images, self._seed_generator() if seed is None else seed)

    def transform_images(self, images, transformation, training=True):
        images = ops.cast(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        return ops.cast(self.apply(ops.cast(images, self._float_dtype), transformation), self.compute_dtype)

    def _moves(self, training) -> bool:
        return bool(training)

    def _seed_generator(self):
        """The generator for a draw here: that of the layer, or its like on the backend of a data pipeline."""
        b = backend.current()
        if b is self._backend:
            return self.generator
        if b.name not in self._elsewhere:
            self._elsewhere[b.name] = random.SeedGenerator(self.generator.seed)
        return self._elsewhere[b.name]

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "channels_first" else 3

    # -- draws ------------------------------------------------------------------------------------------------
    def _uniform(self, images, limits, seed, shape=(1, 1, 1)):
        """A number from `limits` for each image, of shape (batch, *shape)."""
        draws = random.uniform((ops.shape(images)[0], *shape), dtype="float32", seed=seed)
        return ops.cast(limits[0] + draws * (limits[1] - limits[0]), self._float_dtype)

    def _chosen(self, images, factor, seed):
        """Which images are changed, (batch,): each with a probability of its own from the limits `factor`."""
        chance = self._uniform(images, factor, seed, ())
        return self._uniform(images, (0.0, 1.0), seed, ()) < chance

    def _only(self, chosen, changed, images):
        """The changed images where they were chosen, else the images."""
        return ops.where(ops.reshape(chosen, (-1, 1, 1, 1)), changed, images)


class PixelValues:
    """Mixed into an image layer that changes the values of pixels alone: masks and boxes stay as they are.

    Args:
        value_range: the lowest and the highest value that pixels can have.
    """

    def __init__(self, value_range=(0, 255), **kwargs):
        super().__init__(**kwargs)
        self.value_range = check_value_range(value_range, type(self).__name__)

    def transform_segmentation_masks(self, segmentation_masks, transformation, training=True):
        return segmentation_masks

    def _moves(self, training) -> bool:
        return False


class RandomColorLayer(PixelValues, RandomImageLayer):
    """A `RandomImageLayer` that changes colours alone."""

    def _clip(self, images):
        return ops.clip(images, *self.value_range)


def check_value_range(value_range, who: str):
    """`value_range`, or a ValueError."""
    plain = as_list(value_range)
    if not isinstance(plain, list | tuple) or len(plain) != 2 or plain[0] >= plain[1]:
        raise ValueError(f"`value_range` of {who} must be two numbers (lowest, highest); got {value_range!r}.")
    return plain


def rescaled(images, old, new):
    """Images whose values were in the range `old`, with values in the range `new`."""
    if tuple(old) == tuple(new):
        return images
    return (images - old[0]) * ((new[1] - new[0]) / (old[1] - old[0])) + new[0]


def limits(value, name: str, who: str, signed: bool = False, least: float = -1.0, most: float = 1.0) -> tuple:
    """The (lower, upper) that a factor means: two numbers in order, or one number f for (0, f) or (-f, f).

    Args:
        value: what the user gave.
        name, who: of the argument, and of the layer, for the error.
        signed: whether one number goes in both directions.
        least, most: limits of the limits.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        pair = (-abs(value), abs(value)) if signed else (0, value)
        fine = pair[0] <= pair[1] <= most
    else:
        pair = tuple(value) if isinstance(value, list | tuple) else ()
        fine = len(pair) == 2 and all(isinstance(v, int | float) and least <= v <= most for v in pair)
    if not fine:
        lowest = -most if signed else 0
        raise ValueError(
            f"`{name}` of {who} must be a number from {lowest} to {most}, or two numbers (lower, upper) from {least} to "
            f"{most}; got {value!r}."
        )
    return tuple(sorted(pair))
