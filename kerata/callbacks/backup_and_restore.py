"""BackupAndRestore: go on after an interruption."""

from __future__ import annotations

import io
import json
import os
import shutil
import time

import numpy as np

from kerata.callbacks.callback import Callback


class BackupAndRestore(Callback):
    """Saves the state of a training as it runs; a `fit` that was interrupted goes on where it was.

    The state: weights, optimizer, metrics, random states, the order of the data and the place in it, and what
    the other callbacks have counted. A run that was killed and started again ends, on the same backend, with
    the very weights of one that was not. Only whole states are ever found in the folder, whenever the process
    dies.

    Args:
        backup_dir: folder for the state; one for each training.
        save_freq: "epoch" (the default), or a number of batches.
        double_checkpoint: whether the state before the last one is kept as well; False by default.
        delete_checkpoint: whether the folder is removed when the training has ended; True by default.

    Raises:
        ValueError: if `backup_dir` is empty, or `save_freq` is neither.

    >>> import kerata
    >>> model = kerata.Sequential([kerata.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    >>> keep = {"delete_checkpoint": False}
    >>> history = model.fit(x, y, epochs=1, verbose=0, callbacks=[kerata.callbacks.BackupAndRestore("state", **keep)])
    >>> model.fit(x, y, epochs=3, verbose=0, callbacks=[kerata.callbacks.BackupAndRestore("state", **keep)]).epoch
    [0, 1, 2]
    """

    # After the others: it restores what they reset when training begins, and saves what they counted in the epoch.
    _runs_last = True
    _STATE, _WEIGHTS, _ARRAYS = "training_metadata.json", "latest.weights.h5", "callbacks.npz"

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if not backup_dir:
            raise ValueError("`backup_dir` of BackupAndRestore is empty; give a folder.")
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq <= 0):
            raise ValueError(f"`save_freq` is 'epoch' or a positive number of batches; got {save_freq!r}.")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._epoch = self._since = self._last_batch = 0
        self._within = None  # the epoch in whose middle the run goes on

    @property
    def _per_chunk(self) -> bool:
        return self.save_freq == "epoch"

    @property
    def _current(self) -> str:
        return os.path.join(self.backup_dir, "current")

    @property
    def _previous(self) -> str:
        return os.path.join(self.backup_dir, "previous")

    # -- going on ---------------------------------------------------------------------------------------------
    def _found(self) -> str | None:
        """The folder of the last whole state, if there is one."""
        for folder in (self._current, self._previous):
            if os.path.exists(os.path.join(folder, self._STATE)):
                return folder
        return None

    def on_train_begin(self, logs=None):
        self._since, self._within = 0, None
        folder = self._found()
        if folder is not None:
            self._load(folder)

    def _load(self, folder: str) -> None:
        with open(os.path.join(folder, self._STATE), encoding="utf-8") as f:
            state = json.load(f)
        epoch, step = state["epoch"], state.get("step", 0)
        self._put_back(folder, state)
        self.model._initial_epoch, self.model._initial_step = epoch, step
        self._within = epoch if step else None
        self._since = state.get("since", 0)
        source = getattr(self.model, "_fit_source", None)
        if source is not None and state.get("source") is not None:
            source.go_on(state["source"], epoch, step)
            self._random(folder, state)  # which making the data anew may have used

    def _put_back(self, folder: str, state: dict) -> None:
        self.model.load_weights(os.path.join(folder, self._WEIGHTS))
        with np.load(os.path.join(folder, self._ARRAYS), allow_pickle=False) as file:
            arrays = dict(file)
        _restore_variables(_unsaved(self.model), arrays, self.backup_dir)
        for key, callback in self._others():
            found = state["callbacks"].get(key)
            if found is not None:
                _restore(callback, found, arrays)
        self._random(folder, state, arrays)

    def _random(self, folder: str, state: dict, arrays=None) -> None:
        from kerata.saving import random_state

        if "random" not in state:
            return
        if arrays is None:
            with np.load(os.path.join(folder, self._ARRAYS), allow_pickle=False) as file:
                arrays = dict(file)
        random_state.restore(state["random"], arrays)

    def _others(self) -> list[tuple]:
        """The other callbacks, each with a name: its class, and which one of that class it is."""
        group = getattr(self, "_callback_list", None)
        counts: dict[str, int] = {}
        out = []
        for c in group.callbacks if group is not None else ():
            if c is not self:
                kind = type(c).__name__
                counts[kind] = counts.get(kind, -1) + 1
                out.append((f"{kind}.{counts[kind]}", c))
        return out

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch, self._last_batch = epoch, 0
        if self._within == epoch:  # the others have begun the epoch, which they had done before as well
            folder = self._found()
            with open(os.path.join(folder, self._STATE), encoding="utf-8") as f:
                state = json.load(f)
            self._put_back(folder, state)
            self._last_batch = state["step"]
        self._within = None

    # -- saving -----------------------------------------------------------------------------------------------
    def on_train_batch_end(self, batch, logs=None):
        done, self._last_batch = batch + 1 - self._last_batch, batch + 1
        if self.save_freq == "epoch":
            return
        self._since += done
        if self._since >= self.save_freq:
            self._since = 0
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch + 1)

    def _save(self, epoch: int, step: int = 0) -> None:
        """Write a new folder, then put it in the old one's place: there is a whole state at every moment."""
        from kerata.saving import atomic

        new = os.path.join(self.backup_dir, "new")
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(new)
        self.model.save_weights(os.path.join(new, self._WEIGHTS), overwrite=True)
        state, arrays = self._state_now(epoch, step)
        packed = io.BytesIO()
        np.savez(packed, **arrays)
        atomic.write_bytes(os.path.join(new, self._ARRAYS), packed.getvalue())
        atomic.write_bytes(os.path.join(new, self._STATE), json.dumps(state, default=_plain).encode())
        shutil.rmtree(self._previous, ignore_errors=True)
        if os.path.exists(self._current):
            os.replace(self._current, self._previous)
        os.replace(new, self._current)
        atomic.sync_folder(self.backup_dir)
        if not self.double_checkpoint:
            shutil.rmtree(self._previous, ignore_errors=True)

    def _state_now(self, epoch: int, step: int) -> tuple[dict, dict]:
        from kerata.saving import random_state

        arrays = {f"variable/{i}": np.asarray(v.numpy()) for i, v in enumerate(_unsaved(self.model))}
        source = getattr(self.model, "_fit_source", None)
        state = {
            "epoch": epoch, "step": step, "since": self._since,
            "callbacks": {key: _state(callback, key, arrays) for key, callback in self._others()},
            "source": None if source is None else source.place(arrays),
            "random": random_state.capture(arrays),
        }  # fmt: skip
        return state, arrays

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)


