"""Every application has the layers, connections and weights of Keras's, and computes the same from equal weights."""

import json

import facts
import numpy as np
import pytest

import kerata
from kerata import initializers

MODELS, OUTPUTS = (json.loads((facts.HERE / f"{name}.json").read_text()) for name in ("models", "outputs"))
DEFAULT = {name: {} for name in kerata.applications.__all__ if name[0].isupper()}
# The quick part builds one model of each family.
QUICK = {
    "ConvNeXtTiny()", "DenseNet121()", "EfficientNetB0()", "EfficientNetV2B0()", "MobileNet(alpha=0.25)", "MobileNetV2(alpha=0.35)",
    "MobileNetV3Small()", "ResNet50()", "ResNet50V2()", "VGG16()", "Xception()",
}  # fmt: skip


def cases(variants, quick=frozenset()):
    """Test parameters; what is not named in `quick` is slow."""
    for name, kwargs in variants:
        key = facts.key(name, kwargs)
        yield pytest.param(name, kwargs, id=key, marks=() if key in quick else pytest.mark.slow)


def make(name, kwargs):
    kerata.utils.clear_session()
    return getattr(kerata.applications, name)(weights=None, **kwargs)


@pytest.fixture
def zeros(monkeypatch):
    """Weights cost nothing where only their shapes count."""
    for name in ("GlorotUniform", "VarianceScaling", "HeNormal"):
        monkeypatch.setattr(
            getattr(initializers, name), "__call__", lambda _, shape, dtype=None: np.zeros(shape, dtype)
        )


@pytest.fixture
def torch():
    with kerata.backend_scope("torch"):
        yield


def test_all_are_there():
    assert set(MODELS) == {facts.key(n, k) for n, k in [*DEFAULT.items(), *facts.VARIANTS]}
    assert set(OUTPUTS) == {facts.key(n, k) for n, k in facts.SMALL}
    with pytest.raises(AttributeError, match=r"no application 'Resnet50'\. Did you mean 'ResNet50'"):
        kerata.applications.Resnet50  # noqa: B018


@pytest.mark.parametrize(("name", "kwargs"), cases([*DEFAULT.items(), *facts.VARIANTS], QUICK))
def test_structure(name, kwargs, zeros, torch):
    assert facts.facts(make(name, kwargs)) == MODELS[facts.key(name, kwargs)]


OTHERS = [name for name in kerata.backend.installed() if name != "torch"]


@pytest.mark.slow
@pytest.mark.parametrize("name", DEFAULT)
@pytest.mark.parametrize("backend", OTHERS, indirect=True)
def test_weights_on_other_backends(name, zeros, backend):
    """Of small images: weights' shapes depend on their size only where a top is fully connected."""
    size = {"VGG16": 224, "VGG19": 224}.get(name, 75 if "ception" in name or name == "NASNetLarge" else 64)
    found, wanted = facts.facts(make(name, {"input_shape": (size, size, 3)})), MODELS[facts.key(name, {})]
    for key in ("output", "layers", "weights", "params", "trainable", "weights_digest"):
        assert found[key] == wanted[key], key


@pytest.mark.parametrize(("name", "kwargs"), cases(facts.SMALL))
def test_outputs(name, kwargs, zeros, torch):
    model = make(name, kwargs)
    facts.set_weights(model)
    expected = np.array(OUTPUTS[facts.key(name, kwargs)])
    found = kerata.ops.convert_to_numpy(model(facts.images(model)))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


CHANNELS_FIRST = [
    ("MobileNetV3Small", {"input_shape": (33, 40, 3)}),
    ("EfficientNetB0", {"input_shape": (33, 40, 3)}),
    ("DenseNet121", {"input_shape": (33, 40, 3)}),
    ("NASNetMobile", {"input_shape": (33, 40, 3)}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kwargs"), CHANNELS_FIRST, ids=[c[0] for c in CHANNELS_FIRST])
def test_channels_first(name, kwargs, zeros, torch):
    kwargs = {"classes": 4, "classifier_activation": None, **kwargs}
    last = make(name, kwargs)
    x = facts.images(last)
    before = kerata.config.image_data_format()
    kerata.config.set_image_data_format("channels_first")
    try:
        height, width, channels = kwargs["input_shape"]
        first = make(name, {**kwargs, "input_shape": (channels, height, width)})
    finally:
        kerata.config.set_image_data_format(before)
    for model in (last, first):
        facts.set_weights(model)
    a, b = (kerata.ops.convert_to_numpy(y) for y in (last(x), first(np.moveaxis(x, -1, 1))))
    np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-4 * np.abs(a).max())


@pytest.mark.slow
def test_nasnet_of_any_size(zeros, torch):
    """It has the weights of one of a fixed size, and takes odd and even sizes."""
    top = {"include_top": False, "pooling": "avg"}
    fixed, free = (make("NASNetMobile", {**top, "input_shape": (n, n, 3)}) for n in (47, None))
    assert [w.path for w in fixed.weights] == [w.path for w in free.weights]
    for size in (47, 64):
        assert tuple(free(np.ones((1, size, size, 3), "float32")).shape) == (1, 1056)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["NASNetLarge", "ConvNeXtTiny", "InceptionResNetV2"])
