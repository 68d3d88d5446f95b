"""Control flow in plain Python: NumPy has no other."""

from __future__ import annotations

import numpy as np

from kerata.backend.numpy.arrays import placeholders
from kerata.backend.numpy.autodiff import _MESSAGE
from kerata.core import tree

__all__ = ["cond", "custom_gradient", "fori_loop", "jvp", "scan", "switch", "vectorized_map", "while_loop"]


def cond(pred, true_fn, false_fn):
    return true_fn() if pred else false_fn()


def switch(index, branches, operands):
    return branches[int(np.clip(index, 0, len(branches) - 1))](*operands)


def while_loop(cond, body, state):
    while cond(state):
        state = body(state)
    return state


def fori_loop(lower, upper, body, init):
    for i in range(int(lower), int(upper)):
        init = body(i, init)
    return init


def scan(f, init, xs, length, reverse=False, unroll=1):
    shapes_alone = length > 0 and placeholders.given  # then one step tells what the others give
    steps, ys = range(1 if shapes_alone else length), []
    for i in reversed(steps) if reverse else steps:
        init, y = f(init, tree.map_structure(lambda x: None if x is None else x[i], xs))
        ys.append(y)
    return init, stacked(ys * length if shapes_alone else ys[::-1] if reverse else ys)


def stacked(results: list):
    """A list of equal structures as one structure of stacked arrays."""
    if not results:
        return None
    return tree.map_structure(lambda *y: None if y[0] is None else np.stack([np.asarray(e) for e in y]), *results)


def vectorized_map(function, elements):
    n = len(tree.flatten(elements)[0])
    return stacked([function(tree.map_structure(lambda x: x[i], elements)) for i in range(n)])


def custom_gradient(f):
    """Without gradients only the value counts."""

    def value(*args, **kwargs):
        return f(*args, **kwargs)[0]

    return value


def jvp(fun, primals, tangents, has_aux=False):
    raise NotImplementedError(_MESSAGE)
