"""Private functions and classes of Keras that Kerata has in another form, in the form that programs call."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import io
import sys
import types

from kerata.core import masks, symbolic
from kerata.saving.model_files import FORMAT_VERSION

__version__ = FORMAT_VERSION
SUPPORTS_SPARSE_TENSORS = True
SUPPORTS_RAGGED_TENSORS = False


def version() -> str:
    """The version of Keras whose API this is."""
    return __version__


def keras_export(path):
    """A decorator that leaves what it is given as it is: public names stand in tables here."""
    return lambda symbol: symbol


def set_keras_mask(x, mask) -> None:
    """Attach the mask to the tensor itself."""
    if masks.set_mask(x, mask) is not x:
        raise TypeError(f"A mask cannot be attached to a {type(x).__name__}; give it to the layer as `mask=`.")


def compute_output_spec(fn, *args, **kwargs):
    """What `fn` gives for KerasTensors, as KerasTensors; nothing is computed."""
    return symbolic.infer(fn, args, kwargs)


def no_automatic_dependency_tracking(fn):
    """What the method sets on its object is none of the object's layers or variables."""

    @functools.wraps(fn)
    def call(self, *args, **kwargs):
        before = dict(self.__dict__)
        out = fn(self, *args, **kwargs)
        nothing = object()
        new = {name for name, value in self.__dict__.items() if before.get(name, nothing) is not value}
        self.__dict__["_untracked"] = self._untracked | new
        return out

    return call


_attributes: dict[str, object] = {}


def get_global_attribute(name: str, default=None, set_to_default: bool = False):
    """What `set_global_attribute` kept under the name."""
    found = _attributes.get(name)
    if found is None and set_to_default:
        _attributes[name] = default
    return default if found is None else found


def set_global_attribute(name: str, value) -> None:
    """Keep a value for this process."""
    _attributes[name] = value


def standardize_tuple(value, n: int, name: str, allow_zero: bool = False) -> tuple[int, ...]:
    """`n` positive integers from one, or from a sequence of them."""
    sizes = (value,) * n if isinstance(value, int) else tuple(value) if hasattr(value, "__iter__") else ()
    least = 0 if allow_zero else 1
    if len(sizes) != n or not all(isinstance(s, int) and s >= least for s in sizes):
        raise ValueError(f"`{name}` must be {n} integers of at least {least} (or one for all of them); got {value!r}.")
    return sizes


def jax_draw_seed(seed):
    """A key of JAX (two words) from an integer, a SeedGenerator or None; keys stay what they are."""
    return seed if hasattr(seed, "aval") else _words("jax", seed)


def tf_draw_seed(seed):
    """A seed for TensorFlow's stateless random functions."""
    return _words("tensorflow", seed)


def in_grain_data_pipeline() -> bool:
    """Whether a function is being applied in a pipeline of Grain."""
    if "grain" not in sys.modules:
        return False
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("grain."):
            return True
        frame = frame.f_back
    return False


def in_tf_graph() -> bool:
    """Whether TensorFlow is tracing a graph."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and hasattr(tensorflow, "executing_eagerly") and not tensorflow.executing_eagerly()


def count_params(weights) -> int:
    """The number of elements of the variables."""
    return sum(int(_product(w.shape)) for w in weights)


class LazyModule:
    """A module that is imported when an attribute of it is asked for."""

    def __init__(self, name: str, pip_name: str | None = None, import_error_msg: str | None = None):
        self.name = name
        self.pip_name = pip_name or name
        self.import_error_msg = import_error_msg or f"This needs the package {self.pip_name}: pip install {self.pip_name}"
        self.module: types.ModuleType | None = None

    @property
    def available(self) -> bool:
        """Whether it can be imported."""
        return self.module is not None or importlib.util.find_spec(self.name) is not None

    def __getattr__(self, name: str):
        if name == "module":
            raise AttributeError(name)
        if self.module is None:
            try:
                self.module = importlib.import_module(self.name)
            except ImportError as e:
                raise ImportError(self.import_error_msg) from e
        return getattr(self.module, name)


class H5IOStore:
    """A file of weights: entries, which are dictionaries of arrays, at paths.

    Args:
        root_path: a path or an open binary file; with `archive`, the name in it.
        archive: a `zipfile.ZipFile`.
        mode: "r" or "w".
    """

    def __init__(self, root_path, archive=None, mode: str = "r"):
        if mode not in ("r", "w"):
            raise ValueError(f"`mode` is 'r' or 'w'; got {mode!r}.")
        self.root_path, self.archive, self.mode = root_path, archive, mode
        if mode == "w":
            self._open_to_write()
        else:
            self._open_to_read()

    def _open_to_write(self) -> None:
        import h5py

        self.io_file = io.BytesIO() if self.archive else self.root_path
        self.h5_file = h5py.File(self.io_file, "w")

    def _open_to_read(self) -> None:
        from kerata.saving.hdf5 import ReadableStore, open_checked

        self.io_file = io.BytesIO(self.archive.read(self.root_path)) if self.archive else self.root_path
        self._context = open_checked(self.io_file, str(self.root_path))
        self.h5_file = self._context.__enter__()
        self._store = ReadableStore(self.h5_file)

    def make(self, path: str, metadata: dict | None = None):
        """A new entry to write into."""
        from kerata.saving.hdf5 import WritableEntry

        if self.mode != "w":
            raise ValueError("The store was opened to be read; open it with mode='w'.")
        entry = WritableEntry(self.h5_file, f"{path}/vars" if path else "vars", None)
        for key, value in (metadata or {}).items():
            entry.group.attrs[key] = value
        return entry

    def get(self, path: str):
        """The entry at the path; empty if there is none."""
        if self.mode != "r":
            raise ValueError("The store was opened to be written; open it with mode='r'.")
        return self._store.get(path)

    def close(self) -> None:
        """Close it; what was written is then in the file."""
        if self.mode == "r":
            self._context.__exit__(None, None, None)
            return
        self.h5_file.close()
        if self.archive:
            self.archive.writestr(str(self.root_path), self.io_file.getvalue())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()


def _product(sizes) -> int:
    out = 1
    for size in sizes:
        out *= size
    return out


def _words(name: str, seed):
    import numpy as np

    from kerata import backend
    from kerata.random.seed_generator import draw_seed

    drawn, module = draw_seed(seed), backend.get(name)
    return module.convert(np.array(drawn, "uint32")) if isinstance(drawn, tuple) else drawn


def __getattr__(name: str):
    if name == "GLOBAL_CUSTOM_OBJECTS":
        from kerata.saving import get_custom_objects

        return get_custom_objects()
    if name in ("tensorflow", "jax", "torch", "scipy", "grain"):
        return LazyModule(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
