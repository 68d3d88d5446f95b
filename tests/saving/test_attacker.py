"""Further files that try to run, read, write or exhaust something: each is refused with a clear error, or harmless."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import time

import crafted_files as craft
import h5py
import numpy as np
import pytest

import kerata
from kerata import saving

REFUSED = (ValueError, OSError)
LAYER = craft.layer
FLOAT32 = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
SYSTEM = craft.function("system", "os")


@pytest.fixture(autouse=True)
def nothing_happened(tmp_path, monkeypatch):
    """Nothing was started, imported, or written outside of what the test itself wrote."""
    called = []
    monkeypatch.setattr(os, "system", lambda *a: called.append(a))
    import subprocess

    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: called.append(a))
    before = set(os.listdir("."))
    with kerata.backend_scope("numpy"):
        yield
    assert not called and set(os.listdir(".")) == before
    assert not {"evil_module", "pty", "turtle"} & set(sys.modules)


def peak() -> int:
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM"))


class Watch:
    """Loads files one after another; what is neither loaded nor refused, is slow or takes memory, is noted."""

    def __init__(self):
        self.wrong, self.said = [], {}
        self.counted = os.path.exists("/proc/self/clear_refs")

    def __call__(self, label: str, read, *args, must: bool | None = None, match: str = ""):
        """Read; `must` is True where the file has to be refused."""
        if self.counted:
            with open("/proc/self/clear_refs", "w") as f:
                f.write("5")
        before, start = peak() if self.counted else 0, time.process_time()
        try:
            read(*args)
            self.said[label] = None
            if must:
                self.wrong.append((label, "was not refused"))
        except REFUSED as e:
            self.said[label] = str(e)
            if (isinstance(e.__cause__, MemoryError) and "as text" not in label) or len(str(e)) < 20 or match not in str(e):
                self.wrong.append((label, str(e)[:300]))
        except Exception as e:
            self.wrong.append((label, f"{type(e).__name__}: {e}"[:300]))
        used = time.process_time() - start, peak() - before if self.counted else 0
        if used[0] > 4 or used[1] > 400 << 20:
            self.wrong.append((label, used))


@pytest.fixture
def watch():
    found = Watch()
    yield found
    if os.environ.get("SHOW"):
        for label, text in found.said.items():
            print(f"{label:45} {text and text[:230]!r}")
    assert not found.wrong


def policy_map(patterns) -> dict:
    config = {"default_policy": FLOAT32, "policy_map": {p: FLOAT32 for p in patterns}}
    return LAYER("DTypePolicyMap", config, "keras.dtype_policies")


def compiled(**config) -> dict:
    model = craft.sequential(craft.dense(name="a" * 40 + "!"))
    return {**model, "build_config": {"input_shape": [None, 3]}, "compile_config": {"loss": "mse", "optimizer": "sgd", **config}}


def adam(name="Adam", **config) -> dict:
    return LAYER(name, {"learning_rate": 0.1, **config}, "keras.optimizers")


CATASTROPHES = ["(a+)+$", "(a|a)*b", "(a|aa)+$", "([a-z]+)*=", "(.*a){20}b", "(a?){60}a{60}", "((a*)*)*c", "(x+x+)+y", "(.*)*" * 9]
REFERENCES = ["(a+)+\\1", "(?=(a+)+$)a", "(?<!a)b", "(?i)(a+)+$", "(?P<n>a)(?P=n)", "(a)(?(1)b|c)", "(?>a+)b", "a*+b"]
NO_PATTERNS = ["(", "[", "a{99999999999}", "*", "(?P<1>a)", "a" * 10**5, "(a{1000}){1000}", "\\"]


def test_regular_expressions(tmp_path, watch):
    places = {
        "policies": lambda p: craft.sequential(craft.dense(name="a" * 40 + "!", dtype=policy_map([p]))),
        "optimizers": lambda p: compiled(optimizer=LAYER("MultiOptimizer", {"optimizer_map": LAYER(
            "OptimizerMap", {"default_optimizer": adam(), "optimizer_map": {p: adam("SGD")}}, "keras.optimizers")},
            "keras.optimizers")),
        "muon": lambda p: compiled(optimizer=adam("Muon", exclude_layers=[p])),
    }  # fmt: skip
    for where, make in places.items():
        for pattern in CATASTROPHES + REFERENCES + NO_PATTERNS:
            path = craft.keras_file(tmp_path / "m.keras", make(pattern))
            must = True if pattern in REFERENCES + NO_PATTERNS else None
            watch(f"{where} {pattern[:20]}", saving.load_model, path, must=must, match="regular expression" if must else "")
    many = craft.sequential(*[craft.dense(name="a" * 900 + str(i), dtype=policy_map(CATASTROPHES[:3])) for i in range(60)])
    watch("many layers, many expressions", saving.load_model, craft.keras_file(tmp_path / "m.keras", many))


def test_patterns_are_those_of_python():
    import re

    from kerata.core.patterns import fits

    texts = ["", "a", "ab", "abc/def", "dense_1/kernel", "aaa", "x\n", "é_9", "a b"]
    patterns = ["", "a*", "(a|b)+", "[^/]+/.*", "dense_[0-9]+/(kernel|bias)", "a{2,3}", "a+?b*", "^a.*c$", r"\w+\n?$", r"\d|\W",
                r"[\w/]*", "(ab|a)(bc)?/def", r".*\bdef", r"x\n", "(?:a|ab)*c?.*", r"\S+\s\S+"]  # fmt: skip
    for pattern in patterns:
        for text in texts:
            assert fits(pattern, text) == bool(re.fullmatch(pattern, text)), (pattern, text)
            assert fits(pattern, text, anywhere=True) == bool(re.search(pattern, text)), (pattern, text)


def special(name: str, **config) -> dict:
    return {"class_name": name, "config": config}


def arguments():
    """Values of an argument of a Dense."""
    for number in ("1e400", "-1e400", "NaN", "Infinity", "1" * 4000, "1" * 5000, "-0", "2.5", "1e3", "9223372036854775808", "true"):
        yield f"units {number[:9]}", number
    for dtype in ("object", "O", "S1000000000", "U300000000", "V2000000000", "datetime64[ns]", "float32", "void", "x", 3, None,
                  [["a", "S1000000000"]], "f4,f4", "(1000000000,)f4", "float8", "int4", "str", "bytes"):  # fmt: skip
        for value in ([1.0], "x", [[1], [1, 2]], {"a": 1}, 10**400, [None]):
            yield f"array {dtype} {str(value)[:8]}", special("__numpy__", value=value, dtype=dtype)
            yield f"tensor {dtype} {str(value)[:8]}", special("__tensor__", value=value, dtype=dtype)
    for config in ({"value": 3}, {"value": "\udc80"}, {}, {"value": ["a"]}):
        yield f"bytes {config}", special("__bytes__", **config)
    yield "slice", special("__slice__", start=SYSTEM, stop=[[]], step={"a": special("__slice__", start=1, stop=1, step=0)})
    yield "slice without", special("__slice__")
    yield "ellipsis", special("__ellipsis__")
    yield "tuple", {"class_name": "__tuple__", "items": 10**9}
    yield "tuple without", {"class_name": "__tuple__"}
    yield "typespec", {"class_name": "__typespec__", "spec_name": "os.system", "module": "os", "config": ["echo"], "registered_name": None}
    for history in ([], [1, 2, 3], ["a", 10**30, 0], None, "abc", [["a"], 0, 0]):
        shape = [10**12, -5, "a"] if history is None else [None, 3]
        yield f"tensor of a graph {history}", special("__keras_tensor__", shape=shape, dtype="float32", keras_history=history)
    for name in ("__lambda__", "__class__", "__init__", "__reduce__", "__import__", "__globals__", "__builtins__"):
        yield name, special(name, code="4wAA", defaults=None, closure=None)
    for module in ("os", "kerata.utils", "keras.utils", "kerata.saving", "kerata.core.patterns", "builtins", "", ".", "..", "keras.",
                   "keras..layers", "keras.layers.__class__", "keras.src.utils.file_utils", "turtle", "kerata.backend.torch",
                   "keras.layers\x00", "keras.config", "tensorflow", "keras.saving", "kerata.compat"):  # fmt: skip
        for name in ("system", "get_file", "Dense", "Variable", "__import__"):
            yield f"{module!r}.{name}", LAYER(name, {"fname": "x", "origin": "http://127.0.0.1:9/", "units": 1}, module)
    for name in ("Dense.__init__", "layers.Dense", "_load", "Dense\x00", "D\u0435nse", "dense", "__dict__", "KerasFileEditor", " ",
                 "Layer", "Wrapper", "Optimizer", "Loss", "Metric", "InputSpec", "InputLayer", "Feature", "FeatureSpace", "Variable",
                 "LiveFunction", "Configurable", "StaticHashTable", "RandomSeedGenerator", "BackupAndRestore", "RemoteMonitor"):  # fmt: skip
        for module in ("keras.layers", "keras", None, "keras.utils", "keras.callbacks"):
            yield f"class {name} of {module}", {**LAYER(name, {}, "x"), "module": module}
    for name in ("a>b", "Custom>Dense", "keras>TorchModuleWrapper", ">", "os>system", "..>..", 3, ["a"], {"a": 1}):
        yield f"registered {name}", {**LAYER("Nothing", {}, "keras.layers"), "registered_name": name}
    for shared in ([], {}, "1", 1e400, -1, None, True):
        yield f"shared {shared}", LAYER("Zeros", {}, "keras.initializers", shared_object_id=shared)


def test_arguments_of_every_kind(tmp_path, watch):
    for label, value in arguments():
        for key in ("units", "kernel_initializer", "activation"):
            if label.startswith("units") and key != "units":
                continue
            config = json.dumps(craft.sequential(craft.dense(**{key: "VALUE"})))
            text = value if label.startswith("units") else json.dumps(value)
            path = craft.keras_file(tmp_path / "m.keras", config.replace('"VALUE"', text))
            watch(f"{key} {label}", saving.load_model, path)
        if not label.startswith("units"):
            watch(f"as text {label}", kerata.models.model_from_json, json.dumps(value))


def layers():
    """Layers that a Sequential or a wrapper may hold."""
    programs = {
        "TFSMLayer": {"filepath": "//host/share"}, "TorchModuleWrapper": {"module": special("__bytes__", value="gASVx")},
        "JaxLayer": {"call_fn": SYSTEM, "init_fn": None}, "FlaxLayer": {"module": SYSTEM},
        "Lambda": {"function": SYSTEM, "output_shape": SYSTEM, "mask": SYSTEM},
    }  # fmt: skip
    for name, config in programs.items():
        program = LAYER(name, {"name": "x", **config})
        yield name, program, True
        yield f"{name} in TimeDistributed", LAYER("TimeDistributed", {"name": "t", "layer": program}), True
        yield f"{name} in Bidirectional", LAYER("Bidirectional", {"name": "t", "layer": craft.dense(), "backward_layer": program}), True
        yield f"{name} in RNN", LAYER("RNN", {"name": "t", "cell": [program]}), True
        yield f"{name} in a model", craft.sequential(craft.dense(), program), True
        yield f"{name} in SpectralNormalization", LAYER("SpectralNormalization", {"name": "t", "layer": program}), True
        yield f"{name} in Pipeline", LAYER("Pipeline", {"name": "t", "layers": [program]}), True
        feature = LAYER("Feature", {"dtype": "float32", "preprocessor": program, "output_mode": "int"}, "keras.utils")
        space = {"features": {"../../x": feature}, "output_mode": "concat", "crosses": [], "crossing_dim": 32}
        yield f"{name} in a FeatureSpace", LAYER("FeatureSpace", space, "keras.utils"), True
    for key in ("standardize", "split"):
        for value in (SYSTEM, "os.system", special("__lambda__", code="4wAA"), "eval", ["a"], 3, craft.function("get_file", "keras.utils")):
            yield f"{key} {str(value)[:30]}", LAYER("TextVectorization", {"name": "t", key: value, "vocabulary": ["a"]}), True
    for key, value in {"ngrams": [10**9], "encoding": "zip", "output_sequence_length": 10**12, "max_tokens": -5,
                       "output_mode": "__class__", "idf_weights": "/etc/passwd", "vocabulary": {"a": 1}}.items():  # fmt: skip
        yield f"text {key}", LAYER("TextVectorization", {"name": "t", "vocabulary": ["a"], key: value}), None
    for config in ({"vocabulary": special("__numpy__", value=["/etc/passwd"], dtype="object")}, {"vocabulary": ["a"] * 3},
                   {"vocabulary": [["a"]]}, {"vocabulary": [None, 1, "a"]}, {"vocabulary": ["a"], "salt": 10**30},
                   {"num_oov_indices": 10**12, "vocabulary": ["a"]}, {"vocabulary": ["a"], "encoding": "rot13"},
                   {"vocabulary_size": 10**12, "output_mode": "one_hot"}, {"mask_token": SYSTEM}, {"oov_token": ["a"]}):  # fmt: skip
        yield f"lookup {str(config)[:40]}", LAYER("StringLookup", {"name": "s", **config}), None
    for mode in ("int4/999999999999", "int4/0", "int4/-5", "int8/x", "gptq/4/-9", "awq/99/1", "float8/1", "INT8", "int8\x00", "", "lambda"):
        for name in (f"{mode}_from_float32", f"{mode}_from_{mode}_from_float32"):
            yield f"policy {name!r}", craft.dense(dtype=name), None
        config = {"mode": mode, "source_name": "float32"}
        policy = LAYER("QuantizedDTypePolicy", config, "keras.dtype_policies")
        yield f"policy config {mode!r}", craft.dense(dtype=policy), None
    for found in (SYSTEM, {"dataset": "/etc/passwd"}, LAYER("GPTQConfig", {"dataset": ["/etc/passwd"], "tokenizer": SYSTEM}, "keras.quantizers"),
                  LAYER("Int8QuantizationConfig", {"weight_quantizer": SYSTEM}, "keras.quantizers"),
                  LAYER("Int4QuantizationConfig", {"block_size": 10**12}, "keras.quantizers"), 3, "x", [SYSTEM]):  # fmt: skip
        yield f"quantization {str(found)[:50]}", craft.dense(quantization_config=found, dtype="int8_from_float32"), None
    for shape in ([None, 10**13], [10**6] * 9, "abc", {"a": [None, 3]}, [[None, 3]] * 10**4, [None, "3"], [None, 1e400], [], -1):
        yield f"build {str(shape)[:20]}", {**craft.dense(), "build_config": {"input_shape": shape}}, None
        yield f"built {str(shape)[:20]}", LAYER("LSTM", {"name": "l", "units": 3}, build_config={"shapes_dict": {"sequences_shape": shape}}), None
    yield "build list", {**craft.dense(), "build_config": [1]}, True
    for name in ("name", "units", "trainable", "dtype"):
        for value in ([[]], {"class_name": "Dense"}, "\ud800", 10**400, special("__ellipsis__"), "x" * 10**6, True, -1.5):
            yield f"{name} = {str(value)[:20]!r}", craft.dense(**{name: value}), None
    deep = 3
    for _ in range(390):
        deep = {"a": [deep]} if _ % 2 else [deep]
    yield "deep argument", craft.dense(units=deep), True
    yield "seeds", LAYER("Dropout", {"name": "d", "rate": 0.5, "seed": LAYER("SeedGenerator", {"seed": 10**30}, "keras.random")}), None
    yield "rate", LAYER("Dropout", {"name": "d", "rate": "0.5; import os"}), True
    yield "interpolation", LAYER("Resizing", {"name": "d", "height": 3, "width": 3, "interpolation": "os.system"}), True
    yield "equation", LAYER("EinsumDense", {"name": "e", "equation": "ab,bc->" + "abc" * 10**5, "output_shape": [3]}), True
    yield "axis", LAYER("LayerNormalization", {"name": "n", "axis": [1] * 10**5}), True
    yield "hash bins", LAYER("HashedCrossing", {"name": "n", "num_bins": 10**30}), None
    yield "fourier", LAYER("RandomFourierFeatures", {"name": "n", "output_dim": 10**12}), None


def test_layers(tmp_path, watch):
    for label, layer, must in layers():
        watch(label, saving.load_model, craft.keras_file(tmp_path / "m.keras", craft.sequential(layer)), must=must)
        text = json.dumps(craft.sequential(layer))
        watch(f"{label}, as text", kerata.models.model_from_json, text, must=must if "memory" not in label else None)
        inner = craft.sequential(layer)["config"]
        path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": inner})
        watch(f"{label}, .h5", saving.load_model, path, must=must)


def test_compile_settings(tmp_path, watch):
    found = [
        SYSTEM, "os.system", {"a": SYSTEM}, [SYSTEM], special("__lambda__", code="4wAA"), 3, 1e400, [[[[]]]], LAYER("Popen", {}, "subprocess"),
        LAYER("get_file", {}, "keras.utils"), LAYER("Dense", {"units": 10**12}, "keras.layers"), craft.dense(), "__class__",
        LAYER("MeanMetricWrapper", {"fn": SYSTEM, "name": "m"}, "keras.metrics"), craft.function("print"), "../../x",
        LAYER("LossFunctionWrapper", {"fn": SYSTEM}, "keras.losses"), LAYER("AUC", {"num_thresholds": 10**10}, "keras.metrics"),
        LAYER("MeanIoU", {"num_classes": 10**6}, "keras.metrics"), LAYER("AUC", {"num_labels": 10**9, "multi_label": True}, "keras.metrics"),
    ]  # fmt: skip
    for key in ("optimizer", "loss", "metrics", "weighted_metrics", "loss_weights", "run_eagerly", "steps_per_execution",
                "jit_compile", "auto_scale_loss", "filepath", "safe_mode"):  # fmt: skip
        for i, value in enumerate(found):
            path = craft.keras_file(tmp_path / "m.keras", compiled(**{key: value}))
            watch(f"{key} {i} {str(value)[:40]}", saving.load_model, path)
            config = {"loss": "mse", "optimizer_config": {"class_name": "SGD", "config": {}}, key: value}
            config = {**config, "optimizer_config": value} if key == "optimizer" else config
            inner = craft.sequential(craft.dense())["config"]
            path = craft.h5_file(tmp_path / "m.h5", {"class_name": "Sequential", "config": inner}, training_config=json.dumps(config))
            watch(f"{key} {i} {str(value)[:40]} .h5", saving.load_model, path)
    for whole in ([], 3, "x", {"optimizer": None}, [SYSTEM], SYSTEM):
        model = {**compiled(), "compile_config": whole}
        watch(f"whole {whole}"[:60], saving.load_model, craft.keras_file(tmp_path / "m.keras", model))
    for config in ({"clipnorm": 1e400}, {"learning_rate": SYSTEM}, {"learning_rate": LAYER("ExponentialDecay", {}, "os")}, {"name": []},
                   {"learning_rate": special("__numpy__", value=[1] * 9, dtype="S999999999")}, {"beta_1": [[1]]},
                   {"gradient_accumulation_steps": 10**30}, {"use_ema": "yes", "ema_overwrite_frequency": -1}):  # fmt: skip
        path = craft.keras_file(tmp_path / "m.keras", compiled(optimizer=adam(**config)))
        watch(f"adam {config}"[:60], saving.load_model, path)


def test_texts_that_are_no_configs(watch):
    deep = "[" * 100_000 + "]" * 100_000
    for label, text in {
        "deep": deep, "deep keys": '{"a":' * 5000 + "1" + "}" * 5000, "digits": "1" * 10**6, "empty": "", "null": "null", "nan": "NaN",
        "twice": '{"class_name": "Dense", "class_name": "Lambda", "config": {}}', "bytes": "\x00\x01", "array": "[]", "text": '"os"',
        "surrogate": '{"class_name": "\\ud800", "config": {}}', "yaml": "!!python/object/apply:os.system ['echo']",
        "numbers": "[" + "1," * 10**5 + "1]", "open": '{"class_name": "Sequential"', "exponent": "1e" + "9" * 1000,
    }.items():  # fmt: skip
        watch(label, kerata.models.model_from_json, text, must=True)
    for value in (None, 3, b"{}", [], {}):
        with pytest.raises((TypeError, ValueError)):
            kerata.models.model_from_json(value)


# -- HDF5 ------------------------------------------------------------------------------------------------------
def vars_of(f):
    f["layers/dense/vars/1"] = np.zeros(2, "float32")
    return f["layers/dense/vars"]


def low_level(f, kind, shape=(3, 2), **plist):
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    for name, value in plist.items():
        getattr(made, name)(*value)
    space = h5py.h5s.create_simple(shape) if shape is not None else h5py.h5s.create(h5py.h5s.NULL)
    h5py.h5d.create(vars_of(f).id, b"0", kind, space, made)


def group_cycle(f):
    vars_of(f)
    f["layers/dense/x"] = f["/"]


def cycle_of_soft_links(f):
    f["layers"], f["other"] = h5py.SoftLink("/other"), h5py.SoftLink("/layers")


def many_hard_links(f):
    """Two links a level to the next: 2**60 paths to one group."""
    below = f.create_group("real")
    for i in range(60):
        above = f.create_group(f"g{i}")
        above["a"], above["b"] = below, below
        below = above
    f["layers"] = below


def names_of_groups(f):
    group = vars_of(f)
    for name in ("..", "a\\..\\b", "\u202e", "a" * 5000, "\n", "con", "%s%n", "$(x)"):
        group.create_group(name)


def attribute_bomb(f):
    vars_of(f).attrs.create("dtype", np.zeros((200, 1000, 1000), "int8"))


def attribute_of_claims(f):
    low = vars_of(f)
    space = h5py.h5s.create_simple((2**40,))
    h5py.h5a.create(low.id, b"name", h5py.h5t.NATIVE_INT8, space)


def attribute_references(f):
    low = vars_of(f)
    low.attrs["name"] = low.ref
    low.attrs.create("x", [low.ref] * 3, dtype=h5py.ref_dtype)


def attribute_vlen(f):
    value = np.empty(1, object)
    value[0] = np.arange(3)
    vars_of(f).attrs.create("weight_names", value, dtype=h5py.vlen_dtype("int64"))


def many_attributes(f):
    group = vars_of(f)
    for i in range(3000):
        group.attrs[f"a{i}"] = i


def wrong_dtype_name(f):
    group = vars_of(f)
    group.create_dataset("0", data=np.zeros((3, 2), "V2")).attrs["dtype"] = "os.system"


def dtype_of_another_size(f):
    vars_of(f).create_dataset("0", data=np.zeros((3, 2), "V8")).attrs["dtype"] = "bfloat16"


HDF5 = [
    group_cycle, cycle_of_soft_links, many_hard_links, names_of_groups, attribute_bomb, attribute_of_claims,
    attribute_references, attribute_vlen, many_attributes, wrong_dtype_name, dtype_of_another_size,
    lambda f: vars_of(f).create_dataset("0", data=np.zeros(3, [("a", "f4"), ("b", "S1000000")])),
    lambda f: vars_of(f).create_dataset("0", data=np.zeros((3, 2), "V100000")),
    lambda f: vars_of(f).create_dataset("0", data=np.array([b"x" * 10**6])),
    lambda f: vars_of(f).create_dataset("0", shape=(3,), dtype=h5py.regionref_dtype),
    lambda f: vars_of(f).create_dataset("0", data=np.array(["a", "b"], object), dtype=h5py.string_dtype()),
    lambda f: vars_of(f).create_dataset("0", data=h5py.Empty("float32")),
    lambda f: vars_of(f).create_dataset("0", shape=(0, 10**18), dtype="float32"),
    lambda f: vars_of(f).create_dataset("0", shape=(0, 10**15), maxshape=(None, None), chunks=(1, 10**8), dtype="float32"),
    lambda f: vars_of(f).create_dataset("0", shape=(10**9, 2), chunks=(1, 2), dtype="float32"),
    lambda f: vars_of(f).create_dataset("0", shape=(3, 2), maxshape=(None, 2), chunks=(2**27, 2), dtype="float32"),
    lambda f: vars_of(f).create_dataset("0", data=np.zeros((3, 2)), scaleoffset=3),
    lambda f: vars_of(f).create_dataset("0", data=np.full((3, 2), np.nan, "complex64")),
    lambda f: vars_of(f).create_dataset("0", data=np.zeros((3, 2), ">f8"), chunks=(1, 1), shuffle=True, fletcher32=True),
    lambda f: vars_of(f).create_dataset("0", data=np.zeros((3, 2), "bool")),
    lambda f: vars_of(f).create_dataset("0", data=np.zeros((3, 2)), dtype=h5py.enum_dtype({"a": 0}, basetype="i4")),
    lambda f: vars_of(f).__setitem__("0", np.dtype("float32")),
    lambda f: low_level(f, h5py.h5t.NATIVE_B32), lambda f: low_level(f, h5py.h5t.NATIVE_LDOUBLE),
    lambda f: low_level(f, h5py.h5t.NATIVE_FLOAT, shape=None), lambda f: low_level(f, h5py.h5t.NATIVE_FLOAT, (1,) * 32),
    lambda f: low_level(f, h5py.h5t.array_create(h5py.h5t.NATIVE_FLOAT, (2**20, 2**10))),
    lambda f: low_level(f, h5py.h5t.NATIVE_FLOAT, (10**5, 10**5), set_chunk=((10**3, 10**3),), set_deflate=(9,)),
]  # fmt: skip


def small():
    return kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, name="dense")])


def test_hdf5_of_every_kind(tmp_path, watch):
    config = craft.sequential(craft.dense())
    legacy = {"class_name": "Sequential", "config": config["config"]}
    for i, fill in enumerate(HDF5):
        label = f"{i} {fill.__name__}"
        try:
            data = craft.weights_bytes(fill)
        except (ValueError, TypeError, OSError, RuntimeError) as e:
            watch.said[label] = f"this HDF5 does not write it: {e}"
            continue
        watch(label, saving.load_model, craft.keras_file(tmp_path / "m.keras", config, data))
        (tmp_path / "m.weights.h5").write_bytes(data)
        watch(f"{label}, weights", small().load_weights, tmp_path / "m.weights.h5")
        watch(f"{label}, editor", saving.KerasFileEditor, tmp_path / "m.weights.h5")
        path = craft.h5_file(tmp_path / "m.h5", legacy, lambda group, fill=fill: fill(group.file))
        watch(f"{label}, .h5", saving.load_model, path)


# -- archives, shards, safetensors -----------------------------------------------------------------------------
def members():
    yield "a folder that is a file", [("assets", b"x"), ("assets/layers/x", b"y")]
    yield "a file in a file", [("assets/layers", b"x"), ("assets/layers/dense/x", b"y")]
    yield "a file twice by case", [("assets/A", b"x"), ("assets/a", b"y"), ("CONFIG.JSON", b"{}")]
    yield "unicode", [("assets/caf\u00e9", b"x"), ("assets/cafe\u0301", b"y"), ("assets/\u202egnp.exe", b"z")]
    yield "long", [("assets/" + "a" * 5000, b"x")]
    yield "deep", [("assets/" + "a/" * 3000 + "b", b"x")]
    yield "line ends", [("assets/a\nb\r", b"x"), ("assets/$(touch x)", b"y"), ("assets/-rf", b"z"), ("assets/ ", b"")]
    yield "NUL", [("assets/a\x00../../b", b"x")]
    yield "streams", [("assets/a:b", b"x"), ("assets/layers/con", b"y"), ("assets/NUL.txt", b"z")]
    yield "a .keras in it", [("assets/m.keras", b"PK\x05\x06" + b"\0" * 18)]
    yield "many", [(f"assets/{i}", b"") for i in range(3000)]
    yield "pickles", [("model.weights.npz", b"\x80\x04\x95"), ("assets/x.pkl", b"cos\nsystem\n(S'x'\ntR.")]
    yield "a vocabulary for no layer", [("assets/layers/dense/vocabulary.txt", b"a\nb")]


def changed(data: bytes, sign: bytes, at: int, value: bytes, last: bool = False) -> bytes:
    place = (data.rindex(sign) if last else data.index(sign)) + at
    return data[:place] + value + data[place + len(value) :]


def test_archives_of_every_kind(tmp_path, watch):
    good = craft.sequential(craft.dense())
    for label, extra in members():
        watch(label, saving.load_model, craft.keras_file(tmp_path / "m.keras", good, extra=extra))
    data = open(craft.keras_file(tmp_path / "m.keras", good), "rb").read()
    first, end = b"PK\x01\x02", b"PK\x05\x06"
    second = data.index(first, data.index(first) + 1)
    offset = data[data.index(first) + 42 : data.index(first) + 46]
    broken = {
        "encrypted": changed(data, first, 8, b"\x01"), "another compression": changed(data, first, 10, b"\x0c"),
        "deflated, it says": changed(data, first, 10, b"\x08"), "links": changed(data, first, 38, struct.pack("<I", 0o120777 << 16)),
        "devices": changed(data, first, 38, struct.pack("<I", 0o020666 << 16)), "disks": changed(data, end, 4, b"\x09\x00\x09\x00"),
        "more members": changed(data, end, 8, b"\xff\xff\xff\xff"), "a directory elsewhere": changed(data, end, 16, b"\xf0\xff\xff\x7f"),
        "overlapping": data[: second + 42] + offset + data[second + 46 :], "sizes of 2**32": changed(data, first, 20, b"\xff" * 8),
        "another name inside": data.replace(b"config.json", b"..\\..\\x.jso", 1), "a comment": data[:-2] + struct.pack("<H", 9) + end * 2 + b"x",
        "cut": data[: len(data) // 2], "only the end": data[data.index(end) :], "twice": data + data, "before": b"MZ" * 500 + data,
        "zip64": data[: data.index(end)] + b"PK\x06\x06" + b"\xff" * 52 + b"PK\x06\x07" + b"\xff" * 16 + data[data.index(end) :],
    }  # fmt: skip
    for label, wrong in broken.items():
        (tmp_path / "m.keras").write_bytes(wrong)
        for read in (saving.load_model, small().load_weights, saving.KerasFileEditor):
            watch(f"{label} {getattr(read, '__name__', '')}", read, tmp_path / "m.keras")
        watch(f"{label}, open file", lambda wrong=wrong: saving.load_model(io.BytesIO(wrong)))
    assert sorted(os.listdir(tmp_path)) == ["m.keras"]


def test_shards_of_every_kind(tmp_path, watch):
    model = small()
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=1e-8)
    good = json.loads((tmp_path / "m.weights.json").read_text())
    (tmp_path / "evil.h5").write_bytes(b"x")
    os.symlink("/etc/passwd", tmp_path / "link.weights.h5")
    for name in ("../x.weights.h5", "/etc/passwd", "m.weights.json", "evil.h5", "link.weights.h5", "", ".", "a\x00b", 3, None, ["a"] * 3,
                 "http://127.0.0.1:9/x.h5", "C:\\x", "\\\\host\\x", "m_00000.weights.h5", "~/x", "${HOME}/x", "x" * 5000):  # fmt: skip
        found = {**good, "weight_map": {k: name for k in good["weight_map"]}}
        (tmp_path / "n.weights.json").write_text(json.dumps(found))
        watch(f"shard {str(name)[:30]}", model.load_weights, tmp_path / "n.weights.json", must=True)
    for text in ("", "[]", "{", '{"weight_map": 3}', '{"weight_map": {}}', '{"weight_map": {"/": []}}', "[" * 10**5, '{"metadata": null}'):
        (tmp_path / "n.weights.json").write_text(text)
        watch(f"index {text[:20]}", model.load_weights, tmp_path / "n.weights.json", must=True)


def test_safetensors_of_every_kind(tmp_path, watch):
    model, path = small(), tmp_path / "m.safetensors"
    entry = {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]}
    for label, header in {
        "dtypes": {"a": {**entry, "dtype": "F4"}}, "no dtype": {"a": {**entry, "dtype": ["F32"]}}, "negative": {"a": {**entry, "shape": [-3, -2]}},
        "backwards": {"a": {**entry, "data_offsets": [24, 0]}}, "fractions": {"a": {**entry, "data_offsets": [0.5, 24]}},
        "overlap": {"a": entry, "b": entry}, "huge": {"a": {**entry, "shape": [2**62, 0]}}, "texts": {"a": {**entry, "shape": "32"}},
        "metadata": {"__metadata__": {"a": SYSTEM}, "a": entry}, "names": {"../../x": entry, "": entry}, "bits": {"a": {**entry, "dtype": "BOOL"}},
        "bools": {"a": {**entry, "shape": [True, True]}}, "infinite": {"a": {**entry, "shape": [1e400]}}, "no entries": {}, "list": [entry],
        "axes": {"a": {**entry, "shape": [1] * 100}}, "deep": {"a": {**entry, "x": [[[[]]]]}}, "overflow": {"a": {**entry, "shape": [2**63, 2]}},
    }.items():  # fmt: skip
        text = json.dumps(header).encode()
        path.write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 24)
        watch(label, model.load_weights, path, must=True)
    for label, data in {
        "empty": b"", "short": b"\1\2", "zero": b"\0" * 8, "2**63": struct.pack("<Q", 2**63) + b"{}", "not JSON": struct.pack("<Q", 4) + b"abcd",
        "nested": struct.pack("<Q", 10**5) + b"[" * 10**5, "nothing after": struct.pack("<Q", 2) + b"{}",
    }.items():  # fmt: skip
        path.write_bytes(data)
        watch(label, model.load_weights, path, must=True)
