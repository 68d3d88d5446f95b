"""`save_model`, `load_model`, `save_weights`, `load_weights`: the public entry to model files."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import stat
import tempfile

from kerata.core.errors import need
from kerata.saving import atomic, legacy, legacy_h5, shards, weights
from kerata.saving.archive import Archive, ArchiveWriter
from kerata.saving.hdf5 import ReadableStore, describe_bytes, open_checked
from kerata.saving.limits import Budget, parse_json
from kerata.saving.paths import as_path, existing, may_write
from kerata.saving.safe_mode import SafeModeScope
from kerata.saving.serialization import (
    ConfigError,
    ObjectSharingScope,
    deserialize_keras_object,
)

_CONFIG, _METADATA, _WEIGHTS, _ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets/"
# The version of Keras whose format is written.
FORMAT_VERSION = "3.15.1"


# -- whole models ----------------------------------------------------------------------------------------------
def save_model(model, filepath, overwrite: bool = True, zipped: bool | None = None, **kwargs) -> None:
    """Write a model - its architecture, weights, compile settings and optimizer state - to a file.

    The file is written under another name, flushed to the disk and renamed: a crash leaves the old one whole.

    Args:
        model: the model.
        filepath: a name that ends in `.keras`; or in `.h5`, for the format of Keras 2; or, with `zipped=False`, a folder;
            or an open binary file.
        overwrite: whether a file that exists is replaced (True, the default); else the person at the keyboard is asked.
        zipped: whether the parts go into one zip archive (None, the default, and True) or into a folder (False).
        include_optimizer: (`.h5` only) whether the optimizer is written; True by default.

    Raises:
        ValueError: for a name with another ending.

    >>> model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
    >>> kerata.saving.save_model(model, "model.keras")
    >>> kerata.saving.load_model("model.keras").count_params()
    3
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    save_format = kwargs.pop("save_format", None)
    if kwargs:
        raise ValueError(f"save_model() takes no argument {', '.join(map(repr, kwargs))}.")
    if hasattr(filepath, "write"):
        _write_archive(model, filepath)
        return
    path = as_path(filepath)
    legacy = path.endswith((".h5", ".hdf5")) or save_format == "h5"
    if legacy and zipped:
        raise ValueError(f"`zipped` belongs to `.keras` files; {path!r} would be written in the `.h5` format.")
    if not legacy and zipped is not False and not path.endswith(".keras"):
        raise ValueError(
            f"The file name {path!r} does not say in which format the model is to be written: end it in `.keras` (or `.h5`, "
            "the format of Keras 2). For use by TensorFlow or ONNX programs see `model.export`."
        )
    if not may_write(path, overwrite):
        return
    if legacy:
        with atomic.replacing(path) as temporary:
            legacy_h5.save_model(model, temporary, include_optimizer)
    elif zipped is False:
        _write_folder(model, path)
    else:
        with atomic.replacing(path) as temporary, open(temporary, "w+b") as f:
            _write_archive(model, f, os.path.dirname(path) or ".")


def _config_bytes(model) -> tuple[bytes, bytes]:
    config = ObjectSharingScope.serialize(model)
    from kerata.version import __version__

    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": FORMAT_VERSION, "date_saved": now, "kerata_version": __version__}
    return json.dumps(config).encode(), json.dumps(metadata).encode()


def _write_weights(model, target) -> None:
    """Write the weights to a path, or to an open binary file."""
    h5py = need("h5py", "A file of weights")
    with h5py.File(target, "w") as file:
        weights.save_state(model, file)


def _write_archive(model, target, folder: str | None = None) -> None:
    config, metadata = _config_bytes(model)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".keras-") as assets, ArchiveWriter(target) as archive:
        weights.save_assets(model, assets)
        archive.add(_METADATA, metadata)
        archive.add(_CONFIG, config)
        archive.add_folder(_ASSETS, assets)
        if folder is not None:
            with archive.writing(_WEIGHTS) as file:
                _write_weights(model, file)
            return
        with tempfile.NamedTemporaryFile(suffix=".h5") as heavy:  # the target is the caller's: perhaps it only takes bytes
            _write_weights(model, heavy.name)
            archive.add_file(_WEIGHTS, heavy.name)


