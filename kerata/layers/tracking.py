"""What an object holds: its layers, variables, metrics, seed generators and optimizers, found by looking.

The attributes (and lists, tuples, dicts and sets in them) are looked through when someone asks. So containers stay plain
Python, and changing one needs no notification. The order is that of time: what an attribute holds came when the attribute
was first set, what a container holds came then or, if it was made later, when it was made, but not before what precedes it.
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
    """The tracked things of one object, each once, in the order in which they came."""

    __slots__ = ("_came", "layers", "metrics", "optimizers", "seeds", "variables")

    def __init__(self, attributes: dict, skip=frozenset()):
        self.layers, self.variables, self.metrics, self.seeds, self.optimizers = [], [], [], [], []
        self._came: dict[int, int] = {}  # by identity
        # Only what was once set to something tracked, or to a container, can be so now.
        for name, when in list(attributes.get("_set_at", {}).items()):
            if name not in skip and name in attributes:
                self._look(attributes[name], when)
        for things in (self.layers, self.variables, self.metrics, self.seeds, self.optimizers):
            if len(things) > 1:
                things.sort(key=lambda x: self._came[id(x)])

    def _look(self, value, since: int) -> int:
        """Note what `value` is or holds, which came at `since` or later; when the last of it came."""
        kind = kind_of(type(value))
        if kind is None or kind == "torch":
            return since
        known = self._came.get(id(value))
        if kind == "container":
            if known is None:
                self._came[id(value)] = since
                for element in list(value.values()) if isinstance(value, dict) else list(value):
                    since = self._look(element, since)
            return since
        since = max(since, getattr(value, "_made_at", 0))
        if known is None:
            getattr(self, kind).append(value)
        if known is None or since < known:
            self._came[id(value)] = since
        return since


def unique(items) -> list:
    """The items without repetition (by identity), in order."""
    seen: set[int] = set()
    out = []
    for x in items:
        if id(x) not in seen:
            seen.add(id(x))
            out.append(x)
    return out
