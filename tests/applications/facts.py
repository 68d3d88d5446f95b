"""What is compared of an application, the same for Keras's models and ours; makes the files beside it by asking Keras.

    python tests/applications/facts.py [models] [outputs] [addresses]

models.json: names, counts, and digests of the weights (paths, shapes) and of the graph (layers, settings, connections).
outputs.json: what small variants give for fixed weights and images.
addresses.json: the name, address, folder and sum of the official file that each model asks for.
"""

from __future__ import annotations

import hashlib
import json
import math
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
_MOBILE = {"input_shape": (64, 64, 3)}
# Beside every model as it is by default: what their other arguments make of them.
VARIANTS = [
    ("MobileNet", {"alpha": 0.25}), ("MobileNet", {"alpha": 0.5, "depth_multiplier": 2, "dropout": 0.2, **_MOBILE}),
    ("MobileNet", {"include_top": False, "pooling": "max"}), ("MobileNetV2", {"alpha": 0.35}),
    ("MobileNetV2", {"alpha": 1.4, "input_shape": (75, 64, 1), "include_top": False, "pooling": "avg"}),
    ("MobileNetV3Small", {"minimalistic": True, "alpha": 0.75, "classes": 7, "classifier_activation": None}),
    ("MobileNetV3Large", {"minimalistic": True, "include_top": False, "pooling": "avg", "include_preprocessing": False}),
    ("MobileNetV3Small", {"alpha": 1.3, "dropout_rate": 0, "name": "mine", **_MOBILE}),
    ("VGG16", {"include_top": False, "pooling": "avg"}), ("ResNet50", {"include_top": False, "pooling": "max", "name": "mine"}),
    ("ResNet50V2", {"classes": 3, "classifier_activation": None, "input_shape": (33, 40, 1)}),
    ("DenseNet121", {"include_top": False, "input_shape": (64, 64, 5)}), ("Xception", {"include_top": False, "pooling": "avg"}),
    ("InceptionV3", {"include_top": False, "pooling": "max", "input_shape": (75, 80, 3)}),
    ("NASNetMobile", {"include_top": False, "pooling": "avg", "input_shape": (75, 98, 3)}),
    ("EfficientNetB0", {"include_top": False, "pooling": "avg"}), ("EfficientNetB0", {"input_shape": (64, 64, 1), "classes": 2}),
    ("EfficientNetV2B0", {"include_preprocessing": False, "include_top": False, "pooling": "max"}),
    ("EfficientNetV2B0", {"input_shape": (64, 64, 1)}), ("ConvNeXtTiny", {"include_top": False, "pooling": "avg", "name": "mine"}),
    ("ConvNeXtTiny", {"include_preprocessing": False, "classes": 3}),
    *((name, {"include_top": False, "input_shape": (80, 76, 3)}) for name in ("ConvNeXtTiny", "MobileNetV3Small")),
]  # fmt: skip
_FEW = {"classes": 5, "classifier_activation": None}
# One small variant of each family, whose outputs are compared.
SMALL = [
    ("VGG16", {"include_top": False, "pooling": "max", "input_shape": (40, 33, 3)}),
    ("ResNet50", {"input_shape": (33, 40, 3), **_FEW}), ("ResNet50V2", {"input_shape": (40, 33, 3), **_FEW}),
    ("InceptionV3", {"input_shape": (75, 80, 3), **_FEW}), ("InceptionResNetV2", {"input_shape": (76, 75, 3), **_FEW}),
    ("Xception", {"input_shape": (71, 75, 3), **_FEW}), ("MobileNet", {"input_shape": (35, 40, 3), "alpha": 0.5, **_FEW}),
    ("MobileNetV2", {"input_shape": (40, 33, 3), "alpha": 0.5, **_FEW}), ("MobileNetV3Small", {"input_shape": (65, 70, 3), **_FEW}),
    ("MobileNetV3Large", {"include_top": False, "pooling": "avg", "alpha": 0.75, "minimalistic": True}),
    ("DenseNet121", {"input_shape": (40, 33, 3), **_FEW}), ("NASNetMobile", {"input_shape": (40, 33, 3), **_FEW}),
    ("EfficientNetB0", {"input_shape": (40, 33, 3), **_FEW}), ("EfficientNetV2B0", {"input_shape": (40, 33, 3), **_FEW}),
    ("ConvNeXtTiny", {"input_shape": (40, 33, 3), **_FEW}),
]  # fmt: skip


def key(name: str, kwargs: dict) -> str:
    """How a variant is called in the files."""
    return f"{name}({', '.join(f'{k}={v!r}' for k, v in kwargs.items())})"


def _digest(x) -> str:
    return hashlib.sha256(json.dumps(x, sort_keys=True, default=list).encode()).hexdigest()[:16]


def layer_facts(layer) -> list:
    """Name, class, settings as files have them, and the layers whose outputs it takes."""
    config = {k: v for k, v in layer.get_config().items() if k not in ("dtype", "layers") and not isinstance(v, dict)}
    inputs = [x._keras_history.operation.name for x in layer._inbound_nodes[0].input_tensors]
    config = {k: list(map(_number, v)) if isinstance(v, list | tuple) else _number(v) for k, v in config.items()}
    return [layer.name, type(layer).__name__, config, inputs]


