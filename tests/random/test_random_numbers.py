"""Random functions: statistics, seeds, shapes, dtypes, use in compiled and symbolic code, on each backend."""

import copy
import pickle

import numpy as np
import pytest

from kerata import backend as backends
from kerata import layers, random
from kerata.core.keras_tensor import KerasTensor
from kerata.core.scopes import StatelessScope
from kerata.random.seed_generator import SeedGenerator, draw_seed
from kerata.utils.seeds import set_random_seed

N = 20000
LOG_P = np.log(np.array([[0.1, 0.9], [0.5, 0.5]], "float32"))
ONES = np.ones((100, 200), "float32")

# name: (draw, mean, standard deviation, low, high)
DRAWS = {
    "normal": (lambda s: random.normal((N,), 1.0, 2.0, seed=s), 1.0, 2.0, -12, 14),
    "uniform": (lambda s: random.uniform((N,), 2.0, 5.0, seed=s), 3.5, 3 / 12**0.5, 2, 5),
    "truncated_normal": (lambda s: random.truncated_normal((N,), seed=s), 0.0, 0.8796, -2, 2),
    "randint": (lambda s: random.randint((N,), -2, 3, seed=s), 0.0, 2**0.5, -2, 2),
    "binomial": (lambda s: random.binomial((N,), 10, 0.3, seed=s), 3.0, 2.1**0.5, 0, 10),
    "beta": (lambda s: random.beta((N,), 2.0, 3.0, seed=s), 0.4, 0.2, 0, 1),
    "gamma": (lambda s: random.gamma((N,), 2.0, seed=s), 2.0, 2**0.5, 0, 40),
    "dropout": (lambda s: random.dropout(ONES, 0.2, seed=s), 1.0, 0.5, 0, 1.25),
    "categorical": (lambda s: random.categorical(LOG_P[:1], N, seed=s), 0.9, 0.3, 0, 1),
}


def numpy(x):
    return np.asarray(backends.current().to_numpy(x)).copy()


@pytest.mark.parametrize("name", DRAWS)
def test_statistics_and_seeds(backend, name):
    draw, mean, std, low, high = DRAWS[name]
    x = numpy(draw(7)).astype("float64")
    assert abs(x.mean() - mean) < 5 * std / N**0.5
    assert abs(x.std() - std) < 0.06 * std
    assert x.min() >= low and x.max() <= high
    np.testing.assert_array_equal(x, numpy(draw(7)))
    assert not np.array_equal(x, numpy(draw(8)))
    generator = SeedGenerator(7)
    first, second = numpy(draw(generator)), numpy(draw(generator))
    np.testing.assert_array_equal(first, x)
    assert not np.array_equal(first, second)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
    assert generator.state.numpy().tolist() == [7, 2]


def test_shuffle_and_categorical_rows(backend):
    x = np.arange(60).reshape(20, 3)
    out = numpy(random.shuffle(x, seed=3))
    assert not np.array_equal(out, x)
    np.testing.assert_array_equal(out[np.argsort(out[:, 0])], x)
    out = numpy(random.shuffle(x, axis=1, seed=1))
    np.testing.assert_array_equal(np.sort(out, 1), x)
    picked = numpy(random.categorical(LOG_P, 4000, seed=1))
    assert picked.shape == (2, 4000) and picked.dtype == "int32"
    np.testing.assert_allclose(picked.mean(1), [0.9, 0.5], atol=0.05)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_dtypes(backend, dtype):
    b = backends.current()
    for fn in (random.normal, random.uniform, random.truncated_normal):
        assert b.dtype(fn((3, 2), dtype=dtype, seed=1)) == dtype
    assert b.dtype(random.gamma((2,), 2.0, dtype=dtype, seed=1)) == dtype
    assert b.dtype(random.beta((2,), 2.0, 1.0, dtype=dtype, seed=1)) == dtype
    assert b.dtype(random.binomial((2,), 3, 0.5, dtype=dtype, seed=1)) == dtype
    x = b.cast(b.convert(ONES), dtype)
    assert b.dtype(random.dropout(x, 0.5, seed=1)) == dtype
    for name in ("int8", "uint8", "int64"):
        expected = "int32" if name == "int64" and backend == "jax" else name
        assert b.dtype(random.randint((3,), 0, 9, dtype=name, seed=1)) == expected
    assert b.dtype(random.randint((3,), 0, 9, dtype=None, seed=1)) == "int32"


