"""SpectralNormalization and Wrapper against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata
from kerata import layers


def wrapped(inner, iterations=1, **arguments):
    def make(k):
        layer = getattr(k.layers, inner)(name="inner", **arguments)
        return k.layers.SpectralNormalization(layer, power_iterations=iterations, name="probe")

    return make


@pytest.mark.parametrize("make, shape", [
    (wrapped("Dense", units=3), (2, 4)), (wrapped("Dense", iterations=3, units=3, use_bias=False), (2, 4)),
    (wrapped("Conv2D", filters=3, kernel_size=2), (2, 4, 4, 2)),
])  # fmt: skip
def test_as_keras(backend, make, shape):
    # The gradient is that of the layer with the divided kernel, on all backends; Keras's depends on the backend.
    check_layer(make, None, shape, gradients=False)


def test_the_norm_becomes_one(backend):
    layer = layers.SpectralNormalization(layers.Dense(5), power_iterations=30)
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    for _ in range(3):
        layer(x, training=True)
    assert np.linalg.svd(layer.layer.kernel.numpy())[1][0] == pytest.approx(1, abs=1e-3)
    before = layer.layer.kernel.numpy().copy()
    layer(x, training=False)
    np.testing.assert_array_equal(before, layer.layer.kernel.numpy())


def test_gradient_is_that_of_the_divided_kernel(train_backend):
    x = np.random.default_rng(0).normal(size=(4, 6)).astype("float32")
    layer = layers.SpectralNormalization(layers.Dense(5))
    layer.build(x.shape)
    layer.layer.kernel.assign(np.random.default_rng(1).normal(size=(6, 5)).astype("float32"))
    _, grads = kerata.value_and_grad(
        lambda: kerata.ops.sum(kerata.ops.square(layer(x, training=True))), [layer.layer.kernel]
    )()
    kernel = layer.layer.kernel.numpy()
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(grads[0]), 2 * x.T @ (x @ kernel), rtol=1e-3, atol=1e-3)


def test_trains(train_backend):
    model = kerata.Sequential([kerata.Input((4,)), layers.SpectralNormalization(layers.Dense(1))])
    model.compile(optimizer=kerata.optimizers.SGD(0.05), loss="mse")
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    losses = model.fit(x, 0.5 * x[:, :1], epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_wrapper(backend):
    wrapper = layers.Wrapper(layers.Dense(2))
    wrapper.build((None, 3))
    assert wrapper.weights[0].path == f"{wrapper.name}/{wrapper.layer.name}/kernel"
    assert layers.Wrapper.from_config(wrapper.get_config()).layer.units == 2


@pytest.mark.parametrize("make, words", [
    (lambda: layers.SpectralNormalization(layers.Dense(2), power_iterations=0), "power_iterations"),
    (lambda: layers.SpectralNormalization(layers.Dropout(0.2))(np.ones((2, 3))), "kernel"),
    (lambda: layers.SpectralNormalization(3), "layer"),
    (lambda: layers.Wrapper(layers.Dense), "parentheses"),
])  # fmt: skip
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_the_vector_has_the_dtype_of_the_kernel(dtype, backend):
    layer = layers.SpectralNormalization(layers.Dense(3), dtype=dtype)
    layer(np.ones((2, 4), "float32"), training=True)
    assert layer.vector_u.dtype == layer.kernel.dtype == "float32"