def _number(x):
    """So that 1 and 1.0, and what a rounding makes of one number, are the same."""
    return float(f"{x:.6g}") if isinstance(x, int | float) and not isinstance(x, bool) else x


def facts(model) -> dict:
    """What is compared."""
    weights = [[w.path, list(w.shape)] for w in model.weights]
    return {
        "name": model.name,
        "input": list(model.input_shape),
        "output": list(model.output_shape),
        "layers": len(model.layers),
        "weights": len(weights),
        "params": sum(math.prod(shape) for _, shape in weights),
        "trainable": sum(math.prod(w.shape) for w in model.trainable_weights),
        "weights_digest": _digest(weights),
        "graph_digest": _digest([layer_facts(layer) for layer in model.layers]),
    }


def set_weights(model) -> None:
    """Fixed numbers of sensible sizes for all weights (but those of Normalization, which Keras reads when it is built)."""
    noise = np.random.Generator(np.random.Philox(7)).standard_normal(99_991).astype("float32")
    for i, w in enumerate(model.weights):
        shape = tuple(w.shape)
        if w.path.startswith("normalization"):
            continue
        x = np.resize(np.roll(noise, 31 * i), shape)
        name = w.path.rpartition("/")[2]
        if "kernel" in name:
            fan_in = math.prod(shape[:2] if "depthwise" in name else shape[:-1])
            x = x * math.sqrt(1.5 / fan_in)
        else:
            x = 0.1 * x + (name in ("gamma", "variable"))
            x = np.abs(x) + 0.5 if "variance" in name else x
        w.assign(x.astype(w.dtype))


def images(model) -> np.ndarray:
    """Two images that differ in brightness and pattern; from -1 to 1, or to 255 if the model rescales them itself."""
    height, width, channels = (n or 37 for n in model.input_shape[1:])
    i, j, c = np.ogrid[:height, :width, :channels]
    noise = np.random.Generator(np.random.Philox(8)).uniform(-0.3, 0.3, (2, height, width, channels))
    x = 0.7 * np.stack([np.sin(i / 5 + j / 3 + c), np.cos(i / 9 - c) ** 2 + 0 * j]) + noise
    own = {"Rescaling", "Normalization"} & {type(layer).__name__ for layer in model.layers[:3]}
    return ((x + 1) * 127.5 if own else x).astype("float32")


def addressed(names) -> list:
    """Variants with official weights: each model with and without the classifier, all widths and sizes that have files."""
    both = [{}, {"include_top": False}]
    found = [(n, top) for n in names for top in both]
    for name, widths, sizes in (("MobileNet", (0.25, 0.5, 0.75, 1.0), (128, 160, 192, 224)),
                                ("MobileNetV2", (0.35, 0.5, 0.75, 1.0, 1.3, 1.4), (96, 128, 160, 192, 224))):  # fmt: skip
        found += [(name, {"alpha": a, "input_shape": (n, n, 3), **top}) for a in widths for n in sizes for top in both]
        found += [(name, {"include_top": False, "input_shape": (100, 100, 3)}), (name, {"include_top": False, "alpha": 0.5})]
    for name in ("MobileNetV3Small", "MobileNetV3Large"):
        found += [(name, {**kind, **top}) for kind in ({"alpha": 0.75}, {"minimalistic": True}) for top in both]
    return found


class _Asked(Exception):
    """Raised in place of a download."""


def ask_addresses() -> None:
    """Writes addresses.json. Layers do nothing here: only the arguments of `get_file` are wanted."""
    import keras
    from keras.src.utils import file_utils

    def asked(fname, origin, cache_subdir=None, file_hash=None, **kwargs):
        raise _Asked([fname, origin, cache_subdir, file_hash])

    file_utils.get_file = asked
    keras.Layer.__call__ = lambda self, x, *args, **kwargs: x[0] if isinstance(x, list | tuple) else x
    addresses = {}
    for name, kwargs in addressed([n for n in sorted(vars(keras.applications)) if n[0].isupper()]):
        try:
            getattr(keras.applications, name)(**kwargs)
        except _Asked as e:
            addresses[key(name, kwargs)] = e.args[0]
    _write("addresses", addresses)


def _write(file: str, table: dict) -> None:
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
    (HERE / f"{file}.json").write_text("{\n" + lines + "\n}\n")


def ask_models() -> None:
    """Writes models.json."""
    import keras

    models = {}
    names = [n for n in sorted(vars(keras.applications)) if n[0].isupper()]
    for name, kwargs in [*((n, {}) for n in names), *VARIANTS]:
        keras.utils.clear_session()
        models[key(name, kwargs)] = facts(getattr(keras.applications, name)(weights=None, **kwargs))
    _write("models", models)


def ask_outputs() -> None:
    """Writes outputs.json: seven digits of each number."""
    import keras

    outputs = {}
    for name, kwargs in SMALL:
        keras.utils.clear_session()
        model = getattr(keras.applications, name)(weights=None, **kwargs)
        set_weights(model)
        outputs[key(name, kwargs)] = [
            [float(f"{v:.7g}") for v in row] for row in model.predict(images(model), verbose=0).tolist()
        ]
    _write("outputs", outputs)


if __name__ == "__main__":
    for which in sys.argv[1:] or ("models", "outputs", "addresses"):
        globals()[f"ask_{which}"]()
