"""Light clients of Keras, unmodified, on Kerata: the programs that `make clients` runs beside Keras too."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import pytest

PROGRAMS = pathlib.Path(__file__).parent / "programs"
# Program -> the packages it needs, and what of it is quick.
QUICK = {
    "keras_tuner": (("keras_tuner", "tensorboard"), "custom or sklearn"),
    "optuna": (("optuna", "optuna_integration"), "pruned or metric"),
    "sklearn": (("sklearn",), "pipeline or union"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", QUICK)
def test_client(name, tmp_path):
    packages, chosen = QUICK[name]
    absent = [p for p in packages if importlib.util.find_spec(p) is None]
    if absent:
        pytest.skip(f"{absent[0]} is not installed")
    command = [sys.executable, "-m", "kerata.compat", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:warnings",
               "--rootdir", str(PROGRAMS), "--basetemp", str(tmp_path / "t"), *(["-k", chosen] if chosen else []),
               str(PROGRAMS / f"{name}_program.py")]  # fmt: skip
    env = {**os.environ, "KERATA_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=PROGRAMS, env=env)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
