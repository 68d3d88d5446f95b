"""Objects to JSON-ready dictionaries and back.

Reading is data only: a dictionary names a class, which is looked up in the closed list of public classes
(`builtin`) and among what the user registered or passed; nothing else is imported, looked up or called.
"""

from __future__ import annotations

import contextlib
import inspect
import threading
import types
import warnings
from collections import Counter

import numpy as np

from kerata.core.errors import did_you_mean
from kerata.saving import builtin, lambda_code, legacy, registration
from kerata.saving.registration import CustomObjectScope
from kerata.saving.safe_mode import SafeModeScope, in_safe_mode, refuse_code

_PLAIN = (str, int, float, bool, type(None))
# Layers that hold foreign programs, not data.
_PROGRAMS = {
    "TFSMLayer": "a TFSMLayer (a TensorFlow SavedModel elsewhere on the disk)",
    "TorchModuleWrapper": "a TorchModuleWrapper (a pickled PyTorch module)",
}


class ConfigError(ValueError, TypeError):
    """A config that is damaged, or names what is not known here. (Keras raises either of the two.)"""

# Arguments of Kerata's own layers that may be a list, or the name of a file.
_FILE_ARGUMENTS = ("vocabulary", "idf_weights")


class _Sharing(threading.local):
    def __init__(self):
        self.scope: ObjectSharingScope | None = None


_sharing = _Sharing()


class ObjectSharingScope:
    """Objects that are serialised twice inside come out of deserialisation as one object again."""

    def __init__(self):
        self.configs: dict[int, dict] = {}
        self.objects: dict[int, object] = {}
        self.alive: list = []  # keeps ids from being used again
        self.mark_layers = False

    def __enter__(self):
        self.outer, _sharing.scope = _sharing.scope, self
        return self

    def __exit__(self, *exc):
        _sharing.scope = self.outer

    def wrote(self, obj, config: dict) -> None:
        first = self.configs.setdefault(id(obj), config)
        self.alive.append(obj)
        if first is not config or (self.mark_layers and _has_weights(obj)):
            first["shared_object_id"] = config["shared_object_id"] = id(obj)

    @classmethod
    def serialize(cls, obj):
        """`serialize_keras_object`, with ids at what stands in several places, however deep.

        Configs are copied on their way into those of what holds them, so all layers that hold something are marked first.
        """
        with cls() as scope:
            scope.mark_layers = True
            config = serialize_keras_object(obj)
        count: Counter = Counter()
        for found in _marked(config):
            count[found["shared_object_id"]] += 1
        for found in _marked(config):
            if count[found["shared_object_id"]] == 1:
                del found["shared_object_id"]
        return config


def _has_weights(obj) -> bool:
    from kerata.layers.layer import Layer

    return isinstance(obj, Layer) and bool(obj.weights)


def _marked(config) -> list[dict]:
    """The dictionaries with a `shared_object_id` in a config."""
    found, waiting = [], [config]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            if "shared_object_id" in here:
                found.append(here)
            waiting.extend(here.values())
        elif isinstance(here, list | tuple):
            waiting.extend(here)
    return found


# -- writing ---------------------------------------------------------------------------------------------------
def serialize_keras_object(obj):
    """The dictionary from which `deserialize_keras_object` makes an equal object.

    Args:
        obj: a layer, model, optimizer, initializer, function, array, plain value, or a nested structure of these.

    Returns:
        JSON-ready data: for an object, `{"module", "class_name", "config", "registered_name"}`, with `build_config`
        and `compile_config` where there are any.

    Raises:
        TypeError: for objects without `get_config`.

    >>> kerata.saving.serialize_keras_object(kerata.initializers.Zeros())["class_name"]
    'Zeros'
    """
    if isinstance(obj, _PLAIN):
        return obj
    if isinstance(obj, list):
        return [serialize_keras_object(x) for x in obj]
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(x) for x in obj)
    if isinstance(obj, dict):
        return {k: serialize_keras_object(v) for k, v in obj.items()}
    special = _serialize_special(obj)
    if special is not None:
        return special
    if isinstance(obj, types.FunctionType | types.BuiltinFunctionType | types.MethodType):
        return _serialize_function(obj)
    if not hasattr(obj, "get_config") or inspect.isclass(obj):
        raise TypeError(
            f"{obj!r} ({type(obj).__name__}) cannot be serialised: it has no `get_config()` method that says how to "
            "make it again. Give its class one, or override `get_config()` of the object that holds it."
        )
    return _serialize_object(obj)


