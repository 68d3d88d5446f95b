"""Shape inference: evaluate a function abstractly, at two sizes where dimensions are unknown."""

from __future__ import annotations

import math

from kerata import backend
from kerata.backend.spec import Spec
from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.masks import get_mask, set_mask
from kerata.core.scopes import StatelessScope, context

# Two sizes to stand for an unknown one. They have many divisors, so reshapes and strides divide them.
_SIZES = (96, 144)


def _fill(x, which: int, sizes):
    if not isinstance(x, KerasTensor):
        return x
    batch, other, *exception = sizes
    shape = [size if size is not None else (batch if axis == 0 else other)[which] for axis, size in enumerate(x.shape)]
    for tensor, axis, n in exception:
        if tensor is x:
            shape[axis] = n
    return Spec(tuple(shape), x.dtype)


def _on_masked(fn, structure):
    """`fn` as a function of flat lists: its arguments, nested as `structure` is, and the masks that travel with them."""

    def run(leaves, masks):
        leaves = [x if m is None else set_mask(x, m) for x, m in zip(leaves, masks)]
        args, kwargs = tree.pack_sequence_as(structure, leaves)
        return fn(*args, **kwargs)

    return run


def _evaluate(fn, args, kwargs, which: int, sizes):
    b = backend.current()
    leaves = tree.flatten((args, kwargs))
    masks = [get_mask(x) if isinstance(x, KerasTensor) else None for x in leaves]
    if any(m is not None for m in masks):
        fn, args, kwargs = _on_masked(fn, (args, kwargs)), (leaves, masks), {}
    unknown = any(isinstance(x, KerasTensor) and x.shape and x.shape[0] is None for x in leaves)
    args, kwargs = tree.map_structure(lambda x: _fill(x, which, sizes), (args, kwargs))
    scope = StatelessScope()
    scope.abstract = b.abstract_value
    before, context.any_batch = context.any_batch, sizes[0][which] if unknown else None
    try:
        try:
            with scope:
                return b.abstract_eval(fn, args, kwargs)
        except Exception as e:
            if not hasattr(b, "wants_values") or not b.wants_values(e):
                raise
        scope = StatelessScope()
        scope.abstract = lambda value: value
        with scope:
            return b.eval_on_zeros(fn, args, kwargs)
    finally:
        context.any_batch = before


def _known_sizes(leaves) -> list[int]:
    """Sizes that an unknown one may have to equal: those of the arguments' axes, the most frequent first; then integers among
    the arguments, as of a shape that is asked for, and their product; 1."""
    sizes = [n for x in leaves for n in (getattr(x, "shape", None) or ()) if isinstance(n, int) and n > 1]
    given = [x for x in leaves if type(x) is int and x > 1][:4]
    return [*sorted(set(sizes), key=sizes.count, reverse=True)[:4], *given, math.prod(given), 1]


def _attempts(leaves, sizes):
    """What may stand for unknown sizes. First any; then, for arguments that fit one size only, that size: for one axis of one
    of several tensors, whose others stay unknown; else for all."""
    batch, other = sizes
    any_sizes = [sizes] if batch == other else [sizes, (other, other)]
    yield from any_sizes
    tensors = {id(x): x for x in leaves if isinstance(x, KerasTensor) and None in x.shape}.values()
    axes = [(x, axis) for x in tensors for axis, size in enumerate(x.shape) if size is None]
    if len(tensors) > 1 and len(axes) <= 4:
        for n in _known_sizes(leaves)[:-1]:
            for x, axis in axes:
                yield from ((*some, (x, axis, n)) for some in any_sizes)
    for n in _known_sizes(leaves):
        yield batch, (n, n)
        yield (n, n), other
        yield (n, n), (n, n)


def _sizes(leaves) -> tuple:
    """The sizes to try first: for the batch axis, and for others."""
    sizes = getattr(backend.current(), "abstract_sizes", None)
    if sizes is None:
        return _SIZES, _SIZES
    # A backend that computes: arrays with many unknown axes are kept small.
    batch, other = sizes
    most = max((x.shape[1:].count(None) for x in leaves if isinstance(x, KerasTensor)), default=0)
    return batch, other if most <= 3 else tuple(n // (2 if most == 4 else 6) for n in other)


def _evaluate_twice(fn, args, kwargs):
    """The results at two sizes for each unknown one."""
    leaves = tree.flatten((args, kwargs))
    sizes = _sizes(leaves)
    if not any(isinstance(x, KerasTensor) and None in x.shape for x in leaves):
        result = _evaluate(fn, args, kwargs, 0, sizes)
        return result, result
    error = None
    for attempt in _attempts(leaves, sizes):
        try:
            return _evaluate(fn, args, kwargs, 0, attempt), _evaluate(fn, args, kwargs, 1, attempt)
        except Exception as e:  # which type a misfit raises is the backend's choice
            error = error or e
    raise error


def infer(fn, args: tuple, kwargs: dict):
    """What `fn(*args, **kwargs)` gives, with KerasTensors for tensors; nothing is computed or assigned."""
    first, second = _evaluate_twice(fn, args, kwargs)

    def merge(a, c):
        if not isinstance(a, Spec):
            return a
        shape = tuple(m if m == n else None for m, n in zip(a.shape, c.shape))
        return KerasTensor(shape, a.dtype)

    return tree.map_structure(merge, first, second)
