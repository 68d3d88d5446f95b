"""Other values of the same kind, and trials: as long as one is open, what a public name gives is spoilt.

    with Trial("keras.ops.sqrt", "torch") as trial:
        ...  # whatever calls the function, on PyTorch, gets other numbers; afterwards `trial.used` says whether anything did
"""

from __future__ import annotations

import collections
import contextlib
import functools
import inspect
import types

from public_names import BASES, METHODS, distinct, exists, find, methods

# What they give has no values that could be told apart; shapes have.
SHAPES_ALONE = {"keras.Input", "keras.ops.empty", "keras.ops.empty_like", "keras.utils.get_source_inputs"}


class Cannot(Exception):
    """There is no way to spoil such a thing."""


def spoilt(x):
    """Something of the same kind, shape and dtype, with other values."""
    if isinstance(x, bool):
        return not x
    if isinstance(x, int):
        return x + 1
    if isinstance(x, float | complex):
        return x * 1.1 + 0.1
    if isinstance(x, str):
        return x + "~"
    if isinstance(x, bytes):
        return x + b"~"
    if isinstance(x, dict):
        return type(x)({k: spoilt(v) for k, v in x.items()}) if type(x) in (dict, collections.OrderedDict) else x
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*[spoilt(v) for v in x])
    if isinstance(x, list | tuple | set):
        return type(x)(spoilt(v) for v in x)
    if x is None or x is Ellipsis:
        return x
    if isinstance(x, types.FunctionType | types.MethodType | functools.partial):
        return _later(x)
    if isinstance(x, type):
        return type(x)(x.__name__, (x,), {"__module__": x.__module__, "__qualname__": x.__qualname__})
    if any(c.__name__ == "ndarray" for c in type(x).__mro__):
        return _spoilt_array(x)
    if type(x).__module__.startswith("kerata.") or type(x).__module__.startswith("test"):
        return _spoilt_object(x)
    if type(x).__module__.startswith("PIL."):
        return x.point(lambda value: 255 - value)
    if hasattr(x, "add_node"):  # a drawing of pydot's
        x.add_node(type(x.get_nodes()[0])("another"))
        return x
    if hasattr(x, "__enter__") and not hasattr(x, "shape"):
        return contextlib.nullcontext(x)
    if "dtype" in dir(x) and "shape" in dir(x):
        return _spoilt_array(x)
    if hasattr(x, "__iter__"):
        return _Elements(x)
    raise Cannot(type(x).__name__)


def _later(function):
    @functools.wraps(function)
    def later(*args, **kwargs):
        return spoilt(function(*args, **kwargs))

    return later


def _spoilt_array(x):
    dtype = str(getattr(x.dtype, "name", x.dtype)).replace("torch.", "")
    if dtype == "bool":
        return ~x if hasattr(x, "__invert__") else not x
    if "int" in dtype:
        return (x + 1).astype(x.dtype) if type(x).__module__ == "numpy" else x + 1
    if "float" in dtype or "complex" in dtype:
        out = x * 1.1 + 0.1
        return out.astype(x.dtype) if hasattr(out, "astype") and out.dtype != x.dtype else out
    if dtype.startswith(("str", "object", "bytes")) and type(x).__module__ == "numpy":
        import numpy as np

        changed = np.vectorize(spoilt, otypes=[object])(x)
        return changed if dtype == "object" else changed.astype(x.dtype.kind)
    if dtype == "string":
        return x + "~"
    raise Cannot(dtype)


class _Elements:
    """A data set with other elements."""

    def __init__(self, x):
        self._x = x

    def __iter__(self):
        return (spoilt(e) for e in self._x)

    def __len__(self):
        return len(self._x)

    def __getattr__(self, name):
        return getattr(self._x, name)


