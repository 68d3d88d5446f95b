"""TensorFlow tensors: conversion, dtypes, abstract evaluation in a scratch graph, the value of a Variable."""

from __future__ import annotations

import math
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # device probing is not the user's business

import numpy as np
import tensorflow as tf

from kerata.backend.memory import aligned
from kerata.backend.spec import Spec

# Named, not taken from an example: the first use of this backend may be inside a graph, where constants are symbolic.
Tensor = tf.__internal__.EagerTensor
array_types = (tf.Tensor, tf.Variable)
functional = False
trains = True
weak_scalars = True  # a Python number in arithmetic takes the tensor's dtype


def native_dtype(name: str) -> tf.DType:
    """TensorFlow's dtype object for a dtype name."""
    return tf.as_dtype(name)


def convert(x, dtype: str | None = None):
    """A tensor of this backend with the content of `x`."""
    if isinstance(x, tf.Tensor):
        return x if dtype is None or x.dtype.name == dtype else tf.cast(x, dtype)
    if isinstance(x, tf.Variable):
        x = tf.convert_to_tensor(x)
        return x if dtype is None or x.dtype.name == dtype else tf.cast(x, dtype)
    if isinstance(x, tf.IndexedSlices):  # the gradient of a gather
        return convert(tf.convert_to_tensor(x), dtype)
    if isinstance(x, tf.SparseTensor):
        return tf.sparse.to_dense(tf.sparse.reorder(x if dtype is None else tf.cast(x, dtype)))
    if isinstance(x, tf.RaggedTensor):  # stays one: only the ops that know what rows of unequal lengths mean take it
        return x if dtype is None else tf.cast(x, dtype)
    if hasattr(x, "assign") and hasattr(x, "value"):
        return convert(x.value, dtype)
    kind = type(x)
    if kind is float and dtype is None:
        from kerata.core.config import floatx

        return tf.constant(x, floatx())
    if isinstance(x, list | tuple):
        return _convert_sequence(x, dtype)
    if hasattr(x, "detach"):
        x = x.detach().cpu()
        x = x.float().numpy() if str(x.dtype) == "torch.bfloat16" else x.numpy()
    elif kind not in (int, bool, float, complex, str, bytes) and not isinstance(x, np.ndarray):
        x = np.asarray(x)
    if dtype is None:
        return tf.convert_to_tensor(x)
    if isinstance(x, np.ndarray) and x.dtype.name != dtype and x.dtype.kind in "biufc":
        return tf.cast(tf.convert_to_tensor(x), dtype)
    return _of_dtype(x, dtype)


def _of_dtype(x, dtype):
    """Python numbers as a tensor of this dtype; TensorFlow makes no integers of floats, and no booleans of numbers."""
    if dtype == "bool" or "int" in dtype:
        x = np.asarray(x)
        return tf.cast(tf.convert_to_tensor(x), dtype) if x.dtype.kind in "bif" else tf.convert_to_tensor(x, dtype)
    return tf.convert_to_tensor(x, dtype)


def _convert_sequence(x, dtype):
    flat = tf.nest.flatten(x)
    if any(hasattr(e, "assign") or isinstance(e, tf.Tensor) for e in flat):
        t = tf.stack([convert(e) for e in x])
        return t if dtype is None else tf.cast(t, dtype)
    if dtype is None and flat and all(isinstance(e, float | int) for e in flat) and any(type(e) is float for e in flat):
        from kerata.core.config import floatx

        dtype = floatx()
    if dtype is None:
        return tf.convert_to_tensor(np.asarray(x) if any(isinstance(e, np.ndarray) for e in flat) else x)
    return _of_dtype(x, dtype)


def to_numpy(x) -> np.ndarray:
    if isinstance(x, tf.IndexedSlices | tf.SparseTensor):
        x = tf.convert_to_tensor(x) if isinstance(x, tf.IndexedSlices) else tf.sparse.to_dense(tf.sparse.reorder(x))
    if isinstance(x, tf.RaggedTensor):
        x = x.to_tensor()
    if isinstance(x, tf.Tensor | tf.Variable):
        return x.numpy()
    if hasattr(x, "assign") and hasattr(x, "value"):
        return to_numpy(x.value)
    return np.asarray(x)


