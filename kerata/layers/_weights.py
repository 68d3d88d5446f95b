"""Initializer, regularizer and constraint of each weight of a layer, by the weight's name."""

from __future__ import annotations

from kerata import constraints, initializers, regularizers

_PACKAGES = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


def store_options(layer, given: dict) -> None:
    """Store `kernel_initializer`, `bias_regularizer`, ... as objects.

    Args:
        given: the local variables of `__init__`; what else is among them is left alone.
    """
    for name, value in given.items():
        package = _PACKAGES.get(name.rpartition("_")[2])
        if package is not None and name != "activity_regularizer":  # that is of the output, and the base class's
            setattr(layer, name, package.get(value))


def add(layer, name: str, shape, initializer=None, of: str | None = None, **options):
    """The weight `name`, with the options that were stored for it (or for `of`)."""
    of = of or name
    return layer.add_weight(
        name=name, shape=shape, initializer=initializer or getattr(layer, f"{of}_initializer"),
        regularizer=getattr(layer, f"{of}_regularizer"), constraint=getattr(layer, f"{of}_constraint"), **options,
    )  # fmt: skip
