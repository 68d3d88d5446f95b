"""Initializers: statistics against closed forms, values against Keras where nothing is random, seeds, names."""

import math

import keras
import numpy as np
import pytest

import kerata
from kerata import initializers
from kerata.utils import set_random_seed

N = 40_000
FANS = (100, 400)  # a matrix of N numbers


def values(initializer, shape=FANS, dtype=None):
    return np.asarray(kerata.ops.convert_to_numpy(initializer(shape, dtype=dtype)))


@pytest.mark.parametrize("name, arguments, mean, stddev, low, high", [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.5}, 1.0, 0.5, -2, 4),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 0.5}, 1.0, 0.5 * 0.8796, 0, 2),
    ("RandomUniform", {"minval": -1.0, "maxval": 3.0}, 1.0, 4 / math.sqrt(12), -1, 3),
    ("GlorotUniform", {}, 0.0, math.sqrt(2 / 500), -math.sqrt(6 / 500), math.sqrt(6 / 500)),
    ("GlorotNormal", {}, 0.0, math.sqrt(2 / 500), -0.144, 0.144),
    ("HeUniform", {}, 0.0, math.sqrt(2 / 100), -math.sqrt(6 / 100), math.sqrt(6 / 100)),
    ("HeNormal", {}, 0.0, math.sqrt(2 / 100), -0.3216, 0.3216),
    ("LecunUniform", {}, 0.0, math.sqrt(1 / 100), -math.sqrt(3 / 100), math.sqrt(3 / 100)),
    ("LecunNormal", {}, 0.0, math.sqrt(1 / 100), -0.2274, 0.2274),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "untruncated_normal"},
     0.0, math.sqrt(3 / 400), -0.6, 0.6),
    ("VarianceScaling", {"input_axes": [0], "output_axes": [1]}, 0.0, math.sqrt(1 / 100), -0.2274, 0.2274),
])  # fmt: skip
def test_distribution(name, arguments, mean, stddev, low, high):
    x = values(getattr(initializers, name)(**arguments, seed=1)).astype("float64")
    assert x.min() >= low - 1e-6
    assert x.max() <= high + 1e-6
    assert abs(x.mean() - mean) < 5 * stddev / math.sqrt(N)
    assert abs(x.std() / stddev - 1) < 0.02
    assert abs(np.corrcoef(x.ravel()[:-1], x.ravel()[1:])[0, 1]) < 5 / math.sqrt(N)


@pytest.mark.parametrize("shape, fans", [((), (1, 1)), ((7,), (7, 7)), ((3, 5), (3, 5)), ((2, 4, 3, 5), (24, 40))])
def test_fans(shape, fans):
    from kerata.initializers.random import compute_fans

    assert compute_fans(shape) == fans


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (2, 3, 5)])
def test_orthogonal(backend, shape):
    x = values(initializers.Orthogonal(gain=2.0, seed=1), shape).reshape(-1, shape[-1])
    small = x.T @ x if x.shape[0] >= x.shape[1] else x @ x.T
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-5)


@pytest.mark.parametrize("name, arguments, shape", [
    ("Zeros", {}, (2, 3)), ("Ones", {}, (2, 3)), ("Constant", {"value": 2.5}, (2, 3)),
    ("Constant", {"value": [1.0, 2.0, 3.0]}, (2, 3)), ("Identity", {"gain": 3.0}, (3, 4)),
    ("STFT", {}, (8, 1, 5)), ("STFT", {"side": "imag", "window": "hamming", "scaling": "spectrum"}, (8, 1, 5)),
    ("STFT", {"window": None, "scaling": None}, (6, 1, 4)), ("STFT", {"periodic": True}, (8, 1, 5)),
], ids=repr)  # fmt: skip
def test_fixed_values_as_keras(backend, name, arguments, shape):
    want = np.asarray(getattr(keras.initializers, name)(**arguments)(shape))
    np.testing.assert_allclose(values(getattr(initializers, name)(**arguments), shape), want, rtol=1e-5, atol=1e-6)


RANDOM = [
    "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform", "Orthogonal",
    "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
]  # fmt: skip


@pytest.mark.parametrize("name", RANDOM)
def test_equal_on_all_backends(name):
    found = []
    for module in kerata.backend.installed():
        with kerata.backend_scope(module):
            found.append(values(getattr(initializers, name)(seed=5), (4, 3)))
    for x in found[1:]:
        np.testing.assert_array_equal(x, found[0])


@pytest.mark.parametrize("name", RANDOM)
def test_seeds(name):
    make = getattr(initializers, name)
    one = make(seed=3)
    first = values(one, (4, 3))
    np.testing.assert_array_equal(first, values(one, (4, 3)))
    np.testing.assert_array_equal(first, values(make(seed=3), (4, 3)))
    assert not np.allclose(first, values(make(seed=4), (4, 3)))
    assert not np.allclose(values(make(), (4, 3)), values(make(), (4, 3)))
    drawing = make(seed=kerata.random.SeedGenerator(1))
    assert not np.allclose(values(drawing, (4, 3)), values(drawing, (4, 3)))


def test_the_process_seed_repeats_a_model():
    def weights():
        set_random_seed(11)
        model = kerata.Sequential([kerata.Input((4,)), kerata.layers.Dense(3), kerata.layers.Dense(3)])
        return model.get_weights()

    one, other = weights(), weights()
    for a, b in zip(one, other):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(one[0][:3], one[2])
    kerata.utils.clear_session()
    assert kerata.utils.seeds.get_random_seed() is None


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int32"])
def test_dtypes(dtype):
    with kerata.backend_scope("numpy"):
        for initializer in (initializers.Ones(), initializers.RandomNormal(seed=1), initializers.Constant(2)):
            assert kerata.ops.dtype(initializer((3, 2), dtype=dtype)) == dtype


