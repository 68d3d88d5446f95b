"""Random initializers."""

from __future__ import annotations

import math

import numpy as np

from kerata.initializers.initializer import RandomInitializer, standard_normal, truncated_normal, uniform01


class RandomNormal(RandomInitializer):
    """Draws from the normal distribution.

    Args:
        mean: number; 0.0 by default.
        stddev: standard deviation; 0.05 by default.
        seed: integer, `SeedGenerator` or None. With an integer or None (a seed of its own, which follows
            `set_random_seed`) one object gives the same values at each call; with a `SeedGenerator`, new ones.

    >>> values = kerata.initializers.RandomNormal(mean=5.0, stddev=0.1, seed=1)((1000,))
    >>> round(float(values.mean()), 1)
    5.0
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _sample(self, shape, dtype):
        return self.mean + self.stddev * standard_normal(self._generator(), shape, dtype)


class TruncatedNormal(RandomInitializer):
    """Draws from the normal distribution, again and again until none is further from the mean than `2 * stddev`.

    Args:
        mean: number; 0.0 by default.
        stddev: standard deviation before that cut; 0.05 by default. What is left has 0.88 times that.
        seed: integer, `SeedGenerator` or None; see `RandomNormal`.

    >>> values = kerata.initializers.TruncatedNormal(stddev=1.0, seed=1)((1000,))
    >>> bool(abs(values).max() <= 2.0)
    True
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _sample(self, shape, dtype):
        return self.mean + self.stddev * truncated_normal(self._generator(), shape, dtype)


