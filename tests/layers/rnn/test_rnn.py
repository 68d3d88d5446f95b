"""Recurrent layers against Keras: outputs, states, masks, gradients, shapes, configs, on every backend."""

import pickle

import numpy as np
import pytest
from common import check_layer

import kerata
from kerata import layers, ops

X = (3, 4, 5)
MASK = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], bool)
KINDS = ("SimpleRNN", "LSTM", "GRU")
OPTIONS = {
    "plain": {},
    "backwards": {"go_backwards": True, "return_sequences": True, "return_state": True, "use_bias": False},
    "unrolled": {"unroll": True, "return_sequences": True, "activation": "relu"},
    "regularised": {
        "return_sequences": True, "kernel_regularizer": "l2", "recurrent_regularizer": "l2", "bias_regularizer": "l2",
        "kernel_constraint": "max_norm", "recurrent_constraint": "unit_norm",
    },
}  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("kind", KINDS)
def test_as_keras(backend, kind, option):
    check_layer(kind, {"units": 3, **OPTIONS[option]}, X, unknown=(None, None, 5) if option == "backwards" else None)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])  # Keras's SimpleRNN forgets its activity regularizer
def test_activity_regularizer_as_keras(backend, kind):
    check_layer(kind, {"units": 3, "activity_regularizer": "l2"}, X, symbolic=False, gradients=False)


@pytest.mark.parametrize("kind, option", [
    ("LSTM", {"recurrent_activation": "hard_sigmoid", "unit_forget_bias": False, "use_cudnn": False}),
    ("GRU", {"reset_after": False}), ("GRU", {"recurrent_activation": "tanh", "use_cudnn": False}),
])  # fmt: skip
@pytest.mark.slow
def test_gates_as_keras(backend, kind, option):
    check_layer(kind, {"units": 3, **option}, X)


@pytest.mark.parametrize("option", [
    {}, {"return_sequences": True, "return_state": True, "go_backwards": True},
    {"return_sequences": True, "zero_output_for_mask": True},
], ids=repr)  # fmt: skip
@pytest.mark.parametrize("kind", KINDS)
def test_masked_as_keras(backend, kind, option):
    check_layer(kind, {"units": 3, **option}, X, masks=[MASK], symbolic=False)


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("kind", [*KINDS, "ConvLSTM1D"])
def test_masks_with_axes_of_size_1_behind(backend, kind, unroll):
    wide = kind == "ConvLSTM1D"
    arguments = {"filters": 2, "kernel_size": 2} if wide else {"units": 3}
    layer = getattr(layers, kind)(**arguments, unroll=unroll, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(3, 4, 5, 2) if wide else X).astype("float32")
    expected = ops.convert_to_numpy(layer(x, mask=MASK))
    for mask in (MASK[..., None], MASK[..., None, None]):
        np.testing.assert_allclose(ops.convert_to_numpy(layer(x, mask=mask)), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(3, 2), (2, 4), (3, 4, 5), (3,)])
def test_a_mask_of_another_shape(backend, shape):
    with pytest.raises(ValueError, match=r"'gate'.*mask has the shape .*wanted is \(batch, time\), here \(3, 4\)"):
        layers.GRU(3, name="gate")(np.zeros(X, "float32"), mask=np.ones(shape, bool))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kind, states", [("SimpleRNN", 1), ("LSTM", 2), ("GRU", 1)])
@pytest.mark.slow
def test_initial_state_as_keras(backend, kind, states, masked):
    rng = np.random.default_rng(0)
    call = {"initial_state": [rng.normal(size=(3, 2)).astype("float32") for _ in range(states)]}
    call.update({"mask": MASK} if masked else {})  # Keras forgets a mask that travels with the input here
    arguments = {"units": 2, "return_sequences": True, "return_state": True}
    check_layer(kind, arguments, X, call=call, symbolic=False, config=False)


@pytest.mark.parametrize("kind", [f"{k}Cell" for k in KINDS])
def test_cells_as_keras(backend, kind):
    rng = np.random.default_rng(0)
    states = [rng.normal(size=(3, 2)).astype("float32") for _ in range(2 if kind == "LSTMCell" else 1)]
    check_layer(kind, {"units": 2}, (3, 5), call={"states": states}, symbolic=False)


def cells_of(framework):
    L = framework.layers
    return [L.LSTMCell(3, name="a"), L.GRUCell(4, name="b"), L.SimpleRNNCell(2, name="c")]


@pytest.mark.parametrize("option", [{"return_sequences": True}, {"go_backwards": True, "unroll": True}], ids=repr)
@pytest.mark.slow
def test_rnn_of_a_cell_as_keras(backend, option):
    def arguments(k):
        return {"cell": k.layers.LSTMCell(3, name="a"), **option}

    check_layer("RNN", arguments, X)
    check_layer("RNN", arguments, X, masks=[MASK], symbolic=False)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.slow
