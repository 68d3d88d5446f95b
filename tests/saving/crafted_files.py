"""Model files put together by hand, to be as wrong as a test wants."""

from __future__ import annotations

import io
import json
import zipfile

import h5py
import numpy as np


def dense(name="dense", **changes) -> dict:
    """The config of a Dense(2) as it stands in files."""
    config = {
        "name": name, "trainable": True, "dtype": "float32", "units": 2, "activation": "linear", "use_bias": True,
        "kernel_initializer": initializer("GlorotUniform", seed=None), "bias_initializer": initializer("Zeros"),
    }  # fmt: skip
    config.update(changes)
    return layer("Dense", config)


def initializer(name: str, **config) -> dict:
    return {"module": "keras.initializers", "class_name": name, "config": config, "registered_name": None}


def layer(name: str, config: dict, module: str = "keras.layers", **more) -> dict:
    return {"module": module, "class_name": name, "config": config, "registered_name": None, **more}


def input_layer(shape=(None, 3), dtype="float32") -> dict:
    config = {"batch_shape": list(shape), "dtype": dtype, "sparse": False, "ragged": False, "name": "input_layer"}
    return layer("InputLayer", config)


def sequential(*layers, shape=(None, 3), dtype="float32") -> dict:
    config = {"name": "sequential", "trainable": True, "layers": [input_layer(shape, dtype), *layers]}
    return layer("Sequential", config, "keras")


def function(name, module="builtins") -> dict:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def weights_bytes(fill=None) -> bytes:
    """A `model.weights.h5` for `sequential(dense())`; `fill(file)` writes another one."""
    out = io.BytesIO()
    with h5py.File(out, "w") as f:
        if fill is None:
            f["layers/dense/vars/0"] = np.arange(6, dtype="float32").reshape(3, 2)
            f["layers/dense/vars/1"] = np.zeros(2, "float32")
            f.require_group("vars")
        else:
            fill(f)
    return out.getvalue()


def keras_file(path, config, weights=None, metadata=None, extra=(), compression=zipfile.ZIP_STORED) -> str:
    """A `.keras` file; `extra` holds pairs of a member (name or ZipInfo) and its bytes."""
    with zipfile.ZipFile(path, "w", compression) as z:
        z.writestr("metadata.json", json.dumps(metadata or {"keras_version": "3.15.1", "date_saved": "2026-01-01"}))
        z.writestr("config.json", config if isinstance(config, str | bytes) else json.dumps(config))
        z.writestr("model.weights.h5", weights_bytes() if weights is None else weights)
        for name, data in extra:
            z.writestr(name, data)
    return str(path)


def h5_file(path, config, fill=None, **attributes) -> str:
    """A whole-model `.h5` file."""
    with h5py.File(path, "w") as f:
        f.attrs["keras_version"] = "2.15.0"
        f.attrs["backend"] = "tensorflow"
        f.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        for key, value in attributes.items():
            f.attrs[key] = value
        group = f.create_group("model_weights")
        group.attrs["layer_names"] = [b"dense"]
        inner = group.create_group("dense")
        inner.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        if fill is None:
            inner["dense/kernel:0"] = np.ones((3, 2), "float32")
            inner["dense/bias:0"] = np.zeros(2, "float32")
        else:
            fill(inner)
    return str(path)
