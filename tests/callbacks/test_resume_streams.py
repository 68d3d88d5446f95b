"""Runs on data that shuffle themselves: resumed exactly, or with a warning that says why not."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

import kerata
from kerata import callbacks, layers

X = np.random.default_rng(0).normal(size=(48, 5)).astype("float32")
Y = np.arange(48) % 3


class Cut(callbacks.Callback):
    """Stops the run after a number of batches, counted over all epochs."""

    def __init__(self, after: int):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt


def model():
    kerata.utils.set_random_seed(3)
    out = kerata.Sequential([kerata.Input((5,)), layers.Dense(6, "relu"), layers.Dropout(0.3), layers.Dense(3)])
    out.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    return out


def run(make, seed, *more, epochs=3):
    tf = pytest.importorskip("tensorflow")
    given = model()
    tf.random.set_seed(seed)
    given.fit(make(tf), epochs=epochs, verbose=0, callbacks=list(more))
    return given.get_weights()


DATA = {
    "in order": lambda tf: tf.data.Dataset.from_tensor_slices((X, Y)).batch(8),
    "once": lambda tf: tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(48, seed=1, reshuffle_each_iteration=False).batch(8),
    "each epoch": lambda tf: tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(48, seed=1).batch(8),
    "without a seed": lambda tf: tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(48).batch(8),
}


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(("save", "cut"), [(2, 3), (2, 14), ("epoch", 8), ("epoch", 14)])
def test_tf_data(kind, save, cut, tmp_path):
    """Within the first epoch and the third, and between epochs: each pass shuffles as its number wants it."""
    with kerata.backend_scope("torch"):
        whole = run(DATA[kind], 1)
        with pytest.raises(KeyboardInterrupt):
            run(DATA[kind], 1, Cut(cut), callbacks.BackupAndRestore(tmp_path / "b", save_freq=save, delete_checkpoint=False))
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            resumed = run(DATA[kind], 1, callbacks.BackupAndRestore(tmp_path / "b", save_freq=save))
        for a, b in zip(whole, resumed, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("save", "cut"), [(2, 3), ("epoch", 14)])
def test_another_order_is_told(save, cut, tmp_path):
    with kerata.backend_scope("torch"):
        make = DATA["each epoch"]
        with pytest.raises(KeyboardInterrupt):
            run(make, 1, Cut(cut), callbacks.BackupAndRestore(tmp_path / "b", save_freq=save))
        with pytest.warns(UserWarning, match=r"another order.*seed"):
            run(make, 77, callbacks.BackupAndRestore(tmp_path / "b", save_freq=save))


def test_another_generator_is_told(tmp_path):
    def batches(seed):
        rng = np.random.default_rng(seed)
        while True:
            at = rng.integers(0, 48, 8)
            yield X[at], Y[at]

    with kerata.backend_scope("torch"):
        backup = {"backup_dir": tmp_path / "b", "save_freq": 2}
        with pytest.raises(KeyboardInterrupt):
            model().fit(batches(1), steps_per_epoch=5, epochs=2, verbose=0, callbacks=[Cut(4), callbacks.BackupAndRestore(**backup)])
        with pytest.warns(UserWarning, match="generator came in another order"):
            model().fit(batches(2), steps_per_epoch=5, epochs=2, verbose=0, callbacks=[callbacks.BackupAndRestore(**backup)])


PROGRAM = """
    import os, sys
    import numpy as np
    os.environ["KERATA_BACKEND"] = "tensorflow"
    import kerata
    from kerata import layers
    from kerata.callbacks import BackupAndRestore
    import tensorflow as tf
    kerata.utils.set_random_seed(5)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(200, 3)).astype("float32"), rng.integers(0, 3, 200)
    m = kerata.Sequential([kerata.Input((3,)), layers.Dense(3), layers.Dropout(0.3)])
    m.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    class Slow(kerata.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 0:
                print("ready", flush=True)
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(200, seed=2).batch(4)
    resume = BackupAndRestore(sys.argv[1], save_freq=3, delete_checkpoint=False)
    m.fit(data, epochs=4, verbose=0, callbacks=[Slow()], resume=resume)
    m.save_weights(sys.argv[2])
"""


@pytest.mark.slow
def test_killed_processes_on_tensorflow(tmp_path):
    """Kill -9 at random moments of a run on tf.data, until it comes to its end: bit-equal weights."""
    code, random = textwrap.dedent(PROGRAM), np.random.default_rng(0)

    def run(folder, out, kill: float | None) -> bool:
        command = [sys.executable, "-c", code, str(tmp_path / folder), str(tmp_path / out)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        try:
            return process.wait(timeout=kill) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return False

    assert run("whole", "whole.weights.h5", None)
    for _ in range(int(os.environ.get("KERATA_KILLS", "2"))):
        if run("cut", "cut.weights.h5", float(random.uniform(0.01, 0.3))):
            break
    else:
        assert run("cut", "cut.weights.h5", None)
    with kerata.backend_scope("numpy"):
        a, b = (kerata.saving.KerasFileEditor(tmp_path / n).weights_dict for n in ("whole.weights.h5", "cut.weights.h5"))
    import optree

    for one, other in zip(optree.tree_leaves(a), optree.tree_leaves(b), strict=True):
        np.testing.assert_array_equal(one, other)
