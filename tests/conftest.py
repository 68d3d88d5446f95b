"""Settings and fixtures of the whole suite. The real Keras, where a test imports it, is an oracle on JAX."""

import os
import pathlib

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import pytest

from kerata import backend as _backends


def _using(name: str):
    before = _backends.current()
    _backends.set_backend(name)
    try:
        yield name
    finally:
        _backends.set_backend(before.name)


@pytest.fixture(params=_backends.installed())
def backend(request):
    """The name of each installed backend, which is in force during the test."""
    yield from _using(request.param)


@pytest.fixture(params=[n for n in _backends.installed() if n != "numpy"])
def train_backend(request):
    """Like `backend`, without NumPy, which computes no gradients."""
    yield from _using(request.param)


# Folders whose tests are tables of values, run on every backend. In the quick part they run where nothing is compiled.
_TABLES = {"activations", "layers", "losses", "metrics", "ops", "optimizers", "random", "regularizers", "constraints", "initializers"}
_COMPILING = {"jax", "tensorflow"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    root = pathlib.Path(__file__).parent
    for item in items:
        given = getattr(getattr(item, "callspec", None), "params", {})
        compiling = any(isinstance(v, str) and v in _COMPILING for v in given.values())
        if compiling and item.path.relative_to(root).parts[0] in _TABLES:
            item.add_marker(pytest.mark.slow)
