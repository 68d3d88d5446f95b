"""Registry: a closed list of names for one kind of object, and `get`, `serialize`, `deserialize` over it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from kerata.core.errors import unknown_name


class Registry:
    """Finds objects of one kind (losses, initializers, ...) by what a user or a file gives.

    Args:
        kind: what they are called in errors.
        table: name -> class or function.
        accepts: a test for objects that are taken as they are; by default anything callable.
        default: what `get(None)` gives.
    """

    def __init__(self, kind: str, table: Mapping[str, object], accepts: Callable | None = None, default=None):
        self.kind = kind
        self.table = dict(table)
        self.accepts = accepts or callable
        self.default = default
        self._folded = {_fold(name): obj for name, obj in reversed(list(self.table.items()))}

    def find(self, name: str, custom_objects=None):
        """The class or function of a name: the users' first, then this list's; ValueError if nobody has it."""
        from kerata.saving.registration import get_registered_object

        found = get_registered_object(name, custom_objects)
        if found is None:
            found = self.table.get(name)
        if found is None:
            found = self._folded.get(_fold(name))
        if found is None:
            raise ValueError(unknown_name(self.kind, name, self.table))
        return found

    def serialize(self, obj):
        """The config form: a dictionary, or a name for functions of this list."""
        from kerata.saving.serialization import serialize_keras_object

        if inspect.isfunction(obj) and self.table.get(obj.__name__) is obj:
            return obj.__name__
        return serialize_keras_object(obj)

    def deserialize(self, config, custom_objects=None):
        """The object of a config; of a name the function, or an object of the class with its default arguments."""
        if isinstance(config, str):
            return _made(self.find(config, custom_objects))
        if isinstance(config, dict) and config.keys() <= {"class_name", "config"} and config.get("class_name") in self.table:
            named = self.table[config["class_name"]]
            return named.from_config(config.get("config") or {}) if inspect.isclass(named) else named
        from kerata.saving.serialization import deserialize_keras_object

        return deserialize_keras_object(config, custom_objects=custom_objects)

    def get(self, identifier):
        """An object from an object, a class, a name or a config; the default for None."""
        if identifier is None:
            return self.default
        found = identifier
        if isinstance(identifier, dict):
            found = self.deserialize(identifier)
        elif isinstance(identifier, str):
            found = self.find(identifier)
        found = _made(found)
        if not self.accepts(found):
            raise ValueError(
                f"A {self.kind} is given as an object, a name, a config or a function; got {identifier!r} "
                f"({type(identifier).__name__})."
            )
        return found


def _made(found):
    return found() if inspect.isclass(found) else found


def _fold(name: str) -> str:
    return name.lower().replace("_", "")