def _serialize_object(obj) -> dict:
    cls = type(obj)
    place = None if registration.is_registered(cls) else builtin.public_place(cls)
    config = {
        "module": place[0] if place else _module_of(cls),
        "class_name": cls.__name__,
        "config": serialize_dict(obj.get_config()),
        "registered_name": None if place and place[1] != "Functional" else registration.get_registered_name(cls),
    }
    for key in ("build_config", "compile_config"):
        method = getattr(obj, f"get_{key}", None)
        extra = method() if method is not None else None
        if extra is not None:
            config[key] = serialize_dict(extra)
    if _sharing.scope is not None:
        _sharing.scope.wrote(obj, config)
    return config


def _module_of(cls) -> str | None:
    return None if cls.__module__ in ("builtins", "__main__") else cls.__module__


def _serialize_special(obj):
    """Values that are neither plain nor objects with a config; None for anything else."""
    if isinstance(obj, np.generic):
        return obj.item()
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if obj is ...:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, slice):
        parts = {n: serialize_keras_object(getattr(obj, n)) for n in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if isinstance(obj, np.dtype):
        return obj.name
    if type(obj).__name__ == "TensorShape" and hasattr(obj, "as_list"):
        return {"class_name": "__tuple__", "items": list(obj.as_list())}
    return _serialize_tensor(obj)


def _serialize_tensor(obj):
    from kerata import backend
    from kerata.core.keras_tensor import KerasTensor
    from kerata.core.variable import Variable

    if isinstance(obj, KerasTensor):
        history = getattr(obj, "_keras_history", None)
        place = None if history is None else [history.operation.name, history.node_index, history.tensor_index]
        config = {"shape": list(obj.shape), "dtype": obj.dtype, "keras_history": place}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(obj, Variable):
        obj = obj.value
    owner = backend.owner(type(obj))
    if owner is not None:
        array = owner.to_numpy(obj)
        return {"class_name": "__tensor__", "config": {"value": array.tolist(), "dtype": owner.dtype(obj)}}
    return None


def _serialize_function(fn) -> dict:
    if getattr(fn, "__name__", "<lambda>") == "<lambda>" and not registration.is_registered(fn):
        if not isinstance(fn, types.FunctionType):
            raise TypeError(f"{fn!r} cannot be serialised: it is neither a Python function nor has it a name.")
        warnings.warn(
            "The object being serialised holds a `lambda`. It is stored as bytecode, which only the same Python version "
            "can read, and only with `safe_mode=False`. A named function with "
            "`@keras.saving.register_keras_serializable()` has neither limit.",
            stacklevel=4,
        )
        config = lambda_code.LiveFunction(
            class_name="__lambda__", config=serialize_keras_object(lambda_code.dump_function(fn))
        )
        config.function = fn
        return config
    return {
        "module": "builtins",
        "class_name": "function",
        "config": registration.get_registered_name(fn),
        "registered_name": "function",
    }


def serialize_dict(config: dict) -> dict:
    """Each value of a dictionary, serialised."""
    return {key: serialize_keras_object(value) for key, value in config.items()}


def serialize_value(value):
    """A value as it stands in `get_config()`: like `serialize_keras_object`, with activations by their names.

    >>> import kerata
    >>> from kerata.saving.serialization import serialize_value
    >>> serialize_value(kerata.activations.relu)
    'relu'
    """
    if isinstance(value, types.FunctionType):
        if builtin.is_activation(value):
            return value.__name__
        return serialize_keras_object(value)
    if isinstance(value, _PLAIN):
        return value
    from kerata.core.variable import Variable

    if isinstance(value, Variable):
        array = np.asarray(value.numpy())
        return array.item() if array.ndim == 0 else serialize_keras_object(array)
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        return type(value)(serialize_value(x) for x in value) if type(value) in (tuple, list) else list(value)
    if isinstance(value, dict):
        return {k: serialize_value(v) for k, v in value.items()}
    return serialize_keras_object(value)


# -- reading ---------------------------------------------------------------------------------------------------
def deserialize_keras_object(config, custom_objects: dict | None = None, safe_mode: bool | None = True, **kwargs):
    """The object that a dictionary made by `serialize_keras_object` describes.

    Args:
        config: the dictionary; plain values and lists are given back, with what they hold deserialised.
        custom_objects: dictionary of classes and functions that may stand in it, beside the registered ones; None by
            default.
        safe_mode: whether configs that hold code (a Lambda with bytecode) are refused; True by default. Inside a loading
            function that was given `safe_mode=False`, they are not.

    Returns:
        An object equal to the one that was serialised.

    Raises:
        TypeError, ValueError: if `config` is no config, or names something unknown.
        ValueError: if it holds code and `safe_mode` is on.

    >>> config = kerata.saving.serialize_keras_object(kerata.layers.Dense(3))
    >>> kerata.saving.deserialize_keras_object(config).units
    3
    """
    safe_scope = safe_mode if safe_mode is False or not _in_scope() else None
    module_objects = kwargs.pop("module_objects", None)
    kwargs.pop("printable_module_name", None)
    if kwargs:
        raise ValueError(f"deserialize_keras_object() takes no argument {', '.join(map(repr, kwargs))}.")
    version = config.get("keras_version") if isinstance(config, dict) else None
    source = legacy.written_by(version) if version is not None else contextlib.nullcontext()
    with SafeModeScope(safe_scope), CustomObjectScope(custom_objects), source:
        return _read(config, module_objects)


def _in_scope() -> bool:
    from kerata.saving.safe_mode import _state

    return any(v is not None for v in _state.scopes)


def _read(config, module_objects=None):
    if config is None:
        return None
    if isinstance(config, str):
        found = registration.scoped_object(config)
        if found is None and module_objects:
            found = module_objects.get(config)
            if isinstance(found, types.FunctionType):
                return found
            return found() if inspect.isclass(found) else found if found is not None else config
        return config if found is None else found
    if isinstance(config, (*_PLAIN, np.generic)):
        return config
    if isinstance(config, list):
        return [_read(x) for x in config]
    if isinstance(config, tuple):
        return tuple(_read(x) for x in config)
    if not isinstance(config, dict):
        raise ConfigError(f"A config is a dictionary (or plain data); got {config!r} ({type(config).__name__}).")
    if "class_name" not in config or ("config" not in config and config["class_name"] != "__tuple__"):
        return {key: _read(value) for key, value in config.items()}
    return _read_object(config)


def _read_object(config: dict):
    class_name, inner = config["class_name"], config.get("config") or {}
    if not isinstance(class_name, str):
        raise ConfigError(f"In a config, `class_name` is a string; got {class_name!r}.")
    special = _SPECIAL.get(class_name)
    if special is not None:
        return special(config, inner)
    module, registered = config.get("module"), config.get("registered_name")
    class_name, inner = legacy.upgrade_class(class_name, module, inner)
    inner = legacy.upgrade_object(class_name, module, inner)
    for key, value in (("module", module), ("registered_name", registered)):
        if value is not None and not isinstance(value, str):
            raise ConfigError(f"In the config of {class_name!r}, `{key}` is a string or null; got {value!r}.")
    if class_name == "function" or (isinstance(inner, str) and module == "builtins"):
        return read_function(inner)
    shared = config.get("shared_object_id")
    if shared is not None and not isinstance(shared, int | str):
        raise ConfigError(f"In the config of {class_name!r}, `shared_object_id` is a number; got {shared!r:.100}.")
    if shared is not None and _sharing.scope is not None and shared in _sharing.scope.objects:
        return _sharing.scope.objects[shared]
    cls = find_class(module, legacy.upgrade_name(class_name, module), registered)
    instance = _make(cls, config, inner)
    if shared is not None and _sharing.scope is not None:
        _sharing.scope.objects[shared] = instance
    return instance


def _make(cls, config: dict, inner):
    if isinstance(cls, types.FunctionType):
        return cls
    if not hasattr(cls, "from_config"):
        raise ConfigError(f"{cls!r} cannot be made from a config: it has no `from_config()` class method.")
    if not isinstance(inner, dict):
        raise ConfigError(f"The config of a {cls.__name__} is a dictionary; the file holds {inner!r}.")
    _refuse_programs_and_paths(cls, inner)
    instance = cls.from_config(dict(inner))
    build_config = config.get("build_config")
    if build_config and hasattr(instance, "build_from_config"):
        if not isinstance(build_config, dict):
            raise ConfigError(f"`build_config` of a {cls.__name__} is a dictionary; the file holds {build_config!r}.")
        old = legacy.source_major() < 3 and cls.__module__.startswith("kerata.")  # such are built by their model
        if not getattr(instance, "built", False) and not old:
            instance.build_from_config(build_config)
            instance.built = True
    compile_config = config.get("compile_config")
    if compile_config and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(legacy.upgrade_compile(compile_config))
    return instance


def _refuse_programs_and_paths(cls: type, inner: dict) -> None:
    """Layers that hold foreign programs; and names of files that layers would read."""
    for base in cls.__mro__:
        if base.__name__ in _PROGRAMS and base.__module__.startswith("kerata."):
            refuse_code(_PROGRAMS[base.__name__])
    if cls.__module__.startswith("kerata."):
        for key in _FILE_ARGUMENTS:
            if isinstance(inner.get(key), str):
                raise ConfigError(
                    f"The config of a {cls.__name__} names the file {inner[key]!r} as its {key!r}. Files that a model file "
                    "names are not read: give the vocabulary as a list, or save the model again, which puts it inside."
                )


def find_class(module: str | None, name: str, registered: str | None = None):
    """The class that a config names. What the caller passed goes first; registered names next; then Kerata's own.

    A config that says "this is Keras's own class" gets that class, whatever else is registered.
    """
    passed = registration.scoped_object(name)
    if registered is not None and registered != name:
        passed = registration.scoped_object(registered) or passed
    if passed is not None:
        return passed
    if builtin.is_builtin_module(module):
        found = builtin.builtin_class(module, name)
        if found is not None:
            return found
    elif module is None and registered in (None, name):
        found = builtin.any_builtin_class(name)
        if found is not None and registered is None:
            return found
    for key in (registered, name):
        if key is not None and key in registration.GLOBAL_CUSTOM_OBJECTS:
            return registration.GLOBAL_CUSTOM_OBJECTS[key]
    raise _unknown("class", name, module, registered)


def read_function(name):
    """The function of a name: passed or registered by the caller, or a public pure function."""
    if isinstance(name, dict):
        name = name.get("name") or name.get("class_name")
    if not isinstance(name, str):
        raise ConfigError(f"A config names a function by a string; got {name!r}.")
    found = registration.get_registered_object(name)
    if found is None:
        found = builtin.builtin_function(name)
    if found is None:
        raise _unknown("function", name, None, name)
    return found


def _unknown(kind: str, name: str, module, registered) -> ConfigError:
    shown = registered or name
    own = registration.known_names()
    known = [*own, *(n.rpartition(">")[2] for n in own), *(builtin.known_classes() if kind == "class" else ())]
    where = f" of module {module!r}" if module and module != "builtins" else ""
    listed = f" Registered at this moment: {', '.join(own[:20])}." if own else " Nothing is registered at this moment."
    return ConfigError(
        f"The config names the {kind} {shown!r}{where}, which is not known here."
        f"{did_you_mean(name, known)}{listed} If it is yours, import the file that defines it and either decorate it with "
        f"`@keras.saving.register_keras_serializable()` or pass it: `custom_objects={{{name!r}: {name}}}`. "
        "(For safety, nothing is imported because a file names it.)"
    )


# -- special values --------------------------------------------------------------------------------------------
def _wanted(inner, key: str, what: str):
    if not isinstance(inner, dict) or key not in inner:
        raise ConfigError(f"A {what} in a config holds {key!r}; got {inner!r}.")
    return inner[key]


def _read_numpy(config, inner):
    value, dtype = _wanted(inner, "value", "__numpy__"), inner.get("dtype")
    try:
        array = np.array(value, dtype=_array_dtype(dtype))
    except (ValueError, TypeError, OverflowError) as e:
        raise ValueError(f"An array in the config cannot be read (dtype {dtype!r}): {e}") from e
    if array.dtype.hasobject:
        raise ValueError("An array in the config holds Python objects; only numbers and strings are read.")
    return array


def _array_dtype(dtype):
    if dtype is None:
        return None
    if not isinstance(dtype, str) or dtype.startswith("object") or dtype in ("O", "|O"):
        raise ValueError(f"{dtype!r} is no dtype of numbers or strings")
    if dtype.startswith(("bfloat16", "float8")):
        import ml_dtypes

        return getattr(ml_dtypes, dtype, None) or np.dtype(dtype)
    found = np.dtype("str" if dtype in ("string", "str") else dtype)
    if found.kind in "US":
        return np.dtype(found.kind)  # as long as the longest of the texts: a length of the file's would be allocated
    if found.kind not in "biufc":
        raise ValueError(f"{dtype!r} is no dtype of numbers or strings")
    return found


def _read_tensor(config, inner):
    from kerata import backend

    array = _read_numpy(config, inner)
    return backend.current().convert(array, None if array.dtype.kind in "US" else array.dtype.name)


def _read_keras_tensor(config, inner):
    from kerata.core.keras_tensor import KerasTensor

    return KerasTensor(tuple(_wanted(inner, "shape", "__keras_tensor__")), dtype=inner.get("dtype") or "float32")


def _read_lambda(config, inner):
    live = getattr(config, "function", None) if isinstance(config, lambda_code.LiveFunction) else None
    if live is not None:
        return live
    refuse_code("a Python `lambda` as bytecode")
    value = inner.get("value")
    if isinstance(value, list | tuple) and len(value) == 3:
        return lambda_code.load_function(*value)
    return lambda_code.load_function(
        _wanted(inner, "code", "__lambda__"), _read(inner.get("defaults")), _read(inner.get("closure"))
    )


def _read_typespec(config, inner):
    raise ValueError("The config holds a `tf.TypeSpec`, which belongs to TensorFlow alone and is not read.")


_SPECIAL = {
    "__numpy__": _read_numpy,
    "__tensor__": _read_tensor,
    "__keras_tensor__": _read_keras_tensor,
    "__ellipsis__": lambda config, inner: ...,
    "__slice__": lambda config, inner: slice(
        _read(inner.get("start")), _read(inner.get("stop")), _read(inner.get("step"))
    ),
    "__bytes__": lambda config, inner: str(_wanted(inner, "value", "__bytes__")).encode("utf-8"),
    "__tuple__": lambda config, inner: tuple(_read(x) for x in config.get("items", inner.get("value", ()))),
    "__lambda__": _read_lambda,
    "__typespec__": _read_typespec,
}

__all__ = [
    "ConfigError",
    "ObjectSharingScope",
    "deserialize_keras_object",
    "in_safe_mode",
    "serialize_keras_object",
    "serialize_value",
]
