"""The backends: which are installed, which is in force, and how to change it.

A backend is a *module* (`kerata.backend.jax`, ...) that fulfils `kerata.backend.protocol.Backend`.
It is imported when it is first asked for, so `import kerata` loads no array library.
"""

from __future__ import annotations

import contextlib
import difflib
import gc
import importlib
import importlib.util
import os
import sys
import threading
from types import ModuleType

NAMES = ("jax", "torch", "tensorflow", "numpy")
_PACKAGE = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow", "numpy": "numpy"}
_EXTRA_BACKENDS: dict[str, str] = {}  # name -> module, for backends that live outside this package

_loaded: dict[str, ModuleType] = {}
# Array type -> the backend that owns it (None: nobody's); NumPy arrays are everybody's input, so nobody's.
_owners: dict[type, ModuleType | None] = {}
_when_loaded: list = []
kinds: dict[type, object] = {}  # what `kerata.ops` found out about argument types; forgotten with the owners


class _Thread(threading.local):
    module: ModuleType | None = None


_thread = _Thread()
_default: ModuleType | None = None


class _Auto:
    """Whether models look for their fastest backend themselves, and how long they may (seconds; None: as they think fit)."""

    on = False
    budget: float | None = None


def is_auto() -> bool:
    """Whether `set_backend("auto")` (or `KERATA_BACKEND=auto`) is in force: see `Model.compile(backend=)`."""
    return _Auto.on or (_default is None and _wanted() == "auto")


def auto_budget() -> float | None:
    """Seconds that a model may take to find its fastest backend, if the user has set them."""
    return _Auto.budget


def _wanted() -> str:
    return (os.environ.get("KERATA_BACKEND") or os.environ.get("KERAS_BACKEND") or "").strip().lower()


def current() -> ModuleType:
    """The backend module in force: the innermost `backend_scope`, else the process's default."""
    return _thread.module or _default or _load_default()


def backend() -> str:
    """The name of the backend in force: "jax", "torch", "tensorflow" or "numpy" (or a registered one's).

    >>> kerata.backend.backend() in kerata.backend.installed()
    True
    """
    return current().name


def installed() -> list[str]:
    """Names of the backends whose package can be imported here, in order of preference."""
    return [n for n in (*NAMES, *_EXTRA_BACKENDS) if _is_installed(n)]


def _is_installed(name: str) -> bool:
    if name in _EXTRA_BACKENDS:
        return True
    try:
        spec = importlib.util.find_spec(_PACKAGE[name])
        return spec is not None and not getattr(spec.loader, "stand_in", False)  # `kerata run` has one for TensorFlow
    except (ImportError, ValueError):
        return False


def register_backend(name: str, module: str) -> None:
    """Make a backend from outside this package available under `name`.

    Args:
        name: what `set_backend` and `backend_scope` call it.
        module: import path of the module that fulfils `kerata.backend.protocol`; imported at first use.

    See "Adding a backend" in docs/architecture.md.
    """
    _EXTRA_BACKENDS[name] = module


def get(name: str | ModuleType) -> ModuleType:
    """The backend module called `name`, imported on first use."""
    if isinstance(name, ModuleType):
        return name
    module = _loaded.get(name)
    if module is not None:
        return module
    if name not in NAMES and name not in _EXTRA_BACKENDS:
        near = difflib.get_close_matches(str(name), (*NAMES, *_EXTRA_BACKENDS), 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"Unknown backend {name!r}. Known backends: {', '.join(NAMES)}.{hint}")
    if not _is_installed(name):
        raise ImportError(
            f"The backend {name!r} is not installed. Install it with `pip install kerata[{name}]`, "
            f"or choose one of those that are here: {', '.join(installed())}."
        )
    path = _EXTRA_BACKENDS.get(name, f"kerata.backend.{name}")
    with _collector_paused():
        module = importlib.import_module(path)
    if "KERATA_DEVICE" in os.environ:
        importlib.import_module("kerata.backend.devices").choose(path)
    _loaded[name] = module
    _owners.clear()
    kinds.clear()
    for act in _when_loaded:
        act(module)
    return module


