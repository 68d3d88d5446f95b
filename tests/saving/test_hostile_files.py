"""Files that try to run, read, write or exhaust something. Each must be refused, with nothing done."""

from __future__ import annotations

import base64
import json
import marshal
import os
import stat
import sys
import time
import zipfile

import crafted_files as craft
import h5py
import numpy as np
import pytest

import kerata
from kerata import saving

REFUSED = (ValueError, OSError)


@pytest.fixture
def marker(tmp_path):
    """A path that evil code would create."""
    return tmp_path / "owned"


@pytest.fixture(autouse=True)
def nothing_happened(marker, monkeypatch):
    """After each test: no code ran, no process was started, no file was fetched."""
    called = []
    monkeypatch.setattr(os, "system", lambda *a: called.append(a))
    import subprocess

    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: called.append(a))
    modules = set(sys.modules)
    yield
    assert not marker.exists() and not called
    assert not [m for m in set(sys.modules) - modules if m.partition(".")[0] in ("evil_module", "keras_hub", "pty")]


def bytecode(marker) -> str:
    code = compile(f"open({str(marker)!r}, 'w').close()", "evil", "exec")
    return base64.encodebytes(marshal.dumps(code)).decode()


def evil_lambda(marker) -> dict:
    code = {"class_name": "__lambda__", "config": {"code": bytecode(marker), "defaults": None, "closure": None}}
    return craft.layer("Lambda", {"name": "lambda", "function": code, "arguments": {}})


def refuse(path, match=None, **kwargs):
    with pytest.raises(REFUSED, match=match) as e:
        saving.load_model(path, **kwargs)
    assert len(str(e.value)) > 20
    return str(e.value)


# -- code through configuration --------------------------------------------------------------------------------
def test_there_is_no_yaml():
    assert not hasattr(kerata.models, "model_from_yaml")


def test_lambda_bytecode_in_keras_file(tmp_path, marker):
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(evil_lambda(marker)))
    assert "safe_mode" in refuse(path)


def test_lambda_bytecode_in_h5_file(tmp_path, marker):
    old = {"class_name": "Lambda", "config": {
        "name": "lambda", "function": [bytecode(marker), None, None], "function_type": "lambda", "arguments": {},
    }}  # fmt: skip
    config = craft.sequential(old)
    path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": config["config"]})
    assert "safe_mode" in refuse(path)


def test_lambda_bytecode_without_any_scope(marker):
    with pytest.raises(ValueError, match="safe_mode"):
        saving.deserialize_keras_object(evil_lambda(marker))
    with pytest.raises(ValueError, match="safe_mode"):
        kerata.layers.deserialize(evil_lambda(marker))
    with pytest.raises(ValueError, match="safe_mode"):
        kerata.layers.Lambda.from_config(evil_lambda(marker)["config"])


@pytest.mark.parametrize("config", ['{"safe_mode": false}', '{"class_name": "X", "config": {}, "safe_mode": false}'])
def test_a_file_cannot_turn_safe_mode_off(tmp_path, marker, config):
    outer = {**json.loads(config), **craft.sequential(evil_lambda(marker))}
    refuse(craft.keras_file(tmp_path / "m.keras", outer), match="safe_mode")