def _write_folder(model, path: str) -> None:
    """The parts side by side in a folder, which is made under another name and then put in place."""
    path = os.path.realpath(path)
    config, metadata = _config_bytes(model)
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    work = tempfile.mkdtemp(prefix=f".{os.path.basename(path)[:80]}.", suffix=".tmp", dir=parent)
    try:
        with atomic.naming(path):
            for name, data in ((_METADATA, metadata), (_CONFIG, config)):
                with open(os.path.join(work, name), "wb") as f:
                    f.write(data)
            _write_weights(model, os.path.join(work, _WEIGHTS))
        assets = os.path.join(work, "assets")
        os.mkdir(assets)
        weights.save_assets(model, assets)
        os.chmod(work, 0o755)
        old = None
        if os.path.lexists(path):
            old = tempfile.mkdtemp(prefix=".old.", suffix=".tmp", dir=parent)
            os.rename(path, os.path.join(old, "model"))
        os.rename(work, path)
        atomic.sync_folder(parent)
        if old is not None:
            shutil.rmtree(old)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def load_model(filepath, custom_objects: dict | None = None, compile: bool = True, safe_mode: bool = True):
    """Read a model from a file that `save_model` of Kerata or Keras wrote.

    A file is data: its text chooses among known classes, and nothing is imported or run because a file names it.

    Args:
        filepath: a `.keras` file, a folder with its parts, an `.h5` file (of any version of Keras), or an open binary file.
        custom_objects: dictionary of names and classes or functions of yours that stand in the file; registered ones are
            known. None by default.
        compile: whether to compile the model as it was, with the optimizer's state; True by default.
        safe_mode: whether files that hold code (`Lambda` layers) are refused; True by default. Leave it on for files of
            others.

    Returns:
        The model.

    Raises:
        ValueError: if the file is missing, damaged, or holds something that is refused or unknown.

    >>> model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
    >>> model.save("model.keras")
    >>> again = kerata.saving.load_model("model.keras")
    >>> bool((again.predict(np.ones((1, 2)), verbose=0) == model.predict(np.ones((1, 2)), verbose=0)).all())
    True
    """
    if hasattr(filepath, "read"):
        return _load(lambda: _load_archive(Archive(filepath, "The file"), compile), custom_objects, safe_mode)
    path = existing(as_path(filepath))
    if os.path.isdir(path):
        return _load(lambda: _load_folder(path, compile), custom_objects, safe_mode)
    head = _head(path)
    if head.startswith(b"PK"):
        return _load(lambda: _load_archive(Archive(path, repr(path)), compile), custom_objects, safe_mode)
    if head.startswith(b"\x89HDF"):
        return _load(lambda: legacy_h5.load_model(path, compile), custom_objects, safe_mode)
    raise ValueError(
        f"{path!r} is no model file: {describe_bytes(head, os.path.getsize(path))}. A model is a `.keras` file (a zip "
        "archive) or an `.h5` file."
    )


def _head(path: str) -> bytes:
    with open(path, "rb") as f:
        return f.read(16)


_DAMAGE = (TypeError, KeyError, AttributeError, IndexError, OverflowError, MemoryError, RecursionError,
           NotImplementedError, ZeroDivisionError, AssertionError, RuntimeError)  # fmt: skip


def _load(read, custom_objects, safe_mode):
    """Run a reader in its scopes; whatever a broken config leads to is a ConfigError."""
    from kerata.saving.registration import CustomObjectScope

    with SafeModeScope(bool(safe_mode)), CustomObjectScope(custom_objects), ObjectSharingScope():
        return _or_config_error(read, "file")


def _or_config_error(read, where: str):
    try:
        return read()
    except (ValueError, OSError):
        raise
    except _DAMAGE as e:
        raise ConfigError(f"The model cannot be made from what the {where} says: {type(e).__name__}: {e}") from e


def model_from_text(text: str, custom_objects: dict | None):
    """What `model_from_json` gives."""
    if not isinstance(text, str | bytes):
        raise TypeError(f"model_from_json() takes the text that `model.to_json()` gives; got {text!r:.100} ({type(text).__name__}).")
    config = parse_json(text, "The text given to model_from_json()")
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"The text given to model_from_json() describes no model: it holds {text[:100]!r}.")
    return _or_config_error(lambda: deserialize_keras_object(config, custom_objects=custom_objects), "text")


def _writer(metadata: bytes | None) -> str:
    """Who wrote the file, from metadata.json."""
    found = parse_json(metadata, _METADATA) if metadata is not None else None
    if not isinstance(found, dict):
        return ""
    return legacy.writer(found.get("keras_version"), found.get("kerata_version"), found.get("date_saved"))


