"""Constraints against Keras."""

import keras
import numpy as np
import pytest

import kerata
from kerata import constraints

X = (3 * np.random.default_rng(0).normal(size=(3, 4, 2))).astype("float32")
CASES = [
    ("MaxNorm", {}), ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}), ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 4.0, "rate": 0.5, "axis": 1}), ("NonNeg", {}), ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments", CASES, ids=repr)
def test_as_keras(backend, name, arguments):
    mine, theirs = getattr(constraints, name)(**arguments), getattr(keras.constraints, name)(**arguments)
    found = kerata.ops.convert_to_numpy(mine(kerata.ops.convert_to_tensor(X)))
    np.testing.assert_allclose(found, np.asarray(theirs(X)), rtol=1e-5, atol=1e-6)
    assert constraints.serialize(mine) == keras.constraints.serialize(theirs)
    assert constraints.deserialize(constraints.serialize(mine)).get_config() == mine.get_config()


@pytest.mark.parametrize("name", ["max_norm", "MaxNorm", "min_max_norm", "non_neg", "NonNeg", "unit_norm"])
def test_names(name):
    assert type(constraints.get(name)).__name__ == type(keras.constraints.get(name)).__name__


def test_get():
    assert constraints.get(None) is None
    assert constraints.get(abs) is abs
    with pytest.raises(ValueError, match="Did you mean 'unit_norm'"):
        constraints.get("unitnorn")
    with pytest.raises(ValueError, match="constraint"):
        constraints.get(3)


def test_after_a_training_step(train_backend):
    model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, kernel_constraint="non_neg")])
    model.compile(optimizer=kerata.optimizers.SGD(0.5), loss="mse")
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    model.fit(x, -x[:, :2], epochs=1, verbose=0)
    assert model.layers[0].kernel.numpy().min() >= 0


def test_the_bases_do_nothing(backend):
    w = kerata.ops.ones((2, 3))
    assert constraints.Constraint()(w) is w
    assert kerata.regularizers.Regularizer()(w) == keras.regularizers.Regularizer()(np.ones((2, 3))) == 0.0
