"""`kerata run`: a program written for Keras, unmodified, on Kerata."""

from __future__ import annotations

import builtins
import contextlib
import importlib
import os
import re
import runpy
import sys
import traceback

from kerata.compat import aliases, old_names
from kerata.core.errors import did_you_mean

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(path: str, args: list[str], alias_tensorflow: bool | None = None) -> int:
    """Run the file as `__main__`; the exit code."""
    if not os.path.isfile(path):
        print(f"kerata run: there is no file {path!r}.", file=sys.stderr)
        return 2
    aliases.install(alias_tensorflow)
    sys.argv = [path, *args]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    return _guarded(lambda: runpy.run_path(path, run_name="__main__"))


def run_module(name: str, args: list[str]) -> int:
    """Run a module (`pytest`) as `python -m` does; the exit code."""
    aliases.install()
    if name == "pytest":
        args = ["-p", "kerata.compat.pytest_plugin", *args]  # so that processes of pytest-xdist make the aliases too
    sys.argv = [name, *args]
    sys.path.insert(0, os.getcwd())
    return _guarded(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True))


def _guarded(program) -> int:
    try:
        program()
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int):
            return e.code or 0
        print(e.code, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except Exception as e:
        advise(e)
        _print(e)
        return 1
    return 0


def advise(error: BaseException) -> None:
    """Add a note to errors whose text does not say what a beginner has to do."""
    note = None
    if isinstance(error, NameError) and getattr(error, "name", None):
        note = _about_name(error.name)
    elif isinstance(error, AttributeError):
        note = _about_attribute(error)
    elif isinstance(error, ImportError):
        note = _about_import(error)
    elif isinstance(error, ValueError):
        note = _about_quotes(error)
    if note:
        error.add_note(note)
    if any("removed its internal frames" in n for n in getattr(error, "__notes__", ())):  # JAX speaks of its own frames
        error.__notes__ = [n for n in error.__notes__ if "removed its internal frames" not in n]


def _about_name(name: str) -> str | None:
    place = where_is(name)
    if place:
        return f"Add this line at the top: {place}"
    if not hasattr(builtins, name):
        return f"{name!r} is used before any line gives it a value.{_data_hint(name)}"
    return None


def _about_attribute(error: AttributeError) -> str | None:
    name = error.name or ""
    if error.obj is None and name in ("fit", "evaluate", "predict", "summary", "save"):
        return (
            "The model is None here. `model.compile(...)` changes the model itself and returns None, so write it without "
            "`model = ` in front."
        )
    if type(error.obj).__module__.startswith("kerata") or str(error).startswith("kerata"):
        found = old_names.advice(name or str(error).partition("'")[2].partition("'")[0])
        return f"It belongs to an earlier version of Keras: {found}." if found else None
    return None


def _about_quotes(error: ValueError) -> str | None:
    """For `loss="my_loss"` where my_loss is a function of the program."""
    found = re.match(r"Unknown [\w ]+: '(\w+)'", str(error))
    if found is None:
        return None
    name, frames = found[1], [f for f, _ in traceback.walk_tb(error.__traceback__) if f.f_globals.get("__name__") == "__main__"]
    if any(callable(f.f_locals.get(name, f.f_globals.get(name))) for f in frames):
        return f"This program has a function {name!r}: give it without the quotes."
    return None


def _about_import(error: ImportError) -> str | None:
    """For an import from Keras that Kerata cannot serve: what it is called now, or what is near."""
    module = aliases.target_of(error.name or "") or (error.name or "")
    if not module.startswith("kerata"):
        return None
    text = str(error)
    name = text.partition("import name '")[2].partition("'")[0] or text.partition(" '")[2].partition("'")[0]
    found = old_names.advice(name.removeprefix("tensorflow."))
    if found:
        return f"It belongs to an earlier version of Keras: {found}."
    missing_module = isinstance(error, ModuleNotFoundError)
    if "Did you mean" in text or not (missing_module or "import name" in text):
        return None
    parent, _, last = (name if missing_module else f"{module}.{name}").rpartition(".")
    parent = aliases.target_of(parent) or parent
    try:
        known = [n for n in dir(importlib.import_module(parent)) if not n.startswith("_")]
    except ImportError:
        return None
    if missing_module:
        known = [n for n in known if aliases.is_module(f"{parent}.{n}")]
    return did_you_mean(last, known).strip() or None


def _data_hint(name: str) -> str:
    if name in ("x_train", "y_train", "x_test", "y_test"):
        return (
            " Load data first, for example: from keras.datasets import mnist; (x_train, y_train), (x_test, y_test) = "
            "mnist.load_data()"
        )
    return ""


def where_is(name: str) -> str | None:
    """The import line for a public name, if Kerata has it."""
    if name == "np":
        return "import numpy as np"
    if name == "plt":
        return "import matplotlib.pyplot as plt"
    if name in ("keras", "kerata", "tf"):
        return {"tf": "import tensorflow as tf"}.get(name, f"import {name}")
    for package in ("layers", "models", "datasets", "optimizers", "losses", "metrics", "callbacks", "utils", "initializers"):
        module = importlib.import_module(f"kerata.{package}")
        if name in dir(module):
            return f"from keras.{package} import {name}"
    return None


def _print(error: BaseException) -> None:
    """The traceback without the frames of Kerata and of the machinery that runs the file."""
    from kerata.core.config import config

    report = traceback.TracebackException.from_exception(error)
    if config.traceback_filtering:
        _keep_own_frames(report)
    print("".join(report.format()), file=sys.stderr, end="")


def _keep_own_frames(report: traceback.TracebackException) -> None:
    """Of the errors before it too, those that the program itself raised anew."""
    machinery = (_HERE, runpy.__file__, contextlib.__file__, "<frozen ")
    ours = bool(report.stack) and report.stack[-1].filename.startswith(machinery)
    report.stack = traceback.StackSummary.from_list([f for f in report.stack if not f.filename.startswith(machinery)])
    for link in ("__cause__", "__context__"):
        before = getattr(report, link)
        if ours or before is None:
            setattr(report, link, None)
        else:
            _keep_own_frames(before)
