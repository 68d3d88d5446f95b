"""A disk that is full while a model is saved: the old file stays whole, nothing half-written is left, the error names it."""

import errno
import os
import warnings

import numpy as np
import pytest

import kerata
from kerata import layers
from kerata.saving import atomic


def model(units):
    made = kerata.Sequential([kerata.Input((units,)), layers.Dense(units), layers.Dense(units)])
    made.compile("adam", "mse")
    return made


@pytest.fixture
def full(monkeypatch):
    """Syncing a file fails, as it does where the system notices a full disk late."""

    def fsync(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(atomic.os, "fsync", fsync)


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "m.safetensors", "m.weights.json"])
def test_full_disk(name, tmp_path, full):
    with kerata.backend_scope("numpy"):
        small = model(3)
        options = {"max_shard_size": 60 / 1024**3} if name.endswith("json") else {}
        save = "save" if name in ("m.keras", "m.h5") else "save_weights"
        getattr(small, save)(tmp_path / name, **options)
        before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
        full()
        with pytest.raises(OSError, match=r"m.* cannot be written: No space left.*still whole.*Make room") as caught:
            getattr(model(4), save)(tmp_path / name, **options)
    assert caught.value.errno == errno.ENOSPC
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_errors_of_libraries_and_of_others(tmp_path):
    path = str(tmp_path / "x")
    for text in ("Can't close file (errno = 28, error message = 'No space')", "I/O error: no space (os error 28)"):
        with pytest.raises(OSError, match="No space left"), atomic.replacing(path):
            raise RuntimeError(text)
    with pytest.raises(FileNotFoundError, match="mine"), atomic.replacing(path):
        raise FileNotFoundError(errno.ENOENT, "mine")
    assert os.listdir(tmp_path) == []


def test_an_optimizer_that_was_never_used_is_not_missed(tmp_path):
    with kerata.backend_scope("numpy"):
        saved = model(3)
        saved.save(tmp_path / "m.keras")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again = kerata.models.load_model(tmp_path / "m.keras")
        np.testing.assert_array_equal(saved.get_weights()[0], again.get_weights()[0])
