"""What an object holds: its layers, variables, metrics, seed generators and optimizers, found by looking.

Nothing is recorded when an attribute is set; the attributes (and lists, tuples, dicts and sets in them) are
looked through when someone asks. So containers stay plain Python, and changing one needs no notification.
"""

from __future__ import annotations

import sys

from kerata.core.variable import Variable

_CONTAINERS = (list, tuple, dict, set)
_BASES = (
    ("kerata.layers.layer", "Layer", "layers"),
    ("kerata.metrics.metric", "Metric", "metrics"),
    ("kerata.random.seed_generator", "SeedGenerator", "seeds"),
    ("kerata.optimizers.optimizer", "Optimizer", "optimizers"),
)
_kinds: dict[type, str | None] = {}


def kind_of(cls: type) -> str | None:
    try:
        return _kinds[cls]
    except KeyError:
        pass
    found = "container" if issubclass(cls, _CONTAINERS) else "variables" if issubclass(cls, Variable) else None
    for module, name, kind in _BASES:
        # An object of a class exists only where the module of its base is loaded.
        base = getattr(sys.modules.get(module), name, None)
        if base is not None and issubclass(cls, base):
            found = kind
            break
    _kinds[cls] = found
    return found


class Held:
    """The tracked things of one object, each once, in the order in which the attributes were set."""

    __slots__ = ("layers", "metrics", "optimizers", "seeds", "variables")

    def __init__(self, attributes: dict, skip=frozenset(), first=()):
        self.layers, self.variables, self.metrics, self.seeds, self.optimizers = [], [], [], [], []
        seen: set[int] = set()
        self._add(list(first), seen)
        for name, value in list(attributes.items()):
            if name not in skip:
                self._look(value, seen)
        if first and len(self.variables) > len(first):  # some are not from add_weight: all in the order of their making
            self.variables.sort(key=lambda v: v._number)

    def _look(self, value, seen) -> None:
        kind = kind_of(type(value))
        if kind is None or id(value) in seen:
            return
        seen.add(id(value))
        if kind == "container":
            self._add(list(value.values()) if isinstance(value, dict) else list(value), seen)
        else:
            getattr(self, kind).append(value)

    def _add(self, values, seen) -> None:
        for value in values:
            self._look(value, seen)


def unique(items) -> list:
    """The items without repetition (by identity), in order."""
    seen: set[int] = set()
    out = []
    for x in items:
        if id(x) not in seen:
            seen.add(id(x))
            out.append(x)
    return out
