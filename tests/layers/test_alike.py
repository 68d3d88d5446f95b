"""Shapes of layers that are alike are inferred once."""

import pytest

import kerata as keras
from kerata.core import symbolic
from kerata.layers import _alike


@pytest.fixture
def inferred(monkeypatch, backend):
    """How many shapes were inferred."""
    count = []
    infer = symbolic.infer
    monkeypatch.setattr(symbolic, "infer", lambda *args: count.append(1) or infer(*args))
    _alike._known.clear()
    return count


def _spec(layer, x):
    y = layer(x)
    return y.shape, y.dtype


def test_layers_that_are_alike_are_asked_once(inferred):
    x = keras.Input((8, 8, 3))
    for name in ("one", "two"):
        assert _spec(keras.layers.Conv2D(4, 3, strides=2, name=name), x) == ((None, 3, 3, 4), "float32")
    assert len(inferred) == 1
    first, second = (keras.layers.Conv2D(4, 3)(x) for _ in range(2))
    assert first is not second and first._keras_history != second._keras_history
    assert len(inferred) == 2
    assert _spec(keras.layers.Conv2D(4, 3), keras.Input((9, 8, 3))) == ((None, 7, 6, 4), "float32")
    assert _spec(keras.layers.Conv2D(4, 3, dtype="float16"), x) == ((None, 6, 6, 4), "float16")
    assert _spec(keras.layers.Conv2D(4, 3, padding="same"), x) == ((None, 8, 8, 4), "float32")
    assert len(inferred) == 5


def test_an_attribute_that_was_changed_counts(inferred):
    x = keras.Input((8, 8, 3))
    layer = keras.layers.MaxPooling2D(2)
    assert _spec(layer, x)[0] == (None, 4, 4, 3)
    other = keras.layers.MaxPooling2D(2)
    other.strides = (1, 1)
    assert _spec(other, x)[0] == (None, 7, 7, 3)


def test_what_holds_a_users_code_is_asked_each_time(inferred):
    x = keras.Input((4,))
    for width in (2, 3):
        def relu(x, width=width):
            return keras.ops.relu(x)[:, :width]

        assert _spec(keras.layers.Activation(relu), x)[0] == (None, width)
        assert _spec(keras.layers.Dense(4, activation=relu), x)[0] == (None, width)
        assert _spec(keras.layers.Lambda(lambda x, width=width: x[:, :width]), x)[0] == (None, width)

        class Dense(keras.layers.Dense):
            def call(self, x, width=width):
                return super().call(x)[:, :width]

        assert _spec(Dense(4), x)[0] == (None, width)
        layer = keras.layers.Dense(4)
        layer.call = lambda x, width=width: x[:, :width]
        assert _spec(layer, x)[0] == (None, width)


def test_the_float_type_counts(inferred):
    keras.utils.clear_session()  # no policy is chosen
    x = keras.Input((4,), dtype="int32")
    before = keras.config.floatx()
    layer = keras.layers.Rescaling(0.5)
    assert _spec(layer, x)[1] == "float32"
    try:
        keras.config.set_floatx("float16")
        assert _spec(keras.layers.Rescaling(0.5), x)[1] == "float16"
    finally:
        keras.config.set_floatx(before)


def test_what_a_layer_gives_at_least_is_still_regularized(inferred):
    x = keras.Input((4,))
    made = [keras.layers.Dense(2, activity_regularizer="l2")(x) for _ in range(2)]
    assert len(inferred) == 2
    model = keras.Model(x, made)
    model(keras.ops.ones((3, 4)))
    assert len(model.losses) == 2
