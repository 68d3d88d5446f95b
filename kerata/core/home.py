"""The user's folder, `$KERAS_HOME` or `~/.keras`, and the settings that Keras keeps in it."""

from __future__ import annotations

import os
import warnings


def folder() -> str:
    """`$KERAS_HOME`, or `~/.keras`."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


# What `keras.json` may say: what is right, and whether a value is.
_SETTINGS = {
    "floatx": ("'float16', 'bfloat16', 'float32' or 'float64'", lambda v: v in ("float16", "bfloat16", "float32", "float64")),
    "epsilon": ("a positive number", lambda v: isinstance(v, int | float) and not isinstance(v, bool) and 0 < v < float("inf")),
    "image_data_format": ("'channels_last' or 'channels_first'", lambda v: v in ("channels_last", "channels_first")),
}


def settings() -> dict:
    """The settings in `keras.json`, by which programs compute as with Keras; the file is never written.

    Its "backend" is left alone: Keras writes TensorFlow there when it is first imported, wanted or not.

    Raises:
        ValueError: if a value is not one that the setting may have.
    """
    path = os.path.join(folder(), "keras.json")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(1 << 16)
    except (OSError, UnicodeDecodeError):  # there is none, or none that can be read
        return {}
    import json

    try:
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError(f"it holds {type(given).__name__}, not an object")
    except (ValueError, RecursionError) as error:
        warnings.warn(f"{path} is not read: {error}. Mend or delete it.", stacklevel=2)
        return {}
    found = {name: given[name] for name in _SETTINGS if name in given}
    for name, value in found.items():
        wanted, right = _SETTINGS[name]
        if not right(value):
            raise ValueError(f"{path}: {name!r} is {value!r}; it must be {wanted}. Change it there, or delete the line.")
    return found
