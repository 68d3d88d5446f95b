"""BackupAndRestore: go on after an interruption."""

from __future__ import annotations

import json
import os
import shutil

import numpy as np

from kerata.callbacks.callback import Callback


class BackupAndRestore(Callback):
    """Saves the state of a training as it runs; a `fit` that was interrupted goes on where it was.

    The state: weights, optimizer, random states, the epoch, and what the other callbacks have counted.

    Args:
        backup_dir: folder for the state; one for each training.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: keep the state before the last one as well.
        delete_checkpoint: remove the folder when the training has ended.
    """

    # After the others: it restores what they reset when training begins, and saves what they counted in the epoch.
    _runs_last = True
    _STATE, _WEIGHTS, _ARRAYS = "training_metadata.json", "latest.weights.h5", "callbacks.npz"

    def __init__(self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True):
        super().__init__()
        if not backup_dir:
            raise ValueError("`backup_dir` of BackupAndRestore is empty; give a folder.")
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq > 0):
            raise ValueError(f"`save_freq` is 'epoch' or a positive number of batches; got {save_freq!r}.")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._epoch = self._since = self._last_batch = 0

    @property
    def _per_chunk(self) -> bool:
        return self.save_freq == "epoch"

    @property
    def _current(self) -> str:
        return os.path.join(self.backup_dir, "current")

    @property
    def _previous(self) -> str:
        return os.path.join(self.backup_dir, "previous")

    def on_train_begin(self, logs=None):
        for folder in (self._current, self._previous):
            if os.path.exists(os.path.join(folder, self._STATE)):
                self._load(folder)
                return

    def _load(self, folder: str) -> None:
        with open(os.path.join(folder, self._STATE), encoding="utf-8") as f:
            state = json.load(f)
        self.model.load_weights(os.path.join(folder, self._WEIGHTS))
        self.model._initial_epoch = state["epoch"]
        with np.load(os.path.join(folder, self._ARRAYS), allow_pickle=False) as arrays:
            for key, callback in self._others():
                found = state["callbacks"].get(key)
                if found is not None:
                    _restore(callback, found, arrays)

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

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch":
            return
        self._since += batch + 1 - self._last_batch
        self._last_batch = batch + 1
        if self._since >= self.save_freq:
            self._since = 0
            self._save(self._epoch)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(epoch + 1)

    def _save(self, epoch: int) -> None:
        """Write a new folder, then put it in the old one's place: there is a whole state at every moment."""
        new = os.path.join(self.backup_dir, "new")
        shutil.rmtree(new, ignore_errors=True)
        os.makedirs(new)
        self.model.save_weights(os.path.join(new, self._WEIGHTS), overwrite=True)
        callbacks, arrays = {}, {}
        for key, callback in self._others():
            callbacks[key] = _state(callback, key, arrays)
        np.savez(os.path.join(new, self._ARRAYS), **arrays)
        with open(os.path.join(new, self._STATE), "w", encoding="utf-8") as f:
            json.dump({"epoch": epoch, "callbacks": callbacks}, f)
        shutil.rmtree(self._previous, ignore_errors=True)
        if os.path.exists(self._current):
            os.replace(self._current, self._previous)
        os.replace(new, self._current)
        if not self.double_checkpoint:
            shutil.rmtree(self._previous, ignore_errors=True)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            shutil.rmtree(self.backup_dir, ignore_errors=True)


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
