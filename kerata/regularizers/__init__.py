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
    """The config of a regularizer, as files and `get_config` hold it.

    Args:
        regularizer: a `Regularizer`, or a registered function.

    Returns:
        A dictionary (or a name) that `deserialize` takes.

    >>> kerata.regularizers.serialize(kerata.regularizers.L2(0.5))["config"]
    {'l2': 0.5}
    """
    return _registry.serialize(regularizer)


def deserialize(config, custom_objects=None):
    """The regularizer that `serialize` wrote down.

    Args:
        config: dictionary with "class_name" and "config", or a name such as "l2".
        custom_objects: dictionary of further names and their classes or functions; None by default.

    Returns:
        A regularizer (for a bare name: its class; `get` makes an object of it).

    Raises:
        ValueError: for a name that nobody has; the nearest known one is proposed.

    >>> kerata.regularizers.deserialize({"class_name": "L1", "config": {"l1": 0.1}}).l1
    0.1
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """A regularizer from whatever a layer's `kernel_regularizer` argument may hold.

    Args:
        identifier: a name ("l2", with the default factor), a config, a class, a `Regularizer` or function (given back as
            it is), or None.

    Returns:
        A regularizer; None for None.

    Raises:
        ValueError: for an unknown name, or something that cannot be called.

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
