"""Control flow in plain Python: PyTorch runs eagerly. On the meta device, where no value is known, a branch or
one round stands for all: shapes must not depend on which is taken."""

from __future__ import annotations

import builtins
import inspect

import torch

from kerata.core import tree

__all__ = ["cond", "custom_gradient", "fori_loop", "jvp", "scan", "switch", "vectorized_map", "while_loop"]


def _unknown(x) -> bool:
    return isinstance(x, torch.Tensor) and x.device.type == "meta"


def cond(pred, true_fn, false_fn):
    return true_fn() if _unknown(pred) or pred else false_fn()


def switch(index, branches, operands):
    which = 0 if _unknown(index) else min(max(int(index), 0), len(branches) - 1)
    return branches[which](*operands)


def while_loop(cond, body, state):
    while True:
        go_on = cond(state)
        if _unknown(go_on):
            return body(state)
        if not go_on:
            return state
        state = body(state)


def fori_loop(lower, upper, body, init):
    if _unknown(lower) or _unknown(upper):
        return body(0, init)
    for i in range(int(lower), int(upper)):
        init = body(i, init)
    return init


def scan(f, init, xs, length, reverse=False, unroll=1):
    leaves, structure = tree.flatten_with_structure(xs)
    rows = [builtins.tuple(x.unbind(0)) if isinstance(x, torch.Tensor) else x for x in leaves]
    shapes_alone = length > 0 and any(map(_unknown, leaves))  # then one step tells what the others give
    steps, ys = range(1 if shapes_alone else length), []
    for i in reversed(steps) if reverse else steps:
        init, y = f(init, tree.unflatten(structure, [None if r is None else r[i] for r in rows]))
        ys.append(y)
    return init, _stacked(ys * length if shapes_alone else ys[::-1] if reverse else ys)


def _stacked(results: list):
    if not results:
        return None

    def stack(*ys):
        return None if ys[0] is None else torch.stack([torch.as_tensor(y) for y in ys])

    return tree.map_structure(stack, *results)


def vectorized_map(function, elements):
    return torch.vmap(function)(elements)


class _WithGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, f, kwargs, *args):
        out, ctx.grad = f(*args, **kwargs)
        ctx.arguments = args
        return out

    @staticmethod
    def backward(ctx, *upstream):
        parameter = inspect.signature(ctx.grad).parameters.get("upstream")
        if parameter is not None and parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty:
            grads = ctx.grad(*ctx.arguments, upstream=upstream[0] if len(upstream) == 1 else upstream)
        else:
            grads = ctx.grad(*upstream)
        grads = tuple(grads) if isinstance(grads, list | tuple) else (grads,)
        return (None, None, *grads)


def custom_gradient(f):
    """`f` gives its value and a function from the value's gradient to those of its arguments."""

    def value(*args, **kwargs):
        return _WithGradient.apply(f, kwargs, *args)

    return value


def jvp(fun, primals, tangents, has_aux=False):
    primals = [torch.as_tensor(p) for p in primals]
    tangents = [torch.as_tensor(t, dtype=p.dtype) for t, p in zip(tangents, primals)]
    return torch.func.jvp(fun, tuple(primals), tuple(tangents), has_aux=has_aux)
