"""Random initializers."""

from __future__ import annotations

import math

import numpy as np

from kerata.initializers.initializer import RandomInitializer, standard_normal, truncated_normal, uniform01


class RandomNormal(RandomInitializer):
    """Normal values with a mean and a standard deviation."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _sample(self, shape, dtype):
        return self.mean + self.stddev * standard_normal(self._generator(), shape, dtype)


class TruncatedNormal(RandomInitializer):
    """Normal values; those further than two standard deviations from the mean are drawn again."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def _sample(self, shape, dtype):
        return self.mean + self.stddev * truncated_normal(self._generator(), shape, dtype)


class RandomUniform(RandomInitializer):
    """Uniform values in [minval, maxval)."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def _sample(self, shape, dtype):
        return self.minval + (self.maxval - self.minval) * uniform01(self._generator(), shape, dtype)


# The standard deviation of a standard normal that is cut at two.
_TRUNCATED_STDDEV = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Values whose variance is `scale / n`, n the fan-in, the fan-out or their mean.

    Args:
        scale: positive number.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: see `RandomInitializer`.
        input_axes, output_axes: which axes of the shape make up fan-in and fan-out; by default the last two, times
            the size of the axes before them (the receptive field of a convolution).
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


def _scaled(name: str, scale: float, mode: str, distribution: str, doc: str):
    def __init__(self, seed=None, input_axes=None, output_axes=None):
        VarianceScaling.__init__(self, scale, mode, distribution, seed, input_axes, output_axes)

    return type(name, (VarianceScaling,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


GlorotUniform = _scaled(
    "GlorotUniform", 1.0, "fan_avg", "uniform", "Uniform, variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010)."
)
GlorotNormal = _scaled(
    "GlorotNormal", 1.0, "fan_avg", "truncated_normal",
    "Truncated normal, variance 2 / (fan_in + fan_out) (Glorot and Bengio, 2010).",
)  # fmt: skip
HeUniform = _scaled("HeUniform", 2.0, "fan_in", "uniform", "Uniform, variance 2 / fan_in (He et al., 2015).")
HeNormal = _scaled("HeNormal", 2.0, "fan_in", "truncated_normal", "Truncated normal, variance 2 / fan_in (He et al., 2015).")
LecunUniform = _scaled("LecunUniform", 1.0, "fan_in", "uniform", "Uniform, variance 1 / fan_in (LeCun et al., 1998).")
LecunNormal = _scaled(
    "LecunNormal", 1.0, "fan_in", "truncated_normal", "Truncated normal, variance 1 / fan_in (LeCun et al., 1998)."
)


class Orthogonal(RandomInitializer):
    """An orthogonal matrix times `gain` (Saxe et al., 2013); higher ranks are flattened to (all but last, last)."""

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
