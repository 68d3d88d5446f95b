"""The limits for trying a program out: epochs of `fit`, steps of an epoch; by a call or by the environment."""

import numpy as np

import kerata
from kerata.core import config


def test_environment_sets_limits(monkeypatch):
    assert config._Config().max_epochs is None
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "2")
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "3")
    found = config._Config()
    assert (found.max_epochs, found.max_steps_per_epoch) == (2, 3)


def test_limits_hold_in_fit_evaluate_and_predict(train_backend, monkeypatch):
    monkeypatch.setattr(config.config, "max_epochs", 1)
    monkeypatch.setattr(config.config, "max_steps_per_epoch", 3)
    model = kerata.Sequential([kerata.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((10, 2), "float32"), np.array([1.0] * 6 + [9.0] * 4, "float32")[:, None]
    assert model.predict(x, batch_size=2, verbose=0).shape == (6, 1)
    assert model.predict((x[i : i + 2] for i in range(0, 10, 2)), verbose=0).shape == (6, 1)
    np.testing.assert_allclose(model.evaluate(x, y, batch_size=2, verbose=0), [1.0, 1.0], rtol=1e-6)
    history = model.fit(x, y, batch_size=2, epochs=5, shuffle=False, validation_data=(x, y), verbose=0)
    assert history.epoch == [0] and int(model.optimizer.iterations) == 3
