"""Layers that disturb or penalise activations during training."""

from __future__ import annotations

import math

from kerata import ops, random
from kerata import regularizers as regularizers_
from kerata.core.config import standardize_data_format
from kerata.layers._weightless import Weightless
from kerata.layers.input_spec import InputSpec
from kerata.random.distributions import noise_sizes


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
    """Sets a random part of the inputs to 0 during training, and scales up the others.

    In training each number is 0 with probability `rate` and else `x / (1 - rate)`, so that means stay;
    otherwise the layer gives its input.

    Args:
        rate: number from 0 to 1: the probability of 0.
        noise_shape: tuple: the shape of the random mask: 1 where it is shared along an axis, None for the
            input's size there; None (the default) for the input's shape.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Source: Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".

    >>> from kerata import layers, ops
    >>> layer, x = layers.Dropout(0.5, seed=1), ops.ones((1000,))
    >>> sorted(set(ops.convert_to_numpy(layer(x, training=True)).tolist()))
    [0.0, 2.0]
    >>> ops.sum(layer(x, training=False))  # 1000
    """

    _keeps_sparse = all

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
        return self.noise_shape


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
    """Dropout of whole channels of sequences.

    Neighbouring steps are alike, so dropping single numbers hides little; here a channel of a sample goes to
    0 at all steps.

    Args:
        rate: number from 0 to 1: the probability of 0; what stays is multiplied by `1 / (1 - rate)`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(batch, time, channels)`, float; the output has the same shape and dtype.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Source: Tompson et al. (2015), "Efficient Object Localization Using Convolutional Networks".

    >>> from kerata import layers, ops
    >>> y = layers.SpatialDropout1D(0.5, seed=1)(ops.ones((1, 4, 6)), training=True)
    >>> bool(ops.all(y[:, 0] == y[:, 3]))
    True
    """

    _rank = 3


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images.

    Args:
        rate: number from 0 to 1: the probability of 0; what stays is multiplied by `1 / (1 - rate)`.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(batch, height, width, channels)`, or `(batch, channels, height, width)` with "channels_first";
        float. The output has the same shape and dtype.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Source: Tompson et al. (2015), "Efficient Object Localization Using Convolutional Networks".

    >>> from kerata import layers, ops
    >>> y = layers.SpatialDropout2D(0.5, seed=1)(ops.ones((1, 4, 4, 6)), training=True)
    >>> bool(ops.all(y[:, 0, 0] == y[:, 3, 3]))
    True
    """

    _rank = 4

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.data_format = standardize_data_format(data_format)


class SpatialDropout3D(SpatialDropout2D):
    """Dropout of whole channels of volumes.

    Args:
        rate: number from 0 to 1: the probability of 0; what stays is multiplied by `1 / (1 - rate)`.
        data_format: "channels_last" or "channels_first"; None for `config.image_data_format()`.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        `(batch, depth, height, width, channels)`, or channels on axis 1 with "channels_first"; float. The
        output has the same shape and dtype.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Source: Tompson et al. (2015), "Efficient Object Localization Using Convolutional Networks".

    >>> from kerata import layers, ops
    >>> y = layers.SpatialDropout3D(0.5, seed=1)(ops.ones((1, 2, 2, 2, 6)), training=True)
    >>> bool(ops.all(y[:, 0, 0, 0] == y[:, 1, 1, 1]))
    True
    """

    _rank = 5


class GaussianNoise(_Noise):
    """Adds normal noise of mean 0 during training.

    Args:
        stddev: number of at least 0: the noise's standard deviation, in units of the input.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if `stddev` is negative.

    >>> from kerata import layers, ops
    >>> y = layers.GaussianNoise(0.1, seed=1)(ops.zeros((10000,)), training=True)
    >>> round(float(ops.std(y)), 2)
    0.1
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
    """Multiplies by normal noise of mean 1 during training.

    The noise has the standard deviation `sqrt(rate / (1 - rate))`, as that of `Dropout(rate)` has.

    Args:
        rate: number from 0 to 1 (0.5 gives the standard deviation 1).
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Source: Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".

    >>> from kerata import layers, ops
    >>> y = layers.GaussianDropout(0.2, seed=1)(ops.ones((10000,)), training=True)
    >>> round(float(ops.std(y)), 1)
    0.5
    """

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
    """Dropout for `selu` networks: mean 0 and variance 1 stay as they are.

    In training a number becomes `-1.7581` (the limit of `selu`) with probability `rate`; then all go through
    a line `a * x + b` that restores the two moments.

    Args:
        rate: number from 0 to 1: the probability.
        noise_shape: tuple: the shape of the random mask: 1 where it is shared along an axis, None for the
            input's size there; None (the default) for the input's shape.
        seed: integer; None (the default) for a draw from the global seed.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if `rate` is not from 0 to 1.

    Source: Klambauer et al. (2017), "Self-Normalizing Neural Networks".

    >>> from kerata import layers, ops, random
    >>> y = layers.AlphaDropout(0.3, seed=1)(random.normal((20000,), seed=2), training=True)
    >>> abs(float(ops.mean(y))) < 0.05, round(float(ops.std(y)), 1)
    (True, 1.0)
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
        shape = noise_sizes(self.noise_shape, ops.shape(inputs))
        kept = ops.cast(
            ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate), self.compute_dtype
        )
        low = -self._ALPHA
        a = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
        b = -a * low * self.rate
        return a * (inputs * kept + low * (1 - kept)) + b


class ActivityRegularization(Weightless):
    """Gives its input, and adds a penalty of it to the loss.

    The penalty is `(l1 * sum(|x|) + l2 * sum(x**2)) / batch`.

    Args:
        l1: number: weight of the absolute values; 0.0 by default.
        l2: number: weight of the squares; 0.0 by default.

    Input shape:
        `(batch, ...)`, float; the output is the input.

    >>> from kerata import layers, ops
    >>> layer = layers.ActivityRegularization(l1=0.5)
    >>> y = layer(ops.convert_to_tensor([[1.0, -3.0]]))
    >>> layer.losses  # [2.0]
    """

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
