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
    """The config of a constraint."""
    return _registry.serialize(constraint)


def deserialize(config, custom_objects=None):
    """The constraint of a config."""
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """A constraint from its name, its config, a function, or itself; None stays None.

    >>> import kerata
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
