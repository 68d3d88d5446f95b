"""`@op`: what turns one plain function into an op that is symbolic, dispatching and named.

An op's body is written once, on the array namespace `xp` and the primitives of the backend in force. The
helpers below convert its arguments.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from kerata import backend
from kerata.core import dtypes
from kerata.core.keras_tensor import KerasTensor
from kerata.core.variable import Variable

_NESTED = (list, tuple, dict)
_PLAIN = frozenset((int, float, bool, str, type(None), complex, slice, type(...)))
_SCALARS = frozenset((int, float, bool, complex))


def _look(value):
    """True for a symbolic argument, a backend module for a tensor that belongs to one, else None."""
    kind = type(value)
    if kind in _PLAIN:
        return None
    if kind in _NESTED:
        found = None
        for item in value.values() if kind is dict else value:
            seen = _look(item)
            if seen is True:
                return True
            found = seen or found
        return found
    if issubclass(kind, KerasTensor):
        return True
    if issubclass(kind, Variable):
        return value._backend
    return backend.owner(kind)


def op(fn: Callable | None = None, *, spec: Callable | None = None) -> Callable:
    """Make `fn` an op. See docs/architecture.md, "Ops".

    `spec` gives the symbolic result for symbolic arguments; for the few ops whose shapes depend on values.
    """
    if fn is None:
        return functools.partial(op, spec=spec)

    @functools.wraps(fn)
    def dispatch(*args, **kwargs):
        here = backend.current()
        other = None
        for value in args:
            seen = _look(value)
            if seen is True:
                return _symbolic(dispatch, args, kwargs)
            if seen is not None and seen is not here:
                other = seen
        for value in kwargs.values():
            seen = _look(value)
            if seen is True:
                return _symbolic(dispatch, args, kwargs)
            if seen is not None and seen is not here:
                other = seen
        try:
            if other is None:
                return fn(*args, **kwargs)
            with backend.backend_scope(other):
                return fn(*args, **kwargs)
        except NotImplementedError:
            carried = getattr(other or here, "carried", None)
            if carried is None:
                raise
            with backend.backend_scope(carried()):
                return fn(*args, **kwargs)

    dispatch.is_op = True
    dispatch.spec = spec
    return dispatch


def _symbolic(fn, args, kwargs):
    from kerata.core.operation import OpCall

    return OpCall(fn)(*args, **kwargs)


def convert(x, dtype: str | None = None):
    """`x` as a tensor of the backend in force."""
    b = backend.current()
    return x if dtype is None and type(x) is b.Tensor else b.convert(x, dtype)


def arrays(*xs):
    """The arguments as tensors of the backend in force, then its array namespace."""
    b = backend.current()
    tensor = b.Tensor
    return (*[x if type(x) is tensor else b.convert(x) for x in xs], b.xp)


def floating(*xs):
    """Like `arrays`, with integers and booleans cast to the result's float dtype."""
    b = backend.current()
    out = [x if type(x) is b.Tensor else b.convert(x) for x in xs]
    names = [b.dtype(x) for x in out]
    target = dtypes.result_type(*names, float)
    return (*[x if n == target else b.cast(x, target) for x, n in zip(out, names)], b.xp)


def promote(*xs, scalars: bool = False, like: tuple = ()):
    """The arguments as tensors of their common result dtype (of theirs and `like`), then the array namespace.

    With `scalars`, a Python scalar that is weaker than the other operand stays one (cheap; for functions of
    `xp` that take scalars in every backend: add, subtract, multiply, divide, power and the comparisons).
    """
    b = backend.current()
    if len(xs) == 2:
        x1, x2 = xs
        if type(x1) is b.Tensor and type(x2) is b.Tensor and x1.dtype == x2.dtype:
            if not like or b.dtype(x1) in dtypes.FLOATS:
                return x1, x2, b.xp
    out = [x if type(x) in _SCALARS else x if type(x) is b.Tensor else b.convert(x) for x in xs]
    kinds = [type(x) if type(x) in _SCALARS else b.dtype(x) for x in out]
    if all(k in _SCALARS for k in kinds) or not getattr(b, "weak_scalars", True):
        scalars = False
    target = dtypes.result_type(*kinds, *like)
    cast = []
    for x, kind in zip(out, kinds):
        if kind in _SCALARS:
            cast.append(x if scalars else b.convert(x, target))
        else:
            cast.append(x if kind == target else b.cast(x, target))
    return (*cast, b.xp)