def _from_config(text: bytes, metadata: bytes | None, budget: Budget, compile: bool):
    with legacy.written_by(_keras_version(metadata)):
        return _read_config(text, metadata, budget, compile)


def _keras_version(metadata: bytes | None):
    found = parse_json(metadata, _METADATA) if metadata is not None else None
    return found.get("keras_version") if isinstance(found, dict) else None


def _read_config(text: bytes, metadata: bytes | None, budget: Budget, compile: bool):
    config = parse_json(text, _CONFIG)
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{_CONFIG} in the file describes no model: it holds {str(config)[:100]!r}.")
    if not compile:
        config["compile_config"] = None
    from kerata.core.scopes import context

    before = getattr(context, "budget", None)
    context.budget = budget
    try:
        model = deserialize_keras_object(config, safe_mode=None)
    finally:
        context.budget = before
    if not hasattr(model, "load_own_variables"):
        raise ValueError(f"The file describes a {type(model).__name__}, which is no model or layer.")
    return model


def _load_archive(archive: Archive, compile: bool):
    with archive:
        metadata = archive.read(_METADATA) if _METADATA in archive else None
        budget = Budget(archive.size, archive.what)
        with legacy.naming(_writer(metadata)):
            model = _from_config(archive.read(_CONFIG), metadata, budget, compile)
            with tempfile.TemporaryDirectory() as folder:
                if any(m.startswith(_ASSETS) for m in archive.members):
                    archive.extract(_ASSETS, folder)
                weights.load_assets(model, folder)
            _load_archive_weights(archive, model, new=True)
        return model


def _load_archive_weights(archive: Archive, model, skip_mismatch: bool = False, skip=(), new: bool = False) -> None:
    if _WEIGHTS in archive:
        what = f"{_WEIGHTS!r} in {archive.what}"
        with archive.open_seekable(_WEIGHTS, checked_first=not new) as f, open_checked(f, what) as h5:
            _restore_loss_scaling(model, ReadableStore(h5))
            weights.load_state(model, ReadableStore(h5), skip_mismatch, skip, archive.what)
    elif "model.weights.npz" in archive:
        with archive.open_seekable("model.weights.npz") as f:
            store = shards.npz_store(f, archive.size, archive.what)
            weights.load_state(model, store, skip_mismatch, skip, archive.what)
    else:
        raise ValueError(f"{archive.what} holds no weights: it has no member {_WEIGHTS!r}.")


