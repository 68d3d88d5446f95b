"""FeatureSpace against Keras."""

import json

import numpy as np
import pytest
from remember import remember

import kerata

TABLE = {
    "s": np.array(["a", "b", "a", "c"]), "i": np.array([1, 2, 3, 1]), "f": np.array([1.0, 2.0, 3.0, 4.0], "float32"),
    "d": np.array([0.1, 0.5, 0.9, 0.3], "float32"), "r": np.array([1.0, 2.0, 3.0, 4.0], "float32"),
    "x": np.array([1.0, 2.0, 3.0, 4.0], "float32"), "h": np.array(["q", "w", "e", "r"]), "ih": np.array([1, 2, 3, 4]),
}  # fmt: skip


def space(framework, output_mode):
    make = framework.utils.FeatureSpace
    crosses = [("s", "i"), ("d", "i"), make.cross(("i", "h"), 5, "int" if output_mode == "dict" else "one_hot")]
    return make({
        "s": "string_categorical", "i": "integer_categorical", "f": "float_normalized",
        "d": make.float_discretized(3, name="d"), "r": "float_rescaled", "x": "float", "h": make.string_hashed(4, name="h"),
        "ih": make.integer_hashed(3, name="hh"),
    }, crosses=crosses, crossing_dim=6, output_mode=output_mode, name="space")  # fmt: skip


def plain(config):
    """A config as JSON, without objects' shared ids."""
    def clean(x):
        if isinstance(x, dict):
            return {k: clean(v) for k, v in x.items() if k != "shared_object_id"}
        return [clean(v) for v in x] if isinstance(x, list | tuple) else x

    return json.loads(json.dumps(clean(config)))


def numbers(x):
    return np.asarray(x) if not hasattr(x, "detach") else x.detach().numpy()


@remember
def keras_spaces():
    import tempfile

    import keras
    import tensorflow as tf

    found = []
    for mode in ("concat", "dict"):
        made = space(keras, mode)
        before = plain(made.get_config())
        made.adapt(tf.data.Dataset.from_tensor_slices(TABLE))
        out = made(TABLE)
        path = tempfile.mkdtemp() + "/space.keras"
        made.save(path)
        with open(path, "rb") as f:
            file = f.read()
        out = {k: np.asarray(v) for k, v in out.items()} if mode == "dict" else np.asarray(out)
        found.append((before, plain(made.get_config()), out, file))
    return found


def same(found, wanted):
    """Equal configs; said feature by feature."""
    for name, feature in wanted.get("features", {}).items():
        assert found["features"][name]["config"]["preprocessor"] == feature["config"]["preprocessor"]
    assert found == wanted


def check(found, wanted):
    if isinstance(wanted, dict):
        assert list(found) == list(wanted)
        for name, w in wanted.items():
            np.testing.assert_allclose(numbers(found[name]), w, rtol=1e-5, err_msg=name)
        return
    np.testing.assert_allclose(numbers(found), wanted, rtol=1e-5)


def test_as_keras(backend, tmp_path):
    for mode, (before, after, wanted, file) in zip(("concat", "dict"), keras_spaces()):
        made = space(kerata, mode)
        assert plain(made.get_config()) == before
        made.adapt([{k: v[:3] for k, v in TABLE.items()}, {k: v[3:] for k, v in TABLE.items()}])
        same(plain(made.get_config()), after)
        check(made(TABLE), wanted)
        row = made({k: v[1] for k, v in TABLE.items()})
        check(row, {k: v[1] for k, v in wanted.items()} if mode == "dict" else wanted[1])
        made.save(tmp_path / "ours.keras")
        (tmp_path / "keras.keras").write_bytes(file)
        for name in ("ours", "keras"):
            again = kerata.saving.load_model(tmp_path / f"{name}.keras")
            assert plain(again.get_config()) == after
            check(again(TABLE), wanted)


