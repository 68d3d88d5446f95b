"""Models that are written for other programs compute there what they compute here."""

import numpy as np
import pytest

import kerata
from kerata import layers

X = np.random.default_rng(0).normal(size=(5, 6, 6, 3)).astype("float32")


def model():
    made = kerata.Sequential([
        kerata.Input((6, 6, 3)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.5),
        layers.GlobalAveragePooling2D(), layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    made.set_weights([np.random.default_rng(i).uniform(0.5, 1, w.shape) for i, w in enumerate(made.weights)])
    return made


def two_inputs():
    a, b = kerata.Input((3,), name="a"), kerata.Input((2,), name="b")
    return kerata.Model({"a": a, "b": b}, [layers.Dense(2)(a), layers.Concatenate()([a, b])])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tensorflow", "jax", "torch", "numpy"])
def test_saved_model(name, tmp_path, capsys):
    import tensorflow as tf

    with kerata.backend_scope(name):
        made = model()
        wanted = made.predict(X, verbose=0)
        made.export(tmp_path / "model")
        assert made._backend.name == name and "Saved" in capsys.readouterr().out
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for count in (5, 1):
        np.testing.assert_allclose(loaded.serve(X[:count]), wanted[:count], rtol=1e-5, atol=1e-6)
    (found,) = loaded.signatures["serving_default"](tf.constant(X)).values()
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["jax", "tensorflow"])
def test_an_archive_of_one_endpoint(name, tmp_path):
    import tensorflow as tf

    x = np.arange(6, dtype="float32").reshape(2, 3)
    with kerata.backend_scope(name):
        model = kerata.Sequential([kerata.layers.Input((3,)), kerata.layers.Dense(2, activation="tanh")])
        wanted = model.predict(x, verbose=0)
        archive = kerata.export.ExportArchive()
        archive.track(model)
        archive.add_endpoint("serve", model.__call__, [kerata.InputSpec(shape=(None, 3), dtype="float32")])
        archive.write_out(tmp_path / "archive", verbose=False)
    assert (tmp_path / "archive" / "saved_model.pb").exists()
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    np.testing.assert_allclose(loaded.serve(x), wanted, rtol=1e-5)


@pytest.mark.slow
def test_an_archive_with_several_endpoints(tmp_path):
    import tensorflow as tf

    with kerata.backend_scope("jax"):
        made = two_inputs()
        values = {"a": np.ones((4, 3), "float32"), "b": np.zeros((4, 2), "float32")}
        wanted = made.predict(values, verbose=0)
        archive = kerata.export.ExportArchive()
        archive.track(made)
        specs = {k: kerata.InputSpec(shape=(None, v.shape[1]), dtype="float32") for k, v in values.items()}
        archive.add_endpoint("both", made.__call__, [specs])
        copied = archive.track(made)
        archive.add_endpoint("first", lambda x: copied.layers[2](x), [kerata.InputSpec(shape=(None, 3), dtype="float32")])
        archive.add_variable_collection("kernels", [made.layers[2].kernel])
        with pytest.raises(ValueError, match="Pass a method of it"):
            archive.add_endpoint("bad", lambda x: made(x), [specs])
        with pytest.raises(ValueError, match="endpoint 'both' already"):
            archive.add_endpoint("both", made.__call__, [specs])
        with pytest.raises(ValueError, match="needs `input_signature`"):
            archive.add_endpoint("other", made.__call__)
        archive.write_out(tmp_path / "archive", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "archive"))
    for found, value in zip(loaded.both({k: tf.constant(v) for k, v in values.items()}), wanted):
        np.testing.assert_allclose(found, value, rtol=1e-5)
    np.testing.assert_allclose(loaded.first(values["a"]), wanted[0], rtol=1e-5)
    assert loaded.kernels[0].shape == (3, 2)


@pytest.mark.parametrize("name", ["torch", "numpy"])
def test_exported_program_of_pytorch(name, tmp_path):
    import torch

    with kerata.backend_scope(name):
        made = model()
        wanted = made.predict(X, verbose=0)
        made.export(tmp_path / "model.pt2", format="torch", verbose=False)
    loaded = torch.export.load(tmp_path / "model.pt2")
    assert len(loaded.state_dict) == len(made.variables)
    for count in (5, 2):
        np.testing.assert_allclose(loaded.module()(torch.tensor(X[:count])).detach(), wanted[:count], rtol=1e-5, atol=1e-6)


def texts():
    """One plain input, of integers."""
    ids = kerata.Input((7,), dtype="int32")
    x = layers.Embedding(20, 8)(ids)
    return kerata.Model(ids, layers.Dense(2)(layers.LSTM(6)(layers.MultiHeadAttention(2, 4)(x, x))))


IDS = np.random.default_rng(1).integers(0, 20, size=(4, 7)).astype("int32")


def test_a_plain_input(tmp_path):
    import torch

    with kerata.backend_scope("torch"):
        ids = kerata.Input((7,), dtype="int32")
        made = kerata.Model(ids, layers.Dense(2)(layers.GlobalAveragePooling1D()(layers.Embedding(20, 8)(ids))))
        made.export(tmp_path / "model.pt2", format="torch", verbose=False)
        loaded = torch.export.load(tmp_path / "model.pt2").module()
        np.testing.assert_allclose(loaded(torch.tensor(IDS)).detach(), made.predict(IDS, verbose=0), rtol=1e-5, atol=1e-6)


def run_onnx(path, x):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(path)
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def run_openvino(path, x):
    core = pytest.importorskip("openvino").Core()
    compiled = core.compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled([x])[compiled.outputs[0]]


def run_litert(path, x):
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(path)
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


FORMATS = {"onnx": ("onnx", run_onnx, 1e-4), "openvino": ("xml", run_openvino, 5e-3), "litert": ("tflite", run_litert, 1e-4)}


@pytest.mark.slow
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_other_formats(name, format, tmp_path):
    """With the real packages, where they are installed; OpenVINO's files hold float16."""
    ending, run, tolerance = FORMATS[format]
    for package in {"onnx": ("onnx", "onnxscript", "onnxruntime"), "litert": ("ai_edge_litert",)}.get(format, (format,)):
        pytest.importorskip(package)
    for make, x in ((model, X), (texts, IDS)):
        if make is texts and format == "litert":
            continue  # the converter has nothing for TensorFlow's fused LSTM, and export() says so
        with kerata.backend_scope(name):
            made = make()
            wanted = made.predict(x, verbose=0)
            made.export(tmp_path / f"model.{ending}", format=format, verbose=False)
        for count in (len(x), 1):
            np.testing.assert_allclose(run(str(tmp_path / f"model.{ending}"), x[:count]), wanted[:count], atol=tolerance)


def test_mistakes(tmp_path):
    with kerata.backend_scope("torch"):
        made = model()
        with pytest.raises(ValueError, match=r"'onx'.*Did you mean 'onnx'"):
            made.export(tmp_path / "x", format="onx")
        with pytest.raises(ValueError, match="its inputs are not known"):
            kerata.Sequential([layers.Dense(2)]).export(tmp_path / "x")
        for name in ("onnx", "openvino"):
            try:
                __import__(name)
            except ImportError:
                with pytest.raises(ImportError, match=f"needs the package '{name}'"):
                    made.export(tmp_path / "x", format=name)
