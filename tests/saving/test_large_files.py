"""Loading without copies on the way: the same values on every backend, checksums, and little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib

import numpy as np
import pytest

import kerata
from kerata import layers, saving
from kerata.saving.checksum import Checksum, combined


def model(units=64, dtype="float32"):
    return kerata.Sequential([kerata.Input((40,)), layers.Dense(units, dtype=dtype), layers.Dense(3)])


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
def test_values_after_loading(backend, dtype, tmp_path):
    """Arrays large enough to be read in place, for each dtype of a layer; the model trains on afterwards."""
    if dtype == "float64" and backend == "jax":
        pytest.skip("JAX has no float64 as it is")
    first, second = model(dtype=dtype), model(dtype=dtype)
    first.compile("adam", "mse")
    x, y = np.ones((2, 40), "float32"), np.ones((2, 3), "float32")
    if backend != "numpy":
        first.fit(x, y, epochs=1, verbose=0)
    want = first.get_weights()
    kept = second.layers[0].kernel.numpy().copy()
    held = np.asarray(second.layers[0].kernel.numpy()) if backend == "numpy" else None
    for name in ("m.weights.h5", "m.keras", "m.h5"):
        path = tmp_path / name
        if "weights" in name:
            first.save_weights(path)
            second.load_weights(path)
            got = second
        else:
            first.save(path)
            got = saving.load_model(path)
        for a, b in zip(want, got.get_weights()):
            np.testing.assert_array_equal(np.asarray(a, "float64"), np.asarray(b, "float64"))
            assert a.dtype == b.dtype
        if backend != "numpy" and got is not second:
            got.fit(x, y, epochs=2, verbose=0)
            assert not np.array_equal(got.get_weights()[0], want[0])
    if held is not None:  # who holds an old value keeps it
        np.testing.assert_array_equal(held, kept)


def test_checksums_of_parts(tmp_path):
    data = os.urandom(100_001)
    path = tmp_path / "x"
    path.write_bytes(data)
    assert combined(zlib.crc32(data[:7]), zlib.crc32(data[7:]), len(data) - 7) == zlib.crc32(data)
    assert combined(zlib.crc32(data), zlib.crc32(b""), 0) == zlib.crc32(data)
    with open(path, "rb") as f:
        with Checksum(f.fileno(), 5, 90_000, zlib.crc32(data[5:90_005])) as c:
            assert c.agrees()
        with Checksum(f.fileno(), 5, 200_000) as c:
            assert c.value() is None
        with Checksum(f.fileno(), 0, 0) as c:
            assert c.value() == 0


def test_checksums_in_several_threads(tmp_path, monkeypatch):
    from kerata.saving import checksum

    monkeypatch.setattr(checksum, "_PART", 1000)
    monkeypatch.setattr(checksum, "_BLOCK", 300)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    data = os.urandom(12_345)
    (tmp_path / "x").write_bytes(data)
    with open(tmp_path / "x", "rb") as f, Checksum(f.fileno(), 45, 12_300) as c:
        assert len(c.threads) == 5 and c.value() == zlib.crc32(data[45:])


@pytest.mark.parametrize("size", [64, 8000])
def test_a_flipped_bit_among_the_weights(tmp_path, size):
    """HDF5 itself would not notice."""
    with kerata.backend_scope("numpy"):
        first, second = model(size), model(size)
        path = tmp_path / "m.keras"
        first.save(path)
        data = bytearray(path.read_bytes())
        at = data.index(first.layers[0].kernel.numpy().tobytes()[:64]) + 40
        data[at] ^= 4
        path.write_bytes(bytes(data))
        with pytest.raises(ValueError, match=r"damaged.*checksum"):
            saving.load_model(path)
        before = second.get_weights()
        with pytest.raises(ValueError, match=r"damaged.*checksum"):
            second.load_weights(path)
        for a, b in zip(before, second.get_weights()):
            np.testing.assert_array_equal(a, b)


_PROGRAM = """
import re, sys
import kerata
def memory(field):
    return int(re.search(rf"{field}:\\s+(\\d+)", open("/proc/self/status").read())[1]) << 10
kerata.saving.load_model(sys.argv[1] + "/small.keras")
for name in ("m.keras", "m.h5"):
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")
    before = memory("VmRSS")
    model = kerata.saving.load_model(f"{sys.argv[1]}/{name}")
    print((memory("VmHWM") - before) / sum(v.numpy().nbytes for v in model.variables))
    del model
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the system does not tell peaks of memory")
def test_peak_of_memory(tmp_path):
    """Weights are in memory once when a model is loaded, and not at all a second time when it is saved."""
    with kerata.backend_scope("numpy"):
        big = kerata.Sequential([kerata.Input((5000,)), layers.Dense(2000), layers.Dense(3000)])
        for name in ("m.keras", "m.h5"):
            big.save(tmp_path / name)
        model().save(tmp_path / "small.keras")
    done = subprocess.run([sys.executable, "-c", _PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True,
                          env={**os.environ, "KERATA_BACKEND": "numpy"})  # fmt: skip
    assert [float(x) < 1.2 for x in done.stdout.split()] == [True, True], done.stdout
