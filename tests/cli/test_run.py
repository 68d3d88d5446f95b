"""`kerata run`: the seed documents' programs, unmodified, and errors that a beginner can act on."""

import os
import pathlib
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).parent / "scripts"


# `mnist.load_data` accepts the real arrays only, so the programs that use it get these from a patched one.
WITH_SMALL_MNIST = """
import sys
import numpy as np
from kerata.cli.run import run
from kerata.datasets import mnist
def load_data(path="mnist.npz"):
    def part(n):
        y = (np.arange(n) % 10).astype("uint8")
        x = np.zeros((n, 28, 28), "uint8")
        x[np.arange(n), 2 * y, :] = 255
        return x, y
    return part(600), part(100)
mnist.load_data = load_data
sys.exit(run(sys.argv[1], []))
"""


def kerata_run(script, *args, cwd=None, timeout=500, **env):
    command = [sys.executable, "-m", "kerata", "run", *args, str(script)]
    env = {**os.environ, "KERATA_BACKEND": "jax", "MPLBACKEND": "Agg", **env}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, cwd=cwd, env=env)


QUICK = ["000_sequential_mlp", "001_iris", "002_cnn", "002_lstm", "002_autoencoder"]


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_programs_run_to_the_end(name, tmp_path):
    done = kerata_run(SCRIPTS / f"{name}.py", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("args", [[], ["--alias", "tensorflow"]], ids=["tensorflow", "alias"])
def test_tensorflow_keras_means_kerata(args, tmp_path):
    done = kerata_run(SCRIPTS / "001_iris_tf.py", *args, cwd=tmp_path)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_label_outside_of_the_outputs_is_warned_about(tmp_path):
    done = kerata_run(SCRIPTS / "001_iris.py", cwd=tmp_path)
    assert "class" in done.stderr and "2 units" in done.stderr.replace("\n", " "), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("name", ["000_mnist_mlp", "003_mnist_mlp"])
def test_mnist_programs_run_to_the_end(name, tmp_path):
    command = [sys.executable, "-c", WITH_SMALL_MNIST, str(SCRIPTS / f"{name}.py")]
    env = {**os.environ, "KERATA_BACKEND": "jax", "MPLBACKEND": "Agg"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


def test_residual_block_names_shapes_layers_and_remedy(tmp_path):
    done = kerata_run(SCRIPTS / "000_residual_block.py", cwd=tmp_path)
    assert done.returncode == 1
    for words in ("(None, 32, 32, 64)", "(None, 32, 32, 3)", "batch_normalization_1", "input_layer", "Conv2D"):
        assert words in done.stderr, done.stderr
    assert "site-packages" not in done.stderr


def write(tmp_path, text):
    path = tmp_path / "program.py"
    path.write_text(text)
    return path


MODEL = """
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Conv2D
x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
model = Sequential([Dense(1, input_dim=3)])
"""
ERRORS = {
    "none": (MODEL + "model = model.compile('sgd', 'mse')\nmodel.fit(x, y)", ["None", "model.compile"]),
    "numpy": (
        MODEL + "model.compile('sgd', lambda a, b: np.mean(np.square(a - b)))\nmodel.fit(x, y, verbose=0)",
        ["kerata.ops", "np.square"],
    ),
    "channel": (
        "from keras.layers import Conv2D\nfrom keras.models import Sequential\n"
        "m = Sequential()\nm.add(Conv2D(32, (3, 3), input_shape=(28, 28)))",
        ["channel", "(28, 28, 1)"],
    ),
    "missing import": (MODEL + "model.add(MaxPooling2D(2))", ["from keras.layers import MaxPooling2D"]),
    "layer": ("from keras.layers import Dence", ["Dence", "Dense"]),
    "dataset": ("from keras.datasets import mnits", ["mnits", "mnist"]),
    "data": (MODEL + "model.fit(x_train, y_train)", ["x_train", "load_data"]),
}


@pytest.mark.parametrize("what", ERRORS)
def test_errors_say_what_to_do(what, tmp_path):
    program, words = ERRORS[what]
    done = kerata_run(write(tmp_path, program), cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    for word in words:
        assert word in done.stderr, done.stderr
    assert "program.py" in done.stderr


def test_arguments_exit_codes_and_names(tmp_path):
    program = write(tmp_path, "import sys, keras\nfrom keras import layers\nimport keras.utils\nprint(keras.__name__, sys.argv[1:])\nsys.exit(3)")
    env = {**os.environ, "KERATA_BACKEND": "numpy"}
    done = subprocess.run([sys.executable, "-m", "kerata", "run", str(program), "--x", "1"], capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout.strip()) == (3, "kerata ['--x', '1']"), done.stderr
    done = kerata_run(tmp_path / "none.py")
    assert done.returncode == 2 and "none.py" in done.stderr


def test_alias_of_tensorflow_has_keras_only(tmp_path):
    program = write(tmp_path, "import tensorflow as tf\n"
        "print(tf.keras.__name__, 'tensorflow' in tf.keras.backend.installed())\n"
        "from tensorflow.keras import layers\ntf.constant(1)")
    done = kerata_run(program, "--alias", "tensorflow")
    assert done.stdout.strip() == "kerata False", done.stderr
    assert done.returncode == 1 and "tensorflow.constant" in done.stderr and "pip install" in done.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["run", "--backend", "torhc", "x.py"], "Did you mean 'torch'?"),
        (["demo", "--backend", "numpy"], "does not train"),
        (["run", "--alias", "tensorflow", "--backend", "tensorflow", "x.py"], "another backend"),
        (["demo", "--output", "file"], "Choose another folder"),
    ],
)
def test_command_line_mistakes(args, words, tmp_path, capsys, monkeypatch):
    from kerata.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERATA_BACKEND", "jax")
    (tmp_path / "file").write_text("no folder")
    assert main(args) == 2
    assert words in capsys.readouterr().err
