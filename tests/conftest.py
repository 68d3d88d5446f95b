"""Settings and fixtures of the whole suite. The real Keras, where a test imports it, is an oracle on JAX."""

import gc
import itertools
import os
import pathlib
import sys
import zlib

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("KERATA_COMPILATION_CACHE", str(pathlib.Path(__file__).parent.parent / ".pytest_cache" / "compiled"))
if "PYTEST_XDIST_WORKER" in os.environ:  # as many processes as cores: more threads would only wait for each other
    for _variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(_variable, "1")

import pytest

from kerata import backend as _backends
from kerata.utils import seeds as _seeds


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


# Folders whose tests are tables of values, run on every backend. The quick part takes them where nothing is compiled,
# and every seventh of those: most of their time goes into asking Keras, which compiles each case.
_TABLES = {"activations", "layers", "losses", "metrics", "ops", "optimizers", "random", "regularizers", "constraints",
           "initializers", "utils", "applications", "quantizers", "distillation"}
_COMPILING = {"jax", "tensorflow"}
# Whole trainings and architectures beside Keras, which compiles its own: of these the quick part runs every 20th.
_TRAININGS = {"test_fit_as_keras.py", "test_architectures.py", "test_own_steps.py", "test_keras_round_trips.py",
              "test_compile_losses_metrics.py", "test_masking.py", "test_summary.py", "test_naming.py", "test_cloning.py",
              "test_vision_programs.py", "test_example_programs.py"}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """What a test draws without a seed of its own depends on its name alone, not on chance or on the tests before it."""
    seed = zlib.crc32(item.nodeid.encode())
    _seeds.set_random_seed(seed)
    _seeds.forget_random_seed()  # Kerata has no process's seed then, as in a new process: it asks NumPy, which is seeded


_loaded: set = set()


def pytest_runtest_teardown():
    """What large libraries hold is there to stay: garbage is not looked for in it, which would take half a second a time."""
    loaded = {"jax", "keras", "sklearn", "tensorflow", "torch"} & sys.modules.keys()
    if not loaded <= _loaded:
        _loaded.update(loaded)
        gc.collect()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    root = pathlib.Path(__file__).parent
    tables, trainings = itertools.count(), itertools.count()
    for item in items:
        params = getattr(getattr(item, "callspec", None), "params", {})
        given = {v for v in params.values() if isinstance(v, str)}
        if item.path.name in _TRAININGS:
            slow = next(trainings) % 20 != 0
        elif item.path.relative_to(root).parts[0] in _TABLES:
            slow = not _COMPILING.isdisjoint(given) or (bool(params) and next(tables) % 7 != 0)
        else:
            slow = "tensorflow" in given
        if slow:
            item.add_marker(pytest.mark.slow)
