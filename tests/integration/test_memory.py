"""Long-running programs: thousands of predictions, and models that are built, trained and dropped, in bounded memory.

`KERATA_SOAK=1` (`make soak`) takes 100,000 predictions and 200 models, as a night has time for.
"""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="reads what Linux says of the process"),
]
SOAK = bool(os.environ.get("KERATA_SOAK"))
PREDICTIONS, ROUNDS = (100_000, 200) if SOAK else (4_000, 16)

PROGRAM = """
import ctypes, gc, re, sys
import numpy as np
import kerata
from kerata import layers

def resident():
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what is free belongs to nobody
    with open("/proc/self/status") as f:
        return int(re.search(r"VmRSS:\\s+(\\d+)", f.read())[1]) / 1024

def model():
    m = kerata.Sequential([kerata.Input((8,)), layers.Dense(32, activation="relu"), layers.Dropout(0.1), layers.Dense(3)])
    m.compile("adam", kerata.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return m

rng = np.random.default_rng(0)
X, Y = rng.normal(size=(300, 8)).astype("float32"), rng.integers(0, 3, 300)
kept = model()

def predict(i):
    kept.predict(X[: 1 + i % 7], verbose=0)

def build_fit_delete(i):
    model().fit(X, Y, batch_size=32, epochs=1, verbose=0, validation_split=0.1)

work, number = {"predict": predict, "rounds": build_fit_delete}[sys.argv[1]], int(sys.argv[2])
for i in range(number // 4):  # caches and pools come to their sizes
    work(i)
before = resident()
for i in range(number - number // 4):
    work(i)
print("grown by", resident() - before, "MiB; holds", before)
"""


def grown(name: str, work: str, number: int) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, work, str(number)],
        env={**os.environ, "KERATA_BACKEND": name}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[2])


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow", "numpy"])
def test_predictions_take_no_memory(name):
    assert grown(name, "predict", PREDICTIONS) < 6  # MiB: 60 bytes a call of 100,000


# Of each graph that it has traced, TensorFlow itself keeps something (a hand-written `tf.function` around a `tf.while_loop`: 0.03
# MiB for a step of six products; the training and validation of this model: 0.3 MiB), though no Python object is left of it.
LEFT = {"jax": 20, "torch": 5, "tensorflow": 15 + 0.4 * (ROUNDS - 16)}  # MiB


@pytest.mark.parametrize("name", LEFT)
def test_models_that_are_dropped_leave_nothing(name):
    assert grown(name, "rounds", ROUNDS) < LEFT[name]


FAULTS = """
import resource
import numpy as np
import kerata
from kerata import layers

x = np.zeros((64, 32, 32, 64), "float32")
inner = layers.Conv2D(64, 3, padding="same", activation="relu")
m = kerata.Sequential([kerata.Input(x.shape[1:]), inner, layers.GlobalAveragePooling2D(), layers.Dense(1)])
m.compile("sgd", "mse")
m.fit(x, x[:, 0, 0, 0], epochs=1, verbose=0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
m.fit(x, x[:, 0, 0, 0], epochs=8, verbose=0)
print("faults a step", (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 16)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's malloc has settings")
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_steps_use_memory_again(name):
    def faults(**env) -> float:
        env = {**os.environ, "KERATA_BACKEND": name, **env}
        done = subprocess.run([sys.executable, "-c", FAULTS], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return float(done.stdout.split()[-1])

    assert faults() < faults(KERATA_MALLOC="0") / 2