def test_parameters_broadcast(backend):
    counts = np.array([1.0, 10.0, 100.0], "float32")
    assert (numpy(random.binomial((50, 3), counts, 1.0, seed=1)) == counts).all()
    alpha = np.array([0.5, 5.0, 50.0], "float32")
    out = numpy(random.gamma((4000, 3), alpha, seed=1)).mean(0)
    np.testing.assert_allclose(out, alpha, rtol=0.1)
    mean = np.array([0.0, 100.0], "float32")
    np.testing.assert_allclose(numpy(random.normal((4000, 2), mean, seed=1)).mean(0), mean, atol=0.1)


def test_dropout(backend):
    out = numpy(random.dropout(ONES, 0.5, noise_shape=(None, 1), seed=1))
    assert ((out == out[:, :1]).all()) and set(np.unique(out)) == {0.0, 2.0}
    out = numpy(random.dropout(ONES, 0.5, noise_shape=(200,), seed=1))
    assert ((out == out[:1]).all()) and set(np.unique(out)) == {0.0, 2.0}
    np.testing.assert_array_equal(numpy(random.dropout(ONES, 0.0)), ONES)
    np.testing.assert_array_equal(numpy(random.dropout(ONES, 1.0)), ONES * 0)
    # Rows, columns and neighbours are independent.
    kept = numpy(random.dropout(ONES, 0.5, seed=5)) > 0
    assert abs(kept.mean(0).std() - 0.05) < 0.02 and abs(kept.mean(1).std() - 0.5 / 200**0.5) < 0.015
    assert abs(np.corrcoef(kept[:, 1:].ravel(), kept[:, :-1].ravel())[0, 1]) < 0.03


def test_dropout_gradient(train_backend):
    import kerata.core.gradients as gradients
    from kerata import ops

    x = np.arange(1.0, 21.0, dtype="float32").reshape(4, 5)
    _, grad = gradients.value_and_grad(lambda x: ops.sum(random.dropout(x, 0.4, seed=3)))(backends.current().convert(x))
    kept = numpy(random.dropout(x, 0.4, seed=3)) > 0
    np.testing.assert_allclose(numpy(grad), kept / 0.6, rtol=1e-6)


def test_symbolic(backend):
    generator = SeedGenerator(1)
    assert random.dropout(KerasTensor((None, 3)), 0.5, seed=generator).shape == (None, 3)
    assert random.shuffle(KerasTensor((None, 3)), seed=generator).shape == (None, 3)
    assert random.categorical(KerasTensor((None, 3)), 4, seed=generator).shape == (None, 4)
    assert random.dropout(KerasTensor((None, 3)), 0.5).shape == (None, 3)
    assert generator.state.numpy().tolist() == [1, 0]


def test_stateless_scope(backend):
    generator = SeedGenerator(1)
    outside = numpy(random.normal((3,), seed=generator))
    given = backends.current().convert(np.array([1, 0], "uint32"))
    with StatelessScope([(generator.state, given)]) as scope:
        inside = numpy(random.normal((3,), seed=generator))
        after = numpy(scope.get(generator.state))
    np.testing.assert_array_equal(inside, outside)
    assert after.tolist() == [1, 1]
    assert generator.state.numpy().tolist() == [1, 1]


def test_draws_in_a_step(train_backend):
    import kerata.core.gradients as gradients

    # PyTorch's steps run eagerly.
    compiled = gradients.jit if train_backend != "torch" else lambda fn: fn
    generator = SeedGenerator(3)
    draw = compiled(lambda: random.uniform((4,), seed=generator))
    first, second = numpy(draw()), numpy(draw())
    assert not np.array_equal(first, second)
    assert generator.state.numpy().tolist() == [3, 2]
    third = numpy(random.uniform((4,), seed=generator))  # eager draws go on from the compiled ones
    other = SeedGenerator(3)
    np.testing.assert_array_equal(np.stack([first, second, third]),
                                  np.stack([numpy(random.uniform((4,), seed=other)) for _ in range(3)]))  # fmt: skip


def test_state_is_saved_restored_and_moved(backend):
    generator = SeedGenerator(9)
    numpy(random.normal((2,), seed=generator))
    saved = generator.state.numpy().copy()
    expected = numpy(random.normal((2,), seed=generator))
    for other in (copy.deepcopy(generator), pickle.loads(pickle.dumps(generator)), SeedGenerator(1)):
        other.state.assign(saved)
        np.testing.assert_array_equal(numpy(random.normal((2,), seed=other)), expected)
        assert other.state.numpy().tolist() == [9, 2]
    for name in backends.installed():
        generator.to_backend(name)
        assert generator.state.numpy().tolist() == [9, 2] and generator.state._backend.name == name