def test_from_config(name, zeros, torch):
    model = make(name, {})
    again = type(model).from_config(model.get_config())
    found, wanted = facts.facts(again), facts.facts(model)
    assert wanted == MODELS[f"{name}()"]
    del found["weights_digest"], wanted["weights_digest"]  # paths: name scopes around layers are not part of a config
    assert found == wanted
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


ERRORS = [
    ("VGG16", {"input_shape": (31, 40, 3)}, r"at least 32 x 32; got input_shape=\(31, 40, 3\)"),
    ("InceptionV3", {"input_shape": (74, 80, 3), "include_top": False}, "at least 75 x 75"),
    ("Xception", {"input_shape": (70, 80, 3)}, "at least 71 x 71"),
    ("ResNet50", {"input_shape": (3, 64, 64)}, r"another order\? .* \(height, width, channels\)"),
    ("ResNet50", {"input_shape": (64, 64)}, r"3 axes, as in input_shape=\(224, 224, 3\)"),
    ("ResNet50", {"input_shape": (None, None, 3)}, "gives the height and the width"),
    ("ResNet50", {"include_top": False, "pooling": "sum"}, '"avg" or "max"; got \'sum\''),
    ("ResNet50", {"weights": "imagenets"}, "path of a weight file that exists; got 'imagenets'"),
    ("ResNet50", {"weights": "imagenet", "classes": 10}, "1000 classes; got classes=10"),
    (
        "ResNet50",
        {"weights": "imagenet", "input_shape": (64, 64, 3)},
        r"for input_shape=\(224, 224, 3\); got \(64, 64, 3\)",
    ),
    ("ResNet50", {"weights": "imagenet", "input_shape": (64, 64, 1), "include_top": False}, "3 channels"),
    ("MobileNet", {"weights": "imagenet", "alpha": 0.3}, "alpha = 0.25, 0.5, 0.75, 1.0; got alpha=0.3"),
    ("MobileNet", {"weights": "imagenet", "depth_multiplier": 2}, "depth_multiplier=1; got 2"),
    ("MobileNetV2", {"weights": "imagenet", "alpha": 0.25}, "alpha = 0.35"),
    ("MobileNetV3Small", {"weights": "imagenet", "alpha": 0.75, "minimalistic": True}, "alpha = 1.0; got alpha=0.75"),
]


@pytest.mark.parametrize(("name", "kwargs", "text"), ERRORS)
def test_errors(name, kwargs, text):
    with pytest.raises(ValueError, match=text):
        getattr(kerata.applications, name)(**{"weights": None, **kwargs})


def test_upon_a_tensor(zeros, torch):
    inputs = kerata.Input((40, 40, 3))
    x = kerata.layers.Rescaling(1 / 255, name="scaled")(inputs)
    model = kerata.applications.MobileNet(weights=None, include_top=False, input_tensor=x, pooling="avg", alpha=0.25)
    assert model.inputs == [inputs] and model.output_shape == (None, 256) and model.layers[1].name == "scaled"
    with pytest.raises(
        ValueError, match=r"at least 32 x 32; got input_tensor \(without the batch axis\)=\(16, 16, 3\)"
    ):
        kerata.applications.MobileNet(weights=None, include_top=False, input_tensor=kerata.Input((16, 16, 3)))


def test_trains(zeros, torch):
    """A few steps of a classifier upon a body that is kept as it is."""
    body = kerata.applications.MobileNet(
        weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg", alpha=0.25
    )
    facts.set_weights(body)
    body.trainable = False
    model = kerata.Sequential([body, kerata.layers.Dense(2, activation="softmax")])
    model.compile(kerata.optimizers.Adam(0.05), "sparse_categorical_crossentropy")
    x, y = np.repeat(facts.images(body), 4, 0), np.repeat([0, 1], 4)
    before = [np.array(w) for w in body.get_weights()]
    model.fit(x, y, epochs=2, verbose=0)
    assert np.any(model.layers[1].bias.numpy() != 0)
    assert all(np.array_equal(a, b) for a, b in zip(before, body.get_weights()))
