"""Regularizers: penalties on weights or activations."""

from __future__ import annotations

from kerata.core.registry import Registry
from kerata.regularizers.regularizer import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_registry = Registry(
    "regularizer",
    {
        **{c.__name__: c for c in (L1, L1L2, L2, OrthogonalRegularizer, Regularizer)},
        "l1": L1, "l2": L2, "l1_l2": L1L2, "l1l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer,
    },
)  # fmt: skip


def serialize(regularizer):
    """The config of a regularizer."""
    return _registry.serialize(regularizer)


def deserialize(config, custom_objects=None):
    """The regularizer of a config."""
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """A regularizer from its name, its config, a function, or itself; None stays None.

    >>> import kerata
    >>> kerata.regularizers.get("l2").l2
    0.01
    """
    return _registry.get(identifier)


__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]
