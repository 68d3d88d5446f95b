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
    """What stands for an activation function in a config: its name, or a dictionary for a registered one.

    Args:
        activation: a function of this module, or one registered by `kerata.saving.register_keras_serializable`.

    Returns:
        A string (functions of this module), or a dictionary that `deserialize` takes.

    >>> kerata.activations.serialize(kerata.activations.relu)
    'relu'
    """
    if activation in _registry.table.values():
        return activation.__name__
    return _registry.serialize(activation)


def deserialize(config, custom_objects=None):
    """The activation function that `serialize` wrote down.

    Args:
        config: a name such as "relu", or the dictionary of a registered function.
        custom_objects: dictionary of further names and their functions; None by default.

    Returns:
        A function of one tensor.

    Raises:
        ValueError: for a name that nobody has; the nearest known one is proposed.

    >>> kerata.activations.deserialize("tanh").__name__
    'tanh'
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """An activation function from whatever a layer's `activation` argument may hold.

    Args:
        identifier: a name ("relu"), a config, a function (given back as it is), or None for `linear`.

    Returns:
        A function of one tensor.

    Raises:
        ValueError: for an unknown name, or something that is no function.

    >>> kerata.activations.get("relu").__name__
    'relu'
    >>> kerata.activations.get(None).__name__
    'linear'
    """
    return _registry.get(identifier)


__all__ = sorted([*_NAMES, "deserialize", "get", "serialize"])
