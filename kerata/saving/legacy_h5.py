"""Whole models and weights in one HDF5 file, as Keras 1 and 2 wrote them (and Keras 3 still does)."""

from __future__ import annotations

import itertools
import json
import warnings

import numpy as np

from kerata.core.errors import did_you_mean
from kerata.saving import legacy, legacy_weights
from kerata.saving.hdf5 import ReadableStore, open_checked, read_dataset, reader, to_array
from kerata.saving.limits import Budget, parse_json
from kerata.saving.serialization import ObjectSharingScope, deserialize_keras_object, serialize_keras_object

_ATTRIBUTE_LIMIT = 64000


def is_legacy(file) -> bool:
    """Whether an open HDF5 file has the layout of Keras 1 and 2."""
    return "layer_names" in file.attrs or "model_weights" in file or "layer_names0" in file.attrs


# -- writing ---------------------------------------------------------------------------------------------------
def save_model(model, path: str, include_optimizer: bool = True) -> None:
    """Write a whole model in the layout of Keras 2."""
    import h5py

    config = ObjectSharingScope.serialize(model)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "3.15.1"
        file.attrs["backend"] = model._backend.name
        text = json.dumps({"class_name": config["class_name"], "config": config["config"]})
        _write_text(file, "model_config", text)
        _write_weights(model, file.create_group("model_weights"))
        compiled = config.get("compile_config")
        if include_optimizer and compiled and getattr(model, "optimizer", None) is not None:
            _write_training(model, compiled, file)


def _write_text(file, name: str, text: str) -> None:
    """Text as a string of variable length lies outside the attribute, which may hold 64 KiB only."""
    file.attrs[name] = text


def _write_names(group, name: str, values: list[str]) -> None:
    data = np.array([v.encode() for v in values]) if values else np.array([], "S1")
    if data.nbytes <= _ATTRIBUTE_LIMIT:
        group.attrs[name] = values or data  # texts of any length, which programs read as `str`
        return
    chunks = int(np.ceil(data.nbytes / _ATTRIBUTE_LIMIT))
    for i, part in enumerate(np.array_split(data, chunks)):
        group.attrs[f"{name}{i}"] = part


def _write_weights(model, group) -> None:
    layers = [x for x in model.layers]
    group.attrs["keras_version"] = "3.15.1"
    group.attrs["backend"] = model._backend.name
    _write_names(group, "layer_names", [x.name for x in layers])
    for layer in sorted(layers, key=lambda x: x.name):
        _write_arrays(group.create_group(layer.name), legacy_weights.ordered(layer))
    own = model._trainable_variables + model._non_trainable_variables
    _write_arrays(group.create_group("top_level_model_weights"), own)


def _write_arrays(group, variables) -> None:
    names = []
    for v in variables:
        name = v.path
        while name in names:
            name += "_"
        names.append(name)
    _write_names(group, "weight_names", names)
    for name, v in zip(names, variables):
        array = to_array(v)
        if array.dtype.type.__module__ != "numpy":
            array = array.astype("float32")
        group.create_dataset(name, data=array)


def _write_training(model, compiled: dict, file) -> None:
    config = {k: _long_names(v) for k, v in compiled.items() if k != "optimizer"}
    optimizer = serialize_keras_object(model.optimizer)  # compile() may have been given its name alone
    config["optimizer_config"] = {k: optimizer[k] for k in _NAMED if k in optimizer}
    config["kerata_metrics"] = {k: compiled[k] for k in _METRICS if compiled.get(k)}
    _write_text(file, "training_config", json.dumps(config))
    variables = list(model.optimizer.variables)
    if variables:
        _write_arrays(file.create_group("optimizer_weights"), variables)


_NAMED = ("class_name", "config")
_METRICS = ("metrics", "weighted_metrics")  # as they were given: "mae" and its long name make results of other names
_LONG = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
}  # fmt: skip


