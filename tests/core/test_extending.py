"""docs/architecture.md says how to add an op, a layer and a backend; here that is done, word by word, in a copy of the tree."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import kerata
from kerata import backend as backends

ROOT = pathlib.Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def blocks(heading: str) -> dict[str, str]:
    """The code of a section, by what its first line says: the files to which it belongs."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^( *)```py(?:thon)?\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    code = (textwrap.dedent(text) for _, text in found)
    return {text.partition("\n")[0].removeprefix("# "): text.partition("\n")[2] for text in code}


def write(folder: pathlib.Path, places: str, code: str) -> None:
    """Put code where the page says: into new files, at the end of others, or as the first rows of a table."""
    files, _, table = places.partition(": ")
    for file in files.split(", "):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if table:
            head = f"{table} = {{\n"
            assert text.count(head) == 1
            path.write_text(text.replace(head, head + textwrap.indent(code, "    ")), encoding="utf-8")
        else:
            path.write_text(f"{text}\n\n{code}" if text else code, encoding="utf-8")


def python(folder: pathlib.Path, *arguments: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def tree(tmp_path):
    """A copy of what a contributor edits, with Python's compiled files, so that it starts at once."""
    shutil.copytree(ROOT / "kerata", tmp_path / "kerata")
    for file in ("pyproject.toml", "tests/conftest.py", "tools/stubs.py"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


@pytest.mark.parametrize("speed", ["not slow", pytest.param("slow", marks=pytest.mark.slow)])
def test_an_op_and_a_layer(tree, speed):
    """Their own tests, which stand on the page, pass on every backend (the quick ones, then those that compile)."""
    code = {**blocks("Adding an op"), **blocks("Adding a layer")}
    assert len(code) == 6
    for places, text in code.items():
        write(tree, places, text)
    tests = [p for p in code if p.startswith("tests/")]
    # All run that take every backend: the table folders' rule, that every seventh is quick, is for large tables.
    chosen = [b for b in backends.installed() if (b in ("jax", "tensorflow")) == (speed == "slow")]
    out = python(tree, "-m", "pytest", *tests, "-p", "no:cacheprovider", "-k", " or ".join(f"[{b}]" for b in chosen))
    assert f"{3 * len(chosen) - ('numpy' in chosen)} passed" in out, out
    if speed == "not slow":
        python(tree, "tools/stubs.py")
        assert "from kerata.layers.core.scale import Scale as Scale\n" in (tree / "kerata/layers/__init__.pyi").read_text()


@pytest.fixture
def toys(tmp_path, monkeypatch):
    """The page's two backends, known in this process; forgotten afterwards."""
    for places, text in blocks("Adding a backend").items():
        write(tmp_path, places, text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(backends, "_EXTRA_BACKENDS", {})
    monkeypatch.setattr(backends, "_loaded", dict(backends._loaded))
    monkeypatch.setattr(backends, "_default", backends.current())
    yield tmp_path
    backends._owners.clear()
    backends.kinds.clear()
    for name in [n for n in sys.modules if n.split(".")[0] in ("toy", "toy_trains", "program")]:
        del sys.modules[name]


def test_a_backend(toys):
    import program

    model, x = program.model, np.ones((3, 4), "float32")
    assert {"toy", "toy_trains"} <= set(backends.installed())
    assert kerata.config.backend() == "toy" and model._backend is sys.modules["toy"]
    out = model.predict(x, verbose=0)
    reference = kerata.models.clone_model(model)
    reference.set_weights(model.get_weights())
    for name in ("numpy", "toy_trains"):
        reference.to_backend(name)
        np.testing.assert_allclose(reference.predict(x, verbose=0), out, rtol=1e-5)
    assert kerata.ops.relu([-1.0, 2.0]).tolist() == [0.0, 2.0]
    assert kerata.layers.Dense(2)(kerata.KerasTensor((None, 3))).shape == (None, 2)
    model.compile("sgd", "mse")
    with pytest.raises(NotImplementedError, match="computes no gradients"):
        model.fit(x, np.ones((3, 1)), verbose=0)
    with kerata.backend_scope("numpy"):  # NumPy's arrays remain everybody's
        assert backends.owner(np.ndarray) is None and kerata.config.backend() == "numpy"


def test_a_backend_that_trains(toys):
    import toy.plugin  # noqa: F401

    with kerata.backend_scope("toy_trains"):
        model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(8, activation="relu"), kerata.layers.Dense(1)])
        model.compile(kerata.optimizers.Adam(0.05), "mse", metrics=["mae"])
        x = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")
        history = model.fit(x, x[:, :1] - x[:, 1:], epochs=5, batch_size=16, verbose=0).history
        assert history["loss"][-1] < 0.5 * history["loss"][0]
        found = kerata.grad(lambda x: kerata.ops.sum(kerata.ops.relu(x)))(kerata.ops.convert_to_tensor([-1.0, 2.0]))
        assert found.tolist() == [0.0, 1.0]


@pytest.mark.slow
def test_the_tests_run_on_it(toys):
    """As the page says, with a plugin of pytest."""
    (toys / "tests").mkdir()
    shutil.copytree(ROOT / "tests" / "backend", toys / "tests" / "backend")
    shutil.copy(ROOT / "tests" / "conftest.py", toys / "tests" / "conftest.py")
    shutil.copy(ROOT / "pyproject.toml", toys / "pyproject.toml")
    out = python(toys, "-m", "pytest", "-p", "toy.plugin", "-p", "no:cacheprovider", "tests/backend", "-k", "toy")
    assert re.search(r"\b1[0-9] passed|\b2[0-9] passed", out), out
