"""Control flow that works eagerly and inside `tf.function`."""

from __future__ import annotations

import inspect

import tensorflow as tf

from kerata.core import tree

__all__ = ["cond", "custom_gradient", "fori_loop", "jvp", "scan", "switch", "vectorized_map", "while_loop"]


def cond(pred, true_fn, false_fn):
    if tf.executing_eagerly() or not tf.is_tensor(pred):
        return true_fn() if pred else false_fn()
    return tf.cond(tf.cast(pred, tf.bool), true_fn, false_fn)


def switch(index, branches, operands):
    index = tf.clip_by_value(tf.cast(index, tf.int32), 0, len(branches) - 1)
    return tf.switch_case(index, [lambda b=b: b(*operands) for b in branches])


def while_loop(cond, body, state):
    if tf.executing_eagerly():
        while cond(state):
            state = body(state)
        return state
    state = tree.map_structure(tf.convert_to_tensor, state)
    return tf.while_loop(lambda s: cond(s), lambda s: (body(s),), (state,))[0]


def fori_loop(lower, upper, body, init):
    if tf.executing_eagerly() or not (tf.is_tensor(lower) or tf.is_tensor(upper)):
        init = tree.map_structure(tf.convert_to_tensor, init)
        for i in range(int(lower), int(upper)):
            init = body(i, init)
        return init
    upper = tf.cast(upper, tf.int32)
    state = (tf.cast(lower, tf.int32), tree.map_structure(tf.convert_to_tensor, init))
    return while_loop(lambda s: s[0] < upper, lambda s: (s[0] + 1, body(*s)), state)[1]


def _rows(xs, i):
    return tree.map_structure(lambda x: None if x is None else x[i], xs)


def scan(f, init, xs, length, reverse=False, unroll=1):
    if not tf.executing_eagerly():
        return _scan_in_graph(f, init, xs, length, reverse)
    ys = []
    for i in reversed(range(int(length))) if reverse else range(int(length)):
        init, y = f(init, _rows(xs, i))
        ys.append(y)
    ys = ys[::-1] if reverse else ys
    return init, tree.map_structure(lambda *y: None if y[0] is None else tf.stack(y), *ys) if ys else None


def _unknown(shape, dtype):
    """A tensor without a value, in a graph: its batch may be of any size, as it is after batches of several sizes."""
    return tf.compat.v1.placeholder(dtype, shape)


def _scan_in_graph(f, init, xs, length, reverse):
    """A `tf.while_loop` that writes to TensorArrays; what `f` gives is learnt from a trace that is thrown away."""
    carry, carry_structure = tree.flatten_with_structure(init)
    carry = [None if c is None else tf.convert_to_tensor(c) for c in carry]
    present = [c is not None for c in carry]
    graph = tf.__internal__.FuncGraph("scan_probe")
    with graph.as_default():
        row = tree.map_structure(lambda x: None if x is None else _unknown(x.shape[1:], x.dtype), xs)
        before = [None if c is None else _unknown(c.shape, c.dtype) for c in carry]
        y, y_structure = tree.flatten_with_structure(f(tree.unflatten(carry_structure, before), row)[1])
    outputs = [None if e is None else tf.TensorArray(e.dtype, size=length, element_shape=e.shape) for e in y]

    def full(values):
        values = iter(values)
        return tree.unflatten(carry_structure, [next(values) if p else None for p in present])

    def step(i, values, arrays):
        at = length - 1 - i if reverse else i
        new, y = f(full(values), _rows(xs, at))
        values = [tf.cast(n, v.dtype) for n, v in zip([n for n in tree.flatten(new) if n is not None], values)]
        written = iter(e for e in tree.flatten(y) if e is not None)
        return i + 1, values, [a.write(at, next(written)) for a in arrays]

    kept = [c for c in carry if c is not None]
    arrays = [o for o in outputs if o is not None]
    state = (tf.constant(0), kept, arrays)
    _, kept, arrays = tf.while_loop(lambda i, *_: i < length, step, state, maximum_iterations=length)
    arrays = iter(arrays)
    return full(kept), tree.unflatten(y_structure, [None if o is None else next(arrays).stack() for o in outputs])


def vectorized_map(function, elements):
    return tf.vectorized_map(function, elements)


def custom_gradient(f):
    """`f` gives its value and a function from the value's gradient to those of its arguments."""

    def with_gradient(*args, **kwargs):
        out, grad = f(*args, **kwargs)
        parameter = inspect.signature(grad).parameters.get("upstream")
        if parameter is not None and parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            return out, lambda upstream: grad(*args, upstream=upstream)
        return out, lambda *upstream: grad(*upstream)

    return tf.custom_gradient(with_gradient)


def jvp(fun, primals, tangents, has_aux=False):
    primals = [tf.convert_to_tensor(p) for p in primals]
    tangents = [tf.cast(t, p.dtype) for t, p in zip(tangents, primals)]
    with tf.autodiff.ForwardAccumulator(primals, tangents) as accumulator:
        out = fun(*primals)
    out, aux = out if has_aux else (out, None)
    tangent = tree.map_structure(lambda y: accumulator.jvp(y, unconnected_gradients="zero"), out)
    return (out, tangent, aux) if has_aux else (out, tangent)