FUNCTIONS = [
    ("os", "system"), ("subprocess", "Popen"), ("builtins", "exec"), ("builtins", "eval"), ("builtins", "print"),
    ("posix", "system"), ("keras.utils", "get_file"), ("keras.config", "enable_unsafe_deserialization"),
    ("keras.src.backend.common.global_state", "set_global_attribute"), ("keras.models", "load_model"),
    ("keras.saving", "save_model"), ("keras.utils", "save_img"), ("keras.saving", "save_weights"),
    ("keras.utils", "image_dataset_from_directory"), ("keras.utils", "clear_session"),
    ("keras.saving", "register_keras_serializable"), ("keras.saving", "deserialize_keras_object"),
    ("kerata.saving.model_files", "load_model"), ("kerata.utils", "get_file"), ("pickle", "loads"),
    ("numpy", "load"), ("keras.ops", "map"), ("keras.ops", "vectorized_map"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_functions_of_other_modules(tmp_path, module, name):
    found = craft.function(name, module)
    for config in (
        craft.sequential(craft.layer("Lambda", {"name": "l", "function": found, "arguments": {"x": "echo"}})),
        craft.sequential({**found, "inbound_nodes": []}),
        craft.sequential(craft.dense(activation=found)),
        craft.sequential(craft.dense(kernel_initializer=found)),
        craft.sequential(craft.dense(bias_regularizer=found)),
        craft.sequential(craft.dense(kernel_constraint=found)),
        craft.sequential(craft.dense(dtype=found)),
        {**found, "build_config": {}},
    ):
        refuse(craft.keras_file(tmp_path / "m.keras", config))


@pytest.mark.parametrize(("module", "name"), FUNCTIONS)
def test_nodes_of_a_functional_graph(tmp_path, module, name):
    start = {**craft.input_layer(), "name": "input_layer", "inbound_nodes": []}
    argument = {"class_name": "__keras_tensor__", "config": {
        "shape": [None, 3], "dtype": "float32", "keras_history": ["input_layer", 0, 0],
    }}  # fmt: skip
    call = {"args": [argument], "kwargs": {"command": "touch owned"}}
    for class_name, config in ((name, {"name": "evil"}), ("function", name), ("OpCall", {"name": "evil", "op": name})):
        node = {"module": module, "class_name": class_name, "config": config, "registered_name": name,
                "name": "evil", "inbound_nodes": [call]}  # fmt: skip
        graph = {"name": "m", "trainable": True, "layers": [start, node], "input_layers": ["input_layer", 0, 0],
                 "output_layers": ["evil", 0, 0]}  # fmt: skip
        refuse(craft.keras_file(tmp_path / "m.keras", craft.layer("Functional", graph, "keras.src.models.functional")))


def test_classes_of_other_modules(tmp_path, monkeypatch):
    (tmp_path / "evil_module.py").write_text("open('owned', 'w')\nclass Thing: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("evil_module", "keras_hub.evil_module", "keras_cv", "keras.src.evil", "builtins", "os"):
        for name in ("Thing", "Popen", "type"):
            refuse(craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.layer(name, {}, module))))


@pytest.mark.parametrize("name", ["TorchModuleWrapper", "TFSMLayer"])
def test_foreign_programs(tmp_path, name):
    pickle = base64.b64encode(b"cos\nsystem\n(S'touch owned'\ntR.").decode()
    module = {"class_name": "__bytes__", "config": {"value": pickle}}
    config = {"name": "x", "module": module, "filepath": "//host/share", "call_endpoint": "serve"}
    refuse(craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.layer(name, config))))


def test_foreign_functions_of_jax_layers(tmp_path):
    for name in ("JaxLayer", "FlaxLayer"):
        config = {"name": "x", "call_fn": craft.function("system", "os"), "init_fn": craft.function("system", "os"),
                  "module": craft.function("Popen", "subprocess"), "method": "system"}  # fmt: skip
        refuse(craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.layer(name, config))))


def test_a_built_in_class_is_not_shadowed(tmp_path):
    @saving.register_keras_serializable("evil", "Dense")
    class Other(kerata.layers.Layer):
        def __init__(self, **kwargs):
            raise AssertionError("made from a file that asked for Keras's Dense")

    saving.get_custom_objects()["Dense"] = Other
    try:
        config = craft.sequential({**craft.dense(), "registered_name": "evil>Dense"})
        model = saving.load_model(craft.keras_file(tmp_path / "m.keras", config))
        assert type(model.layers[0]) is kerata.layers.Dense
    finally:
        del saving.get_custom_objects()["Dense"], saving.get_custom_objects()["evil>Dense"]


@pytest.mark.parametrize(
    "config",
    [
        [], "x", 3, None, {}, {"class_name": "Sequential"}, {"class_name": "Sequential", "config": 3},
        {"class_name": "Sequential", "config": {"layers": 3}, "module": "keras"},
        {"class_name": "Sequential", "config": {"layers": [[]]}, "module": "keras"},
        {"class_name": ["Sequential"], "config": {}, "module": "keras"},
        {"class_name": "Sequential", "config": {"layers": []}, "module": {"a": 1}},
        {"class_name": "Functional", "config": {"layers": [{}], "input_layers": [], "output_layers": []}, "module": "keras"},
        {"class_name": "Functional", "config": {"layers": []}, "module": "keras"},
        {"class_name": "Zeros", "config": {}, "module": "keras.initializers"},
        {"class_name": "__lambda__", "config": {}},
        {"class_name": "__numpy__", "config": {"value": [[[1]]], "dtype": "float32"}},
    ],
)  # fmt: skip
def test_broken_configs(tmp_path, config):
    refuse(craft.keras_file(tmp_path / "m.keras", config))


def test_live_callables_in_a_config():
    config = {"module": "builtins", "class_name": "function", "config": os.system, "registered_name": "function"}
    with pytest.raises((TypeError, ValueError)):
        saving.deserialize_keras_object(config)


