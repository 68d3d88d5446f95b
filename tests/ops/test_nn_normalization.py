"""Normalisations, moments, attention against Keras; fused kernels against the composed form."""

import numpy as np
import pytest
from comparison import compare
from op_gradients import compare_gradients

import kerata
from kerata import ops
from kerata.ops._nn_normalization import batch_normalize_by_batch

_rng = np.random.default_rng(0)


def f(*shape):
    return _rng.standard_normal(shape).astype("float32")


X, CUBE = f(3, 8), f(2, 3, 4)
G3, G4, G34 = f(3), f(4), f(3, 4)
IMAGE, M4, V4 = f(2, 5, 6, 4), f(4), np.abs(f(4)) + 0.1

CASES = [
    ("nn.normalize", (X,), {}),
    ("nn.normalize", (X,), {"axis": 0, "order": 1}),
    ("nn.normalize", (X,), {"order": 3}),
    ("nn.moments", (CUBE, (0, 1)), {}),
    ("nn.moments", (CUBE, (0, 2)), {"keepdims": True}),
    ("nn.batch_normalization", (IMAGE, M4, V4, -1), {}),
    ("nn.batch_normalization", (IMAGE, M4, V4, -1, G4, M4), {"epsilon": 0.1}),
    ("nn.batch_normalization", (CUBE, G3, np.abs(G3), 1, G3, G3), {}),
    ("nn.layer_normalization", (CUBE, G4, G4), {}),
    ("nn.layer_normalization", (CUBE,), {"axis": (1, 2), "epsilon": 1e-2}),
    ("nn.layer_normalization", (CUBE, G3, G3), {"axis": 1}),
    ("nn.layer_normalization", (CUBE, G34, G34), {"axis": (1, 2)}),
    ("nn.rms_normalization", (CUBE, G4), {}),
    ("nn.rms_normalization", (CUBE,), {"axis": 1}),
    ("nn.psnr", (X, X + 0.1, 2.0), {}),
]


@pytest.mark.parametrize("i", range(len(CASES)))
def test_values_and_gradients(backend, i):
    name, args, kwargs = CASES[i]
    compare(name, args, kwargs, ("norm", i))
    if backend == "numpy" or name in ("nn.moments", "nn.psnr"):
        return
    arrays = [a for a in args if isinstance(a, np.ndarray)]

    def call(o, *tensors):
        rest = iter(tensors)
        filled = [next(rest) if isinstance(a, np.ndarray) else a for a in args]
        return getattr(o.nn, name[3:])(*filled, **kwargs)

    compare_gradients(call, arrays, ("norm", i), rtol=1e-3)


def test_half_precision_moments(backend):
    compare("nn.moments", (CUBE.astype("float16"), (0,)), {}, "half", rtol=2e-3, atol=2e-3)
    compare("nn.layer_normalization", (CUBE.astype("float16"), G4, G4), {}, "half-layer", rtol=5e-3, atol=5e-3)


def test_normalize_has_a_gradient_at_zero(train_backend):
    grad = kerata.grad(lambda x: ops.sum(ops.normalize(x)))(np.zeros((2, 3), "float32"))
    assert np.isfinite(ops.convert_to_numpy(grad)).all()


@pytest.mark.parametrize(("shape", "axis"), [((6, 4), -1), ((2, 5, 4), -1), ((2, 5, 6, 4), 3), ((2, 4, 5, 6), 1)])
def test_normalisation_by_the_batch_is_that_of_its_moments(backend, shape, axis):
    x = np.random.default_rng(3).standard_normal(shape).astype("float32")
    others = tuple(a for a in range(len(shape)) if a != axis % len(shape))

    def composed(x, scale, offset):
        mean, variance = ops.moments(x, others)
        return ops.batch_normalization(x, mean, variance, axis, offset, scale)

    out, mean, variance = batch_normalize_by_batch(x, axis, ops.convert_to_tensor(G4), ops.convert_to_tensor(M4))
    np.testing.assert_allclose(ops.convert_to_numpy(mean), x.mean(others), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(variance), x.var(others), rtol=1e-4, atol=1e-5)
    want = ops.convert_to_numpy(composed(x, G4, M4))
    np.testing.assert_allclose(ops.convert_to_numpy(out), want, rtol=1e-4, atol=1e-4)
    if backend == "numpy":
        return
    weights = np.random.default_rng(4).standard_normal(shape).astype("float32")
    tensors = [ops.convert_to_tensor(a) for a in (x, G4, M4)]
    fused = kerata.grad(lambda t: ops.sum(ops.multiply(batch_normalize_by_batch(t[0], axis, t[1], t[2])[0], weights)))(tensors)
    plain = kerata.grad(lambda t: ops.sum(ops.multiply(composed(*t), weights)))(tensors)
    for a, b in zip(fused, plain):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), rtol=1e-3, atol=1e-3)


Q, K, V = f(2, 5, 4, 8), f(2, 6, 4, 8), f(2, 6, 4, 8)
MASK, BIAS = _rng.random((2, 4, 5, 6)) > 0.3, f(2, 4, 5, 6)
MASK[..., 0] = True  # every query sees something

ATTENTION = [
    {},
    {"bias": BIAS},
    {"mask": MASK},
    {"mask": MASK[:, :1]},
    {"is_causal": True},
    {"scale": 0.3},
    {"mask": MASK, "bias": BIAS},
    {"mask": MASK, "is_causal": True, "bias": BIAS[:1, :1]},
]


@pytest.mark.parametrize("i", range(len(ATTENTION)))
def test_attention(backend, i):
    kwargs = ATTENTION[i]
    compare("nn.dot_product_attention", (Q, K, V), kwargs, ("attention", i))
    if backend != "numpy":
        compare_gradients(lambda o, q, k, v: o.nn.dot_product_attention(q, k, v, **kwargs), [Q, K, V], ("attention", i))


def test_attention_with_shared_heads(backend):
    compare("nn.dot_product_attention", (Q, K[:, :, :2], V[:, :, :2]), {}, "grouped")


def test_attention_with_capped_logits(backend):
    out = ops.convert_to_numpy(ops.dot_product_attention(Q * 10, K, V, attn_logits_soft_cap=2.0))
    logits = np.tanh(np.einsum("btnh,bsnh->bnts", Q * 10, K) / np.sqrt(8) / 2) * 2
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(out, np.einsum("bnts,bsnh->btnh", p, V), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.dot_product_attention(Q[0], K, V), "query"),
        (lambda: ops.dot_product_attention(Q, K[:, :, :3], V[:, :, :3]), "multiple"),
        (lambda: ops.normalize(X, order=0), "order"),
        (lambda: ops.psnr(X, X[:1], 1.0), "one shape"),
    ],
)
def test_errors(backend, call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("axis", [-1, 0])
def test_normalize_of_a_scalar(backend, axis, order):
    """A vector of one number, as in Keras."""
    for given in (-3.0, ops.convert_to_tensor(-3.0)):
        np.testing.assert_allclose(ops.convert_to_numpy(ops.normalize(given, axis=axis, order=order)), [-1.0], rtol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(kerata.utils.normalize(-3.0, axis, order)), [-1.0], rtol=1e-6)
    assert ops.normalize(kerata.KerasTensor(()), axis=axis).shape == (1,)
