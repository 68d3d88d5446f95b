"""Make `import keras` and `tensorflow.keras` mean Kerata in this process."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

from kerata.compat import old_methods, old_names, private, private_attributes
from kerata.core import lazy
from kerata.core.lazy import missing

_PREFIXES = (
    "keras.api._v2.keras", "keras._tf_keras.keras", "tensorflow.python.keras", "tensorflow.keras", "tf_keras.src",
    "keras.src", "keras.api", "tf_keras", "keras",
)  # fmt: skip
# Packages on the way to those by which TensorFlow itself looks for Keras.
_EMPTY = ("keras._tf_keras", "keras.api._v2", "tensorflow.python")


def target_of(name: str) -> str | None:
    """The Kerata module that a module name of Keras stands for."""
    for prefix in _PREFIXES:
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
        if name.startswith("tensorflow.python") and not self.tensorflow:
            return None  # TensorFlow itself uses its own copy of Keras 2
        if name == "keras.src" or name.startswith("keras.src."):
            return self._private(name)
        if name in _EMPTY:
            return importlib.machinery.ModuleSpec(name, _EmptyLoader(), is_package=True)
        # `from keras.utils import np_utils` looks for `kerata.utils.np_utils`: the package knows its own name only.
        ours = name.startswith("kerata.")
        own = name if ours else target_of(name)
        if own is None:
            return None
        packages = old_names.packages_of(own.partition(".")[2])
        real = _spec_of(own) if packages is not None or not ours else None
        if packages is not None and not (ours and real):
            return importlib.machinery.ModuleSpec(name, _OldLoader(own if real else None, packages), is_package=True)
        if ours or real is None:
            return None
        return importlib.machinery.ModuleSpec(name, _Loader(own), is_package=real.submodule_search_locations is not None)

    def _private(self, name: str):
        """What lies in `keras.src`, and what earlier versions had there."""
        packages = old_names.packages_of(name.removeprefix("keras.src."))
        if packages is not None and name.removeprefix("keras.src.") not in private.MODULES:
            return importlib.machinery.ModuleSpec(name, _OldLoader(None, packages), is_package=True)
        return private.find(name)


def _spec_of(own: str):
    """The spec of a module that Kerata really has; None for others."""
    if own == "kerata":
        return importlib.util.find_spec(own)
    try:
        path = importlib.import_module(own.rpartition(".")[0]).__path__
    except (ImportError, AttributeError):
        return None
    return importlib.machinery.PathFinder.find_spec(own, path)


def is_module(own: str) -> bool:
    """Whether Kerata has a module of that name."""
    return _spec_of(own) is not None


class _OldLoader(importlib.abc.Loader):
    """A module of earlier versions: it has the names of the packages where they are now."""

    def __init__(self, real: str | None, packages: tuple[str, ...]):
        self.places = [*([real] if real else []), *(f"kerata.{p}".rstrip(".") for p in packages)]

    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        places = [importlib.import_module(p) for p in self.places]
        names = sorted({n for place in places for n in dir(place) if not n.startswith("_")})

        def __getattr__(name: str):
            if not name.startswith("__"):
                for place in places:
                    if hasattr(place, name):
                        return getattr(place, name)
            raise missing(module.__name__, name, names, "name", sys._getframe(1))

        module.__path__, module.__all__, module.__getattr__ = [], names, __getattr__


class _EmptyLoader(importlib.abc.Loader):
    def create_module(self, spec):
        return None

    def exec_module(self, module) -> None:
        module.__path__ = []


class _TensorFlowLoader(_EmptyLoader):
    """A stand-in for TensorFlow that has `tensorflow.keras` and nothing else."""

    stand_in = True

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
    _old_names()
    old_methods.install()
    private_attributes.install()
    _say_version()
    importlib.import_module("keras.src")  # programs write `keras.src.x` after `import keras` alone


def _say_version() -> None:
    """Programs ask `keras.__version__` for what the API has: that of Keras, not the number of Kerata's release."""
    import kerata
    from kerata.compat import private_things

    kerata.__version__, kerata.version = private_things.__version__, private_things.version


def _old_names() -> None:
    """Make names of earlier versions known to the packages where they were."""
    for package, names in old_names.NAMES.items():
        module = importlib.import_module(f"kerata.{package}")
        if hasattr(module, "_PLACES"):
            lazy.older[module.__name__] = {old: f"{module._PLACES.get(new)}:{new}" for old, new in names.items()}
        else:
            for old, new in names.items():
                setattr(module, old, getattr(module, new))
    importlib.import_module("kerata.utils.np_utils")  # was an attribute of `keras.utils` without an import


def uninstall() -> None:
    """Undo `install`, and forget the aliased modules."""
    global _installed
    if _installed is None:
        return
    sys.meta_path.remove(_installed)
    _installed = None
    for name in [m for m in sys.modules if target_of(m) is not None]:
        del sys.modules[name]
    import kerata
    from kerata import version

    del kerata.src
    kerata.__version__, kerata.version = version.__version__, version.version
