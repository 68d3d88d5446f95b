"""Random numbers on NumPy: a Philox generator for each draw, keyed by the seed, a pair (seed, counter)."""

from __future__ import annotations

import numpy as np

from kerata.backend.numpy.arrays import native_dtype

host_seeds = True


def tracing() -> bool:
    return False


def _generator(seed) -> np.random.Generator:
    first, counter = (int(x) for x in seed)
    return np.random.Generator(np.random.Philox(key=first << 32 | counter))


def _width(dtype: str) -> str:
    return "float64" if dtype == "float64" else "float32"


def _as(draw, dtype: str) -> np.ndarray:
    return np.asarray(draw).astype(native_dtype(dtype), copy=False)


def normal(shape, mean, stddev, dtype, seed):
    return _as(_generator(seed).standard_normal(shape, _width(dtype)) * stddev + mean, dtype)


def uniform(shape, minval, maxval, dtype, seed):
    draw = _generator(seed).random(shape, _width(dtype))
    out = _as(draw * (maxval - minval) + minval, dtype)
    return np.where(out >= maxval, _as(minval, dtype), out) if np.ndim(maxval) == 0 else out


def truncated_normal(shape, mean, stddev, dtype, seed):
    """Draws outside (-2, 2) are drawn again."""
    generator = _generator(seed)
    draw = np.atleast_1d(generator.standard_normal(shape, _width(dtype)))
    outside = np.abs(draw) > 2
    while outside.any():
        draw[outside] = generator.standard_normal(int(outside.sum()), _width(dtype))
        outside = np.abs(draw) > 2
    return _as(draw.reshape(shape) * stddev + mean, dtype)


def randint(shape, minval, maxval, dtype, seed):
    return _as(_generator(seed).integers(minval, maxval, shape), dtype)


def categorical(logits, num_samples, dtype, seed):
    logits = logits.astype("float64")
    p = np.exp(logits - logits.max(-1, keepdims=True))
    edges = np.cumsum(p, -1)
    draw = _generator(seed).random((logits.shape[0], num_samples)) * edges[:, -1:]
    picked = (draw[:, :, None] >= edges[:, None, :]).sum(-1)
    return _as(np.minimum(picked, logits.shape[-1] - 1), dtype)


def binomial(shape, counts, probabilities, dtype, seed):
    counts = np.asarray(counts).astype("int64")
    return _as(_generator(seed).binomial(counts, np.asarray(probabilities, "float64"), shape), dtype)


def beta(shape, alpha, beta, dtype, seed):
    return _as(_generator(seed).beta(np.asarray(alpha, "float64"), np.asarray(beta, "float64"), shape), dtype)


def gamma(shape, alpha, dtype, seed):
    return _as(_generator(seed).gamma(np.asarray(alpha, "float64"), size=shape), dtype)


def shuffle(x, axis, seed):
    return np.take(x, _generator(seed).permutation(x.shape[axis]), axis)


def dropout(x, rate, noise_shape, seed):
    keep = 1.0 - rate
    mask = _generator(seed).random(noise_shape, "float32") < keep
    return np.where(mask, x / np.asarray(keep, x.dtype), np.zeros((), x.dtype))


def snapshot(state):
    return state


def advance(state):
    """The state after a draw: the counter goes up."""
    return state + np.array([0, 1], "uint32")
