"""Memory that is used again: never while somebody can still see it."""

import gc
import os
import pickle

import numpy as np
import pytest

import kerata
from kerata.core import staging

BIG = (300, 256)  # of float32: more than what NumPy is left to


def address(array) -> int:
    return array.ctypes.data


def test_memory_comes_back_when_the_last_view_is_gone():
    a = staging.empty(BIG, "float32")
    first, view = address(a), a.reshape(256, 300)[10:20].T
    del a
    assert address(staging.empty(BIG, "float32")) != first
    del view
    assert address(staging.empty(BIG, "float32")) == first


def test_arrays_are_aligned_and_writable():
    for dtype in ("float32", "int8", "float64", "bool"):
        a = staging.empty((1000, 1000), dtype)
        assert address(a) % 64 == 0 and a.flags.writeable and a.flags.c_contiguous and a.dtype == dtype
        assert staging.is_staged(a) and staging.is_staged(a[3:, ::2])
    assert not staging.is_staged(np.zeros(BIG)[1:]) and not staging.is_staged(staging.empty((3,), "int32"))


def test_a_copy_is_made_once():
    x = np.arange(BIG[0] * BIG[1], dtype="float64").reshape(BIG)
    copy = staging.staged(x, "float32")
    np.testing.assert_array_equal(copy, x)
    assert staging.staged(copy) is copy and staging.staged(copy, "int32") is not copy
    x[:] = 0
    assert copy[-1, -1] == BIG[0] * BIG[1] - 1


def test_rows():
    x = np.random.default_rng(0).normal(size=BIG)
    index = np.random.default_rng(1).permutation(BIG[0])
    np.testing.assert_array_equal(staging.take(x, index), x[index])
    np.testing.assert_array_equal(staging.take(x[:, ::2], index[:5]), x[index[:5], ::2])
    texts = np.array(["a", "b", None], object)
    assert list(staging.take(texts, np.array([2, 0]))) == [None, "a"]


def test_what_is_kept_is_bounded():
    many = [staging.empty((40 << 20,), "int8") for _ in range(6)]
    del many
    gc.collect()
    assert sum(map(len, staging._pool._unused)) <= 128 << 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore")
def test_a_forked_process_writes_to_its_own():
    a = staging.empty(BIG, "float32")
    a[:] = 1
    child = os.fork()
    if child == 0:
        a[:] = 2
        os._exit(0)
    os.waitpid(child, 0)
    assert (a == 1).all()


def test_batches_that_are_kept_stay_as_they_were(backend):
    """A step that keeps its batches sees each one's own rows, whatever came later."""
    x = np.arange(40 * 4096, dtype="float32").reshape(40, 4096)
    kept = []

    class Keeping(kerata.Model):
        def call(self, x):
            return x

        def test_step(self, data):
            kept.append(data)
            return {"loss": kerata.ops.convert_to_tensor(0.0)}

    model = Keeping()
    model.compile(run_eagerly=True)
    model.evaluate(x, batch_size=10, verbose=0)
    before = pickle.dumps([kerata.ops.convert_to_numpy(b) for b in kept])
    model.evaluate(-x, batch_size=10, verbose=0)
    assert before == pickle.dumps([kerata.ops.convert_to_numpy(b) for b in kept[:4]])
    np.testing.assert_array_equal(np.concatenate([kerata.ops.convert_to_numpy(b) for b in kept[:4]]), x)


def aligned(shape) -> np.ndarray:
    """Zeros where JAX would share them."""
    size = 4 * int(np.prod(shape))
    raw = np.zeros(size + 64, "int8")
    return raw[-address(raw) % 64 :][:size].view("float32").reshape(shape)


def test_a_generator_may_write_all_its_batches_into_one_array(backend):
    """A compiled step may still compute when the next batch is made: it must not see it."""
    x, y = aligned((256, 2048)), np.ones((256, 1), "float32")

    def batches(copies):
        rng = np.random.default_rng(0)
        for _ in range(8):
            x[:] = rng.standard_normal(x.shape, dtype="float32")
            yield (x.copy() if copies else x), y
            x[:] = 1e6

    def train(copies):
        kerata.utils.set_random_seed(0)
        layers = [kerata.Input((2048,)), kerata.layers.Dense(1024, "relu"), kerata.layers.Dense(1)]
        model = kerata.Sequential(layers)
        model.compile("sgd", "mse")
        if backend == "numpy":
            return [model.evaluate(batches(copies), verbose=0)]
        model.fit(batches(copies), verbose=0)
        return model.get_weights()

    for a, b in zip(train(True), train(False)):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif("jax" not in kerata.backend.installed(), reason="JAX is not installed")
def test_the_users_arrays_are_not_shared_with_jax():
    """Not even those that happen to be aligned: their owner may write to them at any time."""
    x = aligned((40, 4096))
    (on_device,) = kerata.backend.get("jax").to_device((x,))
    x[:] = 1
    assert not np.asarray(on_device).any()
