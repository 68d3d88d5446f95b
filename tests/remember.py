"""Answers of the real Keras, which are slow to get: kept on disk, for other processes and other runs."""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
import pickle
import sys
import tempfile
from importlib.metadata import version

_FOLDER = pathlib.Path(__file__).parent.parent / ".pytest_cache" / "keras_answers"
_memory: dict = {}


@functools.cache
def _source(path: str) -> bytes:
    return pathlib.Path(path).read_bytes()


def remembered(key: object, ask, *sources: str):
    """What `ask()` gives, asked once for a key, the versions of Keras and JAX, and the text of the `sources`.

    Args:
        key: its `repr` names the question; without addresses of objects.
        sources: paths of the files that say what is asked: an answer is forgotten when one of them changes.
    """
    parts = [repr(key).encode(), version("keras").encode(), version("jax").encode(), sys.version.encode()]
    name = hashlib.sha256(b"\0".join([*parts, *map(_source, sources)])).hexdigest()
    if name not in _memory:
        _memory[name] = _read(name) or _write(name, ask())
    return _memory[name][0]


def _read(name: str):
    try:
        return pickle.loads((_FOLDER / name).read_bytes())
    except FileNotFoundError:
        return None


def _write(name: str, answer) -> tuple:
    """Other processes see the whole file or none."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    handle, path = tempfile.mkstemp(dir=_FOLDER)
    with os.fdopen(handle, "wb") as file:
        pickle.dump((answer,), file)
    os.replace(path, _FOLDER / name)
    return (answer,)


def remember(ask):
    """Decorator: `remembered` by the function's name, its arguments and the file in which it is written."""
    source = ask.__code__.co_filename

    @functools.wraps(ask)
    def answer(*args):
        return remembered((ask.__module__, ask.__qualname__, args), lambda: ask(*args), source)

    return answer
