"""model.summary() beside Keras' own, and graphs in Graphviz' language."""

import re
import shutil
import sys

import numpy as np
import pytest

import kerata
from kerata import backend as backends
from kerata.utils import get_source_inputs, model_to_dot, plot_model

keras = pytest.importorskip("keras")


@pytest.fixture(autouse=True)
def one_backend(request, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    if "backend" in request.fixturenames:
        yield
        return
    with backends.backend_scope("jax" if "jax" in backends.installed() else backends.installed()[0]):
        yield


def mixed(k):
    """Two inputs, a nested model, a frozen layer, a long name, ops."""
    layers = k.layers
    image, numbers = k.Input((8, 8, 3), name="image"), k.Input((2,), name="numbers")
    x = layers.Conv2D(4, 3, name="conv")(image)
    x = layers.BatchNormalization(name="norm")(x)
    inner = k.Sequential([layers.Flatten(name="flat"), layers.Dense(5, name="inner_dense")], name="inner")
    x = layers.Concatenate(name="join")([inner(x), numbers])
    out = layers.Dense(2, name="a_layer_with_a_name_that_is_far_too_long_for_its_column")(x)
    model = k.Model([image, numbers], out, name="mixed")
    model.get_layer("conv").trainable = False
    return model


def shared(k):
    dense = k.layers.Dense(3, name="dense")
    x = k.Input((2,), name="x")
    return k.Model(x, [dense(x), dense(k.layers.ReLU(name="relu")(x))], name="shared")


def stack(k):
    return k.Sequential(
        [k.Input((4,), name="x"), k.layers.Dense(3, activation="relu", name="d"), k.layers.Dropout(0.5, name="drop")],
        name="stack",
    )


def recurrent(k):
    x = k.Input((5, 3), name="x")
    return k.Model(x, k.layers.LSTM(4, return_state=True, name="lstm")(x), name="recurrent")


def unbuilt(k):
    return k.Sequential([k.layers.Dense(3, name="d")], name="unbuilt")


def nested(k):
    inner = k.Sequential([k.layers.Dense(3, name="a"), k.layers.Dense(2, name="b")], name="inner")
    middle = k.Sequential([inner, k.layers.Dense(1, name="c")], name="middle")
    return k.Sequential([k.Input((4,), name="x"), middle, k.layers.Dense(1, name="d")], name="outer")


def large(k):
    x = k.Input((5,), name="x")
    return k.Sequential([x, k.layers.Embedding(100000, 160, name="e")], name="large")


def subclassed(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__(name="net")
            self.dense = k.layers.Dense(2, name="dense")

        def call(self, x):
            return self.dense(x)

    model = Net()
    model(np.ones((1, 3), "float32"))
    return model


def trained(k):
    model = stack(k)
    model.compile("adam", "mse")
    model.fit(np.ones((4, 4)), np.ones((4, 3)), verbose=0)
    return model


CASES = [
    (mixed, {}),
    (mixed, {"expand_nested": True, "show_trainable": True}),
    (mixed, {"layer_range": ("conv", "inner")}),
    (mixed, {"line_length": 70}),
    (shared, {}),
    (stack, {}),
    (stack, {"line_length": 60, "positions": [0.3, 0.6, 1.0]}),
    (stack, {"show_trainable": True}),
    (recurrent, {}),
    (unbuilt, {}),
    (nested, {"expand_nested": True}),
    (large, {}),
    (subclassed, {}),
    (trained, {}),
]


def summary(model, **options):
    got = []
    model.summary(print_fn=got.append, **options)
    assert len(got) == 1
    return "\n".join(line.rstrip() for line in got[0].strip().split("\n"))


@pytest.mark.parametrize(("build", "options"), CASES, ids=lambda v: getattr(v, "__name__", None) or str(v))
def test_summary_is_that_of_keras(build, options):
    assert summary(build(kerata), **options) == summary(build(keras), **options)


def test_narrow_terminals(monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert summary(mixed(kerata)) == summary(mixed(keras))


def test_summary_goes_to_standard_output_without_colours_in_a_log(capsys):
    stack(kerata).summary()
    out = capsys.readouterr().out
    assert "\x1b" not in out and 'Model: "stack"' in out and "Total params: 15 (60.00 B)" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [({"layer_range": ("nope", "d")}, "'nope'.*d.*drop"), ({"layer_range": ("d",)}, "two names"),
     ({"positions": [0.5, 1.0]}, "3 increasing"), ({"positions": [0.5, 0.4, 1.0]}, "increasing")],
)  # fmt: skip
def test_summary_errors(options, words):
    with pytest.raises(ValueError, match=words):
        stack(kerata).summary(**options)


def test_streams_without_line_drawing(monkeypatch, capsys):
    monkeypatch.setattr("kerata.utils.console.encodable", lambda text, stream=None: text.isascii())
    assert "+---" in summary(stack(kerata)).replace("=", "-") and summary(stack(kerata)).isascii()


# ---- graphs


def test_dot_text(backend):
    text = model_to_dot(mixed(kerata), show_shapes=True, show_dtype=True, show_trainable=True).to_string()
    assert text.startswith('digraph "mixed"') and "rankdir=TB" in text
    for edge in ('"image" -> "conv"', '"inner" -> "join"', '"numbers" -> "join"'):
        assert edge in text
    assert "(None, 6, 6, 4)" in text and "Not trainable" in text and "float32" in text
    assert text.count("{") == text.count("}") and text.endswith("}\n")


def test_dot_of_nested_models():
    text = model_to_dot(nested(kerata), expand_nested=True, show_layer_activations=True).to_string()
    assert 'subgraph "cluster_middle"' in text and 'subgraph "cluster_middle/inner"' in text
    assert '"middle/c" -> "d"' in text and '"middle/inner/a" -> "middle/inner/b"' in text
    assert "Activation: <b>linear</b>" in text


def test_plot_model(backend, tmp_path):
    plot_model(stack(kerata), tmp_path / "m.dot", show_layer_names=True)
    text = (tmp_path / "m.dot").read_text()
    assert '"d" -> "drop"' in text
    if shutil.which("dot") is None:
        with pytest.raises(ImportError, match="Graphviz"):
            plot_model(stack(kerata), tmp_path / "m.png")
        assert not (tmp_path / "m.png").exists()
    else:
        plot_model(mixed(kerata), tmp_path / "m.svg", show_shapes=True, expand_nested=True, show_layer_activations=True)
        assert re.search("<svg", (tmp_path / "m.svg").read_text())


def test_graphviz_errors(tmp_path, monkeypatch):
    fake = tmp_path / "dot"
    fake.write_text(f"#!{sys.executable}\nimport sys; sys.exit('bad graph')")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RuntimeError, match="bad graph"):
        plot_model(stack(kerata), tmp_path / "m.png")
    assert not (tmp_path / "m.png").exists()


def test_unbuilt_models_have_no_graph():
    with pytest.raises(ValueError, match="not built"):
        model_to_dot(unbuilt(kerata))
    with pytest.raises(ValueError, match="no argument 'show_colour'"):
        model_to_dot(stack(kerata), show_colour=True)


def test_source_inputs():
    model = mixed(kerata)
    assert {x._keras_history.operation.name for x in get_source_inputs(model.outputs[0])} == {"image", "numbers"}
    assert get_source_inputs(model.inputs[0]) == [model.inputs[0]]
    with pytest.raises(ValueError, match="KerasTensor"):
        get_source_inputs(3)
