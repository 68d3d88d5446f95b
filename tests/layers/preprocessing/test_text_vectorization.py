"""TextVectorization against Keras."""

import zipfile

import numpy as np
import pytest
from common import plain
from remember import remember

import kerata

TEXTS = ["Hello, world!", "hello there hello", "Ünï Çode -- x_y  z"]
CALLS = [["Hello, world! foo", "hello hello x_y ünï"], "Hello, world! foo", [["Hello, world! foo"], ["a"]]]
CASES = [
    {}, {"output_sequence_length": 3}, {"output_mode": "multi_hot"}, {"output_mode": "count"}, {"output_mode": "tf_idf"},
    {"ngrams": 2}, {"ngrams": (2,)}, {"ngrams": 3, "output_mode": "count"}, {"split": "character"}, {"standardize": "lower"},
    {"standardize": "strip_punctuation"}, {"standardize": None}, {"split": None}, {"max_tokens": 4},
    {"max_tokens": 20, "pad_to_max_tokens": True, "output_mode": "tf_idf"}, {"split": None, "output_mode": "multi_hot"},
    {"vocabulary": ["hello", "foo"]}, {"vocabulary": ["", "[UNK]", "foo"]}, {"ngrams": 2, "output_sequence_length": 4},
    {"vocabulary": ["hello", "foo"], "output_mode": "tf_idf", "idf_weights": [0.5, 2.0]},
]  # fmt: skip


def numbers(x):
    return np.asarray(x) if not hasattr(x, "detach") else x.detach().numpy()


@remember
def keras_texts():
    import keras

    found = []
    for arguments in CASES:
        layer = keras.layers.TextVectorization(**arguments, name="probe")
        if "vocabulary" not in arguments:
            layer.adapt(TEXTS)
        found.append((plain(layer.get_config()), [str(t) for t in layer.get_vocabulary()], [np.asarray(layer(x)) for x in CALLS]))
    return found


def test_as_keras(backend):
    for arguments, (config, tokens, wanted) in zip(CASES, keras_texts()):
        layer = kerata.layers.TextVectorization(**arguments, name="probe")
        if "vocabulary" not in arguments:
            layer.adapt(TEXTS)
        assert layer.get_vocabulary() == tokens
        assert plain(layer.get_config()) == config
        assert plain(type(layer).from_config(layer.get_config()).get_config()) == config
        for x, w in zip(CALLS, wanted):
            found = numbers(layer(x))
            assert found.dtype.kind == w.dtype.kind
            np.testing.assert_allclose(found, w, rtol=1e-6, err_msg=f"{arguments} {x}")


def test_functions(backend):
    @kerata.saving.register_keras_serializable("test_text")
    def shout(x):
        assert x.dtype.kind == "U"
        return np.char.upper(x)

    @kerata.saving.register_keras_serializable("test_text")
    def by_comma(x):
        return [t.split(",") for t in x]

    layer = kerata.layers.TextVectorization(standardize=shout, split=by_comma, vocabulary=["A", "B C"])
    wanted = [[2, 3, 1], [2, 0, 0]]
    assert numbers(layer(["a,b c,d", "a"])).tolist() == wanted
    config = kerata.saving.serialize_keras_object(layer)
    assert config["config"]["split"]["config"] == "test_text>by_comma"
    again = kerata.saving.deserialize_keras_object(config)
    assert again.standardize is shout
    assert numbers(again(["a,b c,d", "a"])).tolist() == wanted


