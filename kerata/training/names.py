"""What the user gives for a model's inputs and outputs, bound to them by name.

Losses, loss weights, metrics, targets, sample weights and inputs all come in the same forms: one thing, a list,
a dict, or a nest in the shape of the model's own. `bind` is the one place that decides what belongs where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerata.core.errors import did_you_mean


def is_nest(x: Any) -> bool:
    """Whether `x` is a list, tuple or dict (and no array)."""
    return isinstance(x, list | tuple | dict)


def children(nest: Any) -> list[tuple]:
    """`(key, child)` pairs, in the order in which trees are flattened: dicts by sorted key."""
    if isinstance(nest, dict):
        try:
            keys = sorted(nest)
        except TypeError:  # keys of different types keep their order
            keys = list(nest)
        return [(key, nest[key]) for key in keys]
    return list(enumerate(nest))


def leaf_paths(structure: Any, leaf: Callable[[Any], bool] | None = None) -> list[tuple]:
    """The keys that lead to each leaf."""
    if not is_nest(structure) or (leaf is not None and leaf(structure)):
        return [()]
    return [(key, *rest) for key, child in children(structure) for rest in leaf_paths(child, leaf)]


def follow(x: Any, path: tuple) -> Any:
    """The part of `x` that `path` leads to."""
    for key in path:
        x = x[key]
    return x


class Slots:
    """The places that a model's outputs (or inputs) are: their structure, and the name of each leaf.

    Args:
        structure: a tensor, or tensors in lists, tuples and dicts.
        names: a name for each leaf in flattened order (`model.output_names`); None when they have none.
        kind: "output" or "input", for messages.
    """

    def __init__(self, structure: Any, names: list[str] | None = None, kind: str = "output"):
        self.structure = structure
        self.paths = leaf_paths(structure)
        self.names = list(names) if names is not None and len(names) == len(self.paths) else None
        self.kind = kind

    def __len__(self) -> int:
        return len(self.paths)

    def flatten(self, x: Any) -> list:
        """The leaves of something of the same structure."""
        return [follow(x, path) for path in self.paths]

    def label(self, index: int) -> str | None:
        """`"a"`, `"n/p"`: dict keys; places in a list go by the leaf's name, where it has one."""
        return self._label(index, self.structure, self.paths[index])

    def _label(self, index: int, structure: Any, path: tuple) -> str | None:
        parts = []
        for depth, key in enumerate(path):
            part = str(key)
            if not isinstance(structure, dict):
                if depth + 1 == len(path):
                    if self.names is not None:
                        part = self.names[index]
                    elif depth == 0:
                        return None
            parts.append(part)
            structure = structure[key]
        if not parts:
            return self.names[index] if self.names else None
        return "/".join(parts)

    def flat_name(self, index: int) -> str | None:
        """The key in a flat dict of outputs, else the leaf's name, else its label."""
        if isinstance(self.structure, dict) and all(len(path) == 1 for path in self.paths):
            return str(self.paths[index][0])
        return self.names[index] if self.names else self.label(index)

    def describe(self) -> str:
        """The names to give, for messages."""
        if isinstance(self.structure, dict):
            keys = ", ".join(repr(k) for k, _ in children(self.structure))
            return f"the {self.kind}s of the model are a dict with the keys {keys}"
        if self.names:
            listed = ", ".join(map(repr, self.names))
            return f"the model has {len(self)} {self.kind}{'s' if len(self) > 1 else ''}: {listed}"
        return f"the model has {len(self)} {self.kind}{'s' if len(self) > 1 else ''} without names"


def bind(
    given: Any,
    slots: Slots,
    what: str,
    leaf: Callable[[Any], bool] | None = None,
    *,
    partial: bool = False,
    spread: bool = False,
    wanted: list[bool] | None = None,
) -> list:
    """One of what is given for each output (or input), in flattened order.

    Dicts are bound by key: the keys of the model's own dicts, or the names of its outputs. Lists are bound by
    place, and only to outputs that are a list.

    Args:
        given: what the user passed.
        slots: the model's outputs or inputs.
        what: the argument's name, for messages.
        leaf: tells one thing from a nest of them; by default everything but lists, tuples and dicts is one.
        partial: outputs that a dict leaves out get None; otherwise that is an error.
        spread: one thing goes to all outputs.
        wanted: for each output, whether it needs anything: those that do not may be left out.

    Raises:
        ValueError: for a name too many or too few, or a list of another length; it lists both sides.
    """
    return _Binding(slots, what, leaf or (lambda x: not is_nest(x)), partial, spread, wanted).run(given)


