"""Where the targets and weights of each output are in a batch, settled once for each form they come in."""

from __future__ import annotations

from typing import Any

from kerata import ops
from kerata.training.names import Slots, bind, follow, is_nest


def form(x: Any) -> Any:
    """The nest of lists, tuples and dict keys that `x` is, as something hashable; None for one array."""
    kind = type(x)
    if kind is dict or isinstance(x, dict):
        return ("dict", tuple(x), tuple(form(v) for v in x.values()))
    if kind is list or kind is tuple or isinstance(x, list | tuple):
        return ("list", tuple(form(v) for v in x))
    return None if x is not None else "none"


def paths_of(x: Any, path: tuple = ()) -> Any:
    """`x` with each array replaced by a `Path` to it (None stays)."""
    if isinstance(x, dict):
        return {key: paths_of(value, (*path, key)) for key, value in x.items()}
    if isinstance(x, list | tuple):
        return [paths_of(value, (*path, i)) for i, value in enumerate(x)]
    return None if x is None else Path(path)


class Path:
    """The keys that lead to an array."""

    __slots__ = ("keys",)

    def __init__(self, keys: tuple):
        self.keys = keys


def batch_size(x: Any) -> Any:
    """The number of samples in an array: a number, or a tensor where it is unknown."""
    shape = ops.shape(x)
    return shape[0] if shape else 1


class Places:
    """Finds the target and the sample weight of each output in a batch, by name.

    Args:
        slots: the outputs.
        wanted: for each output, whether a loss needs its target.
        measured: for each output, whether metrics use its target, if there is one.
    """

    def __init__(self, slots: Slots, wanted: list[bool] | None = None, measured: list[bool] | None = None):
        self.slots, self.paths = slots, slots.paths
        self.wanted, self.loose = wanted or measured, measured is not None
        self._known: dict = {}

    def targets(self, y: Any) -> list:
        """The target of each output; None where there is none."""
        return self._find(y, "y")

    def weights(self, sample_weight: Any) -> list:
        """The sample weight of each output; one array serves all of them."""
        if sample_weight is None or not is_nest(sample_weight):
            return [sample_weight] * len(self.paths)
        return self._find(sample_weight, "sample_weight")

    def _find(self, given: Any, what: str) -> list:
        key = (what, form(given))
        places = self._known.get(key)
        if places is None:
            weights = what == "sample_weight"
            places = self._known[key] = bind(
                paths_of(given), self.slots, what, partial=weights or self.loose, spread=weights, wanted=self.wanted
            )
        return [None if place is None else follow(given, place.keys) for place in places]
