"""`kerata run`: a program written for Keras, unmodified, on Kerata."""

from __future__ import annotations

import builtins
import os
import runpy
import sys
import traceback

from kerata.compat import aliases

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(path: str, args: list[str], alias_tensorflow: bool | None = None) -> int:
    """Run the file as `__main__`; the exit code."""
    if not os.path.isfile(path):
        print(f"kerata run: there is no file {path!r}.", file=sys.stderr)
        return 2
    aliases.install(alias_tensorflow)
    sys.argv = [path, *args]
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else int(e.code is not None)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except Exception as e:
        advise(e)
        _print(e, path)
        return 1
    return 0


def advise(error: BaseException) -> None:
    """Add a note to errors whose text does not say what a beginner has to do."""
    if isinstance(error, NameError) and getattr(error, "name", None):
        place = where_is(error.name)
        if place:
            error.add_note(f"Add this line at the top: {place}")
        elif not hasattr(builtins, error.name):
            error.add_note(f"{error.name!r} is used before any line gives it a value.{_data_hint(error.name)}")
    elif isinstance(error, AttributeError) and error.obj is None and error.name in ("fit", "evaluate", "predict", "summary", "save"):
        error.add_note(
            "The model is None here. `model.compile(...)` changes the model itself and returns None, so write it without "
            "`model = ` in front."
        )


def _data_hint(name: str) -> str:
    if name in ("x_train", "y_train", "x_test", "y_test"):
        return (
            " Load data first, for example: from keras.datasets import mnist; (x_train, y_train), (x_test, y_test) = "
            "mnist.load_data()"
        )
    return ""


def where_is(name: str) -> str | None:
    """The import line for a public name, if Kerata has it."""
    import importlib

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


def _print(error: BaseException, path: str) -> None:
    """The traceback without the frames of Kerata and of the machinery that runs the file."""
    from kerata.core.config import config

    report = traceback.TracebackException.from_exception(error)
    if config.traceback_filtering:
        machinery = (_HERE, os.path.dirname(runpy.__file__) + os.sep + "runpy.py", "<frozen runpy>")
        kept = [f for f in report.stack if not f.filename.startswith(machinery)]
        report.stack = traceback.StackSummary.from_list(kept)
        report.__cause__ = report.__context__ = None
    print("".join(report.format()), file=sys.stderr, end="")
