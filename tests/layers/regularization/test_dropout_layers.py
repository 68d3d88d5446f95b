"""Dropout and noise layers: configs and inference against Keras, statistics of what is drawn."""

import numpy as np
import pytest
from common import check_layer

import kerata
from kerata import layers, ops

MASK = np.array([[True, True, False], [True, False, False]])

CASES = [
    ("Dropout", {"rate": 0.5}, {"inputs": (2, 3, 4), "masks": [MASK]}),
    ("Dropout", {"rate": 0.25, "noise_shape": (None, 1, 4), "seed": 3}, {"inputs": (2, 3, 4)}),
    ("SpatialDropout1D", {"rate": 0.5}, {"inputs": (2, 3, 4)}),
    ("SpatialDropout2D", {"rate": 0.5, "seed": 1}, {"inputs": (2, 3, 4, 5)}),
    ("SpatialDropout3D", {"rate": 0.5, "data_format": "channels_first"}, {"inputs": (2, 3, 2, 4, 5)}),
    ("GaussianNoise", {"stddev": 0.5}, {"inputs": (2, 3, 4)}),
    ("GaussianDropout", {"rate": 0.5, "seed": 7}, {"inputs": (2, 3, 4)}),
    ("AlphaDropout", {"rate": 0.5}, {"inputs": (2, 3, 4)}),
    ("AlphaDropout", {"rate": 0.5, "noise_shape": (2, 1, 4)}, {"inputs": (2, 3, 4)}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, random=True, **options)


@pytest.mark.parametrize("arguments", [{"rate": 0}, {"rate": 0.0}])
@pytest.mark.parametrize("name", ["Dropout", "GaussianDropout", "AlphaDropout"])
def test_nothing_is_drawn_at_rate_zero(name, arguments, backend):
    check_layer(name, arguments, inputs=(2, 3))


@pytest.mark.parametrize("arguments", [{}, {"l1": 0.25}, {"l1": 0.25, "l2": 0.5}])
def test_activity_regularization(arguments, backend):
    check_layer("ActivityRegularization", arguments, inputs=(3, 4))


def trained(layer, x):
    return ops.convert_to_numpy(layer(x, training=True))


def test_dropout(backend):
    x = np.ones((200, 100), "float32")
    out = trained(layers.Dropout(0.3, seed=1), x)
    assert set(np.unique(out).round(4)) == {0.0, np.float32(1 / 0.7).round(4)}
    assert abs((out == 0).mean() - 0.3) < 0.02
    again = trained(layers.Dropout(0.3, seed=1), x)
    np.testing.assert_array_equal(out, again)


def test_each_call_draws_anew(backend):
    layer = layers.Dropout(0.5, seed=1)
    x = np.ones((20, 20), "float32")
    assert (trained(layer, x) != trained(layer, x)).any()


def test_all_is_dropped_at_rate_one(backend):
    assert not trained(layers.Dropout(1.0), np.ones((3, 4), "float32")).any()


@pytest.mark.parametrize(
    ("make", "shape", "shared"),
    [
        (lambda: layers.Dropout(0.5, noise_shape=(None, 1, 8)), (50, 6, 8), (1,)),
        (lambda: layers.SpatialDropout1D(0.5), (50, 6, 8), (1,)),
        (lambda: layers.SpatialDropout2D(0.5), (50, 3, 2, 8), (1, 2)),
        (lambda: layers.SpatialDropout2D(0.5, data_format="channels_first"), (50, 8, 3, 2), (2, 3)),
        (lambda: layers.SpatialDropout3D(0.5), (50, 3, 2, 2, 8), (1, 2, 3)),
        (lambda: layers.AlphaDropout(0.5, noise_shape=(None, 1, 8)), (50, 6, 8), (1,)),
        (lambda: layers.Dropout(0.5, noise_shape=(1, 80)), (5, 6, 80), (0, 1)),
        (lambda: layers.AlphaDropout(0.5, noise_shape=(None,)), (5, 6, 80), (0, 1)),
    ],
)
def test_shared_noise(make, shape, shared, backend):
    out = trained(make(), np.ones(shape, "float32"))
    first = out
    for axis in shared:
        first = first.take([0], axis=axis)
    np.testing.assert_array_equal(out, np.broadcast_to(first, shape))
    assert 0.35 < (first < 0.5).mean() < 0.65


def test_moments(backend):
    x = np.random.default_rng(0).normal(size=(300, 200)).astype("float32")
    noisy = trained(layers.GaussianNoise(0.5, seed=2), x) - x
    assert abs(noisy.mean()) < 0.01 and abs(noisy.std() - 0.5) < 0.01
    factors = trained(layers.GaussianDropout(0.2, seed=2), np.ones_like(x))
    assert abs(factors.mean() - 1) < 0.01 and abs(factors.std() - 0.5) < 0.01
    alpha = trained(layers.AlphaDropout(0.3, seed=2), x)
    assert abs(alpha.mean()) < 0.02 and abs(alpha.std() - 1) < 0.02


@pytest.mark.parametrize("name", ["Dropout", "GaussianDropout", "AlphaDropout", "SpatialDropout1D", "SpatialDropout2D"])
@pytest.mark.parametrize("rate", [-0.1, 1.5, "half"])
def test_wrong_rates(name, rate):
    with pytest.raises(ValueError, match="rate"):
        getattr(kerata.layers, name)(rate)


def test_wrong_stddev():
    with pytest.raises(ValueError, match="stddev"):
        layers.GaussianNoise(-1.0)
