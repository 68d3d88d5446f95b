"""StringLookup, IntegerLookup, Hashing, HashedCrossing and their hashes, against Keras and TensorFlow."""

import json
import zipfile

import numpy as np
import pytest
from common import plain
from remember import remember

import kerata
from kerata.layers.preprocessing.fingerprints import buckets

STRINGS = [np.array(["a", "z", "c", "a"]), np.array([["a", "z", "c", "a"]]), np.array([["a"], ["", ], ["ü"]]), np.array("a")]
NUMBERS = [np.array([5, 7, 9, 0, 1, -7]), np.array([[5], [9]]), np.array([[5, 9, 5], [7, 0, 1]])]
INDICES = [np.array([0, 1, 2, 3, 4, -1])]
ABC = {"vocabulary": ["a", "b", "c"]}
CASES = [
    *[("StringLookup", {**ABC, **more}, STRINGS) for more in (
        {}, {"num_oov_indices": 3, "mask_token": ""}, {"num_oov_indices": 3, "salt": 5}, {"num_oov_indices": 3, "salt": [7, 8]},
        {"vocabulary": ["[UNK]", "a"]}, {"vocabulary": np.array(["a", "b"])},
    )],
    *[("StringLookup", {**ABC, **more, **mode}, STRINGS) for more in (
        {}, {"max_tokens": 7, "pad_to_max_tokens": True}, {"mask_token": "", "oov_token": "[U]"},
    ) for mode in ({"output_mode": "one_hot"}, {"output_mode": "multi_hot"}, {"output_mode": "count"},
                   {"output_mode": "tf_idf", "idf_weights": [1.0, 2.0, 4.0]})],
    *[("IntegerLookup", {"vocabulary": [5, 6, 7], **more}, NUMBERS) for more in (
        {}, {"num_oov_indices": 3}, {"num_oov_indices": 3, "oov_method": "farmhash"}, {"mask_token": 0},
        {"num_oov_indices": 3, "oov_method": "farmhash", "salt": 5}, {"mask_token": -7, "num_oov_indices": 2},
        {"output_mode": "multi_hot"}, {"output_mode": "one_hot", "mask_token": 0},
    )],
    ("IntegerLookup", {"vocabulary": [5, 6, 7], "invert": True}, INDICES),
    ("IntegerLookup", {"vocabulary": [5, 6, 7], "invert": True, "mask_token": 9}, INDICES),
    *[("Hashing", {"num_bins": 7, **more}, data) for data in (STRINGS[:3], NUMBERS) for more in (
        {}, {"salt": 3}, {"salt": [3, 4]}, {"output_mode": "one_hot"}, {"output_mode": "multi_hot"}, {"output_mode": "count"},
    )],
    ("Hashing", {"num_bins": 4, "mask_value": "a"}, STRINGS), ("Hashing", {"num_bins": 4, "mask_value": 5}, NUMBERS),
]  # fmt: skip
CROSSED = [
    (np.array(["A", "B", "A", "B"]), np.array([101, 101, 102, -3])), (np.array([["A"], ["B"]]), np.array([[1], [2]])),
    (np.array(["A", "B"]), np.array(["x", "y"]), np.array([1, 2])), (np.array("A"), np.array(1)),
]  # fmt: skip
DATA = {
    "StringLookup": np.array([["b", "a", "c"], ["b", "d", "a"], ["e", "b", ""]]),
    "IntegerLookup": np.array([[5, 5, 7], [9, -1, 0], [0, 5, 4]]),
}
ADAPTED = [(name, more) for name in DATA for more in (
    {}, {"max_tokens": 4}, {"output_mode": "tf_idf"}, {"output_mode": "tf_idf", "max_tokens": 4},
    {"output_mode": "count", "pad_to_max_tokens": True, "max_tokens": 9}, {"num_oov_indices": 2},
)]  # fmt: skip


def numbers(x):
    return np.asarray(x) if not hasattr(x, "detach") else x.detach().numpy()


def plain_tokens(tokens):
    return [t.item() if hasattr(t, "item") else t for t in tokens]


@remember
def keras_lookups():
    import keras

    found = []
    for name, arguments, data in CASES:
        layer = getattr(keras.layers, name)(**arguments, name="probe")
        tokens = plain_tokens(layer.get_vocabulary()) if hasattr(layer, "get_vocabulary") else None
        found.append((plain(layer.get_config()), tokens, [np.asarray(layer(x)) for x in data]))
    return found


