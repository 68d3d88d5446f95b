"""Siblings of the known attacks: the same tricks in other layers, other formats, other places of a file."""

from __future__ import annotations

import json
import os
import time

import crafted_files as craft
import h5py
import numpy as np
import pytest

import kerata
from kerata import saving

REFUSED = (ValueError, OSError)
CODE = {"class_name": "__lambda__", "config": {"code": "4wAA", "defaults": None, "closure": None}}
LAMBDA = craft.layer("Lambda", {"name": "l", "function": CODE})
RELU = craft.function("relu")


@pytest.fixture(autouse=True)
def numpy_backend():
    with kerata.backend_scope("numpy"):
        yield


def refuse(tmp_path, config, match=None, **kwargs):
    start = time.perf_counter()
    with pytest.raises(REFUSED, match=match) as e:
        saving.load_model(craft.keras_file(tmp_path / "m.keras", config, **kwargs))
    assert not isinstance(e.value.__cause__, MemoryError)
    assert time.perf_counter() - start < 5
    return str(e.value)


WITH_CODE = {
    "TimeDistributed": craft.layer("TimeDistributed", {"name": "t", "layer": LAMBDA}),
    "Bidirectional": craft.layer("Bidirectional", {"name": "t", "layer": LAMBDA}),
    "RNN": craft.layer("RNN", {"name": "t", "cell": LAMBDA}),
    "Pipeline": craft.layer("Pipeline", {"name": "t", "layers": [LAMBDA]}),
    "output_shape": craft.layer("Lambda", {"name": "l", "function": RELU, "output_shape": CODE}),
    "mask": craft.layer("Lambda", {"name": "l", "function": RELU, "mask": CODE}),
    "arguments": craft.layer("Lambda", {"name": "l", "function": RELU, "arguments": {"x": CODE}}),
    "activation": craft.dense(activation=CODE),
    "regularizer": craft.dense(kernel_regularizer=CODE),
    "dtype": craft.dense(dtype=CODE),
    "standardize": craft.layer("TextVectorization", {"name": "t", "standardize": CODE}),
    "split": craft.layer("TextVectorization", {"name": "t", "split": CODE}),
    "nested": craft.sequential(LAMBDA),
}


@pytest.mark.parametrize("place", WITH_CODE)
def test_code_in_other_places(tmp_path, place):
    refuse(tmp_path, craft.sequential(WITH_CODE[place], shape=(None, 4, 3)))


COMPILE = [
    {"optimizer": craft.layer("system", {}, "os")}, {"optimizer": "adam", "loss": craft.function("system", "os")},
    {"optimizer": "adam", "loss": "get_file"}, {"optimizer": "adam", "metrics": ["load_model"]},
    {"optimizer": "adam", "metrics": [CODE]}, {"optimizer": craft.layer("Lambda", {"function": CODE})},
    {"optimizer": craft.layer("Adam", {"learning_rate": CODE}, "keras.optimizers")}, 3,
]  # fmt: skip


def _refused_or_untrainable(path):
    """Names of losses and metrics are looked up when training starts; these are then unknown."""
    with kerata.backend_scope("torch"), pytest.raises(REFUSED):
        saving.load_model(path).train_on_batch(np.ones((2, 3), "float32"), np.ones((2, 2), "float32"))


@pytest.mark.parametrize("config", COMPILE, ids=range(len(COMPILE)))
def test_compile_configs(tmp_path, config):
    path = craft.keras_file(tmp_path / "m.keras", {**craft.sequential(craft.dense()), "compile_config": config})
    _refused_or_untrainable(path)
    config = config if isinstance(config, dict) else {}
    old = {"optimizer_config": config.get("optimizer", 3), "loss": config.get("loss"), "metrics": config.get("metrics")}
    path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": craft.sequential(craft.dense())["config"]},
                         training_config=json.dumps(old))  # fmt: skip
    _refused_or_untrainable(path)


VOCABULARIES = [
    {"vocabulary": {"class_name": "__bytes__", "config": {"value": "/etc/passwd"}}},
    {"vocabulary": {"class_name": "__numpy__", "config": {"value": "/etc/passwd", "dtype": "str"}}},
    {"vocabulary": ["a"], "idf_weights": "/etc/passwd", "output_mode": "tf_idf"},
]


@pytest.mark.parametrize("config", VOCABULARIES, ids=range(len(VOCABULARIES)))
def test_files_under_other_types(tmp_path, config, monkeypatch):
    import builtins

    real = builtins.open

    def guarded(path, *args, **kwargs):
        assert "passwd" not in str(path)
        return real(path, *args, **kwargs)

    monkeypatch.setattr(builtins, "open", guarded)
    layer = craft.layer("TextVectorization", {"name": "m", **config})
    try:
        saving.load_model(craft.keras_file(tmp_path / "m.keras", craft.sequential(layer, shape=(None,), dtype="string")))
    except REFUSED:
        pass