def test_functions_in_configs_are_registered_ones():
    """No code comes with a config: neither bytecode nor names of functions that were not registered."""
    with pytest.warns(UserWarning, match="lambda"):
        layer = kerata.layers.TextVectorization(standardize=lambda x: x, vocabulary=["a"])
        coded = kerata.saving.serialize_keras_object(layer)
    coded["config"]["standardize"] = dict(coded["config"]["standardize"])
    with pytest.raises(ValueError, match="safe_mode"):
        kerata.saving.deserialize_keras_object(coded)
    for name in ("os.system", "system", "eval", "get_file", "load_model"):
        for key in ("standardize", "split"):
            function = {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
            config = {**kerata.layers.TextVectorization().get_config(), key: function}
            with pytest.raises(ValueError, match="not known"):
                kerata.layers.TextVectorization.from_config(config)
            with pytest.raises(ValueError, match=key):
                kerata.layers.TextVectorization.from_config({**config, key: f"({name})+$"})


def test_symbolic_shapes():
    for arguments, shape, wanted in [
        ({}, (None,), ((None, None), "int64")), ({}, (2, 1), ((2, None), "int64")), ({}, (2, None), ((2, None), "int64")),
        ({"output_sequence_length": 3}, (None, 1), ((None, 3), "int64")), ({"split": None}, (None, 4), ((None, 4), "int64")),
        ({"vocabulary": ["a", "b"], "output_mode": "count"}, (None, 1), ((None, 3), "int64")),
    ]:  # fmt: skip
        out = kerata.layers.TextVectorization(**arguments)(kerata.KerasTensor(shape, "string"))
        assert (out.shape, out.dtype) == wanted


def test_errors():
    make = kerata.layers.TextVectorization
    for arguments, words in [
        ({"standardize": "lower_case"}, "lower"), ({"split": "words"}, "whitespace"), ({"ngrams": "2"}, "ngrams"),
        ({"ngrams": 0}, "ngrams"), ({"output_sequence_length": -1}, "output_sequence_length"),
        ({"output_mode": "count", "output_sequence_length": 3}, "output_sequence_length"), ({"ragged": True, "output_mode": "count"}, "ragged"),
        ({"sparse": True}, "sparse"), ({"max_tokens": 1}, "max_tokens"), ({"output_mode": "counts"}, "count"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            make(**arguments)
    with pytest.raises(ValueError, match="adapt"):
        make()(["a"])
    with pytest.raises(ValueError, match="split=None"):
        make(vocabulary=["a"])([["a", "b"]])
    with pytest.raises(TypeError, match="strings"):
        make(vocabulary=["a"])([1, 2])


def model(framework):
    layer = framework.layers.TextVectorization(output_sequence_length=4, name="text")
    layer.adapt(["a b", "b c"])
    inputs = framework.Input((1,), dtype="string")
    return framework.Model(inputs, layer(inputs))


@remember
def keras_file():
    import tempfile

    import keras

    path = tempfile.mkdtemp() + "/keras.keras"
    model(keras).save(path)
    with open(path, "rb") as f:
        return f.read()


def assets(path):
    with zipfile.ZipFile(path) as z:
        return {n: z.read(n) for n in z.namelist() if n.startswith("assets/")}


def test_files(tmp_path, backend):
    (tmp_path / "keras.keras").write_bytes(keras_file())
    model(kerata).save(tmp_path / "ours.keras")
    assert assets(tmp_path / "ours.keras") == assets(tmp_path / "keras.keras") != {}
    for name in ("keras", "ours"):
        loaded = kerata.saving.load_model(tmp_path / f"{name}.keras")
        assert loaded.get_layer("text").get_vocabulary() == ["", "[UNK]", "b", "c", "a"]
        assert numbers(loaded(np.array([["a b"], ["c d"]]))).tolist() == [[4, 2, 0, 0], [3, 1, 0, 0]]


@pytest.mark.slow
def test_keras_reads_our_file(tmp_path):
    import keras

    model(kerata).save(tmp_path / "ours.keras")
    tokens = keras.saving.load_model(tmp_path / "ours.keras").get_layer("text").get_vocabulary()
    assert [str(t) for t in tokens] == ["", "[UNK]", "b", "c", "a"]


@pytest.mark.slow
def test_in_tf_data():
    tf = pytest.importorskip("tensorflow")
    layer = kerata.layers.TextVectorization(standardize=tf.strings.upper, split=lambda x: tf.strings.split(x, ","))
    data = tf.data.Dataset.from_tensor_slices(["a,b", "b"]).batch(2)
    layer.adapt(data)
    assert layer.get_vocabulary() == ["", "[UNK]", "B", "A"]
    (found,) = list(data.map(layer))
    assert found.numpy().tolist() == [[3, 2], [2, 0]]
    assert [x.numpy().tolist() for x in data.unbatch().map(layer)] == [[3, 2], [2]]


def test_no_texts_and_no_tokens(backend):
    make = lambda **more: kerata.layers.TextVectorization(vocabulary=["a", "b"], output_mode="count", **more)
    assert make()(np.array([], str)).shape == (0, 3)
    np.testing.assert_array_equal(kerata.ops.convert_to_numpy(make(ngrams=(2,))(np.array("a"))), [0, 0, 0])
