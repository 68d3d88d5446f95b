"""backend="auto": a model is tried for a few steps on each backend that is installed, and trained on the fastest.

The choice is remembered, for that model, batch and machine, in `$KERAS_HOME/backend_choices.json`. Trying costs seconds, most
of them to load the other backends. So it is put off until trainings of the model have taken as long as the trial would (in this
run, and in those before): as far as its cost is known beforehand, it at most doubles the time spent so far. Who sets a budget
(`set_backend("auto", budget=)`) has it tried at once. A program that runs again begins on the backend to which its models went,
so that no other is loaded.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from kerata import backend
from kerata.backend import choices
from kerata.callbacks.callback_list import CallbackList
from kerata.core import tree
from kerata.training.data import ArraySource
from kerata.training.interrupt import DeferredInterrupt
from kerata.utils.console import print_msg
from kerata.version import __version__

# Batches of an epoch in a trial: few enough for a slow model; and, where those take next to no time, so many that what an
# epoch costs besides its steps does not count, if they fit into some memory (bytes).
_BATCHES, _MANY, _BRIEF = 4, 64, 0.02
_MEMORY = 32 << 20
# Seconds of steps that give a figure.
_LONG_ENOUGH = 0.3
# Backends that are slower than the best by no more than this factor have a second turn: machines are slow for moments.
_CLOSE = 1.5
# What a trial on another backend costs (seconds): loading it, compiling and some steps; and where it is loaded already.
_LOADING, _TRYING = 5.0, 1.0
# The budget of a trial if the user sets none (seconds).
_BUDGET = 20.0


def settle(model, source, epochs: int) -> bool:
    """Move the model to the backend on which it trains fastest; its weights and state stay as they are.

    Args:
        model: a built, compiled model.
        source: where its batches come from; only looked at.
        epochs: how many the training has, to weigh a trial and compilation against speed.

    Returns:
        Whether that is settled; if not, the trainings of the model have been too short yet.
    """
    names = [n for n in backend.installed() if n != "numpy"]
    batch = source.peek()
    key = _key(model, batch, names)
    known = choices.remembered().get(key)
    if known in names:
        _say(model, known, "as measured before")
        _settled(model, known)
        return True
    first = model._backend.name
    others = [n for n in names if n != first]
    steps = (source.num_batches or 1000) * max(epochs, 1)
    spent = known if isinstance(known, float) else 0.0
    patience = _cost(others) if backend.auto_budget() is None else 0.0
    if model._seconds_a_step is not None and spent + model._seconds_a_step * steps < patience:
        choices.remember(key, spent + model._seconds_a_step * steps)
        return False
    trials = _Trials(model, source, batch, steps)
    trials.run(first)
    if first in trials.seconds and spent + trials.seconds[first] * steps < patience:
        trials.restore()
        model._seconds_a_step = trials.seconds[first]
        planned = model._seconds_a_step * steps
        _say(model, first, f"{trials.text()}; {planned:.2g} s in all are too few to try others")
        choices.remember(key, spent + planned)
        return False
    for name in others:
        if trials.over:
            break
        trials.run(name)
    for name in trials.close():
        if trials.over:
            break
        trials.run(name)
    chosen = trials.best
    _settled(model, chosen or first)
    trials.restore()
    if chosen is not None:  # else it trains nowhere; fit() shows the error where the model was
        _say(model, chosen, trials.text())
        if trials.complete(names):
            choices.remember(key, chosen)
    return True


def _settled(model, name: str) -> None:
    model.to_backend(name)
    if backend.is_auto():
        choices.remember_of_program(name)


def _cost(names: list[str]) -> float:
    """Seconds that a trial on these backends takes, by experience."""
    return sum(_TRYING if n in sys.modules else _LOADING for n in names)


def _say(model, name: str, why: str) -> None:
    print_msg(f"Model {model.name!r} trains on {name} ({why}).")


class _Trials:
    """Times of a model's steps on several backends; `restore` undoes what they did to its state."""

    def __init__(self, model, source, batch, steps: int):
        self.model, self.steps = model, steps
        batch = tree.map_structure(_host, batch, none_is_leaf=False)
        arrays = [a for a in tree.flatten(batch) if a is not None]
        size = sum(a.nbytes for a in arrays)
        self.times = min(max(_BATCHES, min(_MANY, _MEMORY // max(size, 1))), max(steps, 2))
        if source.resident:  # what is compiled for the data serves the training as well
            self.parts, self.batch_size, self.shuffle = source.data, source.batch_size, source.shuffle
        else:
            self.parts = tree.map_structure(lambda a: np.concatenate([a] * self.times), batch, none_is_leaf=False)
            self.batch_size, self.shuffle = len(arrays[0]), True
        self.deadline = time.perf_counter() + (backend.auto_budget() or _BUDGET)
        self.seconds: dict[str, float] = {}  # for a step
        self.compiling: dict[str, float] = {}  # before the first
        self.failed: dict[str, str] = {}
        self._variables = [*model._state("train"), *(s.state for s in _seeds(model))]
        self._values = [v.numpy() for v in self._variables]

    def run(self, name: str) -> None:
        model = self.model
        try:
            model.to_backend(name)  # to load it is no cost of the training any more
            with backend.backend_scope(name):
                seconds, compiling = self._time()
            self.seconds[name] = min(seconds, self.seconds.get(name, seconds))
            self.compiling[name] = min(compiling, self.compiling.get(name, compiling))
        except Exception as e:  # whatever a model's own code raises on a backend that it was not written for
            self.failed[name] = f"{type(e).__name__}: {e}".splitlines()[0][:80]

    def _time(self) -> tuple[float, float]:
        """Seconds a step in the best of some epochs, and the seconds that the first took, with all that it compiled."""
        from kerata.training.loop import Runner

        model = self.model
        source = ArraySource(*self.parts, batch_size=self.batch_size, shuffle=self.shuffle, seed=0)
        runner = Runner(model, "train", source, CallbackList([], model=model))
        times: list[float] = []
        each: list[float] = []  # of a step
        runner.limit = min(_BATCHES, source.num_batches)
        with DeferredInterrupt() as interrupt:
            while len(times) < 2 or (sum(times[1:]) < _LONG_ENOUGH and len(times) < 50):
                start = time.perf_counter()
                model.reset_metrics()
                runner.epoch(len(times), interrupt)
                times.append(time.perf_counter() - start)
                each.append(times[-1] / runner.limit)
                if times[-1] < _BRIEF:
                    runner.limit = min(self.times, source.num_batches)
                if time.perf_counter() > self.deadline:
                    break
        return min(each), times[0]

    def close(self) -> list[str]:
        """The backends among which a second turn decides."""
        limit = _CLOSE * min(self.seconds.values(), default=0.0)
        found = [n for n, s in self.seconds.items() if s <= limit]
        return found if len(found) > 1 else []

    @property
    def over(self) -> bool:
        """Whether the time is spent."""
        return time.perf_counter() > self.deadline

    @property
    def best(self) -> str | None:
        return min(self.seconds, key=lambda n: self.seconds[n] * self.steps + self.compiling[n], default=None)

    def complete(self, names: list[str]) -> bool:
        return len(self.seconds) + len(self.failed) == len(names)

    def text(self) -> str:
        found = ", ".join(f"{n} {s * 1e3:.3g}" for n, s in self.seconds.items())
        failed = "".join(f"; not on {n}: {why}" for n, why in self.failed.items())
        return f"ms a step: {found}{failed}"

    def restore(self) -> None:
        model = self.model
        for v, value in zip(self._variables, self._values):
            v.fill(value)
        model.reset_metrics()
        model.stop_training = False


def _host(a) -> np.ndarray:
    """An array of any kind as NumPy's."""
    if isinstance(a, np.ndarray):
        return a
    owner = backend.owner(type(a))
    return owner.to_numpy(a) if owner is not None else np.asarray(a)


def _seeds(model) -> list:
    return [seed for layer in model._flatten_layers() for seed in layer._held().seeds]


# ---- remembered choices
def _key(model, batch, names: list[str]) -> str:
    """What the speed depends on, as one short text: the model, the batch, the machine, the libraries."""
    layers = [(type(x).__qualname__, _settings(x), [tuple(v.shape) for v in x._held().variables])
              for x in model._flatten_layers()]  # fmt: skip
    shapes = [(tuple(a.shape), str(a.dtype)) for a in tree.flatten(batch) if a is not None]
    compiled = (type(model.optimizer).__name__, model.run_eagerly, str(model.jit_compile))
    machine = (platform.machine(), platform.processor(), os.cpu_count(), os.environ.get("KERATA_DEVICE"))
    facts = repr((layers, shapes, compiled, machine, [_version(n) for n in names], __version__))
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def _settings(layer) -> str:
    """A layer's arguments, without names, which count up in a process; containers say nothing of their own."""
    if layer._flatten_layers(include_self=False):
        return ""
    try:
        config = layer.get_config()
    except NotImplementedError:
        return ""
    return json.dumps({k: v for k, v in config.items() if k != "name"}, sort_keys=True, default=repr)


def _version(name: str) -> str:
    for package in (name, f"{name}-cpu"):
        try:
            return f"{name} {version(package)}"
        except PackageNotFoundError:
            pass
    return name