@pytest.mark.parametrize("dtype", ["U500000000", "S2000000000", "V1000000000", "O", "datetime64", "M8[s]"])
def test_dtypes_of_arrays_in_configs(tmp_path, dtype):
    """A dtype with a length is a claim on memory."""
    value = {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": dtype}}
    text = refuse(tmp_path, craft.sequential(craft.dense(kernel_initializer=craft.initializer("Constant", value=value))))
    assert "MemoryError" not in text


HUGE = {
    "pad": (craft.layer("ZeroPadding2D", {"name": "m", "padding": 10**6}), (None, 9, 9, 3), "float32"),
    "upsample": (craft.layer("UpSampling2D", {"name": "m", "size": 10**6}), (None, 9, 9, 3), "float32"),
    "repeat": (craft.layer("RepeatVector", {"name": "m", "n": 10**9}), (None, 3), "float32"),
    "resize": (craft.layer("Resizing", {"name": "m", "height": 10**9, "width": 3}), (None, 9, 9, 3), "float32"),
    "one-hot": (craft.layer("CategoryEncoding", {"name": "m", "num_tokens": 10**12}), (None, 3), "int32"),
    "input": (craft.layer("ReLU", {"name": "m"}), (None, 10**12), "float32"),
}


@pytest.mark.parametrize("case", HUGE)
def test_huge_results(tmp_path, case):
    """What layers compute on the way to their shapes is measured as well; NumPy really computes it."""
    layer, shape, dtype = HUGE[case]
    assert "claims" in refuse(tmp_path, craft.sequential(layer, shape=shape, dtype=dtype))


def test_layers_in_the_worst_order(tmp_path):
    """A chain of layers, the last first: the time grows with its length alone."""
    count = 1000
    layers = []
    for i in range(count):
        history = [f"a{i - 1}" if i else "input_layer", 0, 0]
        tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 3], "dtype": "float32", "keras_history": history}}
        layer = craft.layer("Identity", {"name": f"a{i}"})
        layers.append({**layer, "name": f"a{i}", "inbound_nodes": [{"args": [tensor], "kwargs": {}}]})
    start = {**craft.input_layer(), "name": "input_layer", "inbound_nodes": []}
    config = {"name": "m", "trainable": True, "layers": [start, *reversed(layers)], "input_layers": ["input_layer", 0, 0],
              "output_layers": [f"a{count - 1}", 0, 0]}  # fmt: skip
    config = craft.layer("Functional", config, "keras.src.models.functional")
    begin = time.perf_counter()
    path = craft.keras_file(tmp_path / "m.keras", config, weights=craft.weights_bytes(lambda f: f.require_group("vars")))
    assert len(saving.load_model(path).layers) == count + 1
    assert time.perf_counter() - begin < 10


METADATA = [[], {"keras_version": ["3"]}, {"keras_version": {"a": 1}}, {"keras_version": "9" * 10**5}, {"keras_version": 1e308}]


@pytest.mark.parametrize("metadata", METADATA, ids=range(len(METADATA)))
def test_metadata(tmp_path, metadata):
    try:
        saving.load_model(craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), metadata=metadata))
    except REFUSED:
        pass


def test_pipes_in_a_model_folder(tmp_path):
    folder = tmp_path / "model"
    kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)]).save(folder, zipped=False)
    os.unlink(folder / "metadata.json")
    os.mkfifo(folder / "metadata.json")
    with pytest.raises(ValueError, match="pipe"):
        saving.load_model(folder)


def test_heaps_without_end(tmp_path):
    """A text of HDF5 whose heap lists an object of no length: the library would read it for ever."""
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as f:
        f["layers/dense/vars/0"] = np.zeros((3, 2), "float32")
        f["layers/dense/vars"].attrs["name"] = "dense"
    good = path.read_bytes()
    at = good.index(b"GCOL")
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, use_bias=False)])
    model.load_weights(path)
    for index, length in ((0, 0), (1, 2**64 - 8), (1, 2**63), (0, 8)):
        data = bytearray(good)
        data[at + 16 : at + 18] = index.to_bytes(2, "little")
        data[at + 24 : at + 32] = length.to_bytes(8, "little")
        path.write_bytes(bytes(data))
        with pytest.raises(ValueError, match="heap"):
            model.load_weights(path)
        with pytest.raises(ValueError, match="heap"):
            saving.KerasFileEditor(path)


def test_indices_of_shards(tmp_path):
    """Names that are links, that stand for other kinds of file, or are no names."""
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2)])
    outside = tmp_path / "outside.weights.h5"
    model.save_weights(outside)
    folder = tmp_path / "in"
    folder.mkdir()
    os.symlink(outside, folder / "a.weights.h5")
    os.mkfifo(folder / "b.weights.h5")
    (folder / "c.weights.h5").mkdir()
    for name in ("a.weights.h5", "b.weights.h5", "c.weights.h5", ["a.weights.h5"], {"x": 1}, "..", ""):
        index = {"metadata": {}, "weight_map": {"/layers/dense/vars": [name]}}
        (folder / "m.weights.json").write_text(json.dumps(index))
        with pytest.raises(REFUSED):
            model.load_weights(folder / "m.weights.json")
    for index in ([], {}, {"weight_map": []}, {"weight_map": {"/vars": 3}}):
        (folder / "m.weights.json").write_text(json.dumps(index))
        with pytest.raises(REFUSED):
            model.load_weights(folder / "m.weights.json")
