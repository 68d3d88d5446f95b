"""Configs in the flat form of Keras 1 and 2: `{"class_name", "config"}` for objects, a bare name for functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from kerata.core.errors import did_you_mean
from kerata.saving import registration
from kerata.saving.registration import CustomObjectScope
from kerata.saving.serialization import serialize_dict

_PASSIVE = "__passive_serialization__"  # marks objects inside the config of a user's own class


def serialize_keras_object(instance):
    """The flat config of an object, as Keras 2 wrote it.

    Args:
        instance: an object with `get_config`, a function or class, or None.

    Returns:
        A dictionary `{"class_name", "config"}`, the name of a function, or None.

    Raises:
        ValueError: for anything else.

    >>> kerata.legacy.saving.serialize_keras_object(kerata.regularizers.L1(0.5))
    {'class_name': 'L1', 'config': {'l1': 0.5}}
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config") and not inspect.isclass(instance):
        name = registration.get_registered_name(type(instance))
        values = {key: _serialize_item(value) for key, value in instance.get_config().items()}
        return {"class_name": name, "config": serialize_dict(values)}
    if hasattr(instance, "__name__"):
        return registration.get_registered_name(instance)
    raise ValueError(
        f"{instance!r} ({type(instance).__name__}) cannot be serialised: it has no `get_config()`, and is no function."
    )


def _serialize_item(value):
    if inspect.isclass(value) or not (hasattr(value, "get_config") or inspect.isfunction(value)):
        return value
    flat = serialize_keras_object(value)
    return {**flat, _PASSIVE: True} if isinstance(flat, dict) else flat


def deserialize_keras_object(
    identifier,
    module_objects: dict | None = None,
    custom_objects: dict | None = None,
    printable_module_name: str = "object",
):
    """The object that a flat config, or a name, stands for.

    Args:
        identifier: `{"class_name", "config"}`; or a name, which gives a function, or a new object of a class; or a
            function, which is given back; or None.
        module_objects: dictionary of names and what may be meant, the last to be looked in; None by default.
        custom_objects: dictionary that is looked in first, and while parts of the object are read; None by default.
        printable_module_name: what the thing is called in an error ("layer", "loss", ...); "object" by default.

    Returns:
        The object; None for None.

    Raises:
        ValueError: if the name is unknown or the config is none.

    >>> config = {"class_name": "Dense", "config": {"units": 3}}
    >>> kerata.legacy.saving.deserialize_keras_object(config, module_objects={"Dense": kerata.layers.Dense}).units
    3
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        with CustomObjectScope(custom_objects):
            return _from_config(identifier, module_objects, custom_objects, printable_module_name)
    if isinstance(identifier, str):
        found = _find(identifier, module_objects, custom_objects, printable_module_name)
        return found() if inspect.isclass(found) else found
    if inspect.isfunction(identifier):
        return identifier
    raise ValueError(
        f"A {printable_module_name} is given as a name, a config or a function; got {identifier!r} "
        f"({type(identifier).__name__})."
    )


def _find(name: str, module_objects, custom_objects, kind: str):
    found = registration.get_registered_object(name, custom_objects, module_objects)
    if found is None:
        known = [*registration.known_names(custom_objects), *(module_objects or ())]
        raise ValueError(
            f"Unknown {kind}: {name!r}.{did_you_mean(name, known)} If it is yours, pass it in `custom_objects`, or "
            "register it with `@keras.saving.register_keras_serializable()`."
        )
    return found


def _from_config(config: dict, module_objects, custom_objects, kind: str):
    if "class_name" not in config or "config" not in config:
        raise ValueError(f"The config of a {kind} has the keys 'class_name' and 'config'; got {config!r}.")
    cls = _find(config["class_name"], module_objects, custom_objects, kind)
    values = config["config"]
    if isinstance(values, dict):
        values = {key: _read_item(value, module_objects, custom_objects) for key, value in values.items()}
    make: Callable = getattr(cls, "from_config", None) or (lambda given: cls(**given))
    if "custom_objects" in inspect.signature(make).parameters:
        known = {**registration.get_custom_objects(), **(custom_objects or {})}
        return make(values, custom_objects=known)
    return make(values)


def _read_item(value, module_objects, custom_objects):
    """Objects that `serialize_keras_object` marked, and functions that are known by their names; else the value."""
    if isinstance(value, dict) and _PASSIVE in value:
        return deserialize_keras_object(value, module_objects, custom_objects, "config item")
    if isinstance(value, str):
        found = registration.get_registered_object(value, custom_objects)
        return found if inspect.isfunction(found) else value
    return value
