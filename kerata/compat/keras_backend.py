"""The functions of Keras 2's `keras.backend` (`from keras import backend as K`), by today's ops.

`kerata.backend` gives them on demand; new programs use `kerata.ops`.
"""

from __future__ import annotations

import importlib

import numpy as np

from kerata import ops
from kerata.core.config import floatx

# Same meaning, same order of arguments: name here -> name in `kerata.ops`.
_SAME = {
    **{n: n for n in (
        "abs", "all", "any", "argmax", "argmin", "arange", "cos", "cumprod", "cumsum", "elu", "equal", "exp", "expand_dims",
        "greater", "greater_equal", "hard_sigmoid", "less", "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min",
        "minimum", "not_equal", "prod", "reshape", "round", "shape", "sigmoid", "sign", "sin", "softmax", "softplus",
        "softsign", "sqrt", "square", "squeeze", "stack", "std", "stop_gradient", "sum", "tanh", "tile", "transpose", "var",
        "cast", "one_hot",
    )},
    "concatenate": "concatenate", "permute_dimensions": "transpose", "pow": "power", "reverse": "flip",
    "binary_crossentropy": "binary_crossentropy", "categorical_crossentropy": "categorical_crossentropy",
    "sparse_categorical_crossentropy": "sparse_categorical_crossentropy",
}  # fmt: skip
_ELSEWHERE = {
    "eye": "kerata.ops", "name_scope": "kerata.core.scopes", "random_normal": "kerata.random:normal",
    "truncated_normal": "kerata.random",
}  # fmt: skip
_GONE = {
    "placeholder": "make inputs with `keras.Input`",
    "function": "build a `keras.Model` from the inputs to the outputs, and call it",
    "gradients": "use `keras.value_and_grad(function, variables)`",
    "learning_phase": "give `training=True` or `False` in the call of the model",
    "set_learning_phase": "give `training=True` or `False` in the call of the model",
    "in_train_phase": "take the argument `training` in the layer's `call`, and use an `if`",
    "get_session": "there are no sessions any more; leave it out",
    "set_session": "there are no sessions any more; leave it out",
    "ctc_decode": "use `keras.ops.ctc_decode`",
    "rnn": "use `keras.layers.RNN` with a cell, or `keras.ops.scan`",
}


def __getattr__(name: str):
    if name in _SAME:
        return getattr(ops, _SAME[name])
    if name in _ELSEWHERE:
        module, _, other = _ELSEWHERE[name].partition(":")
        return getattr(importlib.import_module(module), other or name)
    if name in _GONE:
        raise AttributeError(f"`keras.backend.{name}` belongs to the Keras of before 3.0: {_GONE[name]}.")
    raise AttributeError(name)


def names() -> list[str]:
    """All names that are here, or that an error explains."""
    own = [n for n, v in globals().items() if getattr(v, "__module__", None) == __name__ and not n.startswith("_")]
    return sorted({*_SAME, *_ELSEWHERE, *_GONE, *own} - {"names"})


# -- values and variables
def variable(value, dtype=None, name=None, constraint=None):
    """A variable that holds the value."""
    from kerata.core.variable import Variable

    out = Variable(np.asarray(value, dtype or floatx()), dtype=dtype or floatx(), name=name)
    out.constraint = constraint
    return out


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of the value, of `shape` if that is given."""
    out = ops.convert_to_tensor(np.asarray(value, dtype or floatx()))
    return out if shape is None else ops.broadcast_to(out, shape)


def zeros(shape, dtype=None, name=None):
    """A variable of zeros."""
    return variable(np.zeros(shape), dtype, name)


def ones(shape, dtype=None, name=None):
    """A variable of ones."""
    return variable(np.ones(shape), dtype, name)


def zeros_like(x, dtype=None, name=None):
    """Zeros of the shape of `x`."""
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x, dtype=None, name=None):
    """Ones of the shape of `x`."""
    return ops.ones_like(x, dtype=dtype)


def eval(x):
    """The value as a NumPy array."""
    return ops.convert_to_numpy(x)


def get_value(x):
    """The value as a NumPy array."""
    return x if isinstance(x, float | int) else ops.convert_to_numpy(x)


def set_value(x, value) -> None:
    """Give a variable a value."""
    x.assign(value)


def batch_get_value(tensors) -> list:
    """`get_value` of each."""
    return [get_value(t) for t in tensors]


def batch_set_value(tuples) -> None:
    """`set_value` of each pair (variable, value)."""
    for x, value in tuples:
        x.assign(value)


def update(x, new_x):
    """Assign to a variable."""
    x.assign(new_x)
    return x


def update_add(x, increment):
    """Add to a variable."""
    x.assign_add(increment)
    return x


def update_sub(x, decrement):
    """Subtract from a variable."""
    x.assign_sub(decrement)
    return x


def moving_average_update(x, value, momentum):
    """`x = x * momentum + value * (1 - momentum)`, in place."""
    return update(x, x * momentum + value * (1 - momentum))


def cast_to_floatx(x):
    """A NumPy array or a tensor in the default float type."""
    return np.asarray(x, floatx()) if isinstance(x, np.ndarray | list | float | int) else ops.cast(x, floatx())


# -- shapes
def int_shape(x):
    """The shape as a tuple, None where it is unknown."""
    return tuple(x.shape)


def ndim(x) -> int:
    """The number of axes."""
    return len(x.shape)


def dtype(x) -> str:
    """The dtype's name."""
    from kerata.core.dtypes import standardize_dtype

    return standardize_dtype(x.dtype)


def count_params(x) -> int:
    """The number of elements."""
    return int(np.prod(x.shape))


def is_sparse(tensor) -> bool:
    """Whether it is sparse."""
    return bool(getattr(tensor, "sparse", False))


