"""The example programs run, at a small size, as their users run them."""

import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(p.stem for p in FOLDER.glob("*.py") if not p.stem.startswith("_"))


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_example(name, tmp_path):
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py"), "--smoke"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_one_train_step_serves_every_backend(backend, tmp_path):
    import os

    done = subprocess.run(
        [sys.executable, str(FOLDER / "gan.py"), "--smoke"], cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "KERATA_BACKEND": backend},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Generated: (4, 28, 28, 1)" in done.stdout
