"""Kerata imports no array library before it needs one, and works where only one of them exists."""

import os
import subprocess
import sys
import textwrap

import pytest

HEAVY = ("jax", "torch", "tensorflow", "keras", "pandas", "matplotlib", "h5py", "rich", "PIL", "scipy", "sklearn")

BLOCKER = """
import importlib.abc, sys
class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}} (blocked)", name=name)
sys.meta_path.insert(0, Blocker())
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name.partition(".")[0] in {blocked!r} else find(name, package)
"""

PROGRAM = """
import warnings
import numpy as np
import kerata as keras
from kerata import layers
keras.utils.set_random_seed(1)
model = keras.Sequential([
    keras.Input((6, 3)), layers.Conv1D(4, 3, padding="same", activation="relu"), layers.BatchNormalization(),
    layers.LSTM(4), layers.Dropout(0.2), layers.Dense(3, activation="softmax"),
])
x, y = np.random.default_rng(0).normal(size=(12, 6, 3)).astype("float32"), np.arange(12) % 3
out = model.predict(x, verbose=0)
assert out.shape == (12, 3) and np.allclose(out.sum(-1), 1, atol=1e-5)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
assert np.isfinite(model.evaluate(x, y, verbose=0)[0])
if {trains}:
    history = model.fit(x, y, epochs=3, verbose=0, validation_split=0.25).history
    assert np.isfinite(history["val_loss"][-1]) and history["loss"][-1] < history["loss"][0] + 0.1
else:
    try:
        model.fit(x, y, verbose=0)
    except NotImplementedError as e:
        assert "NumPy" in str(e)
    else:
        raise AssertionError("trained on NumPy")
import sys
present = [n for n in {others!r} if n in sys.modules]
assert not present, present
print("backend:", keras.backend.backend())
"""


def run(code, **env):
    base = {k: v for k, v in os.environ.items() if k not in ("KERATA_BACKEND", "KERAS_BACKEND")}
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env={**base, **env}, capture_output=True, text=True, timeout=300)


def test_import_is_light():
    done = run(f"import kerata, sys; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_making_a_model_imports_one_backend():
    for name in ("torch", "numpy"):
        others = [n for n in ("jax", "torch", "tensorflow") if n != name]
        done = run(
            f"""
            import sys, kerata
            m = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
            m(kerata.ops.ones((1, 3)))
            print([n for n in {(*others, "pandas", "matplotlib", "h5py")!r} if n in sys.modules])
            """,
            KERATA_BACKEND=name,
        )
        assert done.stdout.strip() == "[]", done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow", "numpy"])
def test_one_backend_alone(name):
    others = tuple(n for n in ("jax", "torch", "tensorflow", "keras") if n != name and not (n == "keras" and name == "tensorflow"))
    code = BLOCKER.format(blocked=others) + PROGRAM.format(trains=name != "numpy", others=others)
    done = run(code)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"backend: {name}" in done.stdout
    if name == "numpy":
        assert "pip install" in done.stderr, done.stderr


def test_a_missing_backend_says_what_to_install():
    done = run(BLOCKER.format(blocked=("torch",)) + "import kerata\nkerata.config.set_backend('torch')")
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "torch" in last and "pip install" in last


def test_environment_chooses():
    for variable in ("KERATA_BACKEND", "KERAS_BACKEND"):
        assert run("import kerata; print(kerata.backend.backend())", **{variable: "numpy"}).stdout.strip() == "numpy"
    assert run("import kerata; print(kerata.backend.backend())", KERATA_BACKEND="torch", KERAS_BACKEND="numpy").stdout.strip() == "torch"


@pytest.mark.slow
def test_tensorflow_may_be_loaded_first_inside_a_graph():
    pytest.importorskip("tensorflow")
    done = run("""
        import tensorflow as tf
        from kerata import backend
        with tf.Graph().as_default():
            b = backend.get("tensorflow")
        assert backend.owner(type(tf.constant(1.0))) is b and b.Tensor is type(tf.constant(1.0))
        assert backend.owner(type(tf.Variable(1.0))) is b
    """)
    assert done.returncode == 0, done.stderr