def test_stacked_cells_as_keras(backend, masked):
    def make(k):
        return k.layers.RNN(k.layers.StackedRNNCells(cells_of(k), name="stack"), return_sequences=True, name="probe")

    check_layer(make, None, X, masks=[MASK] if masked else None, symbolic=not masked)


def test_stacked_cells_give_the_states_of_each(backend):
    rnn = layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)], return_state=True)
    output, lstm, gru = rnn(kerata.ops.ones((2, 4, 5)))
    assert [tuple(x.shape) for x in (output, *lstm, *gru)] == [(2, 4), (2, 3), (2, 3), (2, 4)]
    assert rnn.state_size == [[3, 3], 4]


def minimal_cell(framework):
    class MinimalCell(framework.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
            self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")
            self.built = True

        def call(self, x, states):
            h = framework.ops.matmul(x, self.kernel) + framework.ops.matmul(states[0], self.recurrent)
            return h, [h]

    return MinimalCell(3, name="minimal")


def test_a_cell_of_the_users_own_as_keras(backend):
    def make(k):
        return k.layers.RNN(minimal_cell(k), return_state=True, name="probe")

    check_layer(make, None, X, config=False)
    check_layer(make, None, X, masks=[MASK], config=False, symbolic=False)


def test_stateful(backend):
    import keras

    x = np.random.default_rng(0).normal(size=X).astype("float32")
    for kind in KINDS:
        mine = getattr(layers, kind)(3, stateful=True, return_sequences=True)
        theirs = getattr(keras.layers, kind)(3, stateful=True, return_sequences=True)
        for layer in (mine, theirs):
            layer.build(x.shape)
        mine.set_weights(theirs.get_weights())
        first = np.asarray(kerata.ops.convert_to_numpy(mine(x)))
        np.testing.assert_allclose(first, theirs(x), rtol=1e-5, atol=1e-5)
        second = kerata.ops.convert_to_numpy(mine(x))
        np.testing.assert_allclose(second, theirs(x), rtol=1e-5, atol=1e-5)
        assert not np.allclose(first, second)
        mine.reset_state()
        np.testing.assert_allclose(kerata.ops.convert_to_numpy(mine(x)), first, rtol=1e-5, atol=1e-6)
        assert len(mine.weights) == 3
        assert all(any(s is v for v in mine.non_trainable_variables) for s in mine.states)


@pytest.mark.parametrize("kind", ["LSTM", "ConvLSTM1D"])
def test_pickles_have_the_weights(backend, kind):
    layer, x = getattr(layers, kind)(2, **({"kernel_size": 2} if "Conv" in kind else {})), np.ones((1, 3, 4, 5), "float32")
    x = x if "Conv" in kind else x[0]
    wanted = ops.convert_to_numpy(layer(x))
    np.testing.assert_allclose(ops.convert_to_numpy(pickle.loads(pickle.dumps(layer))(x)), wanted, rtol=1e-6)


def test_states_live_on_through_predict(backend):
    model = kerata.Sequential([kerata.Input(batch_shape=(2, 3, 4)), layers.GRU(3, stateful=True)])
    x = np.ones((2, 3, 4), "float32")
    first, second = model.predict(x, batch_size=2, verbose=0), model.predict(x, batch_size=2, verbose=0)
    assert not np.allclose(first, second)
    model.layers[0].reset_state()
    np.testing.assert_allclose(model.predict(x, batch_size=2, verbose=0), first, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [*KINDS, "RNN"])
def test_dropout_is_one_mask_for_all_steps(backend, kind):
    def make(**kwargs):
        if kind == "RNN":
            return layers.RNN(layers.GRUCell(3, **kwargs), return_sequences=True)
        return getattr(layers, kind)(3, return_sequences=True, **kwargs)

    x = np.ones((2, 5, 4), "float32")
    for rates in ({"dropout": 0.5}, {"recurrent_dropout": 0.5}, {"dropout": 0.4, "recurrent_dropout": 0.3}):
        one, other = make(seed=3, **rates), make(seed=3, **rates)
        one.build(x.shape), other.build(x.shape)
        other.set_weights(one.get_weights())
        a, b = (kerata.ops.convert_to_numpy(layer(x, training=True)) for layer in (one, other))
        np.testing.assert_array_equal(a, b)
        assert not np.allclose(a, kerata.ops.convert_to_numpy(one(x, training=True)))
        plain = make()
        plain.build(x.shape)
        plain.set_weights(one.get_weights())
        np.testing.assert_allclose(
            kerata.ops.convert_to_numpy(one(x)), kerata.ops.convert_to_numpy(plain(x)), rtol=1e-5, atol=1e-6
        )


def test_dropped_inputs_are_those_of_the_mask(backend):
    rnn = layers.SimpleRNN(3, dropout=0.5, activation=None, recurrent_initializer="zeros", return_sequences=True, seed=1)
    y = kerata.ops.convert_to_numpy(rnn(np.ones((4, 6, 8), "float32"), training=True))
    np.testing.assert_allclose(y, np.broadcast_to(y[:, :1], y.shape), rtol=1e-5)
    assert len({tuple(row.round(4)) for row in y[:, 0]}) > 1


def test_trains(train_backend):
    rng = np.random.default_rng(0)
    kerata.utils.set_random_seed(0)
    x = rng.normal(size=(64, 6, 3)).astype("float32")
    y = x[:, :, 0].sum(1, keepdims=True)
    for layer in (layers.LSTM(8, dropout=0.1), layers.GRU(8, recurrent_dropout=0.1), layers.RNN([layers.LSTMCell(8)])):
        model = kerata.Sequential([layer, layers.Dense(1)])
        model.compile(kerata.optimizers.Adam(0.01), loss="mse")
        history = model.fit(x, y, epochs=3, batch_size=16, verbose=0).history["loss"]
        assert history[-1] < history[0]


def test_masking_layer_reaches_the_rnn(backend):
    x = np.random.default_rng(0).normal(size=X).astype("float32")
    x[0, 2:] = 0
    model = kerata.Sequential([kerata.Input((4, 5)), layers.Masking(), layers.LSTM(3)])
    short = kerata.ops.convert_to_numpy(model.layers[-1](x[:1, :2]))
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(model(x))[:1], short, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make, words", [
    (lambda: layers.LSTM(0), "units"),
    (lambda: layers.LSTM(2.5), "units"),
    (lambda: layers.RNN(3), "call"),
    (lambda: layers.RNN(layers.Dense(3)), "state_size"),
    (lambda: layers.StackedRNNCells([layers.LSTMCell(2), "gru"]), "call"),
    (lambda: layers.LSTM(2)(np.ones((2, 3))), "3 axes"),
    (lambda: layers.LSTM(2, stateful=True)(kerata.Input((4, 3))), "batch"),
    (lambda: layers.LSTM(2)(np.ones((2, 4, 3)), initial_state=[np.ones((2, 2))]), "initial_state"),
    (lambda: layers.LSTM(2, time_major=True), "time_major"),
    (lambda: layers.GRU(2, activation="tanhh"), "tanh"),
])  # fmt: skip
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_states_of_stacked_cells_are_nested_as_the_cells_say(backend):
    """As in Keras: a cell without `get_initial_state` whose state is one size has one tensor, not a list of one."""

    class Adds(layers.Layer):
        def __init__(self, state_size):
            super().__init__()
            self.state_size, self.output_size = state_size, 3

        def call(self, x, states):
            out = states[0] + ops.sum(x, axis=-1, keepdims=True)
            return out, [out]

    cells = [Adds(3), Adds([3]), layers.GRUCell(2)]
    _, one, listed, (last,) = layers.RNN(cells, return_state=True)(np.ones((2, 2, 4), "float32"))
    np.testing.assert_array_equal(ops.convert_to_numpy(one), np.full((2, 3), 8.0))
    assert isinstance(listed, list) and tuple(listed[0].shape) == (2, 3) and tuple(last.shape) == (2, 2)


