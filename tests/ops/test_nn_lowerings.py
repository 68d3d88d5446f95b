"""On JAX a window op has two forms, one for CPU and one for accelerators: they agree, with their gradients."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from kerata.backend import windows  # noqa: E402
from kerata.backend.jax import nn, patches  # noqa: E402
from kerata.backend.protocol import PreferSteps  # noqa: E402

_rng = np.random.default_rng(0)


def f(*shape):
    return _rng.standard_normal(shape).astype("float32")


X, SERIES, VOLUME = f(2, 8, 9, 4), f(2, 9, 4), f(2, 7, 6, 6, 2)
LAST, FIRST = "channels_last", "channels_first"
CASES = [
    ("conv", (X, f(3, 3, 4, 6)), ((2, 2), "same", LAST, (1, 1))),
    ("conv", (X, f(3, 2, 2, 6)), ((1, 1), "valid", LAST, (1, 2))),
    ("conv", (np.moveaxis(X, -1, 1), f(3, 3, 4, 6)), ((1, 1), "same", FIRST, (1, 1))),
    ("conv", (SERIES, f(3, 4, 6)), ((1,), "same", LAST, (2,))),
    # windows whose patches are made axis by axis
    ("conv", (X, f(7, 7, 4, 6)), ((2, 1), "same", LAST, (1, 1))),
    ("conv", (X, f(2, 8, 4, 6)), ((1, 2), "same", LAST, (3, 1))),
    ("conv", (np.moveaxis(X, -1, 1), f(8, 3, 4, 6)), ((2, 2), "valid", FIRST, (1, 2))),
    ("conv", (VOLUME, f(6, 5, 5, 2, 3)), ((1, 2, 1), "valid", LAST, (1, 1, 1))),
    ("conv_transpose", (VOLUME, f(6, 5, 5, 3, 2)), ((1, 2, 1), "same", (None, None, None), LAST, (1, 1, 1))),
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

    with nn.tracing(loop=True):  # where convolutions on CPU are patches times a matrix
        (_, sliced), sliced_grads = run()
    monkeypatch.setattr(nn, "on_cpu", lambda: False)
    (_, native), native_grads = run()
    np.testing.assert_allclose(sliced, native, rtol=1e-4, atol=1e-4)
    for a, b in zip(sliced_grads, native_grads):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3)


def test_a_loop_over_large_patches_is_refused():
    with nn.tracing(loop=True), pytest.raises(PreferSteps):
        jax.eval_shape(lambda x, k: nn.conv(x, k, (1, 1), "same", LAST, (1, 1)), *map(
            lambda s: jax.ShapeDtypeStruct(s, "float32"), ((32, 32, 32, 64), (3, 3, 64, 64))
        ))
    with nn.tracing(loop=True, refuses_shallow=True), pytest.raises(PreferSteps):
        nn.conv(X, f(3, 3, 4, 6), (1, 1), "same", LAST, (1, 1))


@pytest.mark.parametrize("shape, kernel, strides, padding", [
    ((6, 9, 8, 5), (3, 3, 5, 4), (1, 1), "same"),
    ((6, 9, 8, 2), (3, 2, 2, 6), (1, 1), "valid"),  # more filters than channels: the other form of the gradient
    ((5, 9, 8, 5), (3, 3, 5, 4), (2, 1), "same"),
    ((4, 12, 5), (4, 5, 2), (1,), "valid"),
    ((2, 5, 4, 6, 3), (2, 3, 2, 3, 2), (1, 1, 1), "same"),
    ((3, 9, 8, 5), (7, 2, 5, 4), (1, 2), "same"),
])
@pytest.mark.parametrize("images", [1, 2, 100])
def test_tiles_are_the_same_convolution(monkeypatch, shape, kernel, strides, padding, images):
    """Values, gradients, gradients of gradients, and under vmap; however many images a tile holds."""
    x, k = f(*shape), f(*kernel)
    monkeypatch.setattr(patches, "_TILE", images * patches.nbytes(x, k, strides) // len(x))
    dilation = (1,) * len(strides)
    pads = tuple(windows.pads(padding, shape[1:-1], kernel[:-2], strides, dilation))

    def results(conv):
        def loss(x, k):
            return (conv(x, k, strides, pads, dilation) ** 3).sum()

        def penalty(x, k):
            return (jax.grad(loss)(x, k) ** 2).sum()

        return jax.jit(lambda x, k: (
            loss(x, k), jax.grad(loss, (0, 1))(x, k), jax.grad(loss, 1)(x, k), jax.grad(penalty, (0, 1))(x, k),
            jax.vmap(jax.grad(loss, 1), (0, None))(x[:, None], k),
        ))(x, k)

    for a, b in zip(jax.tree.leaves(results(patches.tiled_conv)), jax.tree.leaves(results(patches.conv))):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * float(np.abs(b).max()))


def test_deep_convolutions_of_a_step_go_by_tiles():
    x, k = (jax.ShapeDtypeStruct(s, "float32") for s in ((32, 32, 32, 64), (3, 3, 64, 64)))
    with nn.tracing(reverse_only=True):
        assert nn._form(x, k, (1, 1), 1) == "tiles"
    with nn.tracing(loop=True, refuses_shallow=True, reverse_only=True):
        assert nn._form(jax.ShapeDtypeStruct((8, 32, 32, 64), "float32"), k, (1, 1), 1) == "tiles"
    assert nn._form(x, k, (1, 1), 1) == "native"