class RandomUniform(RandomInitializer):
    """Draws from [minval, maxval), each value as likely as any other.

    Args:
        minval: lower bound; -0.05 by default.
        maxval: upper bound; 0.05 by default.
        seed: integer, `SeedGenerator` or None; see `RandomNormal`.

    >>> values = kerata.initializers.RandomUniform(2.0, 3.0, seed=1)((1000,))
    >>> bool(values.min() >= 2.0), bool(values.max() < 3.0)
    (True, True)
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _sample(self, shape, dtype):
        return self.minval + (self.maxval - self.minval) * uniform01(self._generator(), shape, dtype)


# The standard deviation of a standard normal that is cut at two.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Draws of mean 0 and variance `scale / n`, n being the number of inputs or outputs of the layer.

    For a weight of shape (..., inputs, outputs), fan-in and fan-out are the last two sizes, times all sizes before them
    (the receptive field of a convolution).

    Args:
        scale: positive number; 1.0 by default.
        mode: what n is: "fan_in" (the default), "fan_out", or "fan_avg", their mean.
        distribution: "truncated_normal" (the default; cut at two standard deviations, and widened so that the variance
            still holds), "untruncated_normal" or "uniform".
        seed: integer, `SeedGenerator` or None; see `RandomNormal`.
        input_axes, output_axes: integers or tuples, the axes whose sizes make up fan-in and fan-out, if both are given;
            None by default. For `EinsumDense` and the like, whose weights have another order.

    Raises:
        ValueError: if `scale` is not positive, or `mode` or `distribution` is unknown.

    Source: He, Zhang, Ren and Sun (2015), https://arxiv.org/abs/1502.01852

    >>> values = kerata.initializers.VarianceScaling(2.0, "fan_out", "uniform", seed=1)((100, 200))
    >>> round(float(values.var()), 3)
    0.01
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, input_axes=None,
                 output_axes=None):  # fmt: skip
        super().__init__(seed)
        if scale <= 0.0:
            raise ValueError(f"`scale` of VarianceScaling must be positive; got {scale!r}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"`mode` is 'fan_in', 'fan_out' or 'fan_avg'; got {mode!r}.")
        distribution = "truncated_normal" if distribution == "normal" else distribution.lower()
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"`distribution` is 'truncated_normal', 'untruncated_normal' or 'uniform'; got {distribution!r}."
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def _sample(self, shape, dtype):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        rng = self._generator()
        if self.distribution == "truncated_normal":
            return np.float32(math.sqrt(variance) / _TRUNCATED_STDDEV) * truncated_normal(rng, shape, dtype)
        if self.distribution == "untruncated_normal":
            return np.float32(math.sqrt(variance)) * standard_normal(rng, shape, dtype)
        limit = math.sqrt(3.0 * variance)
        return np.float32(2.0 * limit) * uniform01(rng, shape, dtype) - np.float32(limit)


def compute_fans(shape, input_axes=None, output_axes=None) -> tuple[float, float]:
    """Fan-in and fan-out of a kernel of this shape."""
    if input_axes is not None and output_axes is not None:
        return tuple(float(math.prod(shape[a] for a in np.atleast_1d(axes))) for axes in (input_axes, output_axes))
    if len(shape) < 1:
        return 1.0, 1.0
    if len(shape) == 1:
        return float(shape[0]), float(shape[0])
    receptive = math.prod(shape[:-2])
    return float(shape[-2] * receptive), float(shape[-1] * receptive)


def _scaled(name: str, scale: float, mode: str, distribution: str, summary: str, source: str):
    def __init__(self, seed=None, input_axes=None, output_axes=None):
        VarianceScaling.__init__(self, scale, mode, distribution, seed, input_axes, output_axes)

    doc = f"""{summary}

    It is `VarianceScaling({scale}, "{mode}", "{distribution}")`.

    Args:
        seed: integer, `SeedGenerator` or None; see `RandomNormal`.
        input_axes, output_axes: axes of the shape that make up fan-in and fan-out; see `VarianceScaling`.

    Source: {source}

    >>> values = kerata.initializers.{name}(seed=1)((300, 100))
    >>> round(float(values.var()), 3)
    {round(scale / (200 if mode == "fan_avg" else 300), 3)}
    """
    return type(name, (VarianceScaling,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


_GLOROT = "Glorot and Bengio (2010), https://proceedings.mlr.press/v9/glorot10a.html"
_HE = "He, Zhang, Ren and Sun (2015), https://arxiv.org/abs/1502.01852"
_LECUN = "LeCun et al. (1998), Efficient BackProp, https://doi.org/10.1007/3-540-49430-8_2"

GlorotUniform = _scaled(
    "GlorotUniform", 1.0, "fan_avg", "uniform",
    "Draws from [-b, b), `b = sqrt(6 / (fan_in + fan_out))`: signals keep their scale both ways through a layer.", _GLOROT,
)  # fmt: skip
GlorotNormal = _scaled(
    "GlorotNormal", 1.0, "fan_avg", "truncated_normal",
    "Normal draws of variance `2 / (fan_in + fan_out)`, none beyond about 2.3 standard deviations.", _GLOROT,
)  # fmt: skip
HeUniform = _scaled(
    "HeUniform", 2.0, "fan_in", "uniform", "Draws from [-b, b), `b = sqrt(6 / fan_in)`: for layers with ReLU.", _HE,
)  # fmt: skip
HeNormal = _scaled(
    "HeNormal", 2.0, "fan_in", "truncated_normal",
    "Normal draws of variance `2 / fan_in`, none beyond about 2.3 standard deviations: for layers with ReLU.", _HE,
)  # fmt: skip
LecunUniform = _scaled(
    "LecunUniform", 1.0, "fan_in", "uniform", "Draws from [-b, b), `b = sqrt(3 / fan_in)`: for `selu` and `tanh`.", _LECUN,
)  # fmt: skip
LecunNormal = _scaled(
    "LecunNormal", 1.0, "fan_in", "truncated_normal",
    "Normal draws of variance `1 / fan_in`, none beyond about 2.3 standard deviations: for `selu`.", _LECUN,
)  # fmt: skip


class Orthogonal(RandomInitializer):
    """A matrix with orthogonal rows or columns (whichever are fewer), times `gain`.

    It is Q of the QR decomposition of a matrix of normal draws. Shapes of more than two axes are filled as the matrix of
    shape (product of all but the last, last).

    Args:
        gain: number; 1.0 by default.
        seed: integer, `SeedGenerator` or None; see `RandomNormal`.

    Raises:
        ValueError: when called with a shape of fewer than two axes.

    Source: Saxe et al. (2013), https://arxiv.org/abs/1312.6120

    >>> q = kerata.initializers.Orthogonal(seed=1)((2, 3))
    >>> q @ q.T  # [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def _sample(self, shape, dtype):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal needs at least two axes; the shape {shape} was asked for.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        flat = standard_normal(self._generator(), (max(rows, columns), min(rows, columns)), "float64")
        q, r = np.linalg.qr(flat)
        q = q * np.sign(np.diag(r))
        q = q.T if rows < columns else q
        return (self.gain * q.reshape(shape)).astype("float64" if dtype == "float64" else "float32")
