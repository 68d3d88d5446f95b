"""Small files that ask for much: each is refused before it is done, or costs nothing, on the backend that computes shapes."""

from __future__ import annotations

import json
import os
import time
import zipfile

import crafted_files as craft
import h5py
import numpy as np
import pytest

import kerata
from kerata import saving

REFUSED = (ValueError, OSError)
VECTOR, TEXT, IMAGE, VIDEO = (None, 3), (None, 6, 3), (None, 8, 8, 3), (None, 3, 8, 8, 3)
LAYER = craft.layer
MUCH = 10**12


@pytest.fixture(autouse=True)
def numpy_backend():
    with kerata.backend_scope("numpy"):
        yield


def named(kind: str, **config) -> dict:
    return LAYER(kind, {"name": "x", **config})


def applied(function: str, module: str = "builtins", **arguments) -> dict:
    return named("Lambda", function=craft.function(function, module), arguments=arguments)


def cases():
    """`(label, layer, shape, dtype)` of each."""

    def case(label, layer, shape=VECTOR, dtype="float32"):
        return label, layer, shape, dtype

    for n in (float("inf"), float("nan"), -5, 0, 2**63, 10**30, 1.5, "2", None, [2], True):
        yield case(f"units={n}", craft.dense(units=n))
    for kind, shape in (("Conv1D", TEXT), ("Conv2D", IMAGE), ("Conv2DTranspose", IMAGE), ("SeparableConv2D", IMAGE)):
        yield case(f"{kind} filters", named(kind, filters=MUCH, kernel_size=3), shape)
        for key in ("kernel_size", "strides", "dilation_rate"):
            config = {"filters": 2, "kernel_size": 3, "padding": "same", key: 10**6 if key == "kernel_size" else 10**9}
            yield case(f"{kind} {key}", named(kind, **config), shape)
    yield case("depthwise", named("DepthwiseConv2D", kernel_size=3, depth_multiplier=MUCH), IMAGE)
    yield case("batch of a ConvLSTM", named("ConvLSTM2D", filters=3, kernel_size=3, padding="same"), (10**5, 3, 6, 6, 2))
    yield case("ConvLSTM", named("ConvLSTM2D", filters=MUCH, kernel_size=3), VIDEO)
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        yield case(kind, named(kind, units=MUCH), TEXT)
        yield case(f"{kind} orthogonal", named(kind, units=20_000), TEXT)
        yield case(f"{kind} unrolled", named(kind, units=2, unroll=True), (None, 10**6, 3))
        yield case(f"{kind} unrolled, less", named(kind, units=2, unroll=True), (None, 20_000, 3))
    yield case("cells", named("RNN", cell=[LAYER("LSTMCell", {"name": f"c{i}", "units": 3}) for i in range(600)]), TEXT)
    for target in ([MUCH], [10**6] * 3, [-1, 10**9], [0], [-1, -1], [2**62, 2**62]):
        yield case(f"reshape {target}", named("Reshape", target_shape=target))
    yield case("permute", named("Permute", dims=list(range(1, 1000))))
    for kind, shape in (("UpSampling1D", TEXT), ("UpSampling2D", IMAGE), ("ZeroPadding1D", TEXT), ("ZeroPadding2D", IMAGE)):
        key = "size" if kind.startswith("Up") else "padding"
        yield case(kind, named(kind, **{key: 10**7}), shape)
        yield case(f"{kind} below 0", named(kind, **{key: -(10**7)}), shape)
    yield case("bilinear", named("UpSampling2D", size=[10**4, 10**4], interpolation="bilinear"), IMAGE)
    yield case("cropping", named("Cropping2D", cropping=10**9), IMAGE)
    for kind in ("MaxPooling2D", "AveragePooling2D"):
        yield case(kind, named(kind, pool_size=10**6, padding="same"), IMAGE)
        yield case(f"{kind} strides", named(kind, pool_size=2, strides=10**9), IMAGE)
    yield case("adaptive pooling", named("AdaptiveAveragePooling2D", output_size=10**5), IMAGE)
    yield case("repeat", named("RepeatVector", n=10**8))
    yield case("embedding", named("Embedding", input_dim=MUCH, output_dim=2), VECTOR, "int32")
    for n in (10**5, 10**8):
        yield case(f"spectrogram {n}", named("STFTSpectrogram", frame_length=n, frame_step=10), (None, 10**6, 1))
    yield case("mel", named("MelSpectrogram", fft_length=2**26, num_mel_bins=10**5), (None, 16_000))
    for kind, key in (("CategoryEncoding", "num_tokens"), ("Hashing", "num_bins")):
        yield case(kind, named(kind, **{key: MUCH, "output_mode": "one_hot"}), VECTOR, "int32")
    yield case("discretization", named("Discretization", bin_boundaries=[0.0], output_mode="one_hot"), (None, 10**9))
    yield case("unknown tokens", named("IntegerLookup", num_oov_indices=10**10, vocabulary=[1]), VECTOR, "int64")
    text = {"max_tokens": MUCH, "output_mode": "multi_hot", "pad_to_max_tokens": True, "vocabulary": ["a"]}
    yield case("bags of words", named("TextVectorization", **text), (None,), "string")
    yield case("runs of words", named("TextVectorization", ngrams=10**9, vocabulary=["a"]), (None,), "string")
    for kind in ("Resizing", "CenterCrop", "RandomCrop"):
        yield case(kind, named(kind, height=10**9, width=10**3), IMAGE)
    yield case("attention", named("MultiHeadAttention", num_heads=10**6, key_dim=10**6), TEXT)
    yield case("einsum", named("EinsumDense", equation="ab,bc->ac", output_shape=MUCH))
    yield case("a long equation", named("EinsumDense", equation="a" * 10**6 + "->a", output_shape=3))
    yield case("power iterations", named("SpectralNormalization", power_iterations=10**10, layer=craft.dense()))
    yield case("orthogonal", craft.dense(units=8000, kernel_initializer=craft.initializer("Orthogonal")), (None, 2000))
    yield case("identity", craft.dense(units=10**5, kernel_initializer=craft.initializer("Identity")), (None, 10**5))
    yield case("axes", named("Softmax", axis=list(range(10**4))))
    for shape in ((None, *[1] * 1000), (None, *[1] * 70), (None, -3), (None, 3.5), (None, 0), (10**9, 3), (None, 10**12)):
        yield case(f"input {shape[:3]} of {len(shape)}", craft.dense(), shape)
    yield case("lora", craft.dense(lora_rank=10**9))
    for name in ("a" * 10**6, "\u202e\x00x/\ud800", "\N{COLLISION SYMBOL}", "", ".", "x/../../y"):
        yield case(f"name {name[:5]!r}", craft.dense(name=name))
    yield case("dtype", craft.dense(dtype="float" * 1000))
    policy = {"module": "keras.dtype_policies", "registered_name": None}
    for mode in ("gptq/4/10000000000", "int8" * 1000, "int999999999999"):
        config = {"mode": mode, "source_name": "float32"}
        yield case(f"policy {mode[:5]}", craft.dense(dtype={**policy, "class_name": "QuantizedDTypePolicy", "config": config}))
    yield case("seed", named("Dropout", rate=0.5, seed=10**40))
    nested = craft.dense()
    for i in range(150):
        nested = LAYER("Bidirectional", {"name": f"b{i}", "layer": nested})
    yield case("nested", nested)
    yield case("arrays in an argument", applied("kron", x2=[[1] * 300] * 300), (1000, 1000))
    for function, arguments in {
        "repeat": {"repeats": 10**8}, "tile": {"repeats": 10**10}, "arange": {"stop": 10**10}, "pad": {"pad_width": 10**6},
        "linspace": {"stop": 1.0, "num": 10**10}, "broadcast_to": {"shape": [10**6, 10**6, 3]}, "eye": {"M": 10**6},
        "expand_dims": {"axis": list(range(10**4))}, "one_hot": {"num_classes": 10**10}, "vander": {"N": 10**9},
        "segment_sum": {"segment_ids": [0], "num_segments": 10**10}, "zeros": {"dtype": "float32"},
        "stft": {"sequence_length": 10**9, "sequence_stride": 1, "fft_length": 10**9}, "roll": {"shift": 10**30},
    }.items():  # fmt: skip
        dtype = "int32" if function == "one_hot" else "float32"
        shape = (3,) if function == "vander" else (1, 3) if function == "segment_sum" else VECTOR
        yield case(f"ops.{function}", applied(function, **arguments), shape, dtype)
    yield case("ops.diagflat", applied("diagflat"), (10**6, 3))
    for name in ("TFOpLambda", "SlicingOpLambda"):
        yield case(name, named(name, function="io.read_file"))
    yield case("many arguments", craft.dense(**{f"k{i}": i for i in range(5000)}))


