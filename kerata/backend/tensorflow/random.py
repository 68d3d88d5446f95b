"""Random numbers on TensorFlow: `tf.random.stateless_*` of the seed, a pair of 32-bit integers (seed, counter)."""

from __future__ import annotations

import tensorflow as tf

# Inside a tf.function a number on the host would be a constant of the graph: the state stays in its tf.Variable.
host_seeds = False


def tracing() -> bool:
    return False


def _seed(seed):
    if isinstance(seed, tuple):
        return tf.constant(seed, "int64")
    return tf.cast(seed, "int64")


def _size(shape):
    """A shape whose sizes may be scalar tensors."""
    if all(isinstance(n, int) for n in shape):
        return tf.TensorShape(shape)
    return tf.stack([tf.cast(n, "int32") for n in shape])


def _wide(dtype: str) -> str:
    return "float64" if dtype == "float64" else "float32"


def normal(shape, mean, stddev, dtype, seed):
    draw = tf.random.stateless_normal(_size(shape), _seed(seed), dtype=dtype)
    return draw * tf.cast(stddev, dtype) + tf.cast(mean, dtype)


def uniform(shape, minval, maxval, dtype, seed):
    draw = tf.random.stateless_uniform(_size(shape), _seed(seed), dtype=dtype)
    if isinstance(minval, int | float) and isinstance(maxval, int | float) and (minval, maxval) == (0, 1):
        return draw
    minval, maxval = tf.cast(minval, dtype), tf.cast(maxval, dtype)
    return draw * (maxval - minval) + minval


def truncated_normal(shape, mean, stddev, dtype, seed):
    draw = tf.random.stateless_truncated_normal(_size(shape), _seed(seed), dtype=dtype)
    return draw * tf.cast(stddev, dtype) + tf.cast(mean, dtype)


def randint(shape, minval, maxval, dtype, seed):
    wide = dtype if dtype in ("int32", "int64") else "int64"
    minval, maxval = tf.cast(minval, wide), tf.cast(maxval, wide)
    return tf.cast(tf.random.stateless_uniform(_size(shape), _seed(seed), minval, maxval, wide), dtype)


def categorical(logits, num_samples, dtype, seed):
    wide = dtype if dtype in ("int32", "int64") else "int64"
    return tf.cast(tf.random.stateless_categorical(logits, num_samples, _seed(seed), wide), dtype)


def binomial(shape, counts, probabilities, dtype, seed):
    size = _size(shape)
    counts = tf.broadcast_to(tf.cast(counts, "float32"), size)
    probabilities = tf.broadcast_to(tf.cast(probabilities, "float32"), size)
    draw = tf.random.stateless_binomial(size, _seed(seed), counts, probabilities, "float32")
    return tf.cast(draw, dtype)


def _gamma(shape, alpha, dtype, seed):
    size = _size(shape)
    alpha = tf.broadcast_to(tf.cast(alpha, _wide(dtype)), size)
    return tf.random.stateless_gamma(size, seed, alpha, dtype=_wide(dtype))


def beta(shape, alpha, beta, dtype, seed):
    """a / (a + b) of two gamma draws."""
    seed = _seed(seed)
    a = _gamma(shape, alpha, dtype, seed)
    b = _gamma(shape, beta, dtype, tf.bitwise.invert(seed))
    return tf.cast(a / (a + b), dtype)


def gamma(shape, alpha, dtype, seed):
    return tf.cast(_gamma(shape, alpha, dtype, _seed(seed)), dtype)


def shuffle(x, axis, seed):
    """Gather along `axis` in the order of random keys."""
    keys = tf.random.stateless_uniform([tf.shape(x)[axis]], _seed(seed), None, None, "int64")
    out = tf.gather(x, tf.argsort(keys), axis=axis)
    out.set_shape(x.shape)
    return out


def dropout(x, rate, noise_shape, seed):
    keep = 1.0 - rate
    draw = tf.random.stateless_uniform(_size(noise_shape), _seed(seed), dtype="float32")
    return tf.where(draw < keep, x / tf.cast(keep, x.dtype), tf.zeros((), x.dtype))


def snapshot(state):
    """The state's value before it is assigned to."""
    return tf.identity(state)


def advance(state):
    """The state after a draw: the counter goes up."""
    return state + tf.constant([0, 1], "uint32")
