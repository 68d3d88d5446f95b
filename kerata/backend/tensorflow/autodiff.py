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
    """A function of a batch on the host: one step, then its logs."""
    if not jit:
        return eager_step(step, result, to_device)
    step, xla = _for_xla(step, jit)
    run = tf.function(lambda batch: result(step(batch)), autograph=False, reduce_retracing=not xla, jit_compile=xla)
    return lambda batch: run(to_device(batch))


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
        # Not a slice: XLA would compile the program anew for each place where one begins.
        index = i * batch_size + tf.range(batch_size)
        if ordered:
            index = tf.gather(order, index)
        return tree.map_structure(lambda a: tf.gather(a, index), data, none_is_leaf=False)

    silent = step.silent
    step, xla = _for_xla(step, jit)
    small = []  # of the graphs of a step

    def measured(batch):
        logs = step(batch)
        small.append(_is_small(tf.compat.v1.get_default_graph()))
        return logs

    @tf.function(autograph=False, reduce_retracing=not xla, jit_compile=xla)
    def run(data, order, start, count):
        if silent:
            tf.while_loop(lambda i: i < count, lambda i: _then(measured(batch_at(data, order, start + i)), i), [tf.constant(0)],
                          parallel_iterations=1)  # fmt: skip
            return result(None)
        logs = step(batch_at(data, order, start))

        def body(i, _):
            return i + 1, measured(batch_at(data, order, start + i))

        _, logs = tf.while_loop(lambda i, _: i < count, body, [tf.constant(1), logs], parallel_iterations=1)
        return result(logs)

    return _Chunk(run, small, settled=xla or jit == "plain")


class _Chunk:
    """The compiled steps; by XLA as well, where the steps are small and many.

    Which it is depends on the program alone, not on the clock, so that the same program gives the same numbers.
    """

    def __init__(self, run, small: list[bool], settled: bool):
        self._run, self._small, self._settled = run, small, settled
        self._xla = None

    def expect(self, steps: int) -> None:
        """Be told how many steps are planned."""
        if steps >= _MANY and not self._settled and self._xla is None:
            self._xla = tf.function(self._run.python_function, autograph=False, jit_compile=True)

    def __call__(self, data, order, start, count):
        arguments = (data, order, tf.constant(start), tf.constant(count))
        if self._xla is not None:
            if not self._settled:
                self._run.get_concrete_function(*arguments)
                self._settled = True
                if not all(self._small):
                    self._xla = None
                    return self._run(*arguments)
            try:
                return self._xla(*arguments)
            except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.NotFoundError):
                self._xla = None  # XLA does not know one of the ops
        return self._run(*arguments)


# From so many steps on, compiling by XLA takes less time than it saves.
_MANY = 3000
# Above so many multiplications and results, TensorFlow's kernels are as fast as XLA's code.
_SMALL_WORK = 1e7
_ITS_OWN_KERNELS = ("Conv", "Depthwise", "MaxPool", "AvgPool", "FusedBatchNorm", "Stateless", "Random", "While", "If", "BlockLSTM",
                    "PyFunc", "EagerPyFunc", "Lookup", "Sparse", "Unique", "Where", "String")  # fmt: skip


def _is_small(graph) -> bool:
    """Whether a step computes so little that most of its time goes into starting its ops: then XLA, which makes one of all, pays."""
    work = 0
    for op in graph.get_operations():
        if op.type.startswith(_ITS_OWN_KERNELS) and op.type != "SparseSoftmaxCrossEntropyWithLogits":
            return False
        sizes = [t.shape.num_elements() for t in op.outputs]
        if None in sizes:
            return False
        inner = op.inputs[0].shape[-2 if op.get_attr("transpose_a") else -1] if op.type == "MatMul" else 1
        work += sum(sizes) * (inner or 1)
    return work < _SMALL_WORK


def _then(_, i):
    return [i + 1]


def to_device(data):
    """The arrays of a tree as tensors of this backend (for the time of a `fit`)."""
    return tree.map_structure(convert, data, none_is_leaf=False)


def compile_function(fn):
    """`fn` as a `tf.function`."""
    return tf.function(fn, autograph=False, reduce_retracing=True)
