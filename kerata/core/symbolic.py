"""Shape inference: evaluate a function abstractly, at two sizes where dimensions are unknown."""

from __future__ import annotations

from kerata import backend
from kerata.backend.spec import Spec
from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.scopes import StatelessScope, context

# Two sizes to stand for an unknown one. They have many divisors, so reshapes and strides divide them.
_SIZES = (96, 144)


def _fill(x, which: int, sizes):
    if not isinstance(x, KerasTensor):
        return x
    batch, other = sizes
    shape = tuple(
        size if size is not None else (batch[which] if axis == 0 else other[which]) for axis, size in enumerate(x.shape)
    )
    return Spec(shape, x.dtype)


def _evaluate(fn, args, kwargs, which: int):
    b = backend.current()
    sizes = getattr(b, "abstract_sizes", (_SIZES, _SIZES))
    args, kwargs = tree.map_structure(lambda x: _fill(x, which, sizes), (args, kwargs))
    scope = StatelessScope()
    scope.abstract = b.abstract_value
    with scope:
        return b.abstract_eval(fn, args, kwargs)


def infer(fn, args: tuple, kwargs: dict):
    """What `fn(*args, **kwargs)` gives, with KerasTensors for tensors; nothing is computed or assigned."""
    unknown = any(isinstance(x, KerasTensor) and None in x.shape for x in tree.flatten((args, kwargs)))
    symbolic_before, context.symbolic = getattr(context, "symbolic", False), True
    try:
        first = _evaluate(fn, args, kwargs, 0)
        second = _evaluate(fn, args, kwargs, 1) if unknown else first
    finally:
        context.symbolic = symbolic_before

    def merge(a, c):
        if not isinstance(a, Spec):
            return a
        shape = tuple(m if m == n else None for m, n in zip(a.shape, c.shape))
        return KerasTensor(shape, a.dtype)

    return tree.map_structure(merge, first, second)
