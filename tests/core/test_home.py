"""Settings in the user's folder."""

import json
import warnings

import pytest

from kerata.core import home


def settings_of(text, folder, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(folder))
    (folder / "keras.json").write_text(text)
    return home.settings()


def test_settings_of_keras_are_read(tmp_path, monkeypatch):
    text = '{"floatx": "float64", "epsilon": 1e-5, "image_data_format": "channels_first", "backend": "torch", "other": [1]}'
    wanted = {"floatx": "float64", "epsilon": 1e-5, "image_data_format": "channels_first"}
    assert settings_of(text, tmp_path, monkeypatch) == wanted
    assert settings_of("{}", tmp_path, monkeypatch) == {}
    (tmp_path / "keras.json").unlink()
    assert home.settings() == {}
    assert not list(tmp_path.iterdir())  # nothing is written


def test_programs_compute_by_them(tmp_path, monkeypatch):
    """A new process, as Keras in another."""
    import os
    import subprocess
    import sys

    (tmp_path / "keras.json").write_text(json.dumps({"floatx": "float16", "epsilon": 0.25, "image_data_format": "channels_first"}))
    code = (
        "import {0} as k, numpy as np; layer = k.layers.Conv2D(2, 3); y = layer(np.ones((1, 3, 8, 8)));"
        "print(layer.data_format, k.config.epsilon(), k.backend.standardize_dtype(y.dtype), tuple(y.shape))"
    )
    env = {**os.environ, "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax", "KERATA_BACKEND": "jax"}
    said = [
        subprocess.run([sys.executable, "-c", code.format(name)], env=env, capture_output=True, text=True).stdout
        for name in ("kerata", "keras")
    ]
    assert said[0] == said[1] == "channels_first 0.25 float16 (1, 2, 6, 6)\n"


@pytest.mark.parametrize("text", ["junk", "[1]", "[" * 60_000, '"floatx"'])
def test_what_is_no_settings_is_left_alone(text, tmp_path, monkeypatch):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert settings_of(text, tmp_path, monkeypatch) == {}
    assert "keras.json is not read" in str(said[0].message)


@pytest.mark.parametrize("name, value", [
    ("floatx", "int8"), ("floatx", 3), ("floatx", ["float32"]), ("epsilon", "a"), ("epsilon", True), ("epsilon", -1.0),
    ("epsilon", float("nan")), ("image_data_format", "x"), ("image_data_format", {}),
])  # fmt: skip
def test_wrong_settings(name, value, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=rf"keras.json: '{name}' is .*; it must be .*Change it there"):
        settings_of(json.dumps({name: value}), tmp_path, monkeypatch)
