"""The process's seed and the streams of random numbers that are derived from it."""

from __future__ import annotations

import contextlib
import random
import sys
import threading

import numpy as np


class _State:
    seed: int | None = None
    count: int = 0


_state = _State()
_lock = threading.Lock()


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, Kerata and the array libraries that are loaded; runs that follow repeat exactly.

    Args:
        seed: integer from 0 to 2**32 - 1.

    Raises:
        ValueError: for anything else.

    >>> kerata.utils.set_random_seed(812)
    >>> a = kerata.random.normal((2,)).tolist()
    >>> kerata.utils.set_random_seed(812)
    >>> a == kerata.random.normal((2,)).tolist()
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ValueError(f"set_random_seed() wants an integer `seed`; got {seed!r} of type {type(seed).__name__}.")
    if not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed() wants a `seed` from 0 to 2**32 - 1; got {seed}.")
    seed = int(seed)
    random.seed(seed)
    np.random.seed(seed)
    with _lock:
        _state.seed, _state.count = seed, 0
    _forget_default_generator()
    tf = sys.modules.get("tensorflow")
    if tf is not None and hasattr(tf, "random"):
        tf.random.set_seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(seed)


def _forget_default_generator() -> None:
    module = sys.modules.get("kerata.random.seed_generator")
    forget = getattr(module, "reset_global_seed_generator", None)
    if forget is not None:
        forget()


def forget_random_seed() -> None:
    """Go back to the state without a process's seed: new streams start from NumPy's global generator."""
    with _lock:
        _state.seed, _state.count = None, 0
    _forget_default_generator()


def get_random_seed() -> int | None:
    """The seed that `set_random_seed` was given last, or None."""
    return _state.seed


def new_seed() -> tuple[int, int]:
    """Two integers that seed a fresh stream: the process's seed and the number of streams made since it was set.

    Without a seed the first integer is drawn from NumPy's global generator, so `np.random.seed` counts as
    well.
    """
    with _lock:
        if _state.seed is None:
            return int(np.random.randint(0, 2**31 - 1)), 0
        _state.count += 1
        return _state.seed, _state.count


@contextlib.contextmanager
def unnoticed():
    """Streams that are made within leave those made later as they would have been."""
    count, numpys = _state.count, None if _state.seed is not None else np.random.get_state()
    try:
        yield
    finally:
        _state.count = count
        if numpys is not None:
            np.random.set_state(numpys)


def philox(*words: int) -> np.random.Generator:
    """NumPy's Philox generator for a sequence of non-negative integers; equal words give equal streams."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence([int(w) for w in words])))
