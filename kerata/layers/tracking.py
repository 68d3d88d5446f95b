"""What an object holds: its layers, variables, metrics, seed generators and optimizers, found by looking.

The attributes (and lists, tuples, dicts and sets in them) are looked through when someone asks, unless all of them hold the
same things as the last time. So containers stay plain Python, and changing one needs no notification. The order is that of time: what an attribute holds came when the attribute
was first set, what a container holds came then or, if it was made later, when it was made, but not before what precedes it.
"""

from __future__ import annotations

import sys
from operator import is_

from kerata.core.variable import Variable

_CONTAINERS = (list, tuple, dict, set)
_BASES = (
    ("kerata.layers.layer", "Layer", "layers"),
    ("kerata.metrics.metric", "Metric", "metrics"),
    ("kerata.random.seed_generator", "SeedGenerator", "seeds"),
    ("kerata.optimizers.optimizer", "Optimizer", "optimizers"),
    ("torch.nn", "Module", "torch"),
    ("torch.nn", "Parameter", "torch"),
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
    """The tracked things of one object, each once, in the order in which they came. Others do not change the lists."""

    __slots__ = ("_attributes", "_came", "_containers", "_set_at", "_skip", "layers", "metrics", "optimizers", "seeds", "variables")

    def __init__(self, attributes: dict, skip=frozenset()):
        self.layers, self.variables, self.metrics, self.seeds, self.optimizers = [], [], [], [], []
        self._came: dict[int, int] = {}  # by identity
        # Only what was once set to something tracked, or to a container, can be so now.
        self._set_at, self._skip = dict(attributes.get("_set_at", ())), skip
        self._attributes = [(n, attributes.get(n)) for n in self._set_at if n not in skip]
        self._containers: list[tuple] = []
        for name, value in self._attributes:
            if value is not None:
                self._look(value, self._set_at[name])
        for things in (self.layers, self.variables, self.metrics, self.seeds, self.optimizers):
            if len(things) > 1:
                things.sort(key=lambda x: self._came[id(x)])

    def holds(self, attributes: dict, skip) -> bool:
        """Whether the attributes and the containers in them are, thing by thing, those that were looked through."""
        if skip is not self._skip or attributes.get("_set_at", _NONE) != self._set_at:
            return False
        for name, value in self._attributes:
            if attributes.get(name) is not value:
                return False
        return all(len(c) == len(held) and all(map(is_, _elements(c), held)) for c, held in self._containers)

    def _look(self, value, since: int) -> int:
        """Note what `value` is or holds, which came at `since` or later; when the last of it came."""
        kind = kind_of(type(value))
        if kind is None or kind == "torch":
            return since
        known = self._came.get(id(value))
        if kind == "container":
            if known is None:
                self._came[id(value)] = since
                elements = _elements(value)
                if type(value) is not tuple:
                    self._containers.append((value, elements))
                for element in elements:
                    since = self._look(element, since)
            return since
        since = max(since, getattr(value, "_made_at", 0))
        if known is None:
            getattr(self, kind).append(value)
        if known is None or since < known:
            self._came[id(value)] = since
        return since


_NONE: dict = {}


def _elements(container) -> tuple:
    return tuple(container.values() if isinstance(container, dict) else container)  # at once: other threads may change it


def unique(items) -> list:
    """The items without repetition (by identity), in order."""
    seen: set[int] = set()
    out = []
    for x in items:
        if id(x) not in seen:
            seen.add(id(x))
            out.append(x)
    return out
