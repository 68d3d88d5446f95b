"""keras-tcn: the layer, the ready model, masks of time, saving."""

import keras
import numpy as np
import pytest
from tcn import TCN, compiled_tcn, tcn_full_summary
from values import fill, same

rng = np.random.default_rng(0)
X = rng.normal(size=(16, 12, 3)).astype("float32")


@pytest.mark.parametrize("kwargs", [
    {}, {"return_sequences": True}, {"use_batch_norm": True}, {"use_layer_norm": True}, {"padding": "same"},
    {"use_skip_connections": False}, {"nb_stacks": 2, "dilations": (1, 2)}, {"dropout_rate": 0.1, "activation": "elu"},
], ids=str)  # fmt: skip
def test_layer(kwargs, request):
    inputs = keras.Input((12, 3))
    layer = TCN(nb_filters=4, kernel_size=2, **{"dilations": (1, 2, 4), **kwargs})
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    fill(model)
    same(f"tcn {request.node.name}", model.predict(X, verbose=0))
    assert layer.receptive_field == 1 + 2 * (2 - 1) * kwargs.get("nb_stacks", 1) * sum(kwargs.get("dilations", (1, 2, 4)))
    model.compile("adam", "mse")
    model.fit(X, np.zeros((16, 12, 1)) if kwargs.get("return_sequences") else np.zeros((16, 1)), verbose=0)


def test_saved_and_loaded(tmp_path):
    model = keras.Sequential([keras.Input((None, 3)), TCN(4, dilations=(1, 2)), keras.layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras", custom_objects={"TCN": TCN})
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    model.save_weights(tmp_path / "m.weights.h5")
    again.load_weights(tmp_path / "m.weights.h5")


@pytest.mark.parametrize("regression", [False, True])
def test_compiled_tcn(regression):
    model = compiled_tcn(num_feat=3, num_classes=4, nb_filters=4, kernel_size=2, dilations=[1, 2], nb_stacks=1, max_len=12,
                         output_len=1, regression=regression, dropout_rate=0.1, return_sequences=False)
    y = rng.normal(size=(16, 1)) if regression else np.arange(16) % 4
    history = model.fit(X, y, epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2
    tcn_full_summary(model, expand_residual_blocks=False)
