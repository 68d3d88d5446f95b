"""Initializer: what gives a weight its first value."""

from __future__ import annotations

import numpy as np

from kerata import backend
from kerata.core import dtypes
from kerata.core.configurable import Configurable
from kerata.utils import seeds


class Initializer(Configurable):
    """Base of initializers: functions of a shape and a dtype that give weights their first values.

    A subclass defines `__call__(self, shape, dtype=None)`. Kerata's own draw with NumPy, so that a seed gives the same
    weights on every backend, and nothing has to be compiled for them.

    >>> class Ramp(kerata.initializers.Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return kerata.ops.reshape(kerata.ops.arange(np.prod(shape), dtype=dtype), shape)
    >>> kerata.layers.Dense(2, kernel_initializer=Ramp(), use_bias=False)(np.ones((1, 2)))  # [[2.0, 4.0]]
    """

    def __call__(self, shape, dtype=None):
        """The values for one weight.

        Args:
            shape: tuple of integers, or one integer for a vector.
            dtype: name of the dtype; floatx by default.

        Returns:
            A tensor of the backend in force.
        """
        dtype = dtypes.standardize_dtype(dtype)
        shape = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        return backend.current().convert(self._sample(shape, dtype), dtype)

    def _sample(self, shape: tuple, dtype: str) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} must define `__call__(self, shape, dtype=None)`.")

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "__call__" in cls.__dict__ and "_sample" not in cls.__dict__:
            cls._sample = None  # a user's own __call__ is what counts

    def clone(self):
        """A new initializer with the same config."""
        return type(self).from_config(self.get_config())


class RandomInitializer(Initializer):
    """Base of random initializers.

    Args:
        seed: integer, `SeedGenerator`, or None (a fresh stream of the process's seed). With an integer or None, one
            object gives the same values each time; with a `SeedGenerator`, new ones.
    """

    def __init__(self, seed=None):
        if seed is not None and not isinstance(seed, int | np.integer) and not hasattr(seed, "draw"):
            raise ValueError(f"`seed` of {type(self).__name__} is an integer, a SeedGenerator or None; got {seed!r}.")
        self.seed = seed
        self._words = (int(seed),) if isinstance(seed, int | np.integer) else None

    def _generator(self) -> np.random.Generator:
        if self._words is None:
            if self.seed is not None:
                b = backend.current()
                words = self.seed.draw()
                return seeds.philox(*(words if isinstance(words, tuple) else b.to_numpy(words).tolist()))
            self._words = seeds.new_seed()
        return seeds.philox(*(abs(w) for w in self._words))


def standard_normal(rng: np.random.Generator, shape, dtype: str) -> np.ndarray:
    """Normal values, drawn in float64 where that is asked for."""
    return rng.standard_normal(shape, dtype=_draw_dtype(dtype))


def uniform01(rng: np.random.Generator, shape, dtype: str) -> np.ndarray:
    """Uniform values in [0, 1)."""
    return rng.random(shape, dtype=_draw_dtype(dtype))


def truncated_normal(rng: np.random.Generator, shape, dtype: str) -> np.ndarray:
    """Standard normal values, drawn again while they are further than two from zero."""
    values = standard_normal(rng, shape, dtype).reshape(-1)
    outside = np.flatnonzero(np.abs(values) > 2.0)
    while outside.size:
        values[outside] = standard_normal(rng, outside.size, dtype)
        outside = outside[np.abs(values[outside]) > 2.0]
    return values.reshape(shape)


def _draw_dtype(dtype: str):
    return np.float64 if dtype == "float64" else np.float32
