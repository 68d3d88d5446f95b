"""Gradients by GradientTape, and steps and chunks of steps as `tf.function`s."""

from __future__ import annotations

import tensorflow as tf

from kerata.backend.eager import eager_chunk, eager_step
from kerata.backend.tensorflow import nn
from kerata.backend.tensorflow.arrays import convert
from kerata.core import tree

__all__ = ["compile_chunk", "compile_function", "compile_step", "input_gradients", "to_device", "variable_gradients"]


def _dense(gradient, source):
    return tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient


def variable_gradients(fn, variables, has_aux):
    """`(value, aux), gradients` of `fn()` with respect to the variables; assignments in `fn` take effect."""
    sources = [v._value for v in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(sources)
        out = fn()
        value, aux = out if has_aux else (out, None)
    return (value, aux), [_dense(g, s) for g, s in zip(tape.gradient(value, sources), sources)]


def input_gradients(fn, args, kwargs, has_aux):
    """Like `variable_gradients`, with respect to the first positional argument (a tree of tensors)."""
    first = tree.map_structure(convert, args[0])
    sources = tree.flatten(first)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(sources)
        out = fn(first, *args[1:], **kwargs)
        value, aux = out if has_aux else (out, None)
    zero = tf.UnconnectedGradients.ZERO
    grads = [_dense(g, s) for g, s in zip(tape.gradient(value, sources, unconnected_gradients=zero), sources)]
    return (value, aux), tree.pack_sequence_as(args[0], grads) if tree.is_nested(args[0]) else grads[0]


def compile_step(step, result, variables, jit=True, donate=True):
    """A function of a batch: one step, then its logs."""
    if not jit:
        return eager_step(step, result)
    step, xla = _for_xla(step, jit)
    return tf.function(lambda batch: result(step(batch)), autograph=False, reduce_retracing=not xla, jit_compile=xla)


def _for_xla(step, jit):
    """The step, and what `tf.function` is told: with `jit` "always", XLA compiles it."""
    if jit != "always":
        return step, None

    def traced(batch):
        with nn.for_xla():
            return step(batch)

    return traced, True


def compile_chunk(step, result, variables, batch_size: int, ordered: bool, jit=True, donate=True):
    """A function `(data, order, start, count) -> logs`: `count` steps, from batch `start`, in one graph."""
    if not jit:
        return eager_chunk(step, result, batch_size, ordered, tf.gather)

    def batch_at(data, order, i):
        begin = i * batch_size

        def rows(a):  # of a size that XLA knows as well: it would take that of `a` for a[begin:end]
            rest = a.shape.rank - 1
            return tf.slice(a, tf.stack([begin, *[0] * rest]), [batch_size, *[-1] * rest])

        if not ordered:
            return tree.map_structure(rows, data, none_is_leaf=False)
        index = rows(order)
        return tree.map_structure(lambda a: tf.gather(a, index), data, none_is_leaf=False)

    silent = step.silent
    step, xla = _for_xla(step, jit)

    @tf.function(autograph=False, reduce_retracing=not xla, jit_compile=xla)
    def run(data, order, start, count):
        if silent:
            tf.while_loop(lambda i: i < count, lambda i: _then(step(batch_at(data, order, start + i)), i), [tf.constant(0)],
                          parallel_iterations=1)  # fmt: skip
            return result(None)
        logs = step(batch_at(data, order, start))

        def body(i, _):
            return i + 1, step(batch_at(data, order, start + i))

        _, logs = tf.while_loop(lambda i, _: i < count, body, [tf.constant(1), logs], parallel_iterations=1)
        return result(logs)

    def call(data, order, start, count):
        return run(data, order, tf.constant(start), tf.constant(count))

    return call


def _then(_, i):
    return [i + 1]


def to_device(data):
    """The arrays of a tree as tensors of this backend (for the time of a `fit`)."""
    return tree.map_structure(convert, data, none_is_leaf=False)


def compile_function(fn):
    """`fn` as a `tf.function`."""
    return tf.function(fn, autograph=False, reduce_retracing=True)