class Resume(BackupAndRestore):
    """What `fit(resume=folder)` adds: saves after each epoch, and now and then within long ones.

    The folder stays when training has ended: the same call again finds nothing left to do, one with more `epochs` goes on.
    """

    SECONDS = 30.0  # between saves within an epoch, or longer where a save takes long

    def __init__(self, folder):
        super().__init__(folder, delete_checkpoint=False)
        self._saved_at, self._cost = time.monotonic(), 0.0

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if time.monotonic() - self._saved_at >= max(self.SECONDS, 20 * self._cost):
            self._save(self._epoch, batch + 1)

    def _save(self, epoch: int, step: int = 0) -> None:
        start = time.monotonic()
        super()._save(epoch, step)
        self._saved_at = time.monotonic()
        self._cost = self._saved_at - start


def with_resume(callbacks, resume):
    """The callbacks of `fit` with the one that `resume` asks for: a folder, or a BackupAndRestore."""
    if resume is None or resume is False:
        return callbacks
    from kerata.callbacks.callback_list import CallbackList

    if isinstance(callbacks, CallbackList):
        raise ValueError("`resume` and a CallbackList cannot be given together: put a BackupAndRestore into the list.")
    given = [] if callbacks is None else list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    if isinstance(resume, BackupAndRestore):
        return [*given, resume]
    if not isinstance(resume, str | os.PathLike):
        raise TypeError(f"`resume` is a folder for the state of this training (str or Path), or a BackupAndRestore; got {resume!r}.")
    if os.path.exists(resume) and not os.path.isdir(resume):
        raise ValueError(f"`resume` is a folder for the state of this training; {os.fspath(resume)!r} is a file.")
    return [*given, Resume(resume)]


# -- what goes into the state ------------------------------------------------------------------------------------
def _unsaved(model) -> list:
    """The variables that training changes and that files of weights do not hold: metrics, random states."""
    from kerata.saving import weights

    held: set[int] = set()
    for _, obj in weights.saveables(model):
        own = obj._stored_variables() if hasattr(obj, "_stored_variables") else obj.variables
        held.update(id(v) for v in own)
    return [v for v in model._state("train") if id(v) not in held]


def _restore_variables(variables, arrays: dict, folder: str) -> None:
    saved = [arrays[f"variable/{i}"] for i in range(sum(k.startswith("variable/") for k in arrays))]
    if [tuple(v.shape) for v in variables] != [a.shape for a in saved]:
        raise ValueError(
            f"The state in {folder!r} is of a model with other metrics or random layers: it has {len(saved)} of their "
            f"variables, this one {len(variables)}. Compile the model as before, or begin anew in another folder."
        )
    for v, a in zip(variables, saved):
        v.assign(a)


def _plain(value):
    """Numbers and arrays of NumPy in logs, for JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{value!r} ({type(value).__name__}) in the state of a callback cannot be kept in a file.")


def _state(callback, prefix: str, arrays: dict) -> dict:
    """The attributes that the callback carries, as JSON; arrays go into `arrays`."""
    out = {}
    for name in getattr(callback, "_carried", ()):
        value = getattr(callback, name)
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            for j, a in enumerate(value):
                arrays[f"{prefix}/{name}/{j}"] = a
            out[name] = {"arrays": [f"{prefix}/{name}/{j}" for j in range(len(value))]}
        else:
            out[name] = {"value": value}
    return out


def _restore(callback, state: dict, arrays) -> None:
    for name in getattr(callback, "_carried", ()):
        entry = state.get(name)
        if entry is None:
            continue
        value = [arrays[k] for k in entry["arrays"]] if "arrays" in entry else entry["value"]
        current = getattr(callback, name)
        if isinstance(current, dict) and isinstance(value, dict):
            current.clear()
            current.update(value)
        else:
            setattr(callback, name, value)