@remember
def keras_crossings():
    import keras

    modes = ("int", "one_hot")
    layers = [keras.layers.HashedCrossing(5, output_mode=m, name="probe") for m in modes]
    return [layer.get_config() for layer in layers], [[np.asarray(layer(x)) for x in CROSSED] for layer in layers]


@remember
def keras_adapted():
    import keras

    found = []
    for name, arguments in ADAPTED:
        layer = getattr(keras.layers, name)(**arguments, name="probe")
        layer.adapt(DATA[name])
        found.append((plain_tokens(layer.get_vocabulary()), plain(layer.get_config()), np.asarray(layer(DATA[name]))))
    return found


@remember
def tensorflow_hashes(count):
    import tensorflow as tf

    strings = random_strings()
    fast = tf.strings.to_hash_bucket_fast(strings, count).numpy()
    return fast, [tf.strings.to_hash_bucket_strong(strings, count, key).numpy() for key in ((5, 5), (1, -1))]


def random_strings():
    rng = np.random.default_rng(0)
    return [rng.bytes(n) for n in (*range(0, 70), 96, 97, 127, 128, 129, 192, 193, 260) for _ in range(2)]


def test_hashes_are_those_of_tensorflow():
    for count in (7, 2**62):
        fast, strong = tensorflow_hashes(count)
        np.testing.assert_array_equal(buckets(random_strings(), count), fast)
        for key, wanted in zip(((5, 5), (1, -1)), strong):
            np.testing.assert_array_equal(buckets(random_strings(), count, key), wanted)


def check(found, wanted, what):
    found = numbers(found)
    assert found.shape == wanted.shape, what
    assert found.dtype.kind == wanted.dtype.kind, what
    np.testing.assert_allclose(found, wanted, rtol=1e-6, err_msg=str(what))


def test_as_keras(backend):
    for (name, arguments, data), (config, tokens, wanted) in zip(CASES, keras_lookups()):
        layer = getattr(kerata.layers, name)(**arguments, name="probe")
        assert plain(layer.get_config()) == config
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
        if tokens is not None:
            assert layer.get_vocabulary() == tokens
            assert layer.vocabulary_size() == len(tokens)
        for x, w in zip(data, wanted):
            check(layer(x), w, (name, arguments, x))


def test_crossings_as_keras(backend):
    configs, wanted = keras_crossings()
    for mode, config, outs in zip(("int", "one_hot"), configs, wanted):
        layer = kerata.layers.HashedCrossing(5, output_mode=mode, name="probe")
        assert layer.get_config() == config
        for x, w in zip(CROSSED, outs):
            check(layer(x), w, x)


def test_adapt_as_keras(backend):
    for (name, arguments), (tokens, config, wanted) in zip(ADAPTED, keras_adapted()):
        layer = getattr(kerata.layers, name)(**arguments, name="probe")
        layer.adapt(DATA[name])
        assert layer.get_vocabulary() == tokens
        assert plain(layer.get_config()) == config
        check(layer(DATA[name]), wanted, (name, arguments))
        in_parts = getattr(kerata.layers, name)(**arguments)
        in_parts.adapt(iter([DATA[name][:1], DATA[name][1:]]))
        assert in_parts.get_vocabulary() == tokens


def test_inverse(backend):
    layer = kerata.layers.StringLookup(vocabulary=["a", "b"], invert=True, mask_token="")
    found = layer(np.array([[0, 1], [2, 3], [4, -1]]))
    found = found.numpy().astype(str) if backend == "tensorflow" else found
    assert found.tolist() == [["", "[UNK]"], ["a", "b"], ["[UNK]", "[UNK]"]]


def test_inputs_of_many_kinds(backend):
    layer = kerata.layers.StringLookup(vocabulary=["a", "ü"])
    for x in (["a", "ü"], np.array(["a", "ü"], object), np.array([b"a", "ü".encode()]), ("a", "ü")):
        assert numbers(layer(x)).tolist() == [1, 2]
    assert numbers(layer("ü")).tolist() == 2
    assert numbers(layer(np.array([b"\xff"]))).tolist() == [0]
    with pytest.raises(TypeError, match="strings"):
        layer(np.array([1, 2]))
    integers = kerata.layers.IntegerLookup(vocabulary=[2**40, 3])
    assert numbers(integers([3, 2**40, 4])).tolist() == [2, 1, 0]
    assert numbers(integers(kerata.ops.convert_to_tensor([3]))).tolist() == [2]