# -- reading what is not theirs --------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
@pytest.mark.parametrize("where", ["secret.txt", "http://127.0.0.1:9/x", "gs://b/x", "\\\\host\\share\\x"])
def test_vocabularies_elsewhere(tmp_path, name, where):
    secret = tmp_path / "secret.txt"
    secret.write_text("1\n2\n3\n")
    where = str(secret) if where == "secret.txt" else where
    config = {"name": "x", "vocabulary": where, "max_tokens": None}
    dtype = "int64" if name == "IntegerLookup" else "string"
    refuse(craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.layer(name, config), shape=(None,), dtype=dtype)))


def outside(tmp_path) -> str:
    path = str(tmp_path / "outside.h5")
    with h5py.File(path, "w") as f:
        f["kernel"] = np.full((3, 2), 7, "float32")
        f["layers/dense/vars/0"] = np.full((3, 2), 7, "float32")
        f["layers/dense/vars/1"] = np.full(2, 7, "float32")
    return path


def external_link(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars/0"] = h5py.ExternalLink(outside(tmp_path), "/kernel")


def external_group(f, tmp_path):
    f["layers"] = h5py.ExternalLink(outside(tmp_path), "/layers")


def soft_group(f, tmp_path):
    f["real/dense/vars/0"] = np.zeros((3, 2), "float32")
    f["real/dense/vars/1"] = np.zeros(2, "float32")
    f["layers"] = h5py.SoftLink("/real")


def external_storage(f, tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"x" * 24)
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_dataset("0", (3, 2), "float32", external=[(str(secret), 0, 24)])


def virtual(f, tmp_path):
    layout = h5py.VirtualLayout((3, 2), "float32")
    layout[:] = h5py.VirtualSource(outside(tmp_path), "kernel", shape=(3, 2))
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_virtual_dataset("0", layout)


def absurd_shape(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_dataset("0", (10**6, 10**6, 10**6), "float32", chunks=(100, 100, 100))


def huge_contiguous(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_dataset("0", (10**6, 10**5), "float32")


def compressed_bomb(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_dataset("0", (40_000, 10_000), "float32", chunks=(4000, 1000), compression="gzip")


def many_bombs(f, tmp_path):
    for i in range(200):
        f.create_dataset(f"layers/dense/vars/{i}", (1000, 1000), "float32", chunks=(1000, 1000), compression="gzip")


def objects(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_dataset("0", (2,), h5py.ref_dtype)


def vlen(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/vars"].create_dataset("0", (2,), h5py.vlen_dtype("float32"))


def loop(f, tmp_path):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    f["layers/dense/again"] = f["layers"]


EVIL = [
    external_link, external_group, soft_group, external_storage, virtual, absurd_shape, huge_contiguous, compressed_bomb,
    many_bombs, objects, vlen, loop,
]  # fmt: skip


def small_model():
    return kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, name="dense")])


@pytest.mark.parametrize("evil", EVIL, ids=lambda f: f.__name__)
def test_evil_hdf5(tmp_path, evil):
    data = craft.weights_bytes(lambda f: evil(f, tmp_path))
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), data)
    assert "refused" in refuse(path)
    (tmp_path / "m.weights.h5").write_bytes(data)
    model = small_model()
    before = model.get_weights()
    with pytest.raises(REFUSED, match="refused"):
        model.load_weights(tmp_path / "m.weights.h5")
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(REFUSED, match="refused"):
        saving.KerasFileEditor(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("evil", EVIL, ids=lambda f: f.__name__)
def test_evil_hdf5_legacy(tmp_path, evil):
    config = craft.sequential(craft.dense())

    def fill(group):
        evil(group.file, tmp_path)

    path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": config["config"]}, fill)
    assert "refused" in refuse(path)


def test_legacy_group_links(tmp_path):
    config = craft.sequential(craft.dense())

    def fill(group):
        group["dense"] = h5py.ExternalLink(outside(tmp_path), "/layers")

    path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": config["config"]}, fill)
    assert "link" in refuse(path)


def test_links_in_a_model_folder(tmp_path):
    folder = tmp_path / "model"
    small_model().save(folder, zipped=False)
    assert saving.load_model(folder).count_params() == 8
    secret = tmp_path / "secret"
    secret.write_text("a\nb\n")
    os.makedirs(folder / "assets" / "layers", exist_ok=True)
    os.symlink(secret, folder / "assets" / "layers" / "vocabulary.txt")
    refuse(folder, match="link")


# -- archives --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name",
    ["../evil", "/tmp/evil", "assets/../../evil", "assets/layers/../../../x", "C:\\evil", "assets\\..\\..\\evil", "..", "a/./b"],
)
def test_members_that_lead_out(tmp_path, name):
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), extra=[(name, b"x")])
    refuse(path, match="leads out")
    assert sorted(os.listdir(tmp_path)) == ["m.keras"]