def _restore_loss_scaling(model, store: ReadableStore) -> None:
    """Keras wraps the optimizer of a float16 model when it compiles, and writes the wrapper's state but not its name."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not store.has("optimizer/inner_optimizer") or hasattr(optimizer, "inner_optimizer"):
        return
    from kerata.optimizers import LossScaleOptimizer

    model.optimizer = LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
    model.optimizer.build(model.trainable_variables)


def _load_folder(path: str, compile: bool):
    names = set(os.listdir(path))
    if _CONFIG not in names or _WEIGHTS not in names:
        hint = ""
        if "saved_model.pb" in names:
            hint = (
                " It is a TensorFlow SavedModel, which is a program and not a description: load it in the Keras that wrote "
                "it and save it as `.keras` or `.h5`."
            )
        raise ValueError(f"The folder {path!r} holds no model: {_CONFIG!r} or {_WEIGHTS!r} is missing.{hint}")
    _refuse_links(path)

    def read(name):
        with open(os.path.join(path, name), "rb") as f:
            return f.read()

    heavy = os.path.join(path, _WEIGHTS)
    budget = Budget(os.path.getsize(heavy) + os.path.getsize(os.path.join(path, _CONFIG)), repr(path))
    metadata = read(_METADATA) if _METADATA in names else None
    with legacy.naming(_writer(metadata)):
        model = _from_config(read(_CONFIG), metadata, budget, compile)
        weights.load_assets(model, os.path.join(path, "assets"))
        with open_checked(heavy, repr(heavy)) as h5:
            weights.load_state(model, ReadableStore(h5), what=repr(path))
    return model


def _refuse_links(path: str) -> None:
    """A folder from elsewhere may hold links to files of this computer: none is followed."""
    for root, folders, files in os.walk(path):
        for name in (*folders, *files):
            full = os.path.join(root, name)
            mode = os.lstat(full).st_mode
            if stat.S_ISLNK(mode):
                raise ValueError(f"{path!r} was refused: {os.path.relpath(full, path)!r} in it is a link.")
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise ValueError(f"{path!r} was refused: {os.path.relpath(full, path)!r} in it is a pipe or a device.")


# -- weights ---------------------------------------------------------------------------------------------------
def save_weights(model, filepath, overwrite: bool = True, max_shard_size=None, **kwargs) -> None:
    """Write all weights of a model, and its optimizer's state if it is compiled, to a file.

    Args:
        model: the model or layer.
        filepath: a name that ends in `.weights.h5`, in `.safetensors`, or, with `max_shard_size`, in `.weights.json`.
        overwrite: whether a file that exists is replaced; True by default.
        max_shard_size: size in GB beyond which weights go into several files, with an index in JSON; None by default.

    Raises:
        ValueError: for a name with another ending.

    >>> layer = kerata.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> kerata.saving.save_weights(layer, "layer.weights.h5")
    """
    if kwargs:
        raise ValueError(f"save_weights() takes no argument {', '.join(map(repr, kwargs))}.")
    path = as_path(filepath)
    wanted = ".weights.json" if max_shard_size is not None else ".weights.h5"
    if not path.endswith((wanted, ".safetensors")) or (max_shard_size is not None and not path.endswith(wanted)):
        why = " when `max_shard_size` is given" if max_shard_size is not None else " (or .safetensors)"
        raise ValueError(f"The name of a file of weights ends in `{wanted}`{why}; got {path!r}.")
    if not may_write(path, overwrite):
        return
    if max_shard_size is not None:
        shards.save_sharded(model, path, max_shard_size)
    elif path.endswith(".safetensors"):
        shards.save_safetensors(model, path)
    else:
        with atomic.replacing(path) as temporary:
            _write_weights(model, temporary)


def load_weights(model, filepath, skip_mismatch: bool = False, **kwargs) -> None:
    """Read weights into a model that is already there.

    Args:
        model: the model or layer; built.
        filepath: a `.weights.h5`, `.weights.json`, `.safetensors`, `.keras` or legacy `.h5` file.
        skip_mismatch: whether layers that the file does not fit are left as they are, with a warning; False by default.
        by_name: (legacy `.h5` only) whether layers are found by their names instead of their order; False by default.
        objects_to_skip: layers that are to be left alone; none by default.

    Raises:
        ValueError: if the file is missing, damaged or does not fit; nothing has been changed then.

    >>> one, other = (kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)]) for _ in range(2))
    >>> one.save_weights("one.weights.h5")
    >>> kerata.saving.load_weights(other, "one.weights.h5")
    >>> bool((one.get_weights()[0] == other.get_weights()[0]).all())
    True
    """
    by_name = kwargs.pop("by_name", False)
    skip = kwargs.pop("objects_to_skip", None) or ()
    if kwargs:
        raise ValueError(f"load_weights() takes no argument {', '.join(map(repr, kwargs))}.")
    path = existing(as_path(filepath))
    with _as_value_errors(path):
        _load_weights(model, path, skip_mismatch, by_name, skip)


@contextlib.contextmanager
def _as_value_errors(path: str):
    try:
        yield
    except (ValueError, OSError):
        raise
    except _DAMAGE as e:
        raise ValueError(f"The weights in {path!r} cannot be read: {type(e).__name__}: {e}") from e


def _load_weights(model, path: str, skip_mismatch: bool, by_name: bool, skip) -> None:
    if os.path.isdir(path):
        if not os.path.isfile(os.path.join(path, _WEIGHTS)):
            raise ValueError(f"{path!r} is a folder without {_WEIGHTS!r}: it holds no weights that can be read.")
        _refuse_links(path)
        path = os.path.join(path, _WEIGHTS)
    head = _head(path)
    if path.endswith(".weights.json"):
        return shards.load_sharded(model, path, skip_mismatch, skip)
    if path.endswith(".safetensors"):
        return shards.load_safetensors(model, path, skip_mismatch, skip)
    if head.startswith(b"PK"):
        _only_legacy(by_name, path)
        with Archive(path, repr(path)) as archive:
            return _load_archive_weights(archive, model, skip_mismatch, skip)
    with open_checked(path, repr(path)) as h5:
        if legacy_h5.is_legacy(h5):
            return legacy_h5.load_weights(model, h5, path, skip_mismatch, by_name)
        _only_legacy(by_name, path)
        return weights.load_state(model, ReadableStore(h5), skip_mismatch, skip, repr(path))


def _only_legacy(by_name: bool, path: str) -> None:
    if by_name:
        raise ValueError(f"`by_name=True` is for legacy `.h5` files, which name layers; {path!r} is none.")
