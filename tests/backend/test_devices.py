"""KERATA_DEVICE."""

import os
import subprocess
import sys

import pytest

from kerata.backend import devices


@pytest.mark.parametrize(
    "text, wanted",
    [("", None), ("cpu", ("cpu", None)), ("GPU", ("gpu", None)), ("cuda:1", ("gpu", 1)), ("gpu:0", ("gpu", 0)), ("mps", ("mps", None))],
)
def test_what_is_wanted(monkeypatch, text, wanted):
    monkeypatch.setenv("KERATA_DEVICE", text)
    assert devices.wanted() == wanted


@pytest.mark.parametrize("text", ["cuda:", "gpu:x", "fpga", "cpu:-1"])
def test_what_cannot_be_meant_is_refused(monkeypatch, text):
    monkeypatch.setenv("KERATA_DEVICE", text)
    with pytest.raises(ValueError, match="KERATA_DEVICE"):
        devices.wanted()


def test_jax_uses_the_device_and_says_what_there_is():
    code = "import kerata; print(kerata.ops.ones((1,)).device)"
    found = {}
    for device in ("cpu", "tpu:7"):
        env = {**os.environ, "KERATA_DEVICE": device, "KERATA_BACKEND": "jax"}
        found[device] = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert "cpu" in found["cpu"].stdout.lower()
    assert "KERATA_DEVICE asks for 'tpu:7'; there is: " in found["tpu:7"].stderr
