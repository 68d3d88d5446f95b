"""Whole recurrent layers against Keras's layers: every backend's fused and general path."""

import numpy as np
import pytest

import kerata
from kerata import backend as backends
from kerata.ops import _nn_rnn

B, T, F, U = 3, 6, 4, 5
_rng = np.random.default_rng(0)
X = _rng.standard_normal((B, T, F)).astype("float32")
MASK = _rng.random((B, T)) > 0.4
STATES = [_rng.standard_normal((B, U)).astype("float32") for _ in range(2)]

CASES = [
    (kind, options)
    for kind in ("lstm", "gru", "simple_rnn")
    for options in (
        {},
        {"go_backwards": True},
        {"mask": MASK},
        {"mask": MASK, "go_backwards": True},
        {"mask": MASK, "zero_output_for_mask": True},
        {"activation": "relu"},
        {"use_bias": False},
        {"unroll": True},
    )
] + [("gru", {"reset_after": False}), ("gru", {"reset_after": False, "mask": MASK})]
IDS = [f"{kind}-{'-'.join(options)}" for kind, options in CASES]
_expected: dict = {}


def expected(i):
    """The weights, the outputs, the final states, and the gradient by the inputs, of Keras's layer."""
    if i not in _expected:
        import jax
        import keras

        kind, options = CASES[i]
        options = dict(options)
        mask, zero = options.pop("mask", None), options.pop("zero_output_for_mask", False)
        make = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple_rnn": keras.layers.SimpleRNN}[kind]
        layer = make(U, return_sequences=True, return_state=True, **options)
        layer.zero_output_for_mask = zero
        layer.build((B, T, F))
        weights = [np.random.default_rng(1).standard_normal(w.shape).astype("float32") * 0.5 for w in layer.weights]
        layer.set_weights(weights)
        states = STATES[: 2 if kind == "lstm" else 1]

        def loss(x):
            outputs, *final = layer(x, initial_state=states, mask=mask)
            return (outputs**2).sum(), (outputs, final)

        (_, (outputs, final)), grad = jax.jit(jax.value_and_grad(loss, has_aux=True))(X)
        _expected[i] = weights, np.asarray(outputs), [np.asarray(s) for s in final], np.asarray(grad)
    return _expected[i]


def run(i, weights, x, return_sequences=True):
    convert = backends.current().convert
    kind, options = CASES[i]
    options = {k: v for k, v in options.items() if k != "use_bias"}
    states = [convert(s) for s in STATES[: 2 if kind == "lstm" else 1]]
    kernel, recurrent, *bias = map(convert, weights)
    return getattr(_nn_rnn, kind)(
        convert(x), *states, kernel, recurrent, bias[0] if bias else None, return_sequences=return_sequences, **options
    )


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_matches_keras(backend, i):
    weights, outputs, final, grad = expected(i)
    got, last, states = run(i, weights, X)
    to_numpy = backends.current().to_numpy
    close = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(to_numpy(got), outputs, **close)
    np.testing.assert_allclose(to_numpy(last), outputs[:, -1], **close)
    for a, b in zip(states, final, strict=True):
        np.testing.assert_allclose(to_numpy(a), b, **close)
    if not CASES[i][1].get("zero_output_for_mask"):
        np.testing.assert_allclose(to_numpy(run(i, weights, X, False)[1]), outputs[:, -1], **close)
    if backend != "numpy":
        mine = kerata.grad(lambda x: kerata.ops.sum(run(i, weights, x)[0] ** 2))(X)
        np.testing.assert_allclose(to_numpy(mine), grad, rtol=1e-3, atol=1e-4)


def test_a_users_function_called_tanh_is_called(backend):
    """Fused kernels must not take it for the real one because of its name."""

    def tanh(x):
        return x * 0

    weights = expected(0)[0]
    x, h, c = (backends.current().convert(a) for a in (X, *STATES))
    kernel, recurrent, bias = map(backends.current().convert, weights)
    out, _, _ = _nn_rnn.lstm(x, h, c, kernel, recurrent, bias, activation=tanh)
    assert not backends.current().to_numpy(out).any()
