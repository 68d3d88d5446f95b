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
from kerata.core.scopes import context
from kerata.core.variable import Variable
from kerata.ops import _composite
from kerata.ops._explain import explain

_SCALARS = frozenset((int, float, bool, complex))
_PLAIN = frozenset((*_SCALARS, str, type(None), slice, type(...)))
_UNSEEN = object()
# Tuples of types, not unions: torch.compile cannot trace those.
_CONTAINERS = (list, tuple, dict)
_LOOKED_INTO = (KerasTensor, Variable, *_CONTAINERS)
_kinds = backend.kinds
_thread = backend._thread
_Composite = _composite.Composite
_watching: list = []  # what sees every call of an op (`training/not_finite.py`), if anything does


def watch(watcher) -> None:
    """Let `watcher.op(fn, run, args, kwargs)` see every call of an op from now on; None: nobody."""
    _watching[:] = [watcher] if watcher is not None else []
    _kinds.clear()


def _kind(t: type):
    """What an argument of type `t` is: its backend, None (no say in the matter), or something to look into."""
    if t in _PLAIN:
        found = None
    elif issubclass(t, _LOOKED_INTO) and t.__module__ != "torch":
        found = _UNSEEN  # (torch.Size is a tuple, of numbers only)
    else:
        found = _composite.note_of(t) or backend.owner(t)
    if not _watching:  # else nothing is noted, so that every call of an op comes to `elsewhere`
        _kinds[t] = found
    return found


def _plain_tuple(value) -> bool:
    """Whether it is a tuple of numbers, such as axes or a shape: the one container that calls often have."""
    return type(value) is tuple and all(type(v) in _PLAIN for v in value)


def _look(value):
    """True for a symbolic argument, a backend module for a tensor that belongs to one, else None."""
    t = type(value)
    kind = _kinds.get(t, _UNSEEN)
    if kind is not _UNSEEN:
        return kind
    if isinstance(value, _CONTAINERS) and t.__module__ != "torch":
        found = None
        for item in value.values() if isinstance(value, dict) else value:
            seen = _look(item)
            if seen is True or type(seen) is _Composite:
                return seen
            found = seen or found
        return found
    if issubclass(t, KerasTensor):
        return True
    return value._backend if issubclass(t, Variable) else _kind(t)


def op(fn: Callable | None = None, *, spec: Callable | None = None) -> Callable:
    """Make `fn` an op. See docs/architecture.md, "Ops".

    `spec` gives the symbolic result for symbolic arguments; for the few ops whose shapes depend on values.
    """
    if fn is None:
        return functools.partial(op, spec=spec)

    @functools.wraps(fn)
    def dispatch(*args, **kwargs):
        # The common case costs one look-up of a type per argument.
        here = _thread.module or backend._default or backend.current()
        for value in args:
            kind = _kinds.get(type(value), _UNSEEN)
            if kind is not None and kind is not here and not _plain_tuple(value):
                return elsewhere(here, args, kwargs)
        if kwargs:
            for value in kwargs.values():
                kind = _kinds.get(type(value), _UNSEEN)
                if kind is not None and kind is not here and not _plain_tuple(value):
                    return elsewhere(here, args, kwargs)
        try:
            return fn(*args, **kwargs)
        except NotImplementedError:
            return _carried(here, fn, args, kwargs)
        except Exception as error:
            _tell(fn, args, kwargs, error)
            raise

    def elsewhere(here, args, kwargs):
        """Symbolic arguments, containers, Variables, tensors of another backend."""
        if _watching and context.watch is _watching[0]:
            return context.watch.op(fn, lambda: routed(here, args, kwargs), args, kwargs)
        return routed(here, args, kwargs)

    def routed(here, args, kwargs):
        other = composite = None
        for value in (*args, *kwargs.values()):
            seen = _look(value)
            if seen is True:
                return _symbolic(dispatch, args, kwargs)
            if type(seen) is _Composite:
                composite = seen
            elif seen is not None and seen is not here:
                other = seen
        if composite is not None:
            return _composite.call(dispatch, fn, args, kwargs)
        try:
            if other is None:
                return fn(*args, **kwargs)
            with backend.backend_scope(other):
                return fn(*args, **kwargs)
        except NotImplementedError:
            return _carried(other or here, fn, args, kwargs)
        except Exception as error:
            _tell(fn, args, kwargs, error)
            raise

    dispatch.is_op = True
    dispatch.spec = spec
    return dispatch


