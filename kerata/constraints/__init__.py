"""Constraints: what is done to a weight after each update."""

from __future__ import annotations

from kerata.constraints.constraint import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from kerata.core.registry import Registry

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_registry = Registry(
    "constraint",
    {
        **{c.__name__: c for c in (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)},
        "max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm,
    },
)  # fmt: skip


def serialize(constraint):
    """The config of a constraint, as files and `get_config` hold it.

    Args:
        constraint: a `Constraint`, or a registered function.

    Returns:
        A dictionary (or a name) that `deserialize` takes.

    >>> kerata.constraints.serialize(kerata.constraints.MaxNorm(3))["config"]
    {'max_value': 3, 'axis': 0}
    """
    return _registry.serialize(constraint)


def deserialize(config, custom_objects=None):
    """The constraint that `serialize` wrote down.

    Args:
        config: dictionary with "class_name" and "config", or a name such as "non_neg".
        custom_objects: dictionary of further names and their classes or functions; None by default.

    Returns:
        A constraint (for a bare name: its class; `get` makes an object of it).

    Raises:
        ValueError: for a name that nobody has; the nearest known one is proposed.

    >>> kerata.constraints.deserialize({"class_name": "UnitNorm", "config": {"axis": 1}}).axis
    1
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """A constraint from whatever a layer's `kernel_constraint` argument may hold.

    Args:
        identifier: a name ("non_neg"), a config, a class, a `Constraint` or function (given back as it is), or None.

    Returns:
        A constraint; None for None.

    Raises:
        ValueError: for an unknown name, or something that cannot be called.

    >>> type(kerata.constraints.get("non_neg")).__name__
    'NonNeg'
    """
    return _registry.get(identifier)


__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]
