"""Names that users give to their classes and functions, so that files can name them."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any

GLOBAL_CUSTOM_OBJECTS: dict[str, Any] = {}
_GLOBAL_CUSTOM_NAMES: dict[Any, str] = {}


class _Scopes(threading.local):
    def __init__(self):
        self.stack: list[dict[str, Any]] = []


_scopes = _Scopes()


class CustomObjectScope:
    """Make objects known by name to everything that is deserialised inside.

    Args:
        custom_objects: dictionary of names and classes or functions.

    Raises:
        TypeError: if it is no dictionary.

    >>> def double(x):
    ...     return 2 * x
    >>> with kerata.saving.custom_object_scope({"double": double}):
    ...     kerata.layers.Activation("double")(np.array([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """

    def __init__(self, custom_objects: dict[str, Any] | None):
        if custom_objects is not None and not isinstance(custom_objects, dict):
            raise TypeError(
                f"`custom_objects` is a dict from names to classes or functions; got {type(custom_objects).__name__}."
            )
        self.custom_objects = custom_objects or {}

    def __enter__(self):
        _scopes.stack.append(self.custom_objects)
        return self

    def __exit__(self, *exc):
        _scopes.stack.pop()


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """The global table of registered objects, by name; it may be changed in place.

    >>> kerata.saving.get_custom_objects()["triple"] = lambda x: 3 * x
    >>> kerata.saving.get_registered_object("triple")(2)
    6
    >>> del kerata.saving.get_custom_objects()["triple"]
    """
    return GLOBAL_CUSTOM_OBJECTS


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable:
    """A decorator that registers a class or function as `package>name`, so that files can name it.

    Args:
        package: prefix that keeps names of different projects apart; "Custom" by default.
        name: the name; the object's own by default.

    Returns:
        A decorator, which gives back what it decorates.

    Raises:
        ValueError: for a class without `get_config`.

    >>> @kerata.saving.register_keras_serializable("my_package")
    ... def shifted(x):
    ...     return x + 1
    >>> kerata.saving.get_registered_name(shifted)
    'my_package>shifted'
    """

    def decorator(obj):
        registered = f"{package}>{name if name is not None else obj.__name__}"
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(
                f"{obj.__name__} cannot be registered: a class that is to be saved needs a `get_config()` method "
                "that returns the arguments of its `__init__`."
            )
        previous = GLOBAL_CUSTOM_OBJECTS.get(registered)
        if previous is not None:  # defined again, as notebooks do: the last definition counts
            _GLOBAL_CUSTOM_NAMES.pop(previous, None)
        GLOBAL_CUSTOM_OBJECTS[registered] = obj
        _GLOBAL_CUSTOM_NAMES[obj] = registered
        return obj

    return decorator


def get_registered_name(obj) -> str:
    """The name under which a class or function was registered, or else its own.

    Args:
        obj: a class or function.

    >>> kerata.saving.get_registered_name(kerata.layers.Dense)
    'Dense'
    """
    try:
        found = _GLOBAL_CUSTOM_NAMES.get(obj)
    except TypeError:  # unhashable
        found = None
    return found if found is not None else obj.__name__


def is_registered(obj) -> bool:
    """Whether the object went through `register_keras_serializable`."""
    try:
        return obj in _GLOBAL_CUSTOM_NAMES
    except TypeError:
        return False


def scoped_object(name: str, custom_objects: dict[str, Any] | None = None):
    """What the caller itself put under `name`: by argument, or by a scope that is open (innermost first)."""
    if custom_objects and name in custom_objects:
        return custom_objects[name]
    for scope in reversed(_scopes.stack):
        if name in scope:
            return scope[name]
    return None


def get_registered_object(name: str, custom_objects=None, module_objects=None):
    """The class or function that is registered under a name, or None.

    Args:
        name: the registered name, such as "my_package>shifted".
        custom_objects: dictionary to look in first; None by default.
        module_objects: dictionary to look in last; None by default.

    >>> kerata.saving.get_registered_object("cube", custom_objects={"cube": lambda x: x**3})(2)
    8
    """
    found = scoped_object(name, custom_objects)
    if found is None:
        found = GLOBAL_CUSTOM_OBJECTS.get(name)
    if found is None and module_objects:
        found = module_objects.get(name)
    return found


def known_names(custom_objects=None) -> list[str]:
    """All names that are known at this moment, for error messages."""
    names = set(GLOBAL_CUSTOM_OBJECTS) | set(custom_objects or ())
    for scope in _scopes.stack:
        names.update(scope)
    return sorted(names)
