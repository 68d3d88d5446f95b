"""Regularizers against Keras."""

import keras
import numpy as np
import pytest

import kerata
from kerata import regularizers

X = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
CASES = [
    ("L1", {}), ("L1", {"l1": 0.5}), ("L2", {}), ("L2", {"l2": 0.25}), ("L1L2", {}), ("L1L2", {"l1": 0.5, "l2": 0.25}),
    ("L1L2", {"l2": 0.5}), ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments", CASES, ids=repr)
def test_as_keras(backend, name, arguments):
    mine, theirs = getattr(regularizers, name)(**arguments), getattr(keras.regularizers, name)(**arguments)
    found = kerata.ops.convert_to_numpy(mine(kerata.ops.convert_to_tensor(X)))
    np.testing.assert_allclose(found, np.asarray(theirs(keras.ops.convert_to_tensor(X))), rtol=1e-5)
    variable = kerata.Variable(X)
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(mine(variable)), found, rtol=1e-6)
    config, wanted = regularizers.serialize(mine), keras.regularizers.serialize(theirs)
    assert {k: v for k, v in config.items() if k != "config"} == {k: v for k, v in wanted.items() if k != "config"}
    rounded = {k: v if isinstance(v, str) else round(v, 6) for k, v in wanted["config"].items()}  # to float32, by Keras
    assert config["config"] == rounded
    assert regularizers.deserialize(config).get_config() == mine.get_config()


@pytest.mark.parametrize("name", ["l1", "l2", "L1", "L2", "L1L2", "orthogonal_regularizer"])
def test_names(name):
    assert type(regularizers.get(name)).__name__ == type(keras.regularizers.get(name)).__name__


def test_in_a_layer(train_backend):
    dense = kerata.layers.Dense(2, kernel_regularizer="l2", bias_regularizer=lambda w: 0.5 * kerata.ops.sum(w))
    dense.build((None, 3))
    dense.set_weights([np.ones((3, 2)), np.ones(2)])
    assert float(sum(kerata.ops.convert_to_numpy(x) for x in dense.losses)) == pytest.approx(0.06 + 1)


@pytest.mark.parametrize("regularizer, wanted", [
    (regularizers.L1(0.5), 1.5), (regularizers.L2(0.5), 2.5), (regularizers.L1L2(0.5, 0.5), 4.0),
])  # fmt: skip
def test_integers(regularizer, wanted, backend):
    found = regularizer(kerata.ops.convert_to_tensor([1, -2], "int32"))
    assert float(kerata.ops.convert_to_numpy(found)) == wanted


def test_of_no_outputs(backend):
    layer = kerata.layers.ActivityRegularization(l1=0.1, l2=0.1)
    layer(np.zeros((0, 3), "float32"))
    assert [float(kerata.ops.convert_to_numpy(x)) for x in layer.losses] == [0.0]


@pytest.mark.parametrize("make, words", [
    (lambda: regularizers.get("orthogonal"), "Did you mean"),
    (lambda: regularizers.get(3), "regularizer"),
    (lambda: regularizers.L1(l1="a"), "l1"),
    (lambda: regularizers.L2(l2=float("nan")), "l2"),
    (lambda: regularizers.L1L2(l2=-0.1), "at least 0"),
    (lambda: regularizers.OrthogonalRegularizer(mode="diagonals"), "mode"),
    (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), "matrices"),
])  # fmt: skip
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_get():
    assert isinstance(regularizers.get("l1_l2"), regularizers.L1L2)
    assert regularizers.get(None) is None
