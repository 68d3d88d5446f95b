"""Activation functions against Keras."""

import keras
import numpy as np
import pytest

import kerata
from kerata import activations

X = np.array([[-7.0, -2.5, -1.0, -0.4], [0.0, 0.3, 1.2, 8.0]], "float32")
CALLS = [
    ("celu", {}), ("celu", {"alpha": 0.5}), ("elu", {}), ("elu", {"alpha": 2.0}), ("exponential", {}), ("gelu", {}),
    ("gelu", {"approximate": True}), ("glu", {}), ("glu", {"axis": 0}), ("hard_shrink", {}),
    ("hard_shrink", {"threshold": 1.1}), ("hard_sigmoid", {}), ("hard_silu", {}), ("hard_swish", {}), ("hard_tanh", {}),
    ("leaky_relu", {}), ("leaky_relu", {"negative_slope": 0.5}), ("linear", {}), ("log_sigmoid", {}),
    ("log_softmax", {}), ("log_softmax", {"axis": 0}), ("mish", {}), ("relu", {}), ("relu", {"negative_slope": 0.1}),
    ("relu", {"max_value": 6}), ("relu", {"max_value": 1.0, "threshold": 0.5, "negative_slope": 0.2}),
    ("relu", {"threshold": 0.35}), ("relu6", {}), ("selu", {}), ("sigmoid", {}), ("silu", {}), ("soft_shrink", {}),
    ("softmax", {}), ("softmax", {"axis": 0}), ("softplus", {}), ("softsign", {}), ("sparse_plus", {}),
    ("sparse_sigmoid", {}), ("squareplus", {}), ("squareplus", {"b": 2}), ("swish", {}), ("tanh", {}),
    ("tanh_shrink", {}), ("threshold", {"threshold": 0.2, "default_value": -1.0}),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments", CALLS, ids=repr)
def test_as_keras(backend, name, arguments):
    want = np.asarray(getattr(keras.activations, name)(X, **arguments))
    found = getattr(activations, name)(kerata.ops.convert_to_tensor(X), **arguments)
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(found), want, rtol=1e-5, atol=1e-6)


def test_gradients_as_keras(train_backend):
    import jax

    x = X + np.float32(0.013)  # away from the kinks, where derivatives are a matter of taste
    factors = np.random.default_rng(0).normal(size=X.shape).astype("float32")
    for name, arguments in CALLS:
        theirs, ours = getattr(keras.activations, name), getattr(activations, name)
        cut = factors[tuple(slice(n) for n in theirs(x, **arguments).shape)]
        want = jax.grad(lambda x: (theirs(x, **arguments) * cut).sum())(x)
        total = lambda x: kerata.ops.sum(kerata.ops.multiply(ours(x, **arguments), cut))
        _, found = kerata.value_and_grad(total)(kerata.ops.convert_to_tensor(x))
        found = kerata.ops.convert_to_numpy(found)
        np.testing.assert_allclose(found, want, rtol=1e-5, atol=1e-5, err_msg=f"{name} {arguments}")


def test_the_gradient_of_relu_at_zero_is_zero(train_backend):
    # Where weights and inputs are 0, so is what they make: with black pixels and first biases that is common.
    for name, arguments in [("relu", {}), ("relu6", {}), ("relu", {"max_value": 6}), ("relu", {"max_value": 2.0})]:
        total = lambda x: kerata.ops.sum(getattr(activations, name)(x, **arguments))
        _, found = kerata.value_and_grad(total)(kerata.ops.zeros(2))
        np.testing.assert_array_equal(kerata.ops.convert_to_numpy(found), [0, 0], err_msg=f"{name} {arguments}")


def test_sparsemax(backend):  # Keras's is wrong for negative numbers
    x = kerata.ops.convert_to_tensor(X)
    want = [[0, 0, 0.2, 0.8], [0, 0, 0, 1]]
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(activations.sparsemax(x)), want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted({n for n, _ in CALLS}))
def test_names_as_keras(name):
    function = activations.get(name)
    assert function is getattr(activations, name)
    config = activations.serialize(function)
    assert config == keras.activations.serialize(keras.activations.get(name))
    assert activations.deserialize(config) is function


@pytest.mark.parametrize("name", ["relu", "gelu", "softmax", "glu"])
def test_symbolic(backend, name):
    x = kerata.Input((6,))
    assert getattr(activations, name)(x).shape == (None, 3 if name == "glu" else 6)


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get(np.tanh) is np.tanh
    layer = kerata.layers.LeakyReLU()
    assert activations.get(layer) is layer
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        activations.get("rellu")
    with pytest.raises(ValueError, match="activation"):
        activations.get(3)


def test_an_activation_layer_in_a_config():
    dense = kerata.layers.Dense(2, activation=kerata.layers.LeakyReLU(negative_slope=0.3))
    again = kerata.layers.Dense.from_config(dense.get_config())
    assert again.activation.negative_slope == 0.3