def to_dense(tensor):
    """The same values, dense."""
    return ops.convert_to_tensor(tensor, sparse=False) if is_sparse(tensor) else tensor


def flatten(x):
    """All elements on one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x):
    """All axes but the first on one."""
    return ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def repeat(x, n: int):
    """(batch, units) to (batch, n, units)."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x, rep: int, axis: int):
    """Each element `rep` times along the axis."""
    return ops.repeat(x, rep, axis=axis)


def gather(reference, indices):
    """Rows by their numbers."""
    return ops.take(reference, indices, axis=0)


def identity(x, name=None):
    """The tensor itself."""
    return ops.identity(x) if hasattr(ops, "identity") and not hasattr(x, "shape") else ops.convert_to_tensor(x)


def temporal_padding(x, padding=(1, 1)):
    """Zeros around the middle axis of three."""
    return ops.pad(x, ((0, 0), tuple(padding), (0, 0)))


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around the two axes of an image."""
    from kerata.core.config import image_data_format

    pairs = tuple(map(tuple, padding))
    last = (data_format or image_data_format()) == "channels_last"
    return ops.pad(x, ((0, 0), *pairs, (0, 0)) if last else ((0, 0), (0, 0), *pairs))


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Images larger by whole factors."""
    h, w = (1, 2) if data_format == "channels_last" else (2, 3)
    size = (x.shape[h] * height_factor, x.shape[w] * width_factor)
    return ops.image.resize(x, size, interpolation=interpolation, data_format=data_format)


# -- values
def clip(x, min_value, max_value):
    """Values kept within limits; None is no limit."""
    low = -np.inf if min_value is None else min_value
    return ops.clip(x, low, np.inf if max_value is None else max_value)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """ReLU with a slope below the threshold and a ceiling."""
    from kerata import activations

    return activations.relu(x, negative_slope=alpha, max_value=max_value, threshold=threshold)


def l2_normalize(x, axis=None):
    """`x` divided by its Euclidean norm."""
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, 1e-12))


def dropout(x, level, noise_shape=None, seed=None):
    """Zero a fraction of the values, and scale the rest."""
    from kerata import random

    return random.dropout(x, level, noise_shape=noise_shape, seed=seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniform random numbers."""
    from kerata import random

    return random.uniform(shape, minval, maxval, dtype=dtype, seed=seed)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """Ones with probability `p`, else zeros."""
    return ops.cast(random_uniform(shape, seed=seed) < p, dtype or floatx())


random_bernoulli = random_binomial


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable of normal random numbers."""
    from kerata import random

    return variable(ops.convert_to_numpy(random.normal(shape, mean, scale, seed=seed)), dtype, name)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable of uniform random numbers."""
    return variable(ops.convert_to_numpy(random_uniform(shape, low, high, seed=seed)), dtype, name)


def bias_add(x, bias, data_format=None):
    """Add one number a channel."""
    from kerata.core.config import image_data_format

    if (data_format or image_data_format()) == "channels_first" and len(x.shape) > 2:
        bias = ops.reshape(bias, (1, -1, *[1] * (len(x.shape) - 2)))
    return ops.add(x, bias)


def in_top_k(predictions, targets, k):
    """Whether the target is among the `k` largest predictions."""
    return ops.in_top_k(targets, predictions, k)


# -- products
def dot(x, y):
    """The sum over the last axis of `x` and the last but one of `y`."""
    return ops.dot(x, y)


def batch_dot(x, y, axes=None):
    """The product sample by sample, summed over one axis of each."""
    from kerata.layers import Dot

    rank_x, rank_y = len(x.shape), len(y.shape)
    if axes is None:
        axes = (rank_x - 1, rank_y - 1 if rank_y == 2 else rank_y - 2)
    axes = tuple(a % r for a, r in zip((axes, axes) if isinstance(axes, int) else axes, (rank_x, rank_y)))
    return Dot(axes=axes)([x, y])


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """`(x - mean) / sqrt(var + epsilon) * gamma + beta`."""
    return ops.batch_normalization(x, mean, var, axis, offset=beta, scale=gamma, epsilon=epsilon)


# -- control
def switch(condition, then_expression, else_expression):
    """One of two, by a condition; either may be a function without arguments."""
    if callable(then_expression) and callable(else_expression):
        return ops.cond(condition, then_expression, else_expression)
    rank = len(then_expression.shape)
    condition = ops.cast(condition, "bool")
    while len(condition.shape) < rank:
        condition = ops.expand_dims(condition, -1)
    return ops.where(condition, then_expression, else_expression)


def map_fn(fn, elems, name=None, dtype=None):
    """The function of each row."""
    return ops.map(fn, elems)


def foldl(fn, elems, initializer=None, name=None):
    """`fn(fn(start, row 0), row 1)...`"""
    rows = list(ops.unstack(elems))
    total = rows.pop(0) if initializer is None else initializer
    for row in rows:
        total = fn(total, row)
    return total


def foldr(fn, elems, initializer=None, name=None):
    """`foldl` from the last row to the first."""
    return foldl(fn, ops.flip(elems, 0), initializer)


# -- convolution and pooling
def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution over one axis."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(x, kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """Convolution over two axes."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(x, kernel, strides=(1, 1, 1), padding="valid", data_format=None, dilation_rate=(1, 1, 1)):
    """Convolution over three axes."""
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)):
    """A convolution of each channel on its own."""
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """Pooling over two axes; `pool_mode` is "max" or "avg"."""
    pool = {"max": ops.max_pool, "avg": ops.average_pool}[pool_mode]
    return pool(x, pool_size, strides, padding, data_format)


pool3d = pool2d
