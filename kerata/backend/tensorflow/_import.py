"""TensorFlow, without Keras, JAX and SciPy: `import tensorflow` loads each of them that is installed, which takes 3 s more.

`tf.keras` and `from tensorflow.keras import ...` load Keras when they are used, as ever; so does with JAX the one function of
TensorFlow that needs it, `tf.lite.TFLiteConverter.experimental_from_jax`. SciPy serves only TensorFlow's own copy of an old
Keras, which nobody can reach by a public name.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
import threading


class _NotNow(importlib.abc.Loader):
    """A loader of a package that is found, but not to be loaded yet."""

    def create_module(self, spec):
        raise ImportError(f"{spec.name} is loaded when it is used.")

    def exec_module(self, module):
        raise NotImplementedError  # never reached: there is no module


class _Later(importlib.abc.MetaPathFinder):
    """While registered, says where a package lies (TensorFlow wants to know that of Keras), and refuses to load it."""

    def __init__(self, names: tuple[str, ...]):
        self._names = names
        self._thread = threading.get_ident()

    def find_spec(self, name, path=None, target=None):
        if name not in self._names or threading.get_ident() != self._thread:
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
        later = _Later(tuple(n for n in ("keras", "tf_keras", "jax", "scipy") if n not in sys.modules))
        sys.meta_path.insert(0, later)
        try:
            import tensorflow  # noqa: F401
        finally:
            sys.meta_path.remove(later)
        _give_converter_jax()
    _leave_unconverted("kerata")


def _give_converter_jax() -> None:
    """Let TensorFlow's converter of JAX functions, which found no JAX when it was imported, find it when it is used."""

    def jit(*args, **kwargs):
        return importlib.import_module("jax").jit(*args, **kwargs)

    lite = sys.modules.get("tensorflow.lite.python.lite")
    if lite is not None and lite._jit is None and importlib.util.find_spec("jax") is not None:
        lite._jit = jit


def _leave_unconverted(package: str) -> None:
    """Have AutoGraph call this package's functions as they are: in `tf.data`, say, converting them takes seconds.

    It rewrites Python's `if` and `for` where a `tf.function` runs, and we have none that depends on a tensor. Keras stands
    in the same table, so that a user's `call` is treated alike in both.
    """
    from tensorflow.python.autograph.core import config  # TensorFlow offers this for single functions only

    config.CONVERSION_RULES = (config.DoNotConvert(package), *config.CONVERSION_RULES)
