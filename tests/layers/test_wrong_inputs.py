"""Layers given what they cannot take say what they were given and what they want."""

import json

import numpy as np
import pytest

import kerata
from kerata import layers, ops


def zeros(*shape):
    return ops.zeros(shape)


def rnn(state, layer=None):
    return (layer or layers.GRU(3, name="gru"))(zeros(6, 5, 4), initial_state=state)


MISTAKES = {
    "batch of the state": (lambda: rnn([zeros(5, 3), zeros(5, 3)], layers.LSTM(3)), ValueError, r"state 0.*\(5, 3\).*\(6, 3\).*\(6, 5, 4\)"),
    "size of the state": (lambda: rnn(zeros(6, 2)), ValueError, r"'gru'.*\(6, 2\).*\(6, 3\)"),
    "rank of the state": (lambda: rnn(zeros(3), layers.SimpleRNN(3)), ValueError, r"\(3,\).*\(6, 3\)"),
    "symbolic state": (
        lambda: layers.GRU(3)(kerata.Input((5, 4)), initial_state=kerata.Input((2,))), ValueError, r"\(None, 2\).*\(None, 3\)"),
    "half the states": (lambda: rnn([zeros(6, 3)], layers.Bidirectional(layers.GRU(3))), ValueError, r"forward.*backward.*got 1"),
    "a state for two": (lambda: rnn(zeros(6, 3), layers.Bidirectional(layers.GRU(3))), ValueError, r"list.*\(6, 3\)"),
    "state of images": (
        lambda: layers.ConvLSTM1D(2, 3, padding="same")(zeros(2, 3, 4, 1), initial_state=[zeros(2, 4, 3), zeros(2, 4, 3)]),
        ValueError, r"\(2, 4, 3\).*\(2, 4, 2\)"),
    "axis of Dot": (lambda: layers.Dot(9)([zeros(2, 3), zeros(2, 3)]), ValueError, r"axis 9.*1 to 1"),
    "batch axis of Dot": (lambda: layers.Dot((1, 0))([zeros(2, 3), zeros(2, 3)]), ValueError, r"axis 0"),
    "value of Constant": (
        lambda: layers.Dense(3, kernel_initializer=kerata.initializers.Constant([1.0, 2.0]))(zeros(2, 4)), ValueError,
        r"\(2,\).*\(4, 3\)"),
    "text into a model": (lambda: kerata.Sequential([kerata.Input((3,), name="x"), layers.Dense(2)])("abc"), ValueError, r"'x'.*'abc'"),
    "weights": (lambda: layers.Dense(2).set_weights(5), TypeError, r"list of arrays.*5"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(mistake, backend):
    call, kind, words = MISTAKES[mistake]
    with pytest.raises(kind, match=f"(?s){words}"):
        call()


def test_right_states_are_taken(backend):
    assert rnn(zeros(6, 3)).shape[1] == 3
    stacked = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)])
    assert stacked(zeros(6, 5, 4), initial_state=[[zeros(6, 3), zeros(6, 3)], [zeros(6, 2)]]).shape[1] == 2
    images = layers.ConvLSTM1D(2, 3, padding="same")
    assert tuple(images(zeros(2, 3, 4, 1), initial_state=[zeros(2, 4, 2), zeros(2, 4, 2)]).shape) == (2, 4, 2)
    scalar = kerata.initializers.Constant(np.float32(2))((2, 2))
    assert float(ops.sum(scalar)) == 8.0


@pytest.mark.parametrize("words", [np.array([["a", "b"]]), np.array([["a", "b"]], dtype=object)], ids=["text", "objects"])
def test_strings_for_a_layer_that_computes_with_numbers(words, backend):
    with pytest.raises(TypeError, match=r"'dense\S*' \(Dense\) computes with numbers; it was given strings \(shape \(1, 2\)\).*StringLookup"):
        layers.Dense(3)(words)
    if backend != "tensorflow":  # which has tensors of strings
        with pytest.raises(TypeError, match=r"'flat' .* was given strings"):
            layers.Flatten(name="flat")(kerata.Input((2,), dtype="string"))
    lookup = layers.StringLookup(vocabulary=["b"])
    assert kerata.ops.convert_to_numpy(lookup(words)).tolist() == [[0, 1]]


def test_an_error_inside_a_model_that_takes_strings_is_told_as_it_is(backend):
    class Wrong(layers.Layer):
        def call(self, x):
            raise RuntimeError("of its own")

    inputs = kerata.Input((2,), dtype="string")
    with pytest.raises(RuntimeError, match="of its own"):
        Wrong()(np.array([["a", "b"]]))
    with pytest.raises(RuntimeError, match="of its own"):
        kerata.Model(inputs, Wrong()(layers.StringLookup(vocabulary=["a"])(inputs)))


def test_strings_as_tensors(backend):
    if backend in ("jax", "torch"):
        with pytest.raises(TypeError, match=r"no tensors of strings; got an array of shape \(2,\)"):
            kerata.ops.convert_to_tensor(["a", "b"])
        for error in (TypeError, ValueError):  # Keras's on JAX, and on PyTorch
            with pytest.raises(error, match="no tensors of Python objects"):
                kerata.ops.convert_to_tensor(np.array([{}, {}]))
        with pytest.raises(TypeError, match=r"no dtype 'string'.*StringLookup"):
            kerata.Input((2,), dtype="string") + 1
    else:
        assert kerata.ops.convert_to_tensor(["a", "b"]).shape == (2,)


def test_sizes_may_be_numpys_numbers():
    three = np.int64(3)
    for layer in (layers.Dense(three), layers.Conv2D(three, (three, 1), strides=np.int32(2)), layers.MaxPooling2D(three)):
        config = json.loads(json.dumps(layer.get_config()))
        assert type(layer).from_config(config).get_config() == layer.get_config()
