"""Activation functions."""

from __future__ import annotations

import inspect

from kerata.activations import functions as _functions
from kerata.core.registry import Registry

_NAMES = [n for n, f in vars(_functions).items() if inspect.isfunction(f) and not n.startswith("_")]
globals().update({n: getattr(_functions, n) for n in _NAMES})
linear = _functions.linear

_registry = Registry(
    "activation function",
    {**{n: getattr(_functions, n) for n in _NAMES}, "LeakyReLU": _functions.leaky_relu, "hard_swish": _functions.hard_silu},
    default=linear,
)


def serialize(activation):
    """The name of an activation function, or its config."""
    if activation in _registry.table.values():
        return activation.__name__
    return _registry.serialize(activation)


def deserialize(config, custom_objects=None):
    """The activation function of a name or a config."""
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """An activation function from its name, its config, or itself; None is `linear`.

    >>> import kerata
    >>> kerata.activations.get("relu").__name__
    'relu'
    """
    return _registry.get(identifier)


__all__ = sorted([*_NAMES, "deserialize", "get", "serialize"])
