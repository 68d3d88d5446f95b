"""Images as models expect them, names of classes, and weights that are downloaded."""

import hashlib
import importlib
import io
import json
import sys

import facts
import numpy as np
import pytest
from remember import remember

import kerata
from kerata.applications import _application, _files, imagenet_utils

FAMILIES = (
    "convnext", "densenet", "efficientnet", "efficientnet_v2", "imagenet_utils", "inception_resnet_v2", "inception_v3", "mobilenet",
    "mobilenet_v2", "mobilenet_v3", "nasnet", "resnet", "resnet50", "resnet_v2", "vgg16", "vgg19", "xception",
)  # fmt: skip
SHAPES = {"channels_last": [(4, 5, 3), (2, 4, 5, 3)], "channels_first": [(3, 4, 5), (2, 3, 4, 5)]}
INDEX = {str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}


def pixels(shape, dtype):
    return np.random.default_rng(0).integers(0, 256, shape).astype(dtype)


@remember
def keras_preprocessed(family, mode, data_format, dtype):
    import keras

    module = importlib.import_module(f"keras.applications.{family}")
    more = {} if mode is None else {"mode": mode}
    # Of integers, Keras makes floats in arrays only: in tensors its means are cut to integers, and overflow.
    wraps = (np.array, keras.ops.convert_to_tensor if "float" in dtype else np.array)
    inputs = [wrap(pixels(shape, dtype)) for shape in SHAPES[data_format] for wrap in wraps]
    return [np.asarray(module.preprocess_input(x, data_format=data_format, **more)) for x in inputs]


@pytest.mark.parametrize("data_format", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "uint8", "float64"])
def test_preprocess_input(data_format, dtype):
    questions = [("imagenet_utils", mode) for mode in ("caffe", "tf", "torch")]
    questions += [(family, None) for family in FAMILIES] if dtype == "float32" else []
    for family, mode in questions:
        function = getattr(kerata.applications, family).preprocess_input
        expected = iter(keras_preprocessed(family, mode, data_format, dtype))
        for shape in SHAPES[data_format]:
            for wrap in (np.array, kerata.ops.convert_to_tensor):
                x = wrap(pixels(shape, dtype))
                found = function(x, data_format=data_format, **({} if mode is None else {"mode": mode}))
                wanted = next(expected)
                assert type(found) is type(x), family
                if wrap is np.array:
                    assert found.dtype == wanted.dtype, family
                np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-5, atol=1e-4, err_msg=family)
                np.testing.assert_array_equal(
                    np.asarray(x), pixels(shape, dtype), err_msg="the argument is not changed"
                )


def test_preprocess_input_in_a_graph(backend):
    for mode in ("caffe", "tf", "torch"):
        inputs = kerata.Input((4, 5, 3))
        model = kerata.Model(inputs, imagenet_utils.preprocess_input(inputs, mode=mode))
        x = pixels((2, 4, 5, 3), "float32")
        found = kerata.ops.convert_to_numpy(model(x))
        np.testing.assert_allclose(found, imagenet_utils.preprocess_input(x, mode=mode), rtol=1e-5, atol=1e-4)


def test_preprocess_input_errors():
    with pytest.raises(ValueError, match=r"Unknown mode of preprocess_input: 'cafe'\. Did you mean 'caffe'"):
        imagenet_utils.preprocess_input(np.zeros((4, 5, 3)), mode="cafe")
    with pytest.raises(ValueError, match=r"'channels_last' the shape .* has 4 channels"):
        imagenet_utils.preprocess_input(np.zeros((4, 5, 4)))
    with pytest.raises(ValueError, match=r"3 axes.*got the shape \(4, 5\)"):
        imagenet_utils.preprocess_input(np.zeros((4, 5)))
    with pytest.raises(ValueError, match="data_format"):
        imagenet_utils.preprocess_input(np.zeros((4, 5, 3)), data_format="last")


@pytest.fixture
def storage(server, tmp_path, monkeypatch):
    """The official storage, played by a local server; the cache is empty."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(_files, "BASE", server.url + "/")
    return server


@remember
def keras_decoded(top):
    from keras.src.applications import imagenet_utils as theirs

    before, theirs.CLASS_INDEX = theirs.CLASS_INDEX, INDEX
    try:
        return theirs.decode_predictions(predictions(), top=top)
    finally:
        theirs.CLASS_INDEX = before


def predictions():
    return np.random.default_rng(1).dirichlet(np.ones(1000), 3).astype("float32")


def test_decode_predictions(storage, monkeypatch, backend):
    body = json.dumps(INDEX).encode()
    address = "download.tensorflow.org/data/imagenet_class_index.json"
    monkeypatch.setattr(_files, "CLASS_INDEX", (address, hashlib.md5(body).hexdigest()))
    storage.content["/" + address] = body
    for top in (5, 1):
        for x in (predictions(), kerata.ops.convert_to_tensor(predictions())):
            found = kerata.applications.resnet50.decode_predictions(x, top=top)
            assert found == keras_decoded(top)
    assert len(storage.requests) == 1, "it is downloaded once"
    with pytest.raises(ValueError, match=r"shape \(batch, 1000\); got \(3, 10\)"):
        imagenet_utils.decode_predictions(predictions()[:, :10])


def test_official_addresses(monkeypatch):
    """Every model asks for the file that Keras's asks for: name in the cache, address, folder, sum."""
    import kerata.applications as ours

    class Asked(Exception):
        pass

    def asked(fname, origin, cache_subdir=None, file_hash=None):
        raise Asked([fname, origin, cache_subdir, file_hash])

    def only_the_file(asked, body, file, *more, **options):
        _files.fetch(file(bool(asked.include_top)))

    monkeypatch.setattr(_files, "get_file", asked)
    wanted = json.loads((facts.HERE / "addresses.json").read_text())
    names = [n for n in sorted(dir(ours)) if n[0].isupper()]
    assert len(names) == 40
    for module in {sys.modules[getattr(ours, n).__module__] for n in names} | {_application}:
        if hasattr(module, "application"):
            monkeypatch.setattr(module, "application", only_the_file)
    for name, kwargs in facts.addressed(names):
        try:
            getattr(ours, name)(**kwargs)
        except Asked as e:
            assert e.args[0] == wanted.pop(facts.key(name, kwargs), None), (name, kwargs)
    assert not wanted, "models that ask for no file here"


