"""Gradients by autograd, and steps that run eagerly without waiting for the device."""

from __future__ import annotations

import threading

import torch

from kerata.backend.eager import eager_chunk, eager_step
from kerata.backend.torch.arrays import convert
from kerata.backend.torch.replay import Replayed
from kerata.core import tree
from kerata.core.dtypes import is_text

__all__ = [
    "compile_chunk", "compile_function", "compile_step", "input_gradients", "set_trainable", "to_device",
    "variable_gradients",
]  # fmt: skip


class _Depth(threading.local):
    n = 0  # how many gradients are being computed around this one
    compiles = False  # whether what is differentiated goes through torch.compile
    most = 0  # the greatest n seen


_depth = _Depth()


def _gradients(compute, sources, has_aux):
    if _depth.compiles and _depth.n == 0:
        compute = torch.compile(compute)
    _depth.n += 1
    _depth.most = max(_depth.most, _depth.n)
    try:
        with torch.enable_grad():
            out = compute()
    finally:
        _depth.n -= 1
    value, aux = out if has_aux else (out, None)
    nested = _depth.n > 0
    if not isinstance(value, torch.Tensor) or not value.requires_grad:
        return (value, aux), [torch.zeros_like(x) for x in sources]
    wanted = [x for x in sources if x.requires_grad]
    found = iter(torch.autograd.grad(value, wanted, create_graph=nested, allow_unused=True))
    grads = [next(found) if x.requires_grad else None for x in sources]
    return (value if nested else value.detach(), aux), grads


def variable_gradients(fn, variables, has_aux):
    """`(value, aux), gradients` of `fn()` with respect to the variables; assignments in `fn` take effect."""
    return _gradients(fn, [v.value for v in variables], has_aux)


def input_gradients(fn, args, kwargs, has_aux):
    """Like `variable_gradients`, with respect to the first positional argument (a tree of tensors)."""

    def source(x):
        x = convert(x)
        if not x.is_floating_point():
            raise TypeError(f"Gradients are taken with respect to float tensors; the first argument has dtype {x.dtype}.")
        return x if _depth.n and x.requires_grad else x.detach().requires_grad_()

    first = tree.map_structure(source, args[0])
    sources = tree.flatten(first)
    out, grads = _gradients(lambda: fn(first, *args[1:], **kwargs), sources, has_aux)
    grads = [torch.zeros_like(x) if g is None else g for x, g in zip(sources, grads)]
    return out, tree.pack_sequence_as(args[0], grads) if tree.is_nested(args[0]) else grads[0]


def set_trainable(value, trainable: bool):
    """Tell autograd whether gradients of a variable's tensor are wanted."""
    if not (value.is_floating_point() or value.is_complex()):
        return value
    if trainable and not isinstance(value, torch.nn.Parameter):
        return torch.nn.Parameter(value)
    value.requires_grad_(trainable)
    return value


def compile_step(step, result, variables, jit=True, donate=True):
    """A function of a batch on the host: one step, then its logs. Eager: compiling costs 5-20 s and gains nothing on CPU."""
    return eager_step(_prepared(step, variables, jit), result, to_device)


def compile_chunk(step, result, variables, batch_size: int, ordered: bool, jit=True, donate=True):
    """A function `(data, order, start, count) -> logs`: `count` steps, from batch `start`."""
    step = _prepared(step, variables, jit)
    return eager_chunk(step, result, batch_size, ordered, lambda a, index: a.index_select(0, index))


def _prepared(step, variables, jit):
    if jit == "always":
        return compile_function(step)
    return Replayed(step, variables) if jit and step.built_in and step.trains else step


def to_device(data):
    """The arrays of a tree as tensors of this backend (for the time of a `fit`); texts stay what they are."""
    return tree.map_structure(lambda a: a if is_text(a) else convert(a), data, none_is_leaf=False)


def compile_function(fn):
    """`fn` through `torch.compile`: all of it; or, if it takes gradients itself, what it differentiates.

    The first call runs eagerly and shows which. Gradients of gradients stay eager: PyTorch cannot compile them. So do
    the optimizers' steps, whose kernels are fused already.
    """
    whole, depth = None, None

    def call(*args, **kwargs):
        nonlocal whole, depth
        if torch.compiler.is_compiling():
            return fn(*args, **kwargs)
        if whole is not None:
            return whole(*args, **kwargs)
        before = _depth.compiles, _depth.most
        _depth.compiles, _depth.most = depth == 1, 0
        try:
            out = fn(*args, **kwargs)
            if depth is None:
                depth = _depth.most
                whole = torch.compile(fn) if depth == 0 else None
            return out
        finally:
            _depth.compiles, _depth.most = before[0], max(before[1], _depth.most)

    return call