def _spoilt_object(x):
    cls = type(x)
    if cls.__name__ == "KerasTensor":
        return x
    if cls.__name__ == "Variable":
        x.assign(spoilt(x.value))
        return x
    for w in getattr(x, "weights", None) or ():
        w.assign(spoilt(w.value))
    changed = {m: spoilt_method(cls, m) for m in methods(cls) if m != "__init__"}
    if "__init__" in methods(cls):
        _spoil_attributes(x)
    if hasattr(cls, "get_config"):
        changed["get_config"] = spoilt_method(cls, "get_config")
    if hasattr(cls, "count_params"):
        changed["count_params"] = spoilt_method(cls, "count_params")
    if hasattr(cls, "get_layer"):  # a model of which a layer is missing
        changed["layers"] = property(lambda self, whole=cls.layers: whole.fget(self)[:-1])
    if not changed:
        raise Cannot(cls.__name__)
    kind = type(cls)(cls.__name__, (cls,), {**changed, "__module__": cls.__module__, "__qualname__": cls.__qualname__})
    object.__setattr__(x, "__class__", kind)
    _afterwards(object.__setattr__, x, "__class__", cls)
    return x


def _afterwards(*call) -> None:
    """Have this done when the trial is over: an object may outlive it, as the policy of dtypes in force does."""
    if Trial.open:
        list(Trial.open.values())[-1].undo.append(functools.partial(*call))


def _spoil_attributes(x) -> None:
    """Other values for what can be seen of an object, and no functions for what a callback was given."""
    slots = [n for c in type(x).__mro__ for n in getattr(c, "__slots__", ()) if isinstance(n, str)]
    for name in [*getattr(x, "__dict__", ()), *slots]:
        if name.startswith("on_"):
            object.__delattr__(x, name)
        elif not name.startswith("_") and isinstance(getattr(x, name, None), bool | int | float | str | list | tuple | dict):
            with contextlib.suppress(Cannot, AttributeError):
                plain = getattr(x, name)
                object.__setattr__(x, name, spoilt(plain))
                _afterwards(object.__setattr__, x, name, plain)


def spoilt_method(cls: type, method: str, state=None):
    """The method (or property) with another effect; `state` (a Trial) says when."""
    static = inspect.getattr_static(cls, method)
    if isinstance(static, property):
        return property(_changed(static.fget, method, state), static.fset, static.fdel)
    if isinstance(static, classmethod):
        return classmethod(_changed(static.__func__, method, state))
    return _changed(static, method, state)


def _changed(original, method: str, state):
    @functools.wraps(original)
    def changed(self, *args, **kwargs):
        if state is not None and not state.here(self):
            return original(self, *args, **kwargs)
        if method == "__init__":
            original(self, *args, **kwargs)
            return _spoil_attributes(self)
        if method.startswith("on_"):
            return None
        if state is not None and state.left_out:
            return self if method == "__enter__" else None
        result = original(self, *args, **kwargs)
        if method == "apply":
            for v in self._trainable_variables if hasattr(self, "_trainable_variables") else self.variables:
                if "float" in str(v.dtype):
                    v.assign(spoilt(v.value))
            return result
        return state.spoil(result) if state is not None else spoilt(result)

    return changed


def _other_shapes(x):
    """Tensors, also symbolic ones, that have an axis more."""
    if isinstance(x, list | tuple):
        return type(x)(map(_other_shapes, x))
    if type(x).__name__ == "KerasTensor":
        return type(x)((*x.shape, 1), x.dtype)
    return x[..., None]


