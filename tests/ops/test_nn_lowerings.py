"""On JAX a window op has two forms, one for CPU and one for accelerators: they agree, with their gradients."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from kerata.backend.jax import nn  # noqa: E402
from kerata.backend.protocol import PreferSteps  # noqa: E402

_rng = np.random.default_rng(0)


def f(*shape):
    return _rng.standard_normal(shape).astype("float32")


X, SERIES = f(2, 8, 9, 4), f(2, 9, 4)
LAST, FIRST = "channels_last", "channels_first"
CASES = [
    ("conv", (X, f(3, 3, 4, 6)), ((2, 2), "same", LAST, (1, 1))),
    ("conv", (X, f(3, 2, 2, 6)), ((1, 1), "valid", LAST, (1, 2))),
    ("conv", (np.moveaxis(X, -1, 1), f(3, 3, 4, 6)), ((1, 1), "same", FIRST, (1, 1))),
    ("conv", (SERIES, f(3, 4, 6)), ((1,), "same", LAST, (2,))),
    ("depthwise_conv", (X, f(3, 3, 4, 2)), ((2, 2), "same", LAST, (1, 1))),
    ("conv_transpose", (X, f(3, 3, 6, 4)), ((2, 2), "same", (None, None), LAST, (1, 1))),
    ("conv_transpose", (X, f(2, 3, 6, 4)), ((1, 2), "valid", (None, 1), LAST, (2, 1))),
    ("max_pool", (X,), ((2, 3), (2, 2), "same", LAST)),
    ("max_pool", (np.moveaxis(X, -1, 1),), ((2, 2), (1, 2), "valid", FIRST)),
    ("average_pool", (X,), ((3, 3), (2, 2), "same", LAST)),
    ("average_pool", (np.moveaxis(SERIES, -1, 1),), ((3,), (1,), "valid", FIRST)),
]


@pytest.mark.parametrize("i", range(len(CASES)))
def test_both_forms_agree(monkeypatch, i):
    name, arrays, rest = CASES[i]
    plain = getattr(nn, name)
    plain = getattr(plain, "__wrapped__", plain)  # without the cache of compiled calls

    def run():
        def loss(arrays):
            out = plain(*arrays, *rest)
            return (out * out).sum(), out

        return jax.jit(jax.value_and_grad(loss, has_aux=True))(list(arrays))

    with nn.compiled_loop():  # where convolutions on CPU are patches times a matrix
        (_, sliced), sliced_grads = run()
    monkeypatch.setattr(nn, "on_cpu", lambda: False)
    (_, native), native_grads = run()
    np.testing.assert_allclose(sliced, native, rtol=1e-4, atol=1e-4)
    for a, b in zip(sliced_grads, native_grads):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def test_a_loop_over_large_patches_is_refused():
    with nn.compiled_loop(), pytest.raises(PreferSteps):
        jax.eval_shape(lambda x, k: nn.conv(x, k, (1, 1), "same", LAST, (1, 1)), *map(
            lambda s: jax.ShapeDtypeStruct(s, "float32"), ((32, 32, 32, 64), (3, 3, 64, 64))
        ))
    with nn.compiled_loop(refuses_convolutions=True), pytest.raises(PreferSteps):
        nn.conv(X, f(3, 3, 4, 6), (1, 1), "same", LAST, (1, 1))