CASES = list(cases())


def peak() -> int:
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM"))


def test_layers_that_ask_for_much(tmp_path):
    """No lack of memory, nothing that takes seconds, half a gigabyte at most."""
    counted = os.path.exists("/proc/self/clear_refs")
    wrong = []
    for label, layer, shape, dtype in CASES:
        path = craft.keras_file(tmp_path / "m.keras", craft.sequential(layer, shape=shape, dtype=dtype))
        if counted:
            with open("/proc/self/clear_refs", "w") as f:
                f.write("5")
        before, start, says = peak() if counted else 0, time.process_time(), "loaded"
        try:
            saving.load_model(path)
        except REFUSED as e:
            says = str(e)
            if isinstance(e.__cause__, MemoryError) or len(says) < 15:
                wrong.append((label, says))
        if time.process_time() - start > 4 or (counted and peak() - before > 500 << 20):
            wrong.append((label, time.process_time() - start, peak() - before if counted else 0, says[:100]))
    assert not wrong


# -- other places of a file ------------------------------------------------------------------------------------
def small():
    return kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, name="dense")])


@pytest.mark.parametrize("where", ["config.json", "metadata.json", "h5"])
def test_keys_that_stand_twice(tmp_path, where):
    """Readers differ in which of two equal keys they take: what a scanner saw need not be what is loaded."""
    twice = '{"keras_version": "3.15.1", "keras_version": "3.0.0"}'
    config = json.dumps(craft.sequential(craft.dense())).replace('"units": 2', '"units": 2, "units": 3')
    path = tmp_path / ("m.h5" if where == "h5" else "m.keras")
    if where == "h5":
        inner = craft.sequential(craft.dense())["config"]
        text = json.dumps({"class_name": "Sequential", "config": inner}).replace('"units": 2', '"units": 2, "units": 3')
        craft.h5_file(path, text)
    else:
        with zipfile.ZipFile(path, "w") as z:
            z.writestr("metadata.json", twice if where == "metadata.json" else "{}")
            z.writestr("config.json", config if where == "config.json" else json.dumps(craft.sequential(craft.dense())))
            z.writestr("model.weights.h5", craft.weights_bytes())
    with pytest.raises(ValueError, match="stands twice"):
        saving.load_model(path)