class _Binding:
    def __init__(self, slots, what, leaf, partial, spread, wanted):
        self.slots, self.what, self.leaf = slots, what, leaf
        self.partial, self.spread = partial, spread
        self.wanted = wanted or [True] * len(slots)

    def run(self, given: Any) -> list:
        slots = self.slots
        if given is None:
            return [None] * len(slots)
        if self.leaf(given):
            if len(slots) == 1 or self.spread:
                return [given] * len(slots)
            if self.wanted.count(True) == 1:
                return [given if wanted else None for wanted in self.wanted]
            raise ValueError(f"`{self.what}` is one {_kind(given)}, and {slots.describe()}: give {self._example()}.")
        if isinstance(given, dict) and not self._fits_keys(given):
            return self._by_name(given)
        if isinstance(given, list | tuple):
            few = self._needed_only(given)
            if few is not None:
                return few
        result: list = [None] * len(slots)
        self._walk(given, slots.structure, slots.paths, list(range(len(slots))), result)
        return result

    def _fits_keys(self, given: dict) -> bool:
        structure = self.slots.structure
        return isinstance(structure, dict) and (set(given) <= set(structure) or not self._fits_names(given))

    def _fits_names(self, given: dict) -> bool:
        return self.slots.names is not None and set(given) <= set(self.slots.names)

    def _needed_only(self, given: list) -> list | None:
        """A list with one entry for each output that needs one, when some do not."""
        structure = self.slots.structure
        if not isinstance(structure, list | tuple) or len(given) == len(structure) or all(self.wanted):
            return None
        needing = [i for i, w in enumerate(self.wanted) if w]
        if len(given) != len(needing) or len(structure) != len(self.slots):
            return None
        result: list = [None] * len(self.slots)
        for i, value in zip(needing, given):
            result[i] = value
        return result

    def _by_name(self, given: dict) -> list:
        """A flat dict from names of leaves."""
        slots = self.slots
        names = slots.names
        if names is None and len(slots) == 1 and len(given) == 1:
            return [next(iter(given.values()))]  # an output without a name takes any
        self._check_keys(given, names or [])
        return [given.get(name) for name in names]

    def _check_keys(self, given: dict, names: list, indices: list | None = None) -> None:
        unknown = [k for k in given if k not in names]
        missing = [
            n for i, n in enumerate(names)
            if n not in given and not self.partial and self.wanted[indices[i] if indices else i]
        ]  # fmt: skip
        if not unknown and not missing:
            return
        hint = "".join(did_you_mean(str(k), map(str, names)) for k in unknown[:3])
        parts = []
        if unknown:
            parts.append(f"{', '.join(map(repr, unknown))} {'is' if len(unknown) == 1 else 'are'} unknown")
        if missing:
            parts.append(f"{', '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing")
            if self.what in ("loss", "metrics"):
                hint += " (For an output without one, give None.)"
        keys = ", ".join(map(repr, given))
        raise ValueError(
            f"`{self.what}` has the keys {keys}, and {self.slots.describe()}: {' and '.join(parts)}.{hint}"
        )

    def _walk(self, given, structure, paths, indices, result) -> None:
        """Match `given` with a part of the structure, whose leaves have these paths and places."""
        if not is_nest(structure):
            result[indices[0]] = self._one(given)
            return
        if given is None:
            if not self.partial and any(self.wanted[i] for i in indices) and self.what not in ("loss", "metrics"):
                raise ValueError(
                    f"`{self.what}` has None for a part of the model that needs it; {self.slots.describe()}."
                )
            return
        keyed = isinstance(structure, dict)
        if keyed is not isinstance(given, dict) or not is_nest(given):
            return self._mismatch(given, structure)
        groups = self._groups(paths, indices)
        if keyed:
            self._check_keys(given, list(groups), [g[1][0] for g in groups.values()])
        elif len(given) != len(structure):
            raise ValueError(
                f"`{self.what}` has {len(given)} entries, and {self.slots.describe()}: give {self._example()}."
            )
        for key, (sub_paths, sub_indices) in groups.items():
            if not keyed or key in given:
                self._walk(given[key], structure[key], sub_paths, sub_indices, result)

    def _mismatch(self, given, structure) -> None:
        raise ValueError(
            f"`{self.what}` is a {_kind(given)} where the model has a {_kind(structure)} of {self.slots.kind}s; "
            f"{self.slots.describe()}: give {self._example()}."
        )

    @staticmethod
    def _groups(paths, indices) -> dict:
        groups: dict = {}
        for path, index in zip(paths, indices):
            sub_paths, sub_indices = groups.setdefault(path[0], ([], []))
            sub_paths.append(path[1:])
            sub_indices.append(index)
        return groups

    def _one(self, given: Any) -> Any:
        """What is given for one leaf; a list or dict with one entry is that entry."""
        if given is None or self.leaf(given):
            return given
        if is_nest(given) and len(given) == 1:
            inner = given[0] if not isinstance(given, dict) else next(iter(given.values()))
            if inner is None or self.leaf(inner):
                return inner
        if not is_nest(given):
            raise ValueError(f"`{self.what}` has {given!r} for one {self.slots.kind}, which cannot be interpreted as one.")
        raise ValueError(
            f"`{self.what}` has a {_kind(given)} of {len(given)} for one {self.slots.kind}; {self.slots.describe()}: "
            f"give {self._example()}."
        )

    def _example(self) -> str:
        structure = self.slots.structure
        if isinstance(structure, dict):
            return "{" + ", ".join(f"{k!r}: ..." for k, _ in children(structure)) + "}"
        if self.slots.names and len(self.slots) > 1:
            return "{" + ", ".join(f"{n!r}: ..." for n in self.slots.names) + "} or a list in this order"
        return "one" if len(self.slots) == 1 else f"a list of {len(self.slots)}"


def _kind(x: Any) -> str:
    if isinstance(x, list | tuple | dict):
        return type(x).__name__
    if isinstance(x, int | float):
        return "number"
    return "array" if hasattr(x, "shape") or type(x).__name__ == "Path" else type(x).__name__
