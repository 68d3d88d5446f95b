"""KerasHub's models, small and with random weights: outputs, configs, files, presets; some by the harness that it ships."""

import keras
import keras_hub
import numpy as np
import pytest
from keras import ops
from keras_hub_configs import BACKBONES, data
from values import fill, same

M = keras_hub.models


@pytest.mark.parametrize("name", BACKBONES)
def test_backbone(name, tmp_path):
    kwargs, x = BACKBONES[name]
    x = data(x)
    model = getattr(M, name)(**kwargs)
    fill(model)
    got = model.predict(x, verbose=0)
    for key, value in got.items() if isinstance(got, dict) else [("output", got)]:
        same(f"{name} {key}", value)
    again = type(model).from_config(model.get_config())
    again.set_weights(model.get_weights())
    first = lambda out: next(iter(out.values())) if isinstance(out, dict) else out
    np.testing.assert_allclose(first(again.predict(x, verbose=0)), first(got), rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(first(loaded.predict(x, verbose=0)), first(got), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["BertBackbone", "ResNetBackbone"])
def test_preset_of_ones_own(name, tmp_path):
    model = getattr(M, name)(**BACKBONES[name][0])
    model.save_to_preset(str(tmp_path / "preset"))
    again = M.Backbone.from_preset(str(tmp_path / "preset"))
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["BertBackbone", "GPT2Backbone", "GemmaBackbone", "T5Backbone", "ResNetBackbone", "ViTBackbone"])
def test_by_keras_hubs_own_harness(name):
    test_case = pytest.importorskip("keras_hub.src.tests.test_case", reason="needs TensorFlow and grain")
    case = test_case.TestCase("run_backbone_test")
    kwargs, x = BACKBONES[name]
    x = {k: ops.convert_to_tensor(v, "int32") for k, v in x.items()} if isinstance(x, dict) else ops.convert_to_tensor(data(x))
    out = getattr(M, name)(**kwargs)(x)
    shape = {k: tuple(v.shape) for k, v in out.items()} if isinstance(out, dict) else tuple(out.shape)
    images = name in ("ResNetBackbone", "ViTBackbone")
    more = {"run_quantization_check": False} if images else {}
    case.run_backbone_test(getattr(M, name), kwargs, x, shape, **more)
