"""The closed list of what a file may name without registration: the public classes of Kerata, pure functions.

Nothing here imports or reads an attribute by a name from a file: modules come from the fixed tables below, and
a name is looked up in a dictionary that was made from the classes those modules export.
"""

from __future__ import annotations

import functools
import importlib
import inspect

# Public module in files -> the package that exports those classes.
_PACKAGES = {
    f"keras.{name}": f"kerata.{name}"
    for name in (
        "layers", "initializers", "regularizers", "constraints", "losses", "metrics", "optimizers",
        "optimizers.schedules", "quantizers", "random", "dtype_policies", "distillation",
    )
}  # fmt: skip
# Classes that stand in files under `keras` itself: name -> the module that defines them.
_ROOT = {
    "Sequential": "kerata.models",
    "Model": "kerata.models",
    "Functional": "kerata.models",
    "DTypePolicy": "kerata.dtype_policies",
    "FloatDTypePolicy": "kerata.dtype_policies",
    "Initializer": "kerata.initializers",
    "InputSpec": "kerata.layers",
    "Layer": "kerata.layers",
    "Loss": "kerata.losses",
    "Metric": "kerata.metrics",
    "Optimizer": "kerata.optimizers",
    "Quantizer": "kerata.quantizers",
    "Regularizer": "kerata.regularizers",
    "SeedGenerator": "kerata.random",
}
# Other classes that files name, with the module they are under.
_EXTRA = {("keras.utils", "FeatureSpace"): "kerata.utils"}
_FUNCTION_PACKAGES = ("kerata.activations", "kerata.losses", "kerata.metrics", "kerata.ops")
# Ops that call functions they are given, or make arrays of any size out of nothing.
_NOT_FUNCTIONS = frozenset((
    "associative_scan", "cond", "custom_gradient", "fori_loop", "map", "scan", "switch", "vectorized_map",
    "while_loop", "convert_to_numpy", "deserialize", "serialize", "get", "jit", "grad", "value_and_grad",
))  # fmt: skip


def _load(package: str):
    """One of the packages of the tables above, or None where this build lacks it."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as e:
        if e.name is not None and (package == e.name or package.startswith(e.name + ".")):
            return None
        raise


@functools.lru_cache(None)
def _classes(package: str) -> dict[str, type]:
    module = _load(package)
    if module is None:
        return {}
    return {
        name: obj
        for name, obj in vars(module).items()
        if inspect.isclass(obj)
        and not name.startswith("_")
        and obj.__module__.partition(".")[0] == "kerata"
        and hasattr(obj, "from_config")
    }


@functools.lru_cache(None)
def _functions() -> dict:
    found: dict = {}
    for package in _FUNCTION_PACKAGES:
        module = _load(package)
        for name, obj in vars(module).items() if module is not None else ():
            plain = inspect.isfunction(obj) and obj.__module__.partition(".")[0] == "kerata"
            if name.startswith("_") or not plain or name in _NOT_FUNCTIONS:
                continue
            if package == "kerata.ops" and not getattr(obj, "is_op", False):
                continue
            found.setdefault(name, obj)
    return found


def is_builtin_module(module) -> bool:
    """Whether a module name in a file means Keras itself (or the Keras inside TensorFlow)."""
    return isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras", "kerata")


def _root_class(name: str) -> type | None:
    if name == "Functional":
        from kerata.models.functional import Functional

        return Functional
    return _classes(_ROOT[name]).get(name) if name in _ROOT else None


def builtin_class(module: str, name: str) -> type | None:
    """The public class `name` that files put under `module`; None if there is none.

    Modules inside Keras ("keras.src.layers.core.dense", "keras.engine.functional") are read by their family, as
    older versions wrote them.
    """
    if (module, name) in _EXTRA:
        return _classes(_EXTRA[module, name]).get(name)
    if module in _PACKAGES:
        found = _classes(_PACKAGES[module]).get(name)
        if found is not None:
            return found
    root = _root_class(name)
    if root is not None:
        return root
    for part in reversed(module.split(".")):
        family = _FAMILIES.get(part)
        if family is not None and (found := _classes(_PACKAGES[family]).get(name)) is not None:
            return found
    return None


_FAMILIES = {name.rpartition(".")[2]: name for name in _PACKAGES} | {
    "learning_rate_schedules": "keras.optimizers.schedules",
    "seed_generator": "keras.random",
    "policy": "keras.dtype_policies",
    "mixed_precision": "keras.dtype_policies",
}


def any_builtin_class(name: str) -> type | None:
    """A public class by its bare name, in the order in which Keras's families are tried; None if there is none."""
    root = _root_class(name)
    if root is not None:
        return root
    for package in _PACKAGES.values():
        found = _classes(package).get(name)
        if found is not None:
            return found
    return None


def builtin_function(name: str):
    """A pure public function (activation, loss, metric or op) by its name; None if there is none."""
    return _functions().get(name)


def is_activation(fn) -> bool:
    """Whether `fn` is one of the public activations."""
    module = _load("kerata.activations")
    return module is not None and vars(module).get(getattr(fn, "__name__", None)) is fn


@functools.lru_cache(None)
def public_place(cls: type) -> tuple[str, str] | None:
    """`(module, class name)` under which a public class stands in files; None for classes of users."""
    if cls.__module__.partition(".")[0] != "kerata":
        return None
    name = cls.__name__
    if name == "Functional":
        return "keras.src.models.functional", "Functional"
    if _root_class(name) is cls and name not in ("FloatDTypePolicy", "SeedGenerator"):
        return "keras", name
    family = "keras." + cls.__module__.split(".")[1]
    if family == "keras.core":
        family = "keras.dtype_policies"
    candidates = [family, *[m for m in _PACKAGES if m.startswith(family + ".")], *_PACKAGES]
    for module in candidates:
        if module in _PACKAGES and _classes(_PACKAGES[module]).get(name) is cls:
            return module, name
    return ("keras.utils", name) if _EXTRA.get(("keras.utils", name)) else None


def known_classes() -> list[str]:
    """Names of all public classes, for error messages."""
    names = set(_ROOT)
    for package in _PACKAGES.values():
        names.update(_classes(package))
    return sorted(names)
