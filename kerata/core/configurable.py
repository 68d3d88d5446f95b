"""Objects that can say how to make them again: `get_config` derived from `__init__`."""

from __future__ import annotations

import functools
import inspect


@functools.lru_cache(None)
def init_parameters(cls: type) -> tuple[str, ...]:
    """Names of the parameters of `cls.__init__`, without self, *args and **kwargs."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return tuple(p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD))


@functools.lru_cache(None)
def _init_signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)


class Configurable:
    """Base of everything that stands in a model file.

    `get_config` gives, for each parameter of `__init__`, the attribute of the same name (else the argument
    that was passed), serialised; `from_config` passes the config back to `__init__`.
    """

    def __new__(cls, *args, **kwargs):
        self = super().__new__(cls)
        self.__dict__["_init_arguments"] = (args, kwargs)
        return self

    def _passed_arguments(self) -> dict:
        args, kwargs = self.__dict__.get("_init_arguments", ((), {}))
        try:
            bound = _init_signature(type(self)).bind(self, *args, **kwargs)
        except TypeError:
            return dict(kwargs)
        bound.apply_defaults()
        values = dict(bound.arguments)
        for p in _init_signature(type(self)).parameters.values():
            if p.kind is p.VAR_KEYWORD:
                values.update(values.pop(p.name, {}))
        return values

    def _config_value(self, name: str, passed: dict):
        from kerata.saving.serialization import serialize_value

        if name in self.__dict__ or hasattr(type(self), name):
            return serialize_value(getattr(self, name))
        if f"_{name}" in self.__dict__:
            return serialize_value(self.__dict__[f"_{name}"])
        return serialize_value(passed[name])

    def get_config(self) -> dict:
        """A JSON-ready dictionary from which `from_config` makes an equal object."""
        passed = self._passed_arguments()
        return {name: self._config_value(name, passed) for name in init_parameters(type(self))}

    @classmethod
    def from_config(cls, config: dict):
        """An object made from what `get_config` gave."""
        try:
            return cls(**config)
        except TypeError as e:
            wanted = ", ".join(init_parameters(cls))
            raise TypeError(
                f"{cls.__name__}.from_config() could not pass the config to __init__: {e}. "
                f"__init__ takes: {wanted}. The config has: {', '.join(map(str, config))}."
            ) from e
