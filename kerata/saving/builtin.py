"""The closed list of what a file may name without registration: the public classes of Kerata, pure functions.

Nothing here imports or reads an attribute by a name from a file: modules come from the fixed tables below, and
a name counts only if it is in the list of what those modules export, and is a class with a config or a pure function.
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
_EXTRA = {
    ("keras.utils", "FeatureSpace"): "kerata.utils",
    ("keras.src.applications.convnext", "LayerScale"): "kerata.applications.convnext",
    ("keras.src.applications.inception_resnet_v2", "CustomScaleLayer"): "kerata.applications.inception_resnet_v2",
}
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
def _names(package: str) -> tuple[object, frozenset[str]]:
    """A package with the closed list of the names it exports."""
    module = _load(package)
    return module, frozenset(n for n in (getattr(module, "__all__", None) or dir(module)) if not n.startswith("_"))


def _exported(package: str, name: str):
    """What one of the packages of the tables exports under `name`, if that is Kerata's own; None otherwise."""
    module, names = _names(package)
    if not isinstance(name, str) or name not in names:
        return None
    found = getattr(module, name, None)
    return found if getattr(found, "__module__", "").partition(".")[0] == "kerata" else None


def _class(package: str, name: str) -> type | None:
    found = _exported(package, name)
    return found if inspect.isclass(found) and hasattr(found, "from_config") else None


def _function(package: str, name: str):
    found = _exported(package, name)
    if not inspect.isfunction(found) or name in _NOT_FUNCTIONS:
        return None
    return found if package != "kerata.ops" or getattr(found, "is_op", False) else None


def is_builtin_module(module) -> bool:
    """Whether a module name in a file means Keras itself (or the Keras inside TensorFlow)."""
    return isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras", "kerata")


def _root_class(name: str) -> type | None:
    if name == "Functional":
        from kerata.models.functional import Functional

        return Functional
    return _class(_ROOT[name], name) if name in _ROOT else None


def builtin_class(module: str, name: str) -> type | None:
    """The public class `name` that files put under `module`; None if there is none.

    Modules inside Keras ("keras.src.layers.core.dense", "keras.engine.functional") are read by their family, as
    older versions wrote them.
    """
    if (module, name) in _EXTRA:
        return _class(_EXTRA[module, name], name)
    if module in _PACKAGES:
        found = _class(_PACKAGES[module], name)
        if found is not None:
            return found
    root = _root_class(name)
    if root is not None:
        return root
    for part in reversed(module.split(".")):
        family = _FAMILIES.get(part)
        if family is not None and (found := _class(_PACKAGES[family], name)) is not None:
            return found
    return dropped_class(name) if module == "keras.layers" else None


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
        found = _class(package, name)
        if found is not None:
            return found
    return dropped_class(name)


def dropped_class(name: str) -> type | None:
    """A layer that Keras had once."""
    from kerata.saving.legacy_layers import LEGACY_CLASSES

    return LEGACY_CLASSES.get(name)


def builtin_function(name: str):
    """A pure public function (activation, loss, metric or op) by its name; None if there is none."""
    for package in _FUNCTION_PACKAGES:
        if (found := _function(package, name)) is not None:
            return found
    return None


def is_activation(fn) -> bool:
    """Whether `fn` is one of the public activations."""
    return _exported("kerata.activations", getattr(fn, "__name__", None)) is fn


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
        if module in _PACKAGES and _class(_PACKAGES[module], name) is cls:
            return module, name
    return next((place for place, package in _EXTRA.items() if place[1] == name and _class(package, name) is cls), None)


def known_classes() -> list[str]:
    """Names of all public classes, for error messages."""
    names = set(_ROOT)
    for package in _PACKAGES.values():
        names.update(n for n in _names(package)[1] if n[0].isupper())
    return sorted(names)