def _tell(fn, args, kwargs, error: Exception) -> None:
    """Raise what says better than `error` what was wrong with the arguments, if anything does."""
    told = explain(fn, args, kwargs, error)
    if told is not None:
        raise told from error


def _carried(b, fn, args, kwargs):
    """Once more, on a variant of the backend that computes in wider dtypes what it has no kernels for."""
    carried = getattr(b, "carried", None)
    if carried is None:
        raise
    with backend.backend_scope(carried()):
        return fn(*args, **kwargs)


def _symbolic(fn, args, kwargs):
    from kerata.core.operation import OpCall

    return OpCall(fn)(*args, **kwargs)


def convert(x, dtype: str | None = None):
    """`x` as a tensor of the backend in force."""
    b = backend.current()
    return x if dtype is None and type(x) is b.Tensor else b.convert(x, dtype)


def arrays(x, *more):
    """The arguments as tensors of the backend in force, then its array namespace."""
    b = backend.current()
    tensor = b.Tensor
    if type(x) is not tensor:
        x = b.convert(x)
    if not more:
        return x, b.xp
    return (x, *[y if type(y) is tensor else b.convert(y) for y in more], b.xp)


_names: dict[type, dict] = {}  # by the class of a backend's dtype objects: the object -> its name


def dtype_name(x) -> str:
    """The name of the dtype of a tensor of the backend in force."""
    native = x.dtype
    try:
        return _names[type(native)][native]
    except KeyError:
        name = _names.setdefault(type(native), {})[native] = backend.current().dtype(x)
        return name


def is_floating(x) -> bool:
    """Whether a tensor of the backend in force holds real floats."""
    return dtype_name(x) in _FLOATS


_FLOATS = frozenset(dtypes.FLOATS)


def floating(x, *more):
    """Like `arrays`, with integers and booleans cast to the result's float dtype."""
    b = backend.current()
    if type(x) is not b.Tensor:
        x = b.convert(x)
    name = dtype_name(x)
    if not more:
        return (x if name in _FLOATS else b.cast(x, dtypes.result_type(name, float))), b.xp
    xs = (x, *[y if type(y) is b.Tensor else b.convert(y) for y in more])
    target = dtypes.result_type(*[dtype_name(y) for y in xs], float)
    return (*[b.cast(y, target) for y in xs], b.xp)


_weak: dict[tuple, bool] = {}  # (dtype name, Python number type, extra) -> the number leaves the dtype as it is


def _leaves(x, kind: type, like: tuple) -> bool:
    key = (x.dtype, kind, like)
    found = _weak.get(key)
    if found is None:
        name = dtype_name(x)
        # Whatever floatx is: True only where no Python number of that kind can change the dtype.
        found = _weak[key] = kind is not complex and (
            name in _FLOATS or (kind is not float and not like and name not in ("bool", *dtypes.COMPLEX))
        )
    return found


def promote(x1, x2, *, scalars: bool = False, like: tuple = ()):
    """Both as tensors of their common result dtype (of theirs and `like`), then the array namespace.

    With `scalars`, a Python number that leaves the other operand's dtype as it is stays a number (cheap; for the
    functions of `xp` that take numbers in every backend: arithmetic, maximum and minimum).
    """
    b = backend.current()
    tensor = b.Tensor
    t1, t2 = type(x1), type(x2)
    if t1 is not tensor and t1 not in _SCALARS:
        x1 = b.convert(x1)
    if t2 is not tensor and t2 not in _SCALARS:
        x2 = b.convert(x2)
    if t1 not in _SCALARS and t2 not in _SCALARS:
        if x1.dtype == x2.dtype and (not like or dtype_name(x1) in _FLOATS):
            return x1, x2, b.xp
    elif scalars and b.weak_scalars and t1 is not t2:
        if t2 in _SCALARS and t1 not in _SCALARS and _leaves(x1, t2, like):
            return x1, x2, b.xp
        if t1 in _SCALARS and t2 not in _SCALARS and _leaves(x2, t1, like):
            return x1, x2, b.xp
    target = dtypes.result_type(*[t if t in _SCALARS else dtype_name(x) for x, t in ((x1, t1), (x2, t2))], *like)
    x1 = b.convert(x1, target) if t1 in _SCALARS else b.cast(x1, target)
    return x1, (b.convert(x2, target) if t2 in _SCALARS else b.cast(x2, target)), b.xp
