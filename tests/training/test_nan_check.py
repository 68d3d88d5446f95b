"""`kerata.config.enable_nan_check()` finds the first NaN: batch, layer and op."""

import numpy as np
import pytest

import kerata
from kerata import layers, ops

X = np.linspace(-1, 1, 24).reshape(12, 2).astype("float32")


@pytest.fixture(autouse=True)
def nan_check():
    kerata.config.enable_nan_check()
    yield
    kerata.config.disable_nan_check()


class Op(layers.Layer):
    def __init__(self, fn, **kwargs):
        super().__init__(**kwargs)
        self.fn = fn

    def call(self, x):
        return self.fn(x)


def _model(*more, loss="mse", optimizer="sgd"):
    model = kerata.Sequential([layers.Input((2,)), layers.Dense(3, name="first", kernel_initializer="ones"), *more])
    model.compile(optimizer, loss)
    return model


def _told(model, x=X, y=None, **kwargs):
    y = np.ones((12, 3), "float32") if y is None else y
    with pytest.raises(FloatingPointError) as error:
        model.fit(x, y, batch_size=4, verbose=0, shuffle=False, **kwargs)
    return str(error.value)


def test_where_it_comes_from(train_backend):
    good = _model().fit(X, np.ones((12, 3)), batch_size=4, verbose=0, shuffle=False)
    assert np.isfinite(good.history["loss"]).all()

    told = _told(_model(Op(lambda x: ops.log(x + 0.5), name="logs"), layers.Dense(3)))
    assert "epoch 1, batch 0" in told and "forward pass" in told and "op `log`" in told and "logs' (Op)" in told

    bad = X.copy()
    bad[5, 1] = np.inf
    with pytest.warns(UserWarning, match="not finite"):
        told = _told(_model(), x=bad)
    assert "batch 1" in told and "in the data: x has inf in 1 of 4 rows of this batch, first in row 1" in told

    told = _told(_model(loss=lambda t, p: ops.mean(ops.sqrt(p - 100.0), axis=-1)))
    assert "in the loss" in told and "op `sqrt`" in told

    told = _told(_model(Op(lambda x: ops.sqrt(ops.abs(x) * 0.0), name="roots"), layers.Dense(3)))
    assert "in the gradient" in told and "roots' (Op), op `sqrt`" in told and "slope" in told

    told = _told(_model(layers.Dense(3), optimizer=kerata.optimizers.SGD(1e30)), epochs=3)
    assert "update by SGD" in told or "exceeds" in told or "forward pass" in told or "gradient" in told

    model = _model()
    model.layers[0].kernel.assign(np.full((2, 3), np.nan))
    assert "The weight 'sequential" in _told(model) or "was not finite before" in _told(model)


def test_the_weights_are_those_from_before_the_batch(train_backend):
    x = X.copy()
    x[8:] = np.nan
    model, same = _model(layers.Dropout(0.3, seed=1)), _model(layers.Dropout(0.3, seed=1))
    with pytest.warns(UserWarning, match="not finite"):
        assert "batch 2" in _told(model, x=x)
    same.fit(x[:8], np.ones((8, 3)), batch_size=4, verbose=0, shuffle=False)
    np.testing.assert_allclose(model.get_weights()[0], same.get_weights()[0], rtol=1e-6)
    assert int(model.optimizer.iterations.numpy()) == 2


def test_layers_that_compute_without_ops(train_backend):
    native = {"jax": lambda x: x - x * np.inf * 0, "torch": lambda x: x * float("nan"), "tensorflow": lambda x: x * float("nan")}
    told = _told(_model(Op(native[train_backend], name="own")))
    assert "layer 'own', gives nan" in told and "something else than kerata.ops" in told


def test_steps_of_ones_own(train_backend):
    class Own(kerata.Model):
        def train_step(self, data):
            x = data[0]
            loss, grads = kerata.value_and_grad(lambda: ops.mean(ops.log(self(x, training=True))), self.trainable_variables)()
            self.optimizer.apply(grads, self.trainable_variables)
            return {"loss": loss}

    inputs = layers.Input((2,))
    model = Own(inputs, layers.Dense(3, name="first")(inputs))
    model.compile("sgd", "mse")
    told = _told(model)
    assert "train_step()" in told
