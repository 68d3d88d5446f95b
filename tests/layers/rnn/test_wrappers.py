"""Bidirectional, TimeDistributed, ConvLSTM against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata
from kerata import layers

X = (3, 4, 5)
MASK = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 1, 1, 1]], bool)


def bidirectional(kind="LSTM", merge_mode="concat", backward=None, **inner):
    def make(k):
        layer = getattr(k.layers, kind)
        other = None if backward is None else getattr(k.layers, backward)(3, go_backwards=True, name="back", **inner)
        return k.layers.Bidirectional(
            layer(3, name="inner", **inner), merge_mode=merge_mode, backward_layer=other, name="probe"
        )

    return make


@pytest.mark.parametrize("merge_mode, inner", [
    ("concat", {}), ("sum", {"return_sequences": True}), ("mul", {"return_state": True}), ("ave", {}),
    (None, {"return_sequences": True, "return_state": True}), ("concat", {"return_sequences": True, "return_state": True}),
], ids=repr)  # fmt: skip
@pytest.mark.slow
def test_bidirectional_as_keras(backend, merge_mode, inner):
    check_layer(bidirectional(merge_mode=merge_mode, **inner), None, X, unknown=(None, None, 5))


@pytest.mark.parametrize("kind, merge_mode, inner", [
    ("LSTM", "concat", {}), ("GRU", "sum", {"return_sequences": True}),
    ("SimpleRNN", None, {"return_sequences": True, "return_state": True}),
])  # fmt: skip
@pytest.mark.slow
def test_masked_bidirectional_as_keras(backend, kind, merge_mode, inner):
    check_layer(bidirectional(kind, merge_mode, **inner), None, X, masks=[MASK], symbolic=False)


def test_bidirectional_with_another_layer_backwards_as_keras(backend):
    check_layer(bidirectional("LSTM", "sum", "GRU", return_sequences=True), None, X)


def test_bidirectional_from_initial_states_as_keras(backend):
    rng = np.random.default_rng(0)
    call = {"initial_state": [rng.normal(size=(3, 3)).astype("float32") for _ in range(4)]}
    make = bidirectional(return_state=True)
    check_layer(make, None, X, call=call, symbolic=False, config=False)


def test_bidirectional_takes_weights_and_layers_of_users():
    class Doubled(layers.SimpleRNN):
        def call(self, sequences, initial_state=None, mask=None, training=False):
            return 2 * super().call(sequences, initial_state, mask, training)

    x = np.ones(X, "float32")
    one = layers.Bidirectional(Doubled(2))
    one(x)
    other = layers.Bidirectional(Doubled(2), weights=one.get_weights())
    np.testing.assert_allclose(
        kerata.ops.convert_to_numpy(one(x)), kerata.ops.convert_to_numpy(other(x)), rtol=1e-5, atol=1e-6
    )
    assert type(other.backward_layer) is Doubled


def test_stateful_bidirectional(backend):
    layer = layers.Bidirectional(layers.GRU(2, stateful=True))
    x = np.ones(X, "float32")
    first = kerata.ops.convert_to_numpy(layer(x))
    assert not np.allclose(first, kerata.ops.convert_to_numpy(layer(x)))
    assert len(layer.states) == 2
    layer.reset_state()
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(layer(x)), first, rtol=1e-5, atol=1e-6)


def time_distributed(inner, **arguments):
    def make(k):
        return k.layers.TimeDistributed(getattr(k.layers, inner)(name="inner", **arguments), name="probe")

    return make


@pytest.mark.parametrize("inner, arguments, shape", [
    ("Dense", {"units": 3}, (2, 4, 5)), ("Dense", {"units": 3}, (2, 4, 3, 5)),
    ("Conv1D", {"filters": 2, "kernel_size": 3}, (2, 3, 6, 4)), ("LSTM", {"units": 2}, (2, 3, 6, 4)),
    ("Flatten", {}, (2, 3, 4, 5)), ("LayerNormalization", {}, (2, 3, 4)),
    ("BatchNormalization", {}, (5, 3, 4)),
], ids=repr)  # fmt: skip
@pytest.mark.slow
def test_time_distributed_as_keras(backend, inner, arguments, shape):
    check_layer(time_distributed(inner, **arguments), None, shape, symbolic=True)


def updating(kind):
    def make(k):
        layer = {
            "in a model": lambda: k.Sequential(
                [k.layers.Dense(3, name="dense"), k.layers.BatchNormalization(name="norm")], name="inner"
            ),
            "spectral": lambda: k.layers.SpectralNormalization(k.layers.Dense(3, name="dense"), name="inner"),
            "frozen": lambda: k.layers.BatchNormalization(trainable=False, name="inner"),
        }[kind]()
        return k.layers.TimeDistributed(layer, name="probe")

    return make


@pytest.mark.parametrize("kind", ["in a model", "spectral", "frozen"])
@pytest.mark.slow
def test_time_distributed_over_what_updates_its_weights(backend, kind):
    # SpectralNormalization assigns its kernel anew in each step, which every framework differentiates in its own way.
    check_layer(updating(kind), None, (5, 4, 3), config=False, symbolic=False, gradients=kind != "spectral")


def test_time_distributed_unknown_time(backend):
    out = layers.TimeDistributed(layers.Dense(3))(kerata.Input((None, 4)))
    assert out.shape == (None, None, 3)


def test_time_distributed_keeps_the_mask(backend):
    check_layer(time_distributed("Dense", units=2), None, X, masks=[MASK], symbolic=False)


@pytest.mark.parametrize("rank, option", [
    (1, {"return_sequences": True, "return_state": True}), (1, {"dilation_rate": 2}),
    (2, {"strides": 2, "padding": "same"}),
    (2, {"use_bias": False, "activation": "relu", "recurrent_activation": "hard_sigmoid"}),
    (3, {"unit_forget_bias": False, "go_backwards": True, "return_sequences": True}),
], ids=repr)  # fmt: skip
@pytest.mark.slow
def test_conv_lstm_as_keras(backend, rank, option):
    shape = (2, 3, *(5, 4, 4)[:rank], 2)
    check_layer(f"ConvLSTM{rank}D", {"filters": 3, "kernel_size": 2, **option}, shape)


def test_conv_lstm_channels_first(backend):
    last = layers.ConvLSTM2D(3, 2, return_sequences=True)
    first = layers.ConvLSTM2D(3, 2, return_sequences=True, data_format="channels_first")
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4, 2)).astype("float32")
    moved = np.moveaxis(x, -1, 2)
    last.build(x.shape), first.build(moved.shape)
    first.set_weights(last.get_weights())
    got = np.moveaxis(np.asarray(kerata.ops.convert_to_numpy(first(moved))), 2, -1)
    np.testing.assert_allclose(got, kerata.ops.convert_to_numpy(last(x)), rtol=1e-5, atol=1e-5)


def test_masked_conv_lstm(backend):
    layer = layers.ConvLSTM1D(3, 2, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 2)).astype("float32")
    masked = np.asarray(kerata.ops.convert_to_numpy(layer(x, mask=MASK[:2])))  # (Keras's cannot take a mask)
    first = np.asarray(kerata.ops.convert_to_numpy(layer(x[:1, :2])))
    second = np.asarray(kerata.ops.convert_to_numpy(layer(x[1:, 1:3])))
    np.testing.assert_allclose(masked[:1, :2], first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(masked[1:, 1:3], second, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(masked[0, 2:], masked[0, [1, 1]])
    np.testing.assert_array_equal(masked[1, 0], 0)


def test_stateful_and_dropped_conv_lstm(backend):
    layer = layers.ConvLSTM1D(2, 2, stateful=True)
    x = np.ones((2, 3, 5, 2), "float32")
    first = kerata.ops.convert_to_numpy(layer(x))
    assert not np.allclose(first, kerata.ops.convert_to_numpy(layer(x)))
    dropped = layers.ConvLSTM1D(2, 2, dropout=0.5, recurrent_dropout=0.5)
    assert not np.allclose(*(kerata.ops.convert_to_numpy(dropped(x, training=True)) for _ in range(2)))


@pytest.mark.parametrize("make, words", [
    (lambda: layers.Bidirectional(3), "layer"),
    (lambda: layers.Bidirectional(layers.Dense(3)), "recurrent"),
    (lambda: layers.Bidirectional(layers.LSTM), "parentheses"),
    (lambda: layers.Bidirectional(layers.LSTM(2), merge_mode="cat"), "merge_mode"),
    (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2)), "go_backwards"),
    (lambda: layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_state=True)),
     "return_state"),
    (lambda: layers.TimeDistributed(3), "layer"),
    (lambda: layers.TimeDistributed(layers.Dense(2))(np.ones((3, 4))), "time"),
    (lambda: layers.TimeDistributed(layers.Dense(2))(np.ones((3, 4, 2)), mask=np.ones((3, 2), bool)), "mask"),
    (lambda: layers.TimeDistributed(layers.Dense(2))(np.ones((3, 4, 2)), mask=np.ones((3,), bool)), "mask"),
    (lambda: layers.DepthwiseConv1D(3)(np.zeros((2, 8, 0))), "one or more"),
    (lambda: layers.SeparableConv2D(2, 3)(np.zeros((2, 8, 8, 0))), "one or more"),
    (lambda: layers.ConvLSTM2D(2, 2, strides=2, dilation_rate=2), "dilation"),
    (lambda: layers.ConvLSTM2D(2, 2, padding="causal"), "padding"),
    (lambda: layers.ConvLSTM2D(0, 2), "filters"),
])  # fmt: skip
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("make", [
    lambda **k: layers.Bidirectional(layers.GRU(2, return_sequences=True), **k),
    lambda **k: layers.TimeDistributed(layers.Dense(2), **k),
    lambda **k: layers.SpectralNormalization(layers.Dense(2), **k),
    lambda **k: layers.RNN([layers.LSTMCell(2)], **k),
    lambda **k: layers.RNN(layers.SimpleRNNCell(2), return_state=True, **k),
])  # fmt: skip
def test_outputs_have_the_dtype_of_the_wrapper(backend, make, dtype):
    """As in Keras, whatever the dtype of the layer inside is."""
    before = kerata.config.dtype_policy()
    kerata.config.set_dtype_policy("mixed_float16" if dtype == "float32" else "float32")
    try:
        layer = make(dtype=dtype)
        for x in (kerata.KerasTensor((None, 3, 4)), np.ones((2, 3, 4), "float32")):
            found = layer(x)
            for y in found if isinstance(found, tuple) else (found,):
                assert kerata.backend.standardize_dtype(y.dtype) == dtype
    finally:
        kerata.config.set_dtype_policy(before)


def test_a_wrapper_of_integers_does_not_cut_floats(backend):
    x = np.ones((2, 3, 4), "int32")
    layer = layers.TimeDistributed(layers.Embedding(5, 2), dtype="int32")
    found = np.array(kerata.ops.convert_to_numpy(layer(x)))
    np.testing.assert_allclose(found, np.broadcast_to(layer.get_weights()[0][1], (2, 3, 4, 2)), rtol=1e-6)
    assert layer(kerata.KerasTensor((None, 3, 4), dtype="int32")).dtype == "float32"