def peek(x) -> np.ndarray:
    """Like `to_numpy`, to be read at once and not kept: where it can be, the memory is the tensor's own."""
    if isinstance(x, tf.Variable):
        x = x.value()
    return np.asarray(x) if isinstance(x, tf.Tensor) and x.shape.rank else to_numpy(x)


def cast(x, dtype: str):
    return x if x.dtype.name == dtype else tf.cast(x, dtype)


def dtype(x) -> str:
    return x.dtype.name


def shape(x) -> tuple:
    """Sizes: integers where the graph knows them, scalar tensors where it does not."""
    static = x.shape
    if static.rank is None:
        raise ValueError(f"A tensor of unknown rank was given: {x}. Fix its rank with tf.ensure_shape().")
    if static.is_fully_defined():
        return tuple(static.as_list())
    if isinstance(x, tf.RaggedTensor):
        return (static[0] if static[0] is not None else x.nrows(), *static.as_list()[1:])
    dynamic = tf.shape(x) if not isinstance(x, tf.SparseTensor) else x.dense_shape
    return tuple(dynamic[i] if s is None else s for i, s in enumerate(static.as_list()))


def is_tensor(x) -> bool:
    return isinstance(x, tf.Tensor | tf.Variable | tf.SparseTensor | tf.RaggedTensor)


def stop_gradient(x):
    return tf.stop_gradient(x)


def new_value(array, dtype: str, trainable: bool):
    """The `tf.Variable` that a fresh Variable holds; made outside any graph that is being traced."""
    with tf.init_scope():
        return tf.Variable(convert(array, dtype), trainable=trainable, dtype=dtype)


def computing():
    """A context outside any graph that is being traced."""
    return tf.init_scope()


def assign_value(value, new):
    value.assign(tf.cast(new, value.dtype))
    return value


def _taken(array: np.ndarray):
    """A tensor over the memory of an array that nobody else will write to."""
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())


def blank_value(shape: tuple, dtype: str, trainable: bool):
    """Zeros for a variable that a file will fill: the system gives the memory when it is written to."""
    if dtype not in _IN_DLPACK or not math.prod(shape):
        return new_value(np.zeros(shape, "float32"), dtype, trainable)
    with tf.init_scope():
        return tf.Variable(_taken(aligned(shape, dtype, np.zeros)), trainable=trainable, dtype=dtype)


def filled_value(value, read):
    """A variable's new value, which `read(array)` writes into memory that nobody else holds."""
    new = aligned(tuple(value.shape), value.dtype.as_numpy_dtype)
    read(new)
    value.assign(_taken(new) if value.dtype.name in _IN_DLPACK else tf.convert_to_tensor(new))
    return value


_IN_DLPACK = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")


def abstract_value(value):
    return value


def abstract_eval(fn, args, kwargs):
    """Evaluate `fn` on placeholders in a scratch graph; the result's tensors become specs."""
    from kerata.core import tree

    graph = tf.__internal__.FuncGraph("abstract")
    with graph.as_default():

        def make(x):
            if isinstance(x, Spec):
                return tf.compat.v1.placeholder(tf.as_dtype(x.dtype), x.shape)
            return x

        args, kwargs = tree.map_structure(make, (args, kwargs))
        out = fn(*args, **kwargs)

        def describe(x):
            if not is_tensor(x):
                return x
            return Spec(tuple(x.shape.as_list()), x.dtype.name)

        return tree.map_structure(describe, out)


def devices() -> list[str]:
    return [f"{d.device_type.lower()}:{i}" for i, d in enumerate(tf.config.list_logical_devices())]


def make_deterministic() -> None:
    """Use no kernel whose results vary from run to run."""
    tf.config.experimental.enable_op_determinism()


def synchronize(x=None) -> None:
    """TensorFlow's eager calls return finished values on CPU; on GPU reading a value waits."""


def device_scope(name: str):
    """A context in which new tensors go to the device "cpu:0", "gpu:1", ..."""
    return tf.device(name)


def remat(fn):
    """`fn` without its inner results kept for the gradient."""
    return tf.recompute_grad(fn)
