"""The state of all random generators of the process, as arrays and plain data."""

from __future__ import annotations

import random
import sys

import numpy as np

from kerata.utils import seeds

_KEY = "random/"


def capture(arrays: dict) -> dict:
    """What a run needs to draw the same numbers again. Arrays go into `arrays`, the rest is given back.

    Held are the generators of Python, NumPy and PyTorch, the process's seed, and Kerata's own generators for draws
    without a seed.
    """
    version, words, gauss = random.getstate()
    arrays[f"{_KEY}python"] = np.array(words, "uint32")
    name, keys, position, has_gauss, cached = np.random.get_state()
    arrays[f"{_KEY}numpy"] = keys
    torch = sys.modules.get("torch")
    if hasattr(torch, "get_rng_state"):
        arrays[f"{_KEY}torch"] = torch.get_rng_state().numpy().copy()
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            for i, state in enumerate(torch.cuda.get_rng_state_all()):
                arrays[f"{_KEY}cuda/{i}"] = state.numpy().copy()
    for backend, generator in _own().items():
        arrays[f"{_KEY}own/{backend}"] = np.asarray(generator.state.numpy())
    return {
        "python": [version, gauss],
        "numpy": [name, int(position), int(has_gauss), float(cached)],
        "process": [seeds._state.seed, seeds._state.count],
    }


def restore(state: dict, arrays) -> None:
    """Put back what `capture` gave."""
    version, gauss = state["python"]
    random.setstate((version, tuple(int(w) for w in arrays[f"{_KEY}python"]), gauss))
    name, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, arrays[f"{_KEY}numpy"], position, has_gauss, cached))
    seeds._state.seed, seeds._state.count = state["process"]
    torch = sys.modules.get("torch")
    if hasattr(torch, "set_rng_state") and f"{_KEY}torch" in arrays:
        torch.set_rng_state(torch.from_numpy(np.array(arrays[f"{_KEY}torch"])))
        cuda = sorted(k for k in arrays if k.startswith(f"{_KEY}cuda/"))
        if cuda and torch.cuda.is_available() and torch.cuda.device_count() == len(cuda):
            torch.cuda.set_rng_state_all([torch.from_numpy(np.array(arrays[k])) for k in cuda])
    _restore_own(arrays)


def _own() -> dict:
    module = sys.modules.get("kerata.random.seed_generator")
    return module._global if module is not None else {}


def _restore_own(arrays) -> None:
    from kerata import backend
    from kerata.random.seed_generator import global_seed_generator

    saved = {k.removeprefix(f"{_KEY}own/"): arrays[k] for k in arrays if k.startswith(f"{_KEY}own/")}
    here = backend.current().name
    if saved and here not in saved:  # another backend wrote the state
        saved[here] = next(iter(saved.values()))
    for name, value in saved.items():
        if name in backend.installed() and (name == here or name in _own()):
            with backend.backend_scope(name):
                global_seed_generator().state.assign(value)


class Kept:
    """The states of the generators, which are as before when the block ends."""

    def __enter__(self):
        self.arrays: dict = {}
        self.state = capture(self.arrays)

    def __exit__(self, *exc):
        restore(self.state, self.arrays)
