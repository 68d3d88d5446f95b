"""The public names: what stands under each, and by which methods a class shows what it does."""

from __future__ import annotations

import inspect
import json
import pathlib

API = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "keras_api.json"
# Public methods whose results say what an instance does, by the base class that has them.
METHODS = {"Layer": ["call"], "Operation": ["call"], "Loss": ["call"], "Metric": ["result"], "Optimizer": ["apply"],
           "Callback": None, "Initializer": ["__call__"], "Regularizer": ["__call__"], "Constraint": ["__call__"],
           "Quantizer": ["__call__"]}  # fmt: skip

# Classes that others derive from, by what they do themselves: their subclasses' own methods they call or make.
BASES = {"Layer": ["__call__"], "Loss": ["__call__"], "Metric": ["__call__"], "Model": ["__call__"], "Operation": ["__call__"],
         "Initializer": ["clone", "from_config"], "Regularizer": ["from_config"], "Constraint": ["from_config"],
         "Quantizer": ["from_config"], "LearningRateSchedule": ["from_config"], "Wrapper": ["get_config"],
         "InputLayer": ["get_config"], "FeatureSpace": ["__call__"], "LambdaCallback": ["__init__"],
         "SKLearnClassifier": ["predict"], "SKLearnRegressor": ["predict"], "SKLearnTransformer": ["transform"]}  # fmt: skip


def names() -> dict[str, dict]:
    return json.loads(API.read_text())["names"]


def distinct() -> list[str]:
    return [n for n, entry in names().items() if "alias_of" not in entry]


def find(name: str):
    import kerata

    thing = kerata
    for part in name.split(".")[1:]:
        thing = getattr(thing, part)
    return thing


def exists(name: str) -> bool:
    try:
        return callable(find(name))
    except (AttributeError, ImportError):
        return False


def methods(cls: type) -> list[str]:
    """The methods and properties of a class by whose results it is tried; "__init__" for the attributes that it sets."""
    if cls.__name__ in BASES and cls.__module__.startswith("kerata"):
        return BASES[cls.__name__]
    family = next((METHODS[b.__name__] for b in cls.__mro__ if b.__name__ in METHODS), ())
    if family:
        return family
    own = dict.fromkeys(n for c in cls.__mro__ if c.__module__.startswith("kerata") for n, f in vars(c).items()
                        if (inspect.isfunction(f) or isinstance(f, property)) and (not n.startswith("_") or n in _SPECIAL))  # fmt: skip
    return [n for n in own if family is not None or n.startswith("on_")]


_SPECIAL = ("__call__", "__getitem__", "__enter__", "__init__")


def code_of(cls: type, method: str):
    """The code object of a method, of a class's method, or of what a property gives."""
    found = inspect.getattr_static(cls, method)
    found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    return getattr(inspect.unwrap(found), "__code__", None)
