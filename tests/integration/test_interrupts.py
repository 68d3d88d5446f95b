"""Ctrl-C in the middle of an epoch: a clean KeyboardInterrupt, and a model that goes on."""

import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a program started in the background ignores it
import numpy as np
import kerata
from kerata import layers
model = kerata.Sequential([kerata.Input((20,)), layers.Dense(64, activation="relu"), layers.Dense(1)])
model.compile("adam", "mse")
x, y = np.random.default_rng(0).normal(size=(20000, 20)).astype("float32"), np.zeros((20000, 1), "float32")
model.fit(x[:64], y[:64], verbose=0)
print("started", flush=True)
try:
    model.fit(x, y, batch_size=4, epochs=1000, verbose=0)
except KeyboardInterrupt:
    print("interrupted", flush=True)
weights = model.get_weights()
assert all(np.isfinite(w).all() for w in weights)
assert model.predict(x[:5], verbose=0).shape == (5, 1)
history = model.fit(x[:64], y[:64], epochs=2, verbose=0)
assert len(history.history["loss"]) == 2 and np.isfinite(history.history["loss"]).all()
assert int(model.optimizer.iterations) > 4
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
print("usable", flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_ctrl_c_in_the_middle_of_an_epoch(name):
    env = {**os.environ, "KERATA_BACKEND": name}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().strip() == "started", process.stderr.read()
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    assert out.split() == ["interrupted", "usable"]
    assert "Traceback" not in err