def test_masked_layers_on_batches_of_several_sizes(train_backend):
    """A step that is compiled anew for batches of any size, as TensorFlow does after some."""
    x = np.random.default_rng(0).normal(size=(9, 5, 3)).astype("float32")
    x[::2, 3:] = 0
    model = kerata.Sequential([kerata.Input((None, 3)), layers.Masking(), layers.Bidirectional(layers.LSTM(2)), layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = [model.fit(x[:n], x[:n, 0, :1], batch_size=4, epochs=1, verbose=0).history["loss"][0] for n in (9, 6, 7)]
    assert np.isfinite(losses).all()
    wanted = ops.convert_to_numpy(model(x))
    for size in (4, 5, 7):
        np.testing.assert_allclose(model.predict(x, batch_size=size, verbose=0), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_integers_as_input(backend, kind):
    """As in Keras they count as floats, in all ways to run the steps."""
    x = np.array([[[1, 0], [2, 1], [0, 3]]], "int32")
    for more in ({}, {"unroll": True}, {"dtype": "mixed_float16"}):
        layer = getattr(layers, kind)(2, **more)
        assert layer(kerata.KerasTensor((None, 3, 2), dtype="int32")).dtype == layer.compute_dtype
        found = layer(ops.convert_to_tensor(x))
        assert ops.dtype(found) == layer.compute_dtype
        np.testing.assert_allclose(ops.convert_to_numpy(found), ops.convert_to_numpy(layer(x.astype("float32"))), rtol=1e-3)
