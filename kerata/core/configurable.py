"""Objects that can say how to make them again: `get_config` derived from `__init__`."""

from __future__ import annotations

import functools
import inspect

import numpy as np

from kerata.core.errors import did_you_mean


def is_own(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "kerata"


@functools.lru_cache(None)
def _init_signature(cls: type) -> inspect.Signature:
    return inspect.signature(cls.__init__)


@functools.lru_cache(None)
def init_parameters(cls: type) -> tuple[str, ...]:
    """Names that `cls(...)` takes: of its `__init__`, and of its bases' while that passes **kwargs on."""
    names: list[str] = []
    for base in cls.__mro__:
        if "__init__" not in base.__dict__ or base is object:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]
        named = [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        names.extend(n for n in named if n not in names)
        if base is not cls and "_config_root" in base.__dict__:
            break
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return tuple(names)


# Arguments of Keras 1 and 2, and what they are called today.
_OLD_ARGUMENTS = {
    "lr": "learning_rate", "output_dim": "units", "init": "kernel_initializer", "inner_init": "recurrent_initializer",
    "forget_bias_init": "unit_forget_bias", "inner_activation": "recurrent_activation", "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer", "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint", "bias": "use_bias", "nb_filter": "filters", "nb_row": "kernel_size",
    "nb_col": "kernel_size", "filter_length": "kernel_size", "border_mode": "padding", "subsample": "strides",
    "subsample_length": "strides", "dim_ordering": "data_format", "atrous_rate": "dilation_rate", "p": "rate",
    "pool_length": "pool_size", "stride": "strides", "dropout_W": "dropout", "dropout_U": "recurrent_dropout",
    "sigma": "stddev", "length": "size", "epsilon": "min_delta", "period": "save_freq",
}  # fmt: skip


def unknown_arguments(cls: type, names) -> str:
    """The text for keyword arguments that `cls(...)` does not take: what it was given, what is near, what it takes."""
    known = init_parameters(cls)
    hints = [
        f" {n!r} of earlier Keras is {_OLD_ARGUMENTS[n]!r} today." if _OLD_ARGUMENTS.get(n) in known else did_you_mean(n, known)
        for n in names
    ]
    return f"{cls.__name__} takes no argument {', '.join(map(repr, names))}.{''.join(hints)} It takes: {', '.join(known)}."


def refuse_unknown(cls: type, kwargs: dict) -> None:
    """What Python itself would refuse a moment later for a class of Kerata's, in words that help."""
    if not is_own(cls):
        return
    parameters = _init_signature(cls).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    unknown = [k for k in kwargs if k not in init_parameters(cls)]
    if unknown:
        raise TypeError(unknown_arguments(cls, unknown))


def arguments(given: dict, of: type | None = None) -> dict:
    """The arguments of an `__init__`, from its local variables: `super().__init__(**arguments(locals()))`.

    Public signatures are written out, since they are what users see; passing them on needs no second list.

    Args:
        given: `locals()`, as the first thing in `__init__`.
        of: a class: only what this class's `__init__` takes by name (and all of **kwargs).
    """
    own = {k: v for k, v in given.items() if k not in ("self", "__class__", "kwargs")}
    if of is not None:
        own = {k: own[k] for k in init_parameters(of) if k in own}
    return {**own, **given.get("kwargs", {})}


def _plain_defaults(cls: type) -> dict:
    """The defaults of `__init__`'s own arguments that JSON has."""
    parameters = list(_init_signature(cls).parameters.values())[1:]
    kinds = str | int | float | bool | list | tuple | dict | None
    return {p.name: p.default for p in parameters if p.default is not p.empty and isinstance(p.default, kinds)}


@functools.lru_cache(None)
def _library_base(cls: type) -> type:
    """The first class of Kerata's own among the bases: what its own attributes mean is known."""
    return next((c for c in cls.__mro__ if is_own(c)), cls)


def as_list(value):
    """An array, as a size may be given, as a list of Python's numbers; anything else as it is."""
    return value.tolist() if isinstance(value, np.ndarray) else value


def _with_plain_numbers(init):
    """Around an `__init__`: NumPy's numbers, as in `Dense(labels.max() + 1)`, arrive as Python's; also those in tuples."""

    @functools.wraps(init)
    def __init__(self, *args, **kwargs):
        init(self, *map(_plain_number, args), **{k: _plain_number(v) for k, v in kwargs.items()})

    return __init__


def _plain_number(value):
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in (list, tuple) and any(isinstance(v, np.generic) for v in value):
        return type(value)(map(_plain_number, value))
    return value


class SignatureOfInit:
    """`__signature__` of classes whose `__new__` takes anything: Python before 3.11.4 would show that one's."""

    def __get__(self, instance, cls):
        owner = next(c for c in cls.__mro__ if "__new__" in c.__dict__)
        if instance is not None or owner.__dict__.get("__signature__") is not self:
            raise AttributeError("__signature__")
        signature = _init_signature(cls)
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class Configurable:
    """Base of everything that stands in a model file.

    `get_config` gives, for each parameter of `__init__`, the attribute of the same name, serialised; for classes
    of users, the argument that was passed. `from_config` passes the config back to `__init__`.
    """

    # Parameters whose place in the config the base class decides (see `Layer.get_config`).
    _config_skip: frozenset = frozenset()
    # Parameters that stand in the config only where they are not None.
    _config_optional: frozenset = frozenset()

    __signature__ = SignatureOfInit()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if is_own(cls) and "__init__" in cls.__dict__:
            cls.__init__ = _with_plain_numbers(cls.__init__)

    def __new__(cls, *args, **kwargs):
        if kwargs:
            refuse_unknown(cls, kwargs)
        self = super().__new__(cls)
        self.__dict__["_init_arguments"] = (args, kwargs)
        return self

    def _passed_arguments(self) -> dict:
        args, kwargs = self.__dict__.get("_init_arguments", ((), {}))
        signature = _init_signature(type(self))
        bound = signature.bind(self, *args, **kwargs)
        values = dict(list(bound.arguments.items())[1:])
        for p in signature.parameters.values():
            if p.kind is p.VAR_KEYWORD:
                values.update(values.pop(p.name, {}))
            elif p.kind is p.VAR_POSITIONAL and values.pop(p.name, None):
                raise NotImplementedError(
                    f"{type(self).__name__} takes *{p.name}, so its config cannot be derived: define `get_config`."
                )
        return values

    def _config_value(self, name: str):
        from kerata.saving.serialization import serialize_value

        if name in self.__dict__ or hasattr(type(self), name):
            return serialize_value(getattr(self, name))
        if f"_{name}" in self.__dict__:
            return serialize_value(self.__dict__[f"_{name}"])
        return serialize_value(self._passed_arguments().get(name))

    def _own_config(self) -> dict:
        cls = type(self)
        library = _library_base(cls)
        names = [n for n in init_parameters(library) if n not in self._config_skip]
        config = {n: self._config_value(n) for n in names}
        config = {n: v for n, v in config.items() if v is not None or n not in self._config_optional}
        if cls is not library and cls.get_config is library.get_config:
            from kerata.saving.serialization import serialize_value

            passed = {**_plain_defaults(cls), **self._passed_arguments()}
            mine = init_parameters(cls)
            config = {n: v for n, v in config.items() if n in mine}
            own = {n: v for n, v in passed.items() if n not in self._config_skip and (n, v) != ("name", None)}  # one was made up
            config.update((n, serialize_value(v)) for n, v in own.items())
        return config

    def get_config(self) -> dict:
        """A JSON-ready dictionary from which `from_config` makes an equal object."""
        return self._own_config()

    @classmethod
    def from_config(cls, config: dict):
        """An object made from what `get_config` gave.

        Args:
            config: dictionary of arguments of `__init__`.

        Raises:
            TypeError: for a key that `__init__` does not take.
        """
        try:
            return cls(**config)
        except TypeError as e:
            e.add_note(
                f"({cls.__name__}.from_config() passed the config's keys to __init__: {', '.join(map(str, config))}. "
                f"__init__ takes: {', '.join(init_parameters(cls))}.)"
            )
            raise