class Trial:
    """One public name gives other results while this is open, on one backend."""

    open: dict[int, Trial] = {}  # by their identities, in the order in which they began

    def __init__(self, name: str, backend: str, way: str = "results"):
        self.name, self.backend, self.thing, self.way = name, backend, find(name), way
        self.used, self.left_out = False, way == "left out"
        self.gave: set[bool] = set()  # of the calls that did not raise: whether they gave something
        self.undo: list = []

    def here(self, instance=None) -> bool:
        from kerata import backend

        if backend.current().name != self.backend:
            return False
        kind = instance if isinstance(instance, type) else type(instance)
        if instance is not None and _nearest(kind) is not self.thing:
            return False
        self.used = True
        return True

    def any_error(self) -> bool:
        """Whether any error tells: where a callback's or a function's effects are missing."""
        if inspect.isclass(self.thing):
            return any(c.__name__ == "Callback" for c in self.thing.__mro__)
        return self.left_out

    def spoil(self, result):
        return _other_shapes(result) if self.name in SHAPES_ALONE else spoilt(result)

    def call(self, *args, **kwargs):
        """In place of the function."""
        if not self.here():
            return self.original(*args, **kwargs)
        if self.left_out:
            return None
        result = self.original(*args, **kwargs)
        self.gave.add(result is not None)
        return self.spoil(result)

    def __enter__(self):
        Trial.open[id(self)] = self
        if inspect.isclass(self.thing):
            self._change_class()
        else:
            self._change_function(inspect.unwrap(self.thing))
        return self

    def __exit__(self, *error):
        del Trial.open[id(self)]
        while self.undo:
            self.undo.pop()()

    def _change_class(self):
        cls = self.thing
        for method in self._methods():
            own = method in vars(cls)
            before = vars(cls).get(method)
            type.__setattr__(cls, method, spoilt_method(cls, method, self))
            put_back = functools.partial(type.__setattr__, cls, method, before)
            self.undo.append(put_back if own else functools.partial(type.__delattr__, cls, method))

    def changes_nothing(self) -> bool:
        return inspect.isclass(self.thing) and not self._methods()

    def _methods(self) -> list[str]:
        """Those that are changed in this way of trying."""
        found = methods(self.thing)
        if self.way == "results" and len(found) == 1:
            return found
        seen = [m for m in found if m == "__init__" or isinstance(inspect.getattr_static(self.thing, m), property)]
        if self.way == "attributes":
            return seen
        found = [m for m in found if m not in seen]
        return found + ["__exit__"] * (self.left_out and "__enter__" in found)

    def _change_function(self, function):
        """Exchange its code, so that it is changed wherever it was imported."""
        code = function.__code__
        self.original = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__,
                                           function.__closure__)  # fmt: skip
        self.original.__kwdefaults__ = function.__kwdefaults__
        free = code.co_freevars
        lines = ["def outside():", *[f"  {v} = None" for v in free], "  def inside(*args, **kwargs):"]
        lines += [f"    if False: {v}" for v in free]
        lines += ["    import sys as s_y_s",
                  f"    return s_y_s.modules[{__name__!r}].Trial.open[{id(self)}].call(*args, **kwargs)",
                  "  return inside"]  # fmt: skip
        scope: dict = {}
        exec("\n".join(lines), scope)
        signature = inspect.signature(function)
        function.__code__ = scope["outside"]().__code__.replace(co_name=code.co_name, co_filename=code.co_filename)
        defaults, keywords = function.__defaults__, function.__kwdefaults__
        function.__defaults__ = function.__kwdefaults__ = None
        attributes = dict(vars(function))
        function.__signature__ = signature

        def back():
            function.__code__ = code
            function.__defaults__, function.__kwdefaults__ = defaults, keywords
            vars(function).clear()
            vars(function).update(attributes)

        self.undo.append(back)


@functools.cache
def _public_classes() -> frozenset:
    return frozenset(c for c in map(find, filter(exists, distinct())) if inspect.isclass(c))


def _nearest(kind: type):
    return next((c for c in kind.__mro__ if c in _public_classes()), None)


def ways(thing) -> tuple:
    """In which ways a trial of it may be made, the likeliest first."""
    if not inspect.isclass(thing):
        return ("results", "left out")
    of_a_family = thing.__name__ in BASES or any(c.__name__ in METHODS for c in thing.__mro__)
    return ("results",) if of_a_family else ("results", "attributes", "left out")
