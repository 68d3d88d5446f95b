"""Runs that are interrupted and started again end as those that are not: bit by bit on one backend."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerata
from kerata import callbacks, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(52, 5)).astype("float32")
Y = RNG.integers(0, 3, size=(52,))


class PowerCut(Exception):
    pass


class Cut(callbacks.Callback):
    """Stops the run after a number of batches, counted over all epochs."""

    def __init__(self, after: int):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left < 0:
            raise PowerCut


class Squares(kerata.utils.PyDataset):
    def __len__(self):
        return 7

    def __getitem__(self, i):
        noise = np.random.normal(size=(8, 5)).astype("float32")  # an augmentation: drawn from NumPy's global generator
        return X[i * 7 : i * 7 + 8] + noise[: len(X[i * 7 : i * 7 + 8])] * 0.1, Y[i * 7 : i * 7 + 8]


def generator():
    rng = np.random.default_rng(1)
    while True:
        at = rng.integers(0, 52, 8)
        yield X[at], Y[at]


def loader():
    import torch

    data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    return torch.utils.data.DataLoader(data, batch_size=8, shuffle=True)


DATA = {
    "arrays": lambda: dict(x=X, y=Y, batch_size=8),
    "in order": lambda: dict(x=X, y=Y, batch_size=8, shuffle=False),
    "steps": lambda: dict(x=X, y=Y, batch_size=8, steps_per_epoch=4),
    "PyDataset": lambda: dict(x=Squares()),
    "generator": lambda: dict(x=generator(), steps_per_epoch=5),
    "DataLoader": lambda: dict(x=loader()),
}


def model(seed: int, optimizer="adam"):
    kerata.utils.set_random_seed(seed)
    out = kerata.Sequential([kerata.Input((5,)), layers.Dense(6, "relu"), layers.Dropout(0.4),
                             layers.BatchNormalization(), layers.Dense(3)])  # fmt: skip
    out.compile(optimizer, kerata.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["accuracy"], jit_compile=kerata.backend.current().name == "jax")  # fmt: skip
    return out


def others():
    return [callbacks.EarlyStopping("loss", patience=9), callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)]


def fit(given, data: str, *more, epochs=3, **kwargs):
    return given.fit(**DATA[data](), epochs=epochs, verbose=0, callbacks=[*others(), *more], **kwargs)


def state(given) -> list:
    return [np.asarray(v.numpy()) for v in given._state("train") if "loss" not in v.path]


def same(a, b) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


CASES = [("torch", d) for d in DATA] + [pytest.param("jax", d, marks=pytest.mark.slow) for d in ("arrays", "generator")]


@pytest.mark.parametrize(("name", "data"), CASES)
def test_bit_equal(name, data, tmp_path):
    """Cut twice, the run goes on: weights, optimizer, random states, history."""
    with kerata.backend_scope(name):
        whole = model(3)
        watched = fit(whole, data, callbacks.Callback())
        backup = tmp_path / "backup"
        for after in (6, 3):
            with pytest.raises(PowerCut):
                fit(model(3), data, Cut(after), callbacks.BackupAndRestore(backup, save_freq=2))
        resumed = model(3)
        np.random.seed(99)  # whatever the new process has drawn before
        history = fit(resumed, data, callbacks.BackupAndRestore(backup, save_freq=3))
        same(state(resumed), state(whole))
        assert history.history == watched.history and history.epoch == [0, 1, 2]
        assert not backup.exists()


def test_cut_between_epochs(tmp_path):
    class AtEnd(callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise PowerCut

    with kerata.backend_scope("torch"):
        for data in ("arrays", "DataLoader", "generator"):
            whole = model(3)
            fit(whole, data)
            with pytest.raises(PowerCut):
                fit(model(3), data, AtEnd(), callbacks.BackupAndRestore(tmp_path / data))
            resumed = model(3)
            fit(resumed, data, callbacks.BackupAndRestore(tmp_path / data))
            same(state(resumed), state(whole))


def test_resume_argument(tmp_path, monkeypatch):
    """`fit(resume=folder)`: saves by the clock; a finished run is not run again, and goes on with more epochs."""
    from kerata.callbacks.backup_and_restore import Resume

    monkeypatch.setattr(Resume, "SECONDS", 0.0)
    monkeypatch.setattr("kerata.callbacks.backup_and_restore.time.monotonic", lambda: 1.0)
    with kerata.backend_scope("torch"):
        whole = model(3)
        before = fit(whole, "arrays", epochs=4)
        with pytest.raises(PowerCut):
            fit(model(3), "arrays", Cut(10), epochs=3, resume=tmp_path / "run")
        resumed = model(3)
        fit(resumed, "arrays", epochs=3, resume=tmp_path / "run")
        again = model(3)
        assert fit(again, "arrays", epochs=3, resume=str(tmp_path / "run")).epoch == [0, 1, 2]
        same(state(again), state(resumed))
        more = model(3)
        assert fit(more, "arrays", epochs=4, resume=tmp_path / "run").history == before.history
        same(state(more), state(whole))


def test_arguments(tmp_path):
    (tmp_path / "file").write_text("")
    with kerata.backend_scope("torch"):
        for wrong, error in ((3, TypeError), (tmp_path / "file", ValueError)):
            with pytest.raises(error, match="resume"):
                fit(model(3), "arrays", resume=wrong)
        fit(model(3), "arrays", epochs=1, resume=tmp_path / "a")
        with pytest.raises(ValueError, match="samples"):
            model(3).fit(X[:20], Y[:20], batch_size=8, verbose=0, epochs=2, resume=tmp_path / "a")
        other = kerata.Sequential([kerata.Input((5,)), layers.Dense(3)])
        other.compile("sgd", "mse")
        with pytest.raises(ValueError):
            other.fit(X, Y, verbose=0, epochs=2, resume=tmp_path / "a")


def test_saved_on_jax_resumed_on_torch(tmp_path):
    def plain():
        kerata.utils.set_random_seed(3)
        out = kerata.Sequential([kerata.Input((5,)), layers.Dense(6, "tanh"), layers.BatchNormalization(), layers.Dense(3)])
        out.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        return out

    with kerata.backend_scope("jax"):
        whole = plain()
        fit(whole, "arrays")
        with pytest.raises(PowerCut):
            fit(plain(), "arrays", Cut(9), callbacks.BackupAndRestore(tmp_path / "b", save_freq=2))
    with kerata.backend_scope("torch"):
        resumed = plain()
        fit(resumed, "arrays", callbacks.BackupAndRestore(tmp_path / "b", save_freq=2))
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4)


PROGRAM = """
    import os, sys
    import numpy as np
    os.environ["KERATA_BACKEND"] = "torch"
    import kerata
    from kerata import layers
    kerata.utils.set_random_seed(5)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(400, 8)).astype("float32"), rng.integers(0, 3, 400)
    m = kerata.Sequential([kerata.Input((8,)), layers.Dense(16, "relu"), layers.Dropout(0.3), layers.Dense(3)])
    m.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True))
    print("ready", flush=True)
    from kerata.callbacks import BackupAndRestore
    m.fit(x, y, batch_size=4, epochs=3, verbose=0, resume=BackupAndRestore(sys.argv[1], save_freq=5, delete_checkpoint=False))
    m.save_weights(sys.argv[2])
"""


@pytest.mark.slow
def test_killed_processes(tmp_path):
    """Kill -9 at random moments, over and over, until a run comes to its end."""
    code, random = textwrap.dedent(PROGRAM), np.random.default_rng(0)
    rounds = int(os.environ.get("KERATA_KILLS", "3"))

    def run(folder, out, kill: float | None) -> bool:
        process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / folder), str(tmp_path / out)], stdout=subprocess.PIPE)
        process.stdout.readline()
        try:
            return process.wait(timeout=kill) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False

    assert run("whole", "whole.weights.h5", None)
    for _ in range(rounds):
        if run("cut", "cut.weights.h5", float(random.uniform(0.05, 0.6))):
            break
    else:
        assert run("cut", "cut.weights.h5", None)
    with kerata.backend_scope("numpy"):
        a, b = (kerata.saving.KerasFileEditor(tmp_path / n).weights_dict for n in ("whole.weights.h5", "cut.weights.h5"))
    import optree

    same(optree.tree_leaves(a), optree.tree_leaves(b))