def test_in_a_model(train_backend):
    made = space(kerata, "concat")
    made.adapt(TABLE)
    encoded = made.get_encoded_features()
    inputs = made.get_inputs()
    assert {n: (x.shape, x.dtype) for n, x in inputs.items()}["s"] == ((None, 1), "string")
    assert encoded.shape == (None, numbers(made(TABLE)).shape[1])
    model = kerata.Model(encoded, kerata.layers.Dense(1)(encoded))
    model.compile("sgd", "mse")
    assert np.isfinite(model.fit(made(TABLE), np.ones((4, 1)), verbose=0).history["loss"][0])
    whole = kerata.Model(inputs, model(encoded))
    np.testing.assert_allclose(numbers(whole(TABLE)), numbers(model(made(TABLE))), rtol=1e-5)


def test_own_features():
    make = kerata.utils.FeatureSpace
    made = make({"a": make.feature("float32", kerata.layers.Rescaling(2.0), "float"), "b": make.float_rescaled(3.0, 1.0)})
    assert numbers(made({"a": np.array([1.0]), "b": np.array([2.0])})).tolist() == [[2.0, 7.0]]
    made = make({"a": make.string_categorical(output_mode="int"), "b": make.feature("float32", kerata.layers.Identity(), "ignore")}, output_mode="dict")
    made.adapt([{"a": np.array(["x"]), "b": np.array([1.0])}])
    assert {k: numbers(v).tolist() for k, v in made({"a": np.array(["x", "y"]), "b": np.array([1.0, 1.0])}).items()} == {"a": [[1], [0]]}


def test_errors():
    make = kerata.utils.FeatureSpace
    for action, words in [
        (lambda: make({}), "features"), (lambda: make({"a": "floats"}), "float"), (lambda: make({"a": 3}), "'a'"),
        (lambda: make({"a": "float"}, output_mode="list"), "concat"), (lambda: make({"a": "float"}, crosses=[("a", "b")]), "'b'"),
        (lambda: make({"a": "float", "b": "float"}, crosses=[("a", "b")]), "discretized numbers"),
        (lambda: make.cross(("a", "b"), 3, "multi_hot"), "one_hot"), (lambda: make.string_categorical(output_mode="q"), "one_hot"),
        (lambda: make({"a": "string_hashed"}, crosses=[("a",)]), "two"), (lambda: make({"a": "float"}).adapt(3), "data set"),
        (lambda: make({"a": "float"}).adapt([{"b": np.ones(2)}]), "'a'"), (lambda: make({"a": "float"})({"b": np.ones(2)}), "'a'"),
        (lambda: make({"a": "float_normalized"})({"a": np.ones(2)}), "adapt"),
        (lambda: make({"a": "float_normalized"}).get_inputs(), "adapt"),
        (lambda: make({"a": make.string_hashed(3, output_mode="int"), "b": "float"}).adapt([{"a": np.array(["x"]), "b": np.ones(1)}]), "one vector"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            action()


def test_hostile_configs():
    """The layers of a config's features are read like all others: known classes, no files, no programs."""
    config = kerata.saving.serialize_keras_object(kerata.utils.FeatureSpace({"a": "string_categorical"}))
    feature = config["config"]["features"]["a"]["config"]
    feature["preprocessor"]["config"]["vocabulary"] = "/etc/passwd"
    with pytest.raises(ValueError, match="not read"):
        kerata.saving.deserialize_keras_object(config)
    for name, words in (("TFSMLayer", "safe_mode"), ("TorchModuleWrapper", "safe_mode"), ("Popen", "not known")):
        feature["preprocessor"] = {"module": "keras.layers", "class_name": name, "config": {}, "registered_name": None}
        with pytest.raises(ValueError, match=words):
            kerata.saving.deserialize_keras_object(config)


@pytest.mark.slow
def test_in_tf_data():
    tf = pytest.importorskip("tensorflow")
    made = space(kerata, "dict")
    data = tf.data.Dataset.from_tensor_slices(TABLE)
    made.adapt(data.batch(2))
    (batch,) = list(data.batch(4).map(made))
    check({k: v.numpy() for k, v in batch.items()}, {k: numbers(v) for k, v in made(TABLE).items()})
    assert next(iter(data.map(made)))["s"].shape == (4,)
