"""TensorFlow, without Keras: `import tensorflow` would load all of Keras, where that is installed, and take 2 s more.

`tf.keras` and `from tensorflow.keras import ...` load it when they are used, as ever.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys


class _NotNow(importlib.abc.Loader):
    """A loader of a package that is found, but not to be loaded yet."""

    def create_module(self, spec):
        raise ImportError(f"{spec.name} is loaded when it is used.")

    def exec_module(self, module):
        raise NotImplementedError  # never reached: there is no module


class _Later(importlib.abc.MetaPathFinder):
    """While registered, says where Keras lies, which TensorFlow wants to know, and refuses to load it."""

    def __init__(self, names: tuple[str, ...]):
        self._names = names

    def find_spec(self, name, path=None, target=None):
        if name not in self._names:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if finder is not self and find is not None else None
            if spec is not None:
                spec.loader = _NotNow()
                return spec
        return None


def load() -> None:
    """Import tensorflow."""
    if "tensorflow" not in sys.modules:
        later = _Later(tuple(n for n in ("keras", "tf_keras") if n not in sys.modules))
        sys.meta_path.insert(0, later)
        try:
            import tensorflow  # noqa: F401
        finally:
            sys.meta_path.remove(later)
    _leave_unconverted("kerata")


def _leave_unconverted(package: str) -> None:
    """Have AutoGraph call this package's functions as they are: in `tf.data`, say, converting them takes seconds.

    It rewrites Python's `if` and `for` where a `tf.function` runs, and we have none that depends on a tensor. Keras stands
    in the same table, so that a user's `call` is treated alike in both.
    """
    from tensorflow.python.autograph.core import config  # TensorFlow offers this for single functions only

    config.CONVERSION_RULES = (config.DoNotConvert(package), *config.CONVERSION_RULES)