def _long_names(value):
    """Losses and metrics by their full names: from `.h5` files, Keras 3 knows no others."""
    if isinstance(value, list | tuple):
        return [_long_names(v) for v in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {k: _long_names(v) for k, v in value.items()}
    return _LONG.get(value.lower(), value) if isinstance(value, str) else value


# -- reading ---------------------------------------------------------------------------------------------------
def load_model(path: str, compile: bool):
    """Read a whole model."""
    import os

    from kerata.core.scopes import context

    with open_checked(path, repr(path)) as file:
        text = file.attrs.get("model_config")
        if text is None:
            weights = is_legacy(file) or ReadableStore(file).all_paths()
            kind = "it holds weights only: make the model and use `model.load_weights`" if weights else "it is another's"
            raise ValueError(f"{path!r} is an HDF5 file without a model's configuration: {kind}.")
        config = parse_json(_text(text), f"The configuration in {path!r}")
        version = file.attrs.get("keras_version") or _in_weights(file, "keras_version") or "1.0"
        group = file["model_weights"] if "model_weights" in file else file
        backend = _backend(group, group.attrs.get("backend", file.attrs.get("backend")))
        with legacy.written_by(version, backend), legacy.naming(legacy.writer(_text(version))):
            before, context.budget = getattr(context, "budget", None), Budget(os.path.getsize(path), repr(path))
            try:
                model = model_from_config(config)
                load_weights(model, file, path)
                if compile:
                    _compile(model, file, path)
            finally:
                context.budget = before
        return model


def _in_weights(file, name: str):
    return file["model_weights"].attrs.get(name) if "model_weights" in file else None


def model_from_config(config: dict):
    """A model of any generation from `{"class_name", "config"}`."""
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ValueError(f"The configuration describes no model: {str(config)[:100]!r}.")
    return deserialize_keras_object(config, safe_mode=None)


def _text(value):
    if isinstance(value, bytes | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise ValueError(f"A text attribute of the file holds {type(value).__name__} instead of text.")


def _names(group, name: str) -> list[str]:
    """A list of names, which may be cut into several attributes."""
    values = []
    if name in group.attrs:
        values = list(np.ravel(group.attrs[name]))
    else:
        i = 0
        while f"{name}{i}" in group.attrs:
            values.extend(np.ravel(group.attrs[f"{name}{i}"]))
            i += 1
    return [v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in values]


def _datasets(group) -> tuple[list[str], list]:
    """The names and, not yet read, the arrays of a layer."""
    names = _names(group, "weight_names")
    missing = [n for n in names if n not in group]
    if missing:
        raise ValueError(f"The file names the weights {missing[:5]} of {group.name!r}, which it does not hold.")
    return names, [group[n] for n in names]


def _arrays(group) -> tuple[list[str], list[np.ndarray]]:
    names, datasets = _datasets(group)
    return names, [read_dataset(d) for d in datasets]


def load_weights(model, file, path: str, skip_mismatch: bool = False, by_name: bool = False) -> None:
    """Read the weights of an open file of this layout into a model."""
    group = file["model_weights"] if "model_weights" in file and "layer_names" not in file.attrs else file
    version = group.attrs.get("keras_version") or file.attrs.get("keras_version") or "1"
    backend = group.attrs.get("backend") or file.attrs.get("backend")
    with legacy.written_by(version):
        source = legacy_weights.Source(legacy.source_major(), _backend(group, backend))
        stored = {n: _datasets(group[n])[1] for n in _names(group, "layer_names") if n in group}
        stored = {n: a for n, a in stored.items() if a}
        layers = [x for x in legacy_weights.layers_of(model) if legacy_weights.ordered(x)]
        pairs = _by_name(layers, stored, path) if by_name else _by_order(model, layers, stored, path, skip_mismatch)
        for layer, datasets, fits in _plan(pairs, source, path, skip_mismatch):
            _fill(layer, datasets, fits, source)
    if "top_level_model_weights" in group and not by_name:
        own = model._trainable_variables + model._non_trainable_variables
        arrays = _arrays(group["top_level_model_weights"])[1]
        if len(own) == len(arrays):
            for v, a in zip(own, arrays):
                v.assign(a)


def _fill(layer, datasets, fits, source) -> None:
    """Read those of a layer's weights that fit: straight into their memory, unless they were kept in another form."""
    variables = legacy_weights.ordered(layer)
    if not legacy_weights.converts(layer):
        for v, d in itertools.compress(zip(variables, datasets), fits):
            v.read_from(_Single(d), "")
        return
    arrays = legacy_weights.convert(layer, [read_dataset(d) for d in datasets], source)
    for v, a in itertools.compress(zip(variables, arrays), fits):
        v.assign(a)


class _Single:
    """One array of a file, as a store that holds nothing else."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __getitem__(self, key: str) -> np.ndarray:
        return read_dataset(self.dataset)

    def reader(self, key: str, shape: tuple, dtype: str):
        return reader(self.dataset, shape, dtype)


def _stand_in(dataset) -> np.ndarray:
    """An array of a dataset's shape that takes up no memory."""
    if getattr(dataset, "shape", None) is None:
        raise ValueError(f"The file holds no array of numbers at {dataset.name!r}.")
    return np.broadcast_to(np.zeros((), "int8"), dataset.shape)


def _backend(group, named) -> str:
    """Who computed with the weights. Keras 1 did not write it; TensorFlow's names end in ":0"."""
    if named is not None:
        named = _text(named)
        return named.decode("utf-8", "replace") if isinstance(named, bytes) else named
    names = [n for layer in _names(group, "layer_names") if layer in group for n in _names(group[layer], "weight_names")]
    return "theano" if names and not any(n.endswith(":0") for n in names) else "tensorflow"


def _by_order(model, layers, stored: dict, path: str, skip_mismatch: bool) -> list:
    if len(layers) != len(stored):
        unbuilt = [x.name for x in model.layers if not x.built]
        hint = f" These layers are not built yet: {unbuilt[:8]}: call the model on data first." if unbuilt else ""
        raise ValueError(
            f"The weights in {path!r} do not fit model {model.name!r}: it has {len(layers)} layers with weights, the file "
            f"{len(stored)} ({', '.join(list(stored)[:8])}). `by_name=True` loads those whose names agree.{hint}"
        )
    return list(zip(layers, stored.values(), stored))


def _by_name(layers, stored: dict, path: str) -> list:
    pairs = [(x, stored[x.name], x.name) for x in layers if x.name in stored]
    if not pairs:
        mine = [x.name for x in layers]
        near = did_you_mean(mine[0], stored) if mine else ""
        raise ValueError(
            f"No layer of {path!r} has the name of a layer of the model: the file has {list(stored)[:8]}, the model "
            f"{mine[:8]}.{near}"
        )
    return pairs


def _plan(pairs, source, path: str, skip_mismatch: bool) -> list:
    """What is to be assigned: layers, what the file has for them, and which of it fits; all shapes are compared before."""
    plan, problems = [], []
    for layer, datasets, name in pairs:
        variables = legacy_weights.ordered(layer)
        if getattr(layer, "_float8", None) is not None:
            datasets = legacy_weights.by_names(layer, [d.name for d in datasets], datasets)
        arrays = legacy_weights.convert(layer, [_stand_in(d) for d in datasets], source)
        have, want = [tuple(a.shape) for a in arrays], [tuple(v.shape) for v in variables]
        if have != want:
            problems.append(
                f"layer {layer.name!r} ({type(layer).__name__}) has weights of shapes {want}; the file holds {have} for {name!r}"
            )
        if len(have) == len(want):
            plan.append((layer, datasets, [a == b for a, b in zip(have, want)]))
    if problems and not skip_mismatch:
        listed = "".join(f"\n- {p}" for p in problems[:12])
        raise ValueError(
            f"The weights in {path!r} do not fit:{listed}\nNothing was changed. Pass `skip_mismatch=True` to load what fits."
        )
    if problems:
        warnings.warn("Weights that do not fit were skipped: " + "; ".join(problems), stacklevel=5)
    return plan


# -- training state --------------------------------------------------------------------------------------------
def _compile(model, file, path: str) -> None:
    text = file.attrs.get("training_config")
    if text is None:
        return
    config = parse_json(_text(text), f"The training configuration in {path!r}")
    if not isinstance(config, dict):
        raise ValueError(f"The training configuration in {path!r} is no dictionary.")
    model.compile_from_config(legacy.upgrade_compile(_compile_config(config, model)))
    if "optimizer_weights" in file and model.optimizer is not None:
        _, arrays = _arrays(file["optimizer_weights"])
        if legacy.source_major() == 1:
            arrays = _in_order_of_layers(model, file["model_weights"] if "model_weights" in file else file, arrays)
        legacy_weights.load_optimizer(model.optimizer, arrays)


def _in_order_of_layers(model, group, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Keras 1 wrote an optimizer's slots in the alphabetical order of the weights' names."""
    layers = [x for x in legacy_weights.layers_of(model) if legacy_weights.ordered(x)]
    stored = [_arrays(group[n]) for n in _names(group, "layer_names") if n in group]
    stored = [pair for pair in stored if pair[0]]
    if len(layers) != len(stored):
        return arrays
    source = legacy_weights.Source(1, _backend(group, None))
    return legacy_weights.by_layer(layers, stored, arrays, source)


def _compile_config(config: dict, model) -> dict:
    """The arguments of compile() from a training configuration of any generation."""
    config = dict(config)
    optimizer = config.pop("optimizer_config", None)
    out = {"optimizer": optimizer, "loss": config.get("loss"), "loss_weights": config.get("loss_weights")}
    given = config.get("kerata_metrics")
    for key in _METRICS:
        value = given[key] if isinstance(given, dict) and key in given else config.get(key)
        names = list(getattr(model, "output_names", None) or [])
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list) and len(names) <= 1:
            value = value[0]
        out[key] = _metrics(value)
    for key in ("run_eagerly", "steps_per_execution", "jit_compile"):
        if key in config:
            out[key] = config[key]
    if isinstance(optimizer, str):
        out["optimizer"] = optimizer
    elif isinstance(optimizer, dict):
        name = str(optimizer.get("class_name")).removeprefix("Custom>")  # TensorFlow's Keras 2.11 to 2.15
        out["optimizer"] = {"module": "keras.optimizers", "registered_name": None, **optimizer, "class_name": name}
    return out


def _metrics(value):
    """Metrics by the names that compile() knows, where Keras 2 wrote wrappers around functions."""
    if isinstance(value, list):
        return [_metrics(v) for v in value]
    if isinstance(value, dict):
        if value.get("class_name") == "MeanMetricWrapper" and isinstance(value.get("config"), dict):
            name, fn = value["config"].get("name"), value["config"].get("fn")
            return "accuracy" if name in ("accuracy", "acc") else fn if isinstance(fn, str) and fn == name else value
        if "class_name" in value:
            return {"module": "keras.metrics", "registered_name": None, **value} if "module" not in value else value
        return {k: _metrics(v) for k, v in value.items()}
    return value
