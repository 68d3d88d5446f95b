"""Names: snake case, and numbered so that they differ."""

from __future__ import annotations

import re
import threading
from collections import defaultdict

_counts: dict[str, int] = defaultdict(int)
_lock = threading.Lock()


def to_snake_case(name: str) -> str:
    """`"BatchNormalization"` -> `"batch_normalization"`, `"Conv2D"` -> `"conv2d"`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def uniquify(name: str) -> str:
    """The name itself the first time, then `name_1`, `name_2`, ..."""
    with _lock:
        n = _counts[name]
        _counts[name] = n + 1
    return name if n == 0 else f"{name}_{n}"


def auto_name(prefix: str) -> str:
    """A fresh name from a class name or any other prefix."""
    return uniquify(to_snake_case(prefix))


def get_uid(prefix: str = "") -> int:
    """Count the uses of a prefix: 1 the first time, then 2, and so on.

    Args:
        prefix: string; the names that layers are given count with it too ("dense" for `dense_1`).

    >>> kerata.backend.get_uid("a_prefix"), kerata.backend.get_uid("a_prefix")
    (1, 2)
    """
    with _lock:
        _counts[prefix] += 1
        return _counts[prefix]


def reset_uids() -> None:
    """Start all counters again."""
    with _lock:
        _counts.clear()


def clear_session(free_memory: bool = True) -> None:
    """Start names over, and forget the random seed and the global dtype policy and distribution.

    For programs that make many models in a loop: the next `Dense` is called "dense" again, and what models that are no
    longer used left behind goes. Models that are still referred to stay whole.

    Args:
        free_memory: whether to run Python's garbage collector; True by default.

    >>> kerata.utils.clear_session()
    >>> kerata.layers.Dense(2).name
    'dense'
    """
    from kerata.core import dtype_policy, placement
    from kerata.utils import seeds

    reset_uids()
    dtype_policy.forget_chosen()
    placement.current = None
    seeds.forget_random_seed()
    if free_memory:
        import gc

        gc.collect()