@contextlib.contextmanager
def _collector_paused():
    """No garbage is looked for inside: an array library makes up to half a million objects that stay, and Python would go
    through them seven times while TensorFlow is imported, a third of the time that this takes.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():  # else what the user has frozen would thaw
            gc.freeze()
            gc.unfreeze()  # everything counts as old now, without having been gone through
        gc.enable()


def when_loaded(act) -> None:
    """Call `act(module)` for every backend that is loaded, and for every other when it will be."""
    _when_loaded.append(act)
    for module in list(_loaded.values()):
        act(module)


def owner(kind: type) -> ModuleType | None:
    """The loaded backend whose arrays are of type `kind`; None for NumPy arrays and everything else."""
    try:
        return _owners[kind]
    except KeyError:
        found = None
        for module in _loaded.values():
            types = tuple(t for t in module.array_types if t.__module__ != "numpy")
            if issubclass(kind, types):
                found = module
        _owners[kind] = found
        return found


def _load_default() -> ModuleType:
    global _default
    wanted = _wanted()
    _Auto.on = wanted == "auto"
    if wanted and not _Auto.on:
        _default = get(wanted)
    else:
        _default = get(_first())
        if _default.name == "numpy":
            import warnings

            warnings.warn(
                "No training backend is installed, so NumPy serves: models can be built and used for inference, "
                "not trained. Install one with `pip install kerata[jax]` (or [torch], [tensorflow]).",
                stacklevel=3,
            )
    return _default


def _first() -> str:
    """Where a program begins whose user names no backend."""
    found = installed()
    if _Auto.on:
        from kerata.backend import choices

        known = choices.of_program()
        if known in found:
            return known
    return found[0]


def set_backend(backend: str, budget: float | None = None) -> None:
    r"""Make `backend` the process's backend, for everything that is made from now on.

    Models that exist keep their own backend; move one with `model.to_backend(name)`. For a part of a program there is
    `with kerata.backend_scope(name):`.

    Args:
        backend: "jax", "torch", "tensorflow", "numpy", or the name of a registered one; or "auto": models begin on the
            first of these that is installed (in a program that runs again: where its last model went), and each goes to
            the one on which it trains fastest, which `fit` measures as soon as trainings of the model have taken as long
            as that takes.
        budget: for "auto": the seconds that a model may take for that, in its first `fit`. None leaves the limit as it
            is; at first it is 20, and short trainings are left where they are.

    Raises:
        ValueError: for an unknown name, or a `budget` that is not above 0.
        ImportError: if the backend is not installed.
        RuntimeError: inside a `backend_scope`.

    >>> import subprocess, sys
    >>> code = "import kerata; kerata.config.set_backend('numpy'); print(type(kerata.ops.ones((2,))).__name__)"
    >>> subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    'ndarray\n'
    """
    global _default
    if _thread.module is not None:
        raise RuntimeError("set_backend() cannot be called inside a backend_scope(); leave the scope first.")
    if budget is not None:
        if not budget > 0:
            raise ValueError(f"`budget` is a number of seconds above 0; got {budget!r}.")
        _Auto.budget = float(budget)
    _Auto.on = backend == "auto"
    _default = get(_first() if _Auto.on else backend)


@contextlib.contextmanager
def backend_scope(name: str | ModuleType):
    """Use the backend `name` inside the `with` block, in this thread."""
    module = get(name)
    before = _thread.module
    _thread.module = module
    try:
        yield module
    finally:
        _thread.module = before


# Public names of `keras.backend` that live further up.
_ELSEWHERE = {
    **dict.fromkeys(
        ("floatx", "set_floatx", "epsilon", "set_epsilon", "image_data_format", "set_image_data_format"),
        "kerata.core.config",
    ),
    "is_float_dtype": "kerata.core.dtypes",
    "is_int_dtype": "kerata.core.dtypes",
    "result_type": "kerata.core.dtypes",
    "standardize_dtype": "kerata.core.dtypes",
    "is_keras_tensor": "kerata.core.keras_tensor",
    "KerasTensor": "kerata.core.keras_tensor",
    "Variable": "kerata.core.variable",
    "StatelessScope": "kerata.core.scopes",
    "name_scope": "kerata.core.scopes",
    "get_uid": "kerata.core.names",
    "clear_session": "kerata.core.names",
}


def __getattr__(name: str):
    if name in NAMES:
        return get(name)
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    if name.startswith("_"):
        raise AttributeError(f"module 'kerata.backend' has no attribute {name!r}")
    from kerata.compat import keras_backend  # Keras 2's functions

    if name in keras_backend.names():
        return getattr(keras_backend, name)
    from kerata.core.lazy import missing

    raise missing("kerata.backend", name, [*NAMES, *_ELSEWHERE, *keras_backend.names()], "name", sys._getframe(1))