NAMES = [
    "zeros", "Zeros", "ones", "orthogonal", "glorot_normal", "glorot_uniform", "GlorotUniform",
    "he_normal", "HeNormal", "he_uniform", "lecun_normal", "lecun_uniform", "random_normal", "random_uniform",
    "truncated_normal", "variance_scaling", "VarianceScaling", "uniform", "normal", "one", "zero", "STFT", "OrthogonalInitializer",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_and_configs_as_keras(name):
    mine, theirs = initializers.get(name), keras.initializers.get(name)
    config, wanted = initializers.serialize(mine), keras.initializers.serialize(theirs)
    assert config == wanted
    again = initializers.deserialize(config)
    assert type(again) is type(mine)
    assert again.get_config() == mine.get_config()
    assert (
        initializers.get({"class_name": config["class_name"], "config": config["config"]}).get_config()
        == config["config"]
    )


def test_get():
    assert initializers.get("constant").value == 0
    # Keras's config forgets the gain.
    assert initializers.deserialize(initializers.serialize(initializers.Identity(gain=2.0))).gain == 2
    assert isinstance(initializers.get("IdentityInitializer"), initializers.Identity)
    assert initializers.get(None) is None
    zeros = initializers.Zeros()
    assert initializers.get(zeros) is zeros
    assert isinstance(initializers.get(initializers.Zeros), initializers.Zeros)
    assert initializers.get(max) is max
    np.testing.assert_array_equal(values(initializers.get(np.arange(3.0)), (2, 3)), [[0, 1, 2], [0, 1, 2]])


class Halves(initializers.Initializer):
    def __init__(self, half=0.5):
        self.half = half

    def __call__(self, shape, dtype=None):
        return self.half * kerata.ops.ones(shape, dtype=dtype)


def test_a_users_own(backend):
    dense = kerata.layers.Dense(
        2, kernel_initializer=Halves(0.25), bias_initializer=lambda shape, dtype: np.ones(shape)
    )
    dense.build((None, 3))
    np.testing.assert_array_equal(dense.kernel.numpy(), np.full((3, 2), 0.25))
    np.testing.assert_array_equal(dense.bias.numpy(), [1, 1])
    with kerata.saving.CustomObjectScope({"Halves": Halves}):
        assert initializers.deserialize(initializers.serialize(Halves(0.1))).half == 0.1
        assert initializers.get("Halves").half == 0.5
    assert Halves(0.1).clone().half == 0.1


@pytest.mark.parametrize("make, words", [
    (lambda: initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
    (lambda: initializers.get(3), "initializer"),
    (lambda: initializers.VarianceScaling(scale=-1), "scale"),
    (lambda: initializers.VarianceScaling(mode="fan"), "fan_in"),
    (lambda: initializers.VarianceScaling(distribution="cauchy"), "distribution"),
    (lambda: initializers.RandomNormal(seed="a"), "seed"),
    (lambda: initializers.Orthogonal()((3,)), "two axes"),
    (lambda: initializers.Identity()((3,)), "matrices"),
    (lambda: initializers.STFT(side="left"), "side"),
    (lambda: initializers.STFT(scaling="x"), "scaling"),
])  # fmt: skip
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_constants_of_arrays_come_back_from_their_config():
    values = np.arange(6, dtype="float32").reshape(2, 3)
    found = initializers.deserialize(initializers.serialize(initializers.Constant(values)))
    np.testing.assert_array_equal(found.value, values)
    theirs = keras.initializers.deserialize(initializers.serialize(found))
    np.testing.assert_array_equal(theirs((2, 3)), values)
    layer = kerata.layers.Dense(3, kernel_initializer=initializers.Constant(values))
    copy = type(layer).from_config(layer.get_config())
    copy.build((None, 2))
    np.testing.assert_array_equal(copy.get_weights()[0], values)


def test_an_integer_is_the_shape_of_a_vector(backend):
    ours = kerata.ops.convert_to_numpy(initializers.Constant(3.0)(4))
    np.testing.assert_array_equal(ours, keras.ops.convert_to_numpy(keras.initializers.Constant(3.0)(4)))
    assert tuple(initializers.GlorotUniform(seed=1)(np.int64(5)).shape) == (5,)


@pytest.mark.parametrize(
    "kind, name",
    [
        ("initializers", "he_normal"),
        ("regularizers", "l2"),
        ("constraints", "MaxNorm"),
        ("losses", "Huber"),
        ("losses", "hinge"),
        ("metrics", "accuracy"),
        ("activations", "gelu"),
    ],
)
def test_names_are_deserialized_to_objects(kind, name):
    ours, theirs = (getattr(framework, kind).deserialize(name) for framework in (kerata, keras))
    if hasattr(theirs, "get_config"):
        assert type(ours).__name__ == type(theirs).__name__
        assert ours.get_config().keys() >= theirs.get_config().keys()
    else:
        assert ours.__name__ == theirs.__name__


@pytest.mark.parametrize("kind, name", [("losses", "mean_squared_error"), ("activations", "relu")])
def test_a_config_may_name_a_function(kind, name):
    config = {"class_name": name, "config": {}}
    ours, theirs = (getattr(framework, kind).deserialize(config) for framework in (kerata, keras))
    assert ours.__name__ == theirs.__name__ == name
    assert getattr(kerata, kind).get(config) is ours