def test_symbolic_shapes(backend):
    layers = kerata.layers
    for layer, shape, wanted in [
        (layers.StringLookup(**ABC), (None, 4), ((None, 4), "int64")),
        (layers.StringLookup(**ABC, output_mode="one_hot"), (None, 1), ((None, 4), "int64")),
        (layers.StringLookup(**ABC, output_mode="multi_hot"), (None, 5), ((None, 4), "int64")),
        (layers.StringLookup(**ABC, output_mode="tf_idf", idf_weights=[1, 2, 3]), (None, 5), ((None, 4), "float32")),
        (layers.StringLookup(**ABC, invert=True), (None, 1), ((None, 1), "string")),
        (layers.Hashing(3), (None, 5), ((None, 5), "int64")),
        (layers.Hashing(3, output_mode="count"), (None, 5), ((None, 3), "float32")),
        (layers.Hashing(3, output_mode="one_hot", dtype="float16"), (2, 5), ((2, 5, 3), "float16")),
    ]:
        out = layer(kerata.KerasTensor(shape, "int64" if layer.__dict__.get("invert") else "string"))
        assert (out.shape, out.dtype) == wanted
    crossed = layers.HashedCrossing(5, "one_hot")([kerata.KerasTensor((None, 1), "string")] * 2)
    assert crossed.shape == (None, 5)
    assert layers.Hashing(3, output_mode="one_hot", dtype="float16")(["a"]).dtype in ("float16", kerata.ops.zeros((), "float16").dtype)


def test_in_a_compiled_model(train_backend):
    """Integers are looked up and hashed in a model's compiled steps as well."""
    inputs = kerata.Input((3,), dtype="int32")
    a = kerata.layers.IntegerLookup(vocabulary=[5, 6, 7], output_mode="count")(inputs)
    b = kerata.layers.Hashing(4, output_mode="multi_hot")(inputs)
    model = kerata.Model(inputs, kerata.layers.Dense(1)(kerata.layers.Concatenate()([kerata.ops.cast(a, "float32"), b])))
    x = np.array([[5, 5, 1], [7, 6, 0]], "int32")
    np.testing.assert_allclose(model.predict(x, verbose=0), numbers(model(x)), rtol=1e-5)
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(x, np.ones((2, 1)), verbose=0).history["loss"][0])


def test_own_vocabulary():
    layer = kerata.layers.StringLookup()
    with pytest.raises(ValueError, match="adapt"):
        layer(["a"])
    layer.set_vocabulary(["[UNK]", "x"])
    assert layer.get_vocabulary() == ["[UNK]", "x"] and layer.get_vocabulary(include_special_tokens=False) == ["x"]
    layer = kerata.layers.StringLookup(output_mode="tf_idf")
    layer.set_vocabulary(["x", "y"], idf_weights=[1.0, 3.0])
    assert numbers(layer([["x", "q"]])).tolist() == [[2.0, 1.0, 0.0]]


def test_a_vocabulary_from_a_file_of_the_users(tmp_path):
    path = tmp_path / "tokens.txt"
    path.write_text("a\nb\n", encoding="utf-8")
    layer = kerata.layers.StringLookup(vocabulary=str(path))
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
    assert layer.get_config()["vocabulary"] == ["a", "b"]  # a saved model does not need the file
    path.write_text("5\n6", encoding="utf-8")
    assert kerata.layers.IntegerLookup(vocabulary=path).get_vocabulary() == [-1, 5, 6]


