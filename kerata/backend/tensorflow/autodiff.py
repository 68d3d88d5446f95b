"""Gradients by GradientTape, and steps and chunks of steps as `tf.function`s."""

from __future__ import annotations

import collections
import math

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
    return (_traced_for_xla(step), True) if jit == "always" else (step, None)


def _traced_for_xla(fn):
    def traced(*args):
        with nn.for_xla():
            return fn(*args)

    return traced


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
    pays = []  # from how many steps on XLA pays, for each graph of a step

    def measured(batch):
        logs = step(batch)
        pays.append(_pays_from(tf.compat.v1.get_default_graph()))
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

    return _Chunk(run, pays, settled=xla or jit == "plain")


class _Chunk:
    """The compiled steps; by XLA as well, where that pays.

    Which it is depends on the program alone, not on the clock, so that the same program gives the same numbers.
    """

    def __init__(self, run, pays: list[float], settled: bool):
        self._run, self._pays, self._settled = run, pays, settled
        self._xla, self._steps = None, 0

    def expect(self, steps: int) -> None:
        """Be told how many steps are planned."""
        self._steps = max(steps, self._steps)

    def __call__(self, data, order, start, count):
        arguments = (data, order, tf.constant(start), tf.constant(count))
        if not self._settled and self._steps >= min(_MANY.values()):
            self._run.get_concrete_function(*arguments)
            if self._steps >= max(self._pays):
                self._xla = tf.function(_traced_for_xla(self._run.python_function), autograph=False, jit_compile=True)
            self._settled = self._xla is not None or max(self._pays) == math.inf
        if self._xla is not None:
            try:
                return self._xla(*arguments)
            except tf.errors.OpError:  # XLA does not know one of the ops; an error of the step itself comes again below
                self._xla = None
        return self._run(*arguments)


# Compiling by XLA takes 0.6 to 1.2 s. Steps of small dense models save 0.3 ms by it, those with a large LSTM 1 to 7 (of small
# ones nothing is sure), with another recurrent layer 1 to 4: from so many steps on it takes less time than it saves.
_MANY = {"small": 3000, "lstm": 1000, "recurrent": 500}
# Above so many multiplications and results, TensorFlow's kernels are as fast as XLA's code; its LSTM is so below.
_SMALL_WORK, _LARGE_LSTM = 1e7, 5e7
# Kernels that XLA does not have, or does more slowly; its random numbers are others.
_ITS_OWN_KERNELS = ("Conv", "Depthwise", "MaxPool", "AvgPool", "FusedBatchNorm", "StatelessRandom", "StatelessIf", "Random", "If",
                    "PyFunc", "EagerPyFunc", "Lookup", "Sparse", "Unique", "Where", "String")  # fmt: skip
_LOOPS = {"While", "StatelessWhile"}


def _pays_from(graph) -> float:
    """From how many steps on it pays to have a step compiled by XLA, which makes one function of many ops; it may be never."""
    types: set[str] = set()
    work: dict[str, float] = collections.Counter()
    for op in graph.get_operations():
        types |= {op.type} | (_types_within(graph, op.get_attr("body").name) if op.type in _LOOPS else set())
        work[op.type] += _work(op)
    if any(t.startswith(_ITS_OWN_KERNELS) for t in types - {"SparseSoftmaxCrossEntropyWithLogits"}):
        return math.inf
    if types & _LOOPS:
        return _MANY["recurrent"]
    if "BlockLSTM" in types:
        return _MANY["lstm"] if work["BlockLSTM"] > _LARGE_LSTM else math.inf
    return _MANY["small"] if sum(work.values()) < _SMALL_WORK else math.inf


def _work(op) -> float:
    """About how many results and multiplications an op has; infinity where that is not known."""
    sizes = [t.shape.num_elements() for t in op.outputs]
    inner = 1
    if op.type == "MatMul":
        inner = op.inputs[0].shape[-2 if op.get_attr("transpose_a") else -1]
    elif op.type == "BlockLSTM":
        sizes, inner = [op.inputs[1].shape[:2].num_elements()], op.inputs[4].shape.num_elements()
    return math.inf if None in sizes else sum(sizes) * (inner or 1)


def _types_within(graph, name: str) -> set[str]:
    """The types of ops of a function of the graph, and of those that it calls."""
    found = set()
    for node in graph._get_function(name).definition.node_def:
        found.add(node.op)
        if node.op in _LOOPS:
            found |= _types_within(graph, node.attr["body"].func.name)
    return found


def _then(_, i):
    return [i + 1]


def to_device(data):
    """The arrays of a tree as tensors of this backend (for the time of a `fit`)."""
    return tree.map_structure(convert, data, none_is_leaf=False)


def compile_function(fn):
    """`fn` as a `tf.function`."""
    return tf.function(fn, autograph=False, reduce_retracing=True)
