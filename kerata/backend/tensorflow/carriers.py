"""Dtypes that TensorFlow lacks kernels for, computed in others."""

import tensorflow as tf

_SMALL = (tf.int8, tf.int16, tf.uint8, tf.uint16)  # dtypes for which TensorFlow lacks many kernels
_LARGE_UNSIGNED = (tf.uint32, tf.uint64)
FLOATS = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


def carrier(dtype):
    """A dtype with all the kernels, wide enough for `dtype`; `dtype` itself where it has them."""
    if dtype in _SMALL or dtype is tf.bool or dtype == tf.bool:
        return tf.int32
    return tf.int64 if dtype in _LARGE_UNSIGNED else dtype


def carried(fn):
    """`fn` computed in a dtype that has a kernel for it, with a result of the argument's dtype."""

    def wrapped(x, *args, **kwargs):
        wider = carrier(x.dtype)
        if wider is x.dtype:
            return fn(x, *args, **kwargs)
        return tf.cast(fn(tf.cast(x, wider), *args, **kwargs), x.dtype)

    return wrapped


def by_float32(fn):
    """`fn`, which has no kernel for half precision, by way of float32."""

    def wide(*xs):
        if xs[0].dtype in (tf.float16, tf.bfloat16):
            return tf.cast(fn(*[tf.cast(x, tf.float32) for x in xs]), xs[0].dtype)
        return fn(*xs)

    return wide