def test_bombs_in_the_weights_and_for_the_editor(tmp_path):
    good = craft.sequential(craft.dense())
    bomb = b"\x89HDF\r\n\x1a\n" + b"\0" * (100 << 20)
    path = craft.keras_file(tmp_path / "m.keras", good, bomb, compression=zipfile.ZIP_DEFLATED)
    for read in (saving.load_model, small().load_weights, saving.KerasFileEditor):
        with pytest.raises(ValueError, match="claims"):
            read(path)
    path = craft.keras_file(tmp_path / "n.keras", b"[" + b" " * (100 << 20) + b"]", compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match="claims"):
        saving.KerasFileEditor(path)


def test_comments_and_zips_within_zips(tmp_path):
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()))
    with zipfile.ZipFile(path, "a") as z:
        z.comment = b"PK\x05\x06" * 10_000
    try:
        assert saving.load_model(path).count_params() == 8
    except REFUSED as e:
        assert "archive" in str(e)
    inner = open(path, "rb").read()
    path = craft.keras_file(tmp_path / "n.keras", craft.sequential(craft.dense()), inner)
    with pytest.raises(ValueError, match=r"zip archive|HDF5"):
        saving.load_model(path)
    (tmp_path / "o.keras").write_bytes(b"#!/bin/sh\n" + inner)  # a program before the archive
    try:
        saving.load_model(tmp_path / "o.keras")
    except REFUSED:
        pass


def test_sizes_that_the_local_header_gives_otherwise(tmp_path):
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), compression=zipfile.ZIP_DEFLATED)
    data = bytearray(open(path, "rb").read())
    at = data.index(b"PK\x01\x02", data.index(b"config.json", data.index(b"PK\x01\x02")) - 46)
    for value in (0, 1, 2**31, 2**32 - 1):
        data[at + 24 : at + 28] = value.to_bytes(4, "little")  # the size when unpacked
        (tmp_path / "n.keras").write_bytes(bytes(data))
        with pytest.raises(REFUSED):
            saving.load_model(tmp_path / "n.keras")