def test_symlink_member(tmp_path):
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), extra=[(info, b"/etc/passwd")])
    refuse(path, match="link")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_stand_twice(tmp_path):
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), extra=[("config.json", b"{}")])
    refuse(path, match="twice")


@pytest.mark.parametrize("name", ["assets/big", "config.json.bak"])
def test_zip_bombs(tmp_path, name):
    path = tmp_path / "m.keras"
    craft.keras_file(path, craft.sequential(craft.dense()), extra=[(name, b"\0" * (100 << 20))],
                     compression=zipfile.ZIP_DEFLATED)  # fmt: skip
    assert os.path.getsize(path) < 1 << 20
    refuse(path, match="claims")


def test_bomb_in_the_config_itself(tmp_path):
    path = craft.keras_file(tmp_path / "m.keras", b"[" + b" " * (100 << 20) + b"]", compression=zipfile.ZIP_DEFLATED)
    refuse(path, match="claims")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, "[" * 500 + "]" * 500])
def test_deep_json(tmp_path, text):
    refuse(craft.keras_file(tmp_path / "m.keras", text))


def test_deep_config(tmp_path):
    config = craft.dense()
    for i in range(100):
        config = craft.layer("TimeDistributed", {"name": f"t{i}", "layer": config})
    refuse(craft.keras_file(tmp_path / "m.keras", craft.sequential(config)))


# -- memory and time -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "layer",
    [
        craft.dense(units=10**12),
        craft.dense(units=10**30),
        craft.layer("Embedding", {"name": "e", "input_dim": 10**9, "output_dim": 10**5}),
        craft.layer("Conv1D", {"name": "c", "filters": 10**10, "kernel_size": 3}),
    ],
    ids=["dense", "dense-overflow", "embedding", "conv"],
)
def test_huge_layers_in_small_files(tmp_path, layer):
    shape = (None, 4, 3) if layer["class_name"] == "Conv1D" else (None, 3)
    text = refuse(craft.keras_file(tmp_path / "m.keras", craft.sequential(layer, shape=shape)))
    assert "claims" in text and "file_limits" in text


def test_the_caller_may_raise_the_limit(tmp_path):
    from kerata.saving.limits import file_limits

    path = str(tmp_path / "m.keras")
    config = craft.sequential(craft.dense(units=40_000_000))
    craft.keras_file(path, config)
    refuse(path, match="claims")
    with file_limits(1 << 31):
        refuse(path, match="shapes")  # made, but the stored weights are smaller


def test_regular_expressions_of_dtype_maps(tmp_path):
    policy = {"class_name": "DTypePolicy", "config": {"name": "float32"}, "module": "keras", "registered_name": None}
    config = {"name": "map", "default_policy": policy, "policy_map": {"(a+)+$": policy}}
    dtype = craft.layer("DTypePolicyMap", config, "keras.dtype_policies")
    config = craft.sequential(craft.dense(name="a" * 60 + "!", dtype=dtype))
    path = craft.keras_file(tmp_path / "m.keras", config)
    start = time.process_time()
    try:
        saving.load_model(path)
    except REFUSED:
        pass
    assert time.process_time() - start < 2


# -- pickles and other formats ---------------------------------------------------------------------------------
class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_pickles_are_not_models(tmp_path, marker):
    import pickle

    for name in ("m.keras", "m.h5", "m.weights.h5"):
        (tmp_path / name).write_bytes(pickle.dumps(Evil(marker)))
        refuse(tmp_path / name, match="pickle")


def test_pickled_npz_weights(tmp_path, marker):
    import io

    out = io.BytesIO()
    np.savez(out, **{"layers/dense/vars/0": np.array([Evil(marker)], dtype=object)})
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("metadata.json", "{}")
        z.writestr("config.json", json.dumps(craft.sequential(craft.dense())))
        z.writestr("model.weights.npz", out.getvalue())
    assert "pickled" in refuse(path)