def test_errors(tmp_path):
    layers = kerata.layers
    for make, words in [
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), "more than once"),
        (lambda: layers.StringLookup(vocabulary=[]), "empty"),
        (lambda: layers.StringLookup(max_tokens=2, vocabulary=["a", "b", "c"]), "larger"),
        (lambda: layers.StringLookup(max_tokens=1), "max_tokens"),
        (lambda: layers.StringLookup(num_oov_indices=-1), "num_oov_indices"),
        (lambda: layers.StringLookup(output_mode="multihot"), "multi_hot"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "invert"),
        (lambda: layers.StringLookup(sparse=True), "sparse"),
        (lambda: layers.StringLookup(idf_weights=[1.0]), "tf_idf"),
        (lambda: layers.StringLookup(output_mode="tf_idf", vocabulary=["a"]), "idf_weights"),
        (lambda: layers.StringLookup(output_mode="tf_idf", vocabulary=["a"], idf_weights=[1.0, 2.0]), "each of the 1"),
        (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), "mask"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True, output_mode="count"), "max_tokens"),
        (lambda: layers.StringLookup(salt="a"), "salt"),
        (lambda: layers.StringLookup(foo=1), "foo"),
        (lambda: layers.StringLookup(vocabulary=str(tmp_path / "none.txt")), "does not exist"),
        (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["z"]), "'z'"),
        (lambda: layers.IntegerLookup(vocabulary_dtype="int32"), "int64"),
        (lambda: layers.IntegerLookup(salt=3), "farmhash"),
        (lambda: layers.IntegerLookup(oov_method="hash"), "farmhash"),
        (lambda: layers.IntegerLookup(vocabulary=["a"]), "integers"),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), "vocabulary"),
        (lambda: layers.Hashing(0), "num_bins"), (lambda: layers.Hashing(3, salt="a"), "salt"),
        (lambda: layers.Hashing(3, dtype="float32"), "int32"), (lambda: layers.Hashing(3, sparse=True), "sparse"),
        (lambda: layers.HashedCrossing(3, output_mode="multi_hot"), "one_hot"),
        (lambda: layers.HashedCrossing(3)(["a"]), "two"),
        (lambda: layers.HashedCrossing(3)((np.array([1.5]), np.array([1]))), "integers"),
        (lambda: layers.HashedCrossing(3)((np.array([1]), np.array([1, 2]))), "one shape"),
        (lambda: layers.HashedCrossing(3)((np.ones((2, 2), int), np.ones((2, 2), int))), r"\(batch, 1\)"),
    ]:
        with pytest.raises(ValueError, match=words):
            make()
    with pytest.raises(TypeError, match="mask_value"):
        layers.Hashing(3, mask_value=0)(["a"])


# -- files -----------------------------------------------------------------------------------------------------
def lookups(framework):
    """A model of three adapted lookups, and one with a vocabulary of its own."""
    layers = framework.layers
    made = [
        layers.StringLookup(name="plain"), layers.StringLookup(name="counts", output_mode="count"),
        layers.IntegerLookup(name="integers", mask_token=0),
    ]  # fmt: skip
    for layer, data in zip(made, (["b", "a", "b"], ["y", "x", "y"], [4, 4, 5])):
        layer.adapt(np.array(data))
    made.append(layers.StringLookup(name="given", vocabulary=["p", "q"]))
    inputs = [framework.Input((1,), dtype="int64" if i == 2 else "string", name=f"in{i}") for i in range(4)]
    return framework.Model(inputs, [layer(x) for layer, x in zip(made, inputs)])


def assets(path):
    with zipfile.ZipFile(path) as z:
        return {n: z.read(n) for n in z.namelist() if n.startswith("assets/")}


@remember
def keras_file():
    import tempfile

    import keras

    path = tempfile.mkdtemp() + "/keras.keras"
    lookups(keras).save(path)
    with open(path, "rb") as f:
        return f.read()


def test_files_of_keras_are_read_and_ours_are_alike(tmp_path):
    (tmp_path / "keras.keras").write_bytes(keras_file())
    lookups(kerata).save(tmp_path / "ours.keras")
    assert assets(tmp_path / "ours.keras") == assets(tmp_path / "keras.keras") != {}
    for name in ("keras", "ours"):
        model = kerata.saving.load_model(tmp_path / f"{name}.keras")
        found = {n: model.get_layer(n).get_vocabulary() for n in ("plain", "counts", "integers", "given")}
        assert found == {
            "plain": ["[UNK]", "b", "a"], "counts": ["[UNK]", "y", "x"], "integers": [0, -1, 4, 5], "given": ["[UNK]", "p", "q"],
        }  # fmt: skip
        assert [o.shape for o in model.outputs] == [(None, 1), (None, 3), (None, 1), (None, 1)]
        outs = model([np.array([["a"]]), np.array([["x"]]), np.array([[5]]), np.array([["q"]])])
        assert [numbers(o).tolist() for o in outs] == [[[2]], [[0, 0, 1]], [[3]], [[2]]]


@pytest.mark.slow
def test_keras_reads_our_file(tmp_path):
    import keras

    lookups(kerata).save(tmp_path / "ours.keras")
    model = keras.saving.load_model(tmp_path / "ours.keras")
    assert plain_tokens(model.get_layer("counts").get_vocabulary()) == ["[UNK]", "y", "x"]
    assert plain_tokens(model.get_layer("integers").get_vocabulary()) == [0, -1, 4, 5]


