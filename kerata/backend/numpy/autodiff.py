"""NumPy computes no gradients and compiles nothing."""

from __future__ import annotations

import numpy as np

from kerata.backend.eager import eager_chunk, eager_step
from kerata.core import tree

__all__ = ["compile_chunk", "compile_function", "compile_step", "input_gradients", "to_device", "variable_gradients"]

_MESSAGE = (
    "The NumPy backend computes no gradients: it is for inference and reference values. Choose a training backend, "
    'for example kerata.config.set_backend("jax") before the model is made, or model.to_backend("torch") after.'
)


def variable_gradients(fn, variables, has_aux):
    raise NotImplementedError(_MESSAGE)


def input_gradients(fn, args, kwargs, has_aux):
    raise NotImplementedError(_MESSAGE)


def compile_step(step, result, variables, jit=True, donate=True):
    return eager_step(step, result, to_device)


def compile_chunk(step, result, variables, batch_size: int, ordered: bool, jit=True, donate=True):
    return eager_chunk(step, result, batch_size, ordered, lambda a, index: np.take(a, index, axis=0))


def to_device(data):
    return tree.map_structure(np.asarray, data, none_is_leaf=False)


def compile_function(fn):
    return fn