def test_npz_header_that_lies(tmp_path):
    import io

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}"
        header += b" " * (64 - (10 + len(header)) % 64 - 1) + b"\n"
        z.writestr("layers/dense/vars/0.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + b"1234")
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("config.json", json.dumps(craft.sequential(craft.dense())))
        z.writestr("model.weights.npz", out.getvalue())
    assert "claims" in refuse(path)


@pytest.mark.parametrize(
    "header",
    [
        {"layers/dense/vars/0": {"dtype": "F32", "shape": [4194305, 4194305, 211106198978564], "data_offsets": [0, 4]}},
        {"layers/dense/vars/0": {"dtype": "F32", "shape": [1000000], "data_offsets": [0, 4]}},
        {"layers/dense/vars/0": {"dtype": "F32", "shape": [1], "data_offsets": [0, 2**40]}},
        {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_001)},
        {"layers/dense/vars/0": 3},
        [],
    ],
    ids=["overflow", "too-short", "offsets", "many", "type", "list"],
)
def test_safetensors(tmp_path, header):
    data = json.dumps(header).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(data).to_bytes(8, "little") + data + b"\0" * 4)
    with pytest.raises(ValueError):
        small_model().load_weights(path)


def test_safetensors_header_length(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes((2**40).to_bytes(8, "little") + b"{}")
    with pytest.raises(ValueError, match="claims"):
        small_model().load_weights(path)


@pytest.mark.parametrize("name", ["../outside.weights.h5", "/etc/passwd", "a/b.weights.h5", 3, "other.h5"])
def test_shard_names(tmp_path, name):
    (tmp_path / "sub").mkdir()
    outside(tmp_path)
    path = tmp_path / "sub" / "m.weights.json"
    path.write_text(json.dumps({"metadata": {}, "weight_map": {"/layers/dense/vars": [name]}}))
    with pytest.raises(REFUSED):
        small_model().load_weights(path)


# -- writing elsewhere -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["..", "a\\..\\..", "../../evil"])
def test_layer_names_choose_no_paths(tmp_path, name):
    work = tmp_path / "work"
    work.mkdir()
    try:
        model = saving.load_model(craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense(name=name))))
    except REFUSED:
        return
    model.save(work / "x.keras")
    assert sorted(os.listdir(work)) == ["x.keras"] and sorted(os.listdir(tmp_path)) == ["m.keras", "work"]


# -- foreign, empty, damaged -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"), (b"PK\x03\x04", "archive"), (b"\x89HDF\r\n\x1a\n", "HDF5"), (b"<html>", "HTML"),
        (b"version https://git-lfs", "LFS"), (b"{}", "JSON"), (b"\x80\x04x", "pickle"), (b"GIF89a", "no model file"),
    ],
)  # fmt: skip
def test_other_files(tmp_path, data, says):
    for name in ("m.keras", "m.h5"):
        (tmp_path / name).write_bytes(data)
        assert says in refuse(tmp_path / name)


def good_files(tmp_path):
    config = craft.sequential(craft.dense())
    yield craft.keras_file(tmp_path / "g.keras", config)
    yield craft.h5_file(tmp_path / "g.h5", {"class_name": "Sequential", "config": config["config"]})


def test_the_crafted_files_are_good_otherwise(tmp_path):
    for path in good_files(tmp_path):
        assert saving.load_model(path).count_params() == 8


def test_cut_and_changed_files(tmp_path):
    """A small fuzz: every mutation loads, or is a ValueError or OSError."""
    random = np.random.default_rng(0)
    for path in list(good_files(tmp_path)):
        data = open(path, "rb").read()
        for i in range(60):
            broken = bytearray(data)
            if i % 3 == 0:
                broken = broken[: random.integers(len(broken))]
            else:
                for at in random.integers(len(broken), size=1 + i % 7):
                    broken[at] = random.integers(256)
            target = tmp_path / f"broken{os.path.splitext(path)[1]}"
            target.write_bytes(bytes(broken))
            try:
                saving.load_model(target)
            except REFUSED:
                pass


def test_a_process_may_be_told_to_trust_all_files(tmp_path, monkeypatch):
    from kerata.saving import safe_mode

    monkeypatch.setattr(safe_mode, "_unsafe_everywhere", False)
    model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Lambda(lambda x: x * 3.0, output_shape=(2,))])
    path = str(tmp_path / "code.keras")
    model.save(path)
    with pytest.raises(ValueError, match="enable_unsafe_deserialization"):
        kerata.saving.load_model(path)
    kerata.config.enable_unsafe_deserialization()
    loaded = kerata.saving.load_model(path)
    assert kerata.ops.convert_to_numpy(loaded(np.ones((1, 2), "float32"))).tolist() == [[3.0, 3.0]]