def test_what_files_of_keras_lose(tmp_path):
    """Learned idf weights, a last token that is empty, and tokens with line breaks come back."""
    data = np.array([["b", "a"], ["b", ""]])
    layer = kerata.layers.StringLookup(name="l", output_mode="tf_idf")
    layer.adapt(data)
    model = kerata.Sequential([kerata.Input((2,), dtype="string"), layer])
    model.save(tmp_path / "m.keras")
    again = kerata.saving.load_model(tmp_path / "m.keras").get_layer("l")
    assert again.get_vocabulary() == layer.get_vocabulary() == ["[UNK]", "b", "a", ""]
    np.testing.assert_allclose(numbers(again(data)), numbers(layer(data)))
    layer = kerata.layers.StringLookup(name="l")
    layer.adapt(np.array(["a\nb"]))
    kerata.Sequential([kerata.Input((2,), dtype="string"), layer]).save(tmp_path / "m.keras")
    assert kerata.saving.load_model(tmp_path / "m.keras").get_layer("l").get_vocabulary() == ["[UNK]", "a\nb"]


@pytest.mark.parametrize("key", ["vocabulary", "idf_weights"])
@pytest.mark.parametrize("path", ["/etc/passwd", "gs://bucket/x", "http://localhost/x", r"\\host\x", "vocabulary.txt"])
def test_configs_open_no_files(key, path, tmp_path, monkeypatch):
    """Rows R17 of the known malicious files: also for copies of configs, and from the files of whole models."""
    opened = []
    monkeypatch.setattr("builtins.open", lambda *a, **k: opened.append(a))
    for name in ("StringLookup", "IntegerLookup", "TextVectorization"):
        layer = getattr(kerata.layers, name)
        config = {**layer(output_mode="tf_idf").get_config(), key: path}
        wrapped = {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
        with pytest.raises(ValueError, match="not read"):
            layer.from_config(config)
        for safe_mode in (True, False):
            with pytest.raises(ValueError, match="not read"):
                kerata.saving.deserialize_keras_object(wrapped, safe_mode=safe_mode)
        with pytest.raises(ValueError, match="not read"):
            kerata.layers.deserialize(wrapped)
    assert not opened


def test_hostile_assets(tmp_path):
    """Files whose assets do not fit are refused, with words."""
    layer = kerata.layers.IntegerLookup(name="l")
    layer.adapt(np.array([1, 2]))
    kerata.Sequential([kerata.Input((1,), dtype="int64"), layer]).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as z:
        parts = {n: z.read(n) for n in z.namelist()}
    (name,) = [n for n in parts if n.startswith("assets/")]
    for text in (b"a\nb", b"1\n1\n1", b"\xff\xfe"):
        with zipfile.ZipFile(tmp_path / "bad.keras", "w") as z:
            for n, data in parts.items():
                z.writestr(n, text if n == name else data)
        with pytest.raises(ValueError):
            kerata.saving.load_model(tmp_path / "bad.keras")
    assert json.loads(parts["config.json"])["config"]["layers"][1]["config"]["vocabulary"] is None


@pytest.mark.slow
def test_in_tf_data(tmp_path):
    tf = pytest.importorskip("tensorflow")
    lookup = kerata.layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot")
    hashing = kerata.layers.Hashing(5, output_mode="one_hot", dtype="float16")
    data = tf.data.Dataset.from_tensor_slices([["a", "x"], ["b", "a"]]).batch(2)
    (found,) = list(data.map(lambda x: (lookup(x), hashing(x))))
    assert found[0].shape == (2, 3) and found[1].dtype == tf.float16
    np.testing.assert_array_equal(found[0].numpy(), numbers(lookup([["a", "x"], ["b", "a"]])))
    np.testing.assert_array_equal(found[1].numpy(), numbers(hashing([["a", "x"], ["b", "a"]])))
    assert data.map(lookup).element_spec.shape.as_list() == [None, 3]
    learned = kerata.layers.StringLookup()
    learned.adapt(data)
    assert learned.get_vocabulary() == ["[UNK]", "a", "x", "b"]
    inverse = kerata.layers.StringLookup(vocabulary=["a", "b"], invert=True)
    assert [x.numpy() for x in tf.data.Dataset.range(3).map(inverse)] == [b"[UNK]", b"a", b"b"]
    assert numbers(lookup(tf.constant(["a"]))).tolist() == [0, 1, 0]
