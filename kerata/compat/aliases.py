"""Make `import keras` and `tensorflow.keras` mean Kerata in this process."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

_PREFIXES = ("keras", "tf_keras", "tensorflow.keras", "keras.api", "keras._tf_keras.keras", "keras.api._v2.keras")
# Packages on the way to those by which TensorFlow itself looks for Keras.
_EMPTY = ("keras._tf_keras", "keras.api._v2")


def target_of(name: str) -> str | None:
    """The Kerata module that a module name of Keras stands for."""
    for prefix in sorted(_PREFIXES, key=len, reverse=True):
        if name == prefix:
            return "kerata"
        if name.startswith(prefix + "."):
            return "kerata." + name[len(prefix) + 1 :]
    return None


class _Loader(importlib.abc.Loader):
    def __init__(self, target: str):
        self.target = target
        self._spec = None

    def create_module(self, spec):
        module = importlib.import_module(self.target)
        self._spec = module.__spec__
        return module

    def exec_module(self, module) -> None:
        module.__spec__ = self._spec  # it stays what it was: a module of Kerata


class _Finder(importlib.abc.MetaPathFinder):
    """Finds modules of Keras in Kerata."""

    def __init__(self, tensorflow: bool):
        self.tensorflow = tensorflow

    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow" and self.tensorflow:
            return importlib.machinery.ModuleSpec(name, _TensorFlowLoader(), is_package=True)
        if name in _EMPTY:
            return importlib.machinery.ModuleSpec(name, _EmptyLoader(), is_package=True)
        own = target_of(name)
        if own is None:
            return None
        try:
            found = importlib.util.find_spec(own)
        except ModuleNotFoundError:
            return None
        if found is None:
            return None
        return importlib.machinery.ModuleSpec(name, _Loader(own), is_package=found.submodule_search_locations is not None)


class _EmptyLoader(importlib.abc.Loader):
    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        module.__path__ = []


class _TensorFlowLoader(_EmptyLoader):
    """A stand-in for TensorFlow that has `tensorflow.keras` and nothing else."""

    def exec_module(self, module: types.ModuleType) -> None:
        super().exec_module(module)
        module.keras = importlib.import_module("kerata")
        module.__version__ = "2.21.0"

        def __getattr__(name: str):
            if name.startswith("__"):
                raise AttributeError(name)
            raise AttributeError(
                f"`tensorflow` means Kerata here, and has only `tensorflow.keras`; the program uses `tensorflow.{name}`. "
                "Install TensorFlow (pip install kerata[tensorflow]) and run without `--alias tensorflow`."
            )

        module.__getattr__ = __getattr__


_installed: _Finder | None = None


def install(tensorflow: bool | None = None) -> None:
    """Let `keras` and `tensorflow.keras` be Kerata from now on.

    Args:
        tensorflow: whether `tensorflow` itself is replaced by a stand-in that has `keras` only; by default if TensorFlow
            is not installed.
    """
    global _installed
    if _installed is not None:
        return
    loaded = sorted(m for m in sys.modules if m == "keras" or m.startswith("tensorflow.keras"))
    if loaded:
        raise RuntimeError(f"{loaded[0]!r} is imported already; the alias must be made before that.")
    if tensorflow is None:
        tensorflow = importlib.util.find_spec("tensorflow") is None
    _installed = _Finder(tensorflow)
    sys.meta_path.insert(0, _installed)


def uninstall() -> None:
    """Undo `install`, and forget the aliased modules."""
    global _installed
    if _installed is None:
        return
    sys.meta_path.remove(_installed)
    _installed = None
    for name in [m for m in sys.modules if target_of(m) is not None]:
        del sys.modules[name]