@pytest.mark.parametrize("code", [32015, 32001, 307, 4, 5, 6])
def test_compressions_that_want_a_plugin(tmp_path, code):
    """HDF5 loads a library of the computer for a filter that it does not know itself; none is even looked for."""
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as f:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((3, 2))
        plist.set_filter(code, h5py.h5z.FLAG_OPTIONAL, (1, 2, 3, 4))
        space = h5py.h5s.create_simple((3, 2))
        try:
            h5py.h5d.create(f.require_group("layers/dense/vars").id, b"0", h5py.h5t.NATIVE_FLOAT, space, plist)
        except (ValueError, RuntimeError, OSError):
            pytest.skip("this HDF5 does not write such a file")
        if h5py.h5d.open(f["layers/dense/vars"].id, b"0").get_create_plist().get_nfilters() == 0:
            pytest.skip("this HDF5 leaves the filter out")
    for read in (small().load_weights, saving.KerasFileEditor, saving.load_model):
        with pytest.raises(ValueError, match=r"filter|configuration"):
            read(path)


def test_texts_longer_than_the_file(tmp_path):
    """HDF5 makes room for as many bytes as a text says that it has, up to 4 GB, before it looks."""
    path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": craft.sequential(craft.dense())["config"]})
    with h5py.File(path, "r") as f:
        length = len(f.attrs["model_config"])
    data = open(path, "rb").read()
    mark = length.to_bytes(4, "little")
    places = [i for i in range(0, len(data) - 16) if data[i : i + 4] == mark and data[i + 12 : i + 16] != b"\0\0\0\0"]
    refused = 0
    for at in places:
        (tmp_path / "n.h5").write_bytes(data[:at] + (2**29).to_bytes(4, "little") + data[at + 4 :])
        try:
            saving.load_model(tmp_path / "n.h5")
        except REFUSED as e:
            refused += "longer than the file" in str(e)
    assert refused == 1


def test_texts_as_arrays(tmp_path):
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as f:
        f["layers/dense/vars/1"] = np.zeros(2, "float32")
        f["layers/dense/vars"].create_dataset("0", data=["a" * 10, "b"], chunks=(1,), maxshape=(None,), dtype=h5py.string_dtype())
    with pytest.raises(ValueError, match="unusual"):
        small().load_weights(path)


def test_a_folder_that_looks_like_orbax(tmp_path):
    """Keras finds such folders by itself, and wrote their assets wherever their names said."""
    folder = tmp_path / "ckpt"
    (folder / "0" / "assets").mkdir(parents=True)
    (folder / "0" / "_CHECKPOINT_METADATA").write_text("{}")
    (folder / "0" / "assets" / "_METADATA").write_text(json.dumps({"tree_metadata": {"../../evil": {}, "/tmp/evil": {}}}))
    for read in (saving.load_model, small().load_weights):
        with pytest.raises(ValueError, match="folder"):
            read(folder)
    assert sorted(os.listdir(tmp_path)) == ["ckpt"]


def test_configs_without_a_file():
    """What a file is refused for, `deserialize`, `from_config` and `model_from_json` refuse as well."""
    code = {"class_name": "__lambda__", "config": {"code": "4wAA", "defaults": None, "closure": None}}
    lambda_ = named("Lambda", function=code)
    for wrapped in (lambda_, named("Bidirectional", layer=lambda_), named("TimeDistributed", layer=lambda_)):
        with pytest.raises(ValueError, match="safe_mode"):
            kerata.layers.deserialize(wrapped)
        with pytest.raises(ValueError, match="safe_mode"):
            kerata.models.model_from_json(json.dumps(craft.sequential(wrapped, shape=(None, 3, 3))))
    for read, name in (
        (kerata.layers.deserialize, "os"), (kerata.initializers.deserialize, "subprocess"), (kerata.losses.deserialize, "os"),
        (kerata.metrics.deserialize, "builtins"), (kerata.optimizers.deserialize, "os"), (kerata.regularizers.deserialize, "os"),
        (kerata.activations.deserialize, "os"), (kerata.constraints.deserialize, "os"),
    ):  # fmt: skip
        for found in (LAYER("system", {}, name), craft.function("system", name)):
            with pytest.raises(ValueError):
                read(found)
