"""Layers that disturb or penalise activations during training."""

from __future__ import annotations

import math

from kerata import ops, random
from kerata import regularizers as regularizers_
from kerata.core.config import standardize_data_format
from kerata.layers._weightless import Weightless
from kerata.layers.input_spec import InputSpec


def _rate(rate, who: str) -> float:
    if not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise ValueError(f"`rate` of {who} is a number from 0 to 1; got {rate!r}.")
    return rate


class _Noise(Weightless):
    """Base: a seed generator if there is anything to draw."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.supports_masking = True

    def _make_generator(self, needed) -> None:
        if needed:
            self.seed_generator = random.SeedGenerator(self.seed)


class Dropout(_Noise):
    """Sets a fraction `rate` of the inputs to 0 during training, and scales the others by `1 / (1 - rate)`.

    Args:
        rate: fraction from 0 to 1.
        noise_shape: the shape of the mask, 1 where it is shared along an axis, None for the input's size.
        seed: integer.

    Srivastava et al., 2014.

    >>> import kerata
    >>> float(kerata.layers.Dropout(0.5)(kerata.ops.ones((1,)), training=False)[0])
    1.0
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.rate = _rate(rate, "Dropout")
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self._make_generator(rate > 0)

    def call(self, inputs, training=False):
        if training and self.rate > 0:
            return random.dropout(inputs, self.rate, noise_shape=self._noise_shape(inputs), seed=self.seed_generator)
        return inputs

    def _noise_shape(self, inputs):
        if self.noise_shape is None:
            return None
        return tuple(n if n is not None else size for n, size in zip(self.noise_shape, ops.shape(inputs)))


class _SpatialDropout(Dropout):
    _rank = 3

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=self._rank)

    def _noise_shape(self, inputs):
        shape = ops.shape(inputs)
        ones = (1,) * (self._rank - 2)
        if getattr(self, "data_format", "channels_last") == "channels_first":
            return (shape[0], shape[1], *ones)
        return (shape[0], *ones, shape[-1])

    def get_config(self):
        # Keras's spatial dropout layers take no other arguments, and the dtype by its name.
        config = {**super().get_config(), "dtype": self.dtype_policy.name}
        return {k: v for k, v in config.items() if k not in ("noise_shape", "trainable")}


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of sequences `(batch, time, channels)`."""

    _rank = 3


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images.

    Args:
        rate: fraction from 0 to 1.
        data_format: "channels_last" or "channels_first".
        seed: integer.
    """

    _rank = 4

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.data_format = standardize_data_format(data_format)


class SpatialDropout3D(SpatialDropout2D):
    """Dropout of whole channels of volumes; arguments as in `SpatialDropout2D`."""

    _rank = 5


class GaussianNoise(_Noise):
    """Adds normal noise during training.

    Args:
        stddev: its standard deviation.
        seed: integer.
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        if not 0 <= stddev:
            raise ValueError(f"`stddev` of GaussianNoise must not be negative; got {stddev!r}.")
        self.stddev = stddev
        self._make_generator(stddev > 0)

    def call(self, inputs, training=False):
        if training and self.stddev > 0:
            noise = random.normal(ops.shape(inputs), stddev=self.stddev, dtype=self.compute_dtype, seed=self.seed_generator)
            return inputs + noise
        return inputs


class GaussianDropout(_Noise):
    """Multiplies by normal noise of mean 1 and variance `rate / (1 - rate)` during training (Srivastava et al., 2014)."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.rate = _rate(rate, "GaussianDropout")
        self._make_generator(rate > 0)

    def call(self, inputs, training=False):
        if training and self.rate > 0:
            stddev = math.sqrt(self.rate / (1.0 - self.rate))
            noise = random.normal(
                ops.shape(inputs), mean=1.0, stddev=stddev, dtype=self.compute_dtype, seed=self.seed_generator
            )
            return inputs * noise
        return inputs


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance of `selu` networks (Klambauer et al., 2017).

    Args:
        rate: fraction from 0 to 1.
        noise_shape: the shape of the mask.
        seed: integer.
    """

    _ALPHA = 1.6732632423543772848170429916717 * 1.0507009873554804934193349852946

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.rate = _rate(rate, "AlphaDropout")
        self.noise_shape = noise_shape
        self._make_generator(rate > 0)

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        shape = ops.shape(inputs)
        if self.noise_shape is not None:
            shape = tuple(n if n is not None else size for n, size in zip(self.noise_shape, shape))
        kept = ops.cast(
            ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate), self.compute_dtype
        )
        low = -self._ALPHA
        a = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        b = -a * low * self.rate
        return a * (inputs * kept + low * (1 - kept)) + b


class ActivityRegularization(Weightless):
    """Adds `l1 * sum(|x|) + l2 * sum(x^2)` of its input (a mean over the batch) to the loss, and passes it on."""

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers_.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True

    def call(self, inputs):
        return inputs

    def get_config(self):
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config
