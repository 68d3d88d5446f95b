"""Gradients of an op in the real Keras (on JAX) and in Kerata, for a fixed weighting of its output."""

from __future__ import annotations

import numpy as np

import kerata
from kerata import backend, ops


def _weights(shape) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape).astype("float32")


_CACHE: dict = {}


def _expected(fn, args, key):
    if key not in _CACHE:
        import jax
        import keras

        def loss(args):
            out = fn(keras.ops, *args)
            return (out * _weights(out.shape)).sum()

        _CACHE[key] = [np.asarray(g) for g in jax.jit(jax.grad(loss))([np.asarray(a) for a in args])]
    return _CACHE[key]


def compare_gradients(fn, args, key, rtol=1e-4, atol=1e-4):
    """`fn(ops, *args)`: the gradients by all `args` (float arrays) agree with Keras's; `key` names the case."""

    def loss(tensors):
        out = fn(ops, *tensors)
        return ops.sum(ops.multiply(out, _weights(tuple(out.shape))))

    grads = kerata.grad(loss)([backend.current().convert(a) for a in args])
    for got, want in zip(grads, _expected(fn, args, key)):
        np.testing.assert_allclose(ops.convert_to_numpy(got), want, rtol=rtol, atol=atol)