def test_imagenet_weights(storage, tmp_path):
    kwargs = {"alpha": 0.25, "include_top": False, "pooling": "avg"}
    with kerata.backend_scope("torch"):
        source = kerata.applications.MobileNet(weights=None, **kwargs)
        facts.set_weights(source)
        source.save(tmp_path / "made.h5")
        storage.content["/tensorflow/keras-applications/mobilenet/mobilenet_2_5_224_tf_no_top.h5"] = (
            tmp_path / "made.h5"
        ).read_bytes()
        loaded = kerata.applications.MobileNet(**kwargs)
        again = kerata.applications.MobileNet(weights=tmp_path / "models" / "mobilenet_2_5_224_tf_no_top.h5", **kwargs)
        for model in (loaded, again):
            for a, b in zip(source.get_weights(), model.get_weights()):
                np.testing.assert_array_equal(a, b)
        kerata.applications.MobileNet(**kwargs)
        source.save(tmp_path / "made.keras")
        restored = kerata.saving.load_model(tmp_path / "made.keras")
        x = facts.images(source)
        np.testing.assert_array_equal(restored.predict(x, verbose=0), source.predict(x, verbose=0))
    assert len(storage.requests) == 1, "it is downloaded once"
    assert loaded.name == "mobilenet_0.25_224"


def test_a_wrong_file_is_refused(storage):
    storage.content[
        "/tensorflow/keras-applications/mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5"
    ] = b"no"
    with kerata.backend_scope("torch"), pytest.raises(ValueError, match="md5 sum"):
        kerata.applications.MobileNetV3Small(include_top=False)


@pytest.mark.slow
def test_official_efficientnet_rescales(storage, tmp_path, monkeypatch):
    """Of EfficientNet, the model for the official weights has one layer more."""
    with kerata.backend_scope("torch"):
        source = kerata.applications.EfficientNetB0(weights=None, include_top=False)
        facts.set_weights(source)
        source.save(tmp_path / "made.h5")
        body = (tmp_path / "made.h5").read_bytes()
        storage.content["/keras-applications/efficientnetb0_notop.h5"] = body
        monkeypatch.setitem(_files._SHORT_NAMED, "efficientnetb0", ("", hashlib.md5(body).hexdigest()))
        model = kerata.applications.EfficientNetB0(include_top=False)
    assert len(model.layers) == len(source.layers) + 1 == 238
    np.testing.assert_allclose(np.ravel(model.layers[3].scale), [2.0896919, 2.1128856, 2.1081851], rtol=1e-6)
    for a, b in zip(source.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)


@remember
def keras_file():
    """A weight file of Keras's, and what its model gives."""
    import tempfile

    import keras

    model = keras.applications.MobileNetV2(weights=None, alpha=0.35, input_shape=(32, 32, 3), classes=3)
    facts.set_weights(model)
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(f"{folder}/a.weights.h5")
        with open(f"{folder}/a.weights.h5", "rb") as file:
            return io.BytesIO(file.read()).getvalue(), np.asarray(model.predict(facts.images(model), verbose=0))


@pytest.mark.slow
def test_weights_of_keras(tmp_path):
    content, expected = keras_file()
    (tmp_path / "a.weights.h5").write_bytes(content)
    with kerata.backend_scope("torch"):
        kwargs = {"alpha": 0.35, "input_shape": (32, 32, 3), "classes": 3}
        model = kerata.applications.MobileNetV2(weights=str(tmp_path / "a.weights.h5"), **kwargs)
        np.testing.assert_allclose(model.predict(facts.images(model), verbose=0), expected, rtol=1e-4, atol=1e-5)


@remember
def keras_saved():
    """A model file of Keras's with the two layers that applications define, as Keras writes them."""
    import os
    import tempfile

    import keras
    from keras.src.applications.convnext import LayerScale
    from keras.src.applications.inception_resnet_v2 import CustomScaleLayer

    inputs = keras.Input((4, 3))
    x = CustomScaleLayer(0.25)([inputs, LayerScale(0.5, 3)(inputs)])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.keras")
        keras.Model(inputs, x).save(path)
        with open(path, "rb") as file:
            return file.read()


def test_own_layers_in_files(tmp_path):
    path = tmp_path / "a.keras"
    path.write_bytes(keras_saved())
    model = kerata.saving.load_model(path)
    x = np.arange(12.0, dtype="float32").reshape(1, 4, 3)
    np.testing.assert_allclose(np.asarray(model(x)), 1.125 * x, rtol=1e-6)
    model.save(tmp_path / "b.keras")
    assert [type(x).__name__ for x in kerata.saving.load_model(tmp_path / "b.keras").layers][1] == "LayerScale"
