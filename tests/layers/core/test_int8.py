"""Dense with int8 weights, against Keras."""

import numpy as np
import pytest

import kerata
from kerata import ops

X = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")


def quantized(weight_only=False, **arguments):
    """A layer of Keras that was quantized, and one of Kerata made from its config, with its weights."""
    import keras

    theirs = keras.layers.Dense(4, name="d", **arguments)
    theirs.build((None, 6))
    theirs.set_weights([np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(theirs.weights)])
    config = None
    if weight_only:
        config = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    theirs.quantize("int8", config=config)
    mine = kerata.layers.deserialize(keras.layers.serialize(theirs))
    mine.built or mine.build((None, 6))
    return theirs, mine


@pytest.mark.parametrize("weight_only", [False, True])
@pytest.mark.parametrize("arguments", [{}, {"use_bias": False}, {"activation": "relu", "dtype": "mixed_bfloat16"}], ids=str)
def test_same_as_keras(weight_only, arguments, backend):
    theirs, mine = quantized(weight_only, **arguments)
    assert [(w.path, w.shape, w.dtype) for w in mine.weights] == [(w.path, w.shape, w.dtype) for w in theirs.weights]
    store = {}
    theirs.save_own_variables(store)
    store = {k: np.asarray(v) for k, v in store.items()}
    mine.load_own_variables(store)
    written = {}
    mine.save_own_variables(written)
    assert written.keys() == store.keys()
    for k, v in store.items():
        np.testing.assert_array_equal(ops.convert_to_numpy(written[k]), v)
    found, wanted = mine(X), theirs(X)
    assert mine._backend.dtype(found) == str(wanted.dtype)
    found = ops.convert_to_numpy(ops.cast(found, "float32"))
    np.testing.assert_allclose(found, np.asarray(wanted, "float32"), rtol=1e-5 if "dtype" not in arguments else 2e-2, atol=1e-5)
    assert mine(kerata.KerasTensor((None, 6))).shape == (None, 4)
    again = type(mine).from_config(mine.get_config())
    again.built or again.build((None, 6))
    again.set_weights(mine.get_weights())
    np.testing.assert_array_equal(ops.convert_to_numpy(ops.cast(again(X), "float32")), found)


def test_gradient_reaches_the_inputs(train_backend):
    import jax

    theirs, mine = quantized()
    mine.set_weights([np.asarray(w) for w in theirs.get_weights()])
    weights = [v.value for v in theirs.trainable_variables]
    fixed = [v.value for v in theirs.non_trainable_variables]
    wanted = jax.grad(lambda x: (theirs.stateless_call(weights, fixed, x)[0] ** 2).sum())(X)
    _, found = kerata.value_and_grad(lambda x: ops.sum(mine(x) ** 2))(ops.convert_to_tensor(X))
    np.testing.assert_allclose(ops.convert_to_numpy(found), np.asarray(wanted), rtol=1e-4)
