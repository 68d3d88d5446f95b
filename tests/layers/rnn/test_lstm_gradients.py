"""The LSTM that a compiled step differentiates by hand (JAX) trains as the kernel of PyTorch does."""

import numpy as np
import pytest

import kerata

L = kerata.layers
CASES = {
    "last": lambda x: L.LSTM(3)(x),
    "sequences": lambda x: L.LSTM(3, return_sequences=True)(x),
    "state": lambda x: L.Concatenate()(L.LSTM(3, return_state=True)(x)[1:]),
    "all": lambda x: sum_of(L.LSTM(3, return_sequences=True, return_state=True)(x)),
    "backwards": lambda x: L.LSTM(3, return_sequences=True, go_backwards=True)(x),
    "no_bias": lambda x: L.LSTM(3, use_bias=False)(x),
    "stacked": lambda x: L.LSTM(2)(L.LSTM(6, return_sequences=True)(x)),  # the second has more features than units
    "both_ways": lambda x: L.Bidirectional(L.LSTM(3, return_sequences=True))(x),
    "given_state": lambda x: L.LSTM(3)(x, initial_state=[L.Dense(3)(x[:, 0]), L.Dense(3)(x[:, 1])]),
    "half": lambda x: L.LSTM(3, dtype="mixed_bfloat16")(x),
}


def sum_of(parts):
    outputs, h, c = parts
    return L.GlobalAveragePooling1D()(outputs) + 2 * h + 3 * c


def trained(name, weights=None):
    """The weights before and after two steps."""
    inputs = kerata.Input((5, 4))
    model = kerata.Model(inputs, CASES[name](L.Dense(4, activation="tanh")(inputs)))
    model.compile(kerata.optimizers.SGD(0.5), "mse")
    rng = np.random.default_rng(0)
    before = [rng.normal(size=w.shape) for w in model.get_weights()] if weights is None else weights
    model.set_weights(before)
    x = np.random.default_rng(1).normal(size=(8, 5, 4)).astype("float32")
    history = model.fit(x, np.ones((8, *model.output_shape[1:]), "float32"), batch_size=4, shuffle=False, verbose=0).history
    return before, model.get_weights(), history["loss"][0]


@pytest.mark.parametrize("name", CASES)
def test_two_steps_on_jax_and_torch(name):
    pytest.importorskip("jax"), pytest.importorskip("torch")
    with kerata.backend_scope("torch"):
        before, wanted, loss = trained(name)
    with kerata.backend_scope("jax"):
        _, found, own_loss = trained(name, before)
    near = {"rtol": 0.1, "atol": 0.02} if name == "half" else {"rtol": 2e-5, "atol": 2e-6}
    np.testing.assert_allclose(own_loss, loss, **near)
    for a, b, start in zip(found, wanted, before):
        assert np.abs(b - start).max() > 1e-4  # each weight has a gradient
        np.testing.assert_allclose(a, b, **near)


def test_the_rule_by_hand_is_used():
    """Its backward pass runs in the built-in step alone: elsewhere any derivative may be asked for."""
    jax = pytest.importorskip("jax")
    from kerata.backend.jax import nn

    with kerata.backend_scope("jax"):
        layer = L.LSTM(3)
        layer(np.zeros((2, 4, 2), "float32"))

        def program(**known):
            def f(x):
                with nn.tracing(**known):
                    return layer(x).sum()

            return str(jax.make_jaxpr(f)(np.zeros((2, 4, 2), "float32")))

        assert "custom_vjp" in program(reverse_only=True) and "custom_vjp" not in program()
