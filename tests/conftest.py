"""Settings and fixtures of the whole suite. The real Keras, where a test imports it, is an oracle on JAX."""

import os

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