def test_set_random_seed(backend):
    set_random_seed(11)
    a = numpy(random.normal((4,))), numpy(random.normal((4,))), SeedGenerator().state.numpy().copy()
    set_random_seed(11)
    b = numpy(random.normal((4,))), numpy(random.normal((4,))), SeedGenerator().state.numpy().copy()
    np.testing.assert_array_equal(np.stack(a[:2]), np.stack(b[:2]))
    assert a[2].tolist() == b[2].tolist()
    assert not np.array_equal(a[0], a[1])
    assert SeedGenerator().state.numpy()[0] != SeedGenerator().state.numpy()[0]


@pytest.mark.slow
def test_as_keras():
    import keras

    ours, theirs = SeedGenerator(5, name="s"), keras.random.SeedGenerator(5, name="s")
    assert ours.get_config() == theirs.get_config() == {"seed": 5, "name": "s"}
    assert (ours.state.name, ours.state.path) == (theirs.state.name, theirs.state.path)
    assert (ours.state.dtype, ours.state.trainable) == ("uint32", False)
    assert SeedGenerator(None, name="x").get_config() == {"seed": None, "name": "x"}
    with backends.backend_scope("jax"):  # the same keys, so the same draws
        for name, args in {
            "normal": ((5, 3), 1.0, 2.0), "uniform": ((5, 3), -1.0, 2.0), "truncated_normal": ((5, 3), 0.0, 0.5),
            "randint": ((7,), 0, 100), "gamma": ((6,), 2.0), "beta": ((6,), 2.0, 0.5),
        }.items():  # fmt: skip
            expected = np.asarray(getattr(keras.random, name)(*args, seed=17))
            np.testing.assert_allclose(numpy(getattr(random, name)(*args, seed=17)), expected, rtol=1e-5, atol=1e-6)


def test_errors(backend):
    cases = [
        (lambda: random.normal((2,), seed="a"), "`seed` is an integer, a SeedGenerator"),
        (lambda: SeedGenerator("a"), "`seed` of SeedGenerator.. must be an integer"),
        (lambda: SeedGenerator(-1), "from 0 to"),
        (lambda: random.uniform((2,), dtype="int32"), "randint"),
        (lambda: random.randint((2,), 0, 3, dtype="float32"), "draws integers"),
        (lambda: random.categorical(np.zeros(3, "float32"), 2), "samples, classes"),
        (lambda: random.normal((None, 2)), "size is unknown"),
        (lambda: random.dropout(ONES, 1.5), "from 0 to 1"),
        (lambda: random.dropout(ONES, 0.5, noise_shape=(1, 1, 1)), "each axis"),
        (lambda: random.dropout(ONES, 0.5, noise_shape=(-1, 1)), "each axis"),
        (lambda: layers.AlphaDropout(0.5, noise_shape=(1, 1, 1))(ONES, training=True), "each axis"),
    ]
    for call, message in cases:
        with pytest.raises(ValueError, match=message):
            call()


def test_unseeded_draws_under_raw_jax_tracing():
    import jax

    with backends.backend_scope("jax"):
        with pytest.raises(ValueError, match="constants of the compiled program"):
            jax.jit(lambda: random.normal((2,)))()
        assert isinstance(draw_seed(4), tuple)


def test_keys_of_jax_are_seeds():
    import jax

    with backends.backend_scope("jax"):
        raw = jax.random.PRNGKey(7)
        found = numpy(random.normal((3,), seed=raw))
        np.testing.assert_array_equal(found, jax.random.normal(raw, (3,)))
        np.testing.assert_array_equal(numpy(random.normal((3,), seed=jax.random.key(7))), found)
        np.testing.assert_array_equal(jax.jit(lambda key: random.normal((3,), seed=key))(raw), found)
        _, draws = jax.lax.scan(lambda key, _: (jax.random.split(key)[0], random.dropout(ONES, 0.5, seed=key).sum()), raw, length=3)
        assert len(set(np.asarray(draws).tolist())) == 3
        with pytest.raises(ValueError, match="`seed` is an integer"):
            random.normal((3,), seed=jax.numpy.ones((3,)))
