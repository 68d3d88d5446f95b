"""Activation functions against Keras: values, gradients, dtypes."""

import numpy as np
import pytest
from comparison import compare
from op_gradients import compare_gradients

from kerata import ops

X = (np.random.default_rng(0).standard_normal((3, 8)) * 2).astype("float32")
CUBE = np.random.default_rng(1).standard_normal((2, 3, 4)).astype("float32")

CASES = [
    *[(name, {}) for name in (
        "relu", "relu6", "sigmoid", "sparse_sigmoid", "softplus", "softsign", "soft_shrink", "hard_shrink",
        "tanh_shrink", "sparse_plus", "silu", "log_sigmoid", "squareplus", "leaky_relu", "hard_sigmoid", "hard_silu",
        "hard_tanh", "elu", "selu", "gelu", "celu", "glu", "softmax", "log_softmax",
    )],
    ("gelu", {"approximate": False}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 0.5}),
    ("leaky_relu", {"negative_slope": 0.05}),
    ("soft_shrink", {"threshold": 1.0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("squareplus", {"b": 2}),
    ("glu", {"axis": 1}),
    ("threshold", {"threshold": 0.5, "default_value": -1.0}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
]  # fmt: skip
IDS = [f"{name}-{kwargs}" for name, kwargs in CASES]


@pytest.mark.parametrize(("name", "kwargs"), CASES, ids=IDS)
def test_values(backend, name, kwargs):
    compare(f"nn.{name}", (X,), kwargs, ("act", name, str(kwargs)))


@pytest.mark.parametrize(("name", "kwargs"), CASES, ids=IDS)
def test_gradients(train_backend, name, kwargs):
    compare_gradients(lambda o, x: getattr(o.nn, name)(x, **kwargs), [X], ("act", name, str(kwargs)))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        *[(name, "int32") for name in ("relu", "relu6", "gelu", "softmax", "elu")],
        *[(name, "float16") for name in ("relu", "relu6", "gelu", "softmax", "elu", "sigmoid", "silu")],
    ],
)
def test_dtypes(backend, name, dtype):
    compare(f"nn.{name}", (np.array([[-2, 0, 3]], dtype),), {}, ("act", name, dtype), rtol=2e-3, atol=2e-3)


def test_softmax_over_several_axes(backend):
    compare("softmax", (CUBE,), {"axis": (0, 2)}, "softmax-02")


@pytest.mark.parametrize("name", ["softplus", "log_sigmoid", "sigmoid", "silu", "log_softmax"])
def test_large_arguments_stay_finite(train_backend, name):
    import kerata

    x = np.array([-1e4, -100, 0, 100, 1e4], "float32")
    grad = kerata.grad(lambda x: ops.sum(getattr(ops.nn, name)(x)))(x)
    assert np.isfinite(ops.convert_to_numpy(grad)).all()


def test_sparsemax_is_the_nearest_point_of_the_simplex(backend):
    """Not compared with Keras on JAX, whose result does not sum to 1."""
    out = ops.convert_to_numpy(ops.sparsemax(X))
    np.testing.assert_allclose(out.sum(-1), 1, rtol=1e-5)
    for row, p in zip(X, out):
        on = p > 0
        shift = row[on] - p[on]  # one constant on the support, which no other entry exceeds
        np.testing.assert_allclose(shift, shift[0], atol=1e-5)
        assert (row[~on] <= shift[0] + 1e-5).all()
    by_axis = ops.convert_to_numpy(ops.sparsemax(CUBE, axis=1))
    np.testing.assert_allclose(by_axis.sum(1), 1, rtol=1e-5)


def test_softmax_of_one_element_warns(backend):
    with pytest.warns(UserWarning, match="sigmoid"):
        ops.softmax(X[:, :1])


def test_glu_wants_an_even_axis(backend):
    with pytest.raises(ValueError, match="even"):
        ops.glu(X[:, :7])


def test_polar(backend):
    compare("nn.polar", (np.abs(X), X), {}, "polar")
