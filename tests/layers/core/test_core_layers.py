"""Core layers and activation layers against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata

L2 = {"class_name": "L2", "config": {"l2": 0.1}}
L1 = {"class_name": "L1", "config": {"l1": 0.25}}
IDS = np.array([[1, 0, 4], [2, 3, 0]])
STEPS = np.array([[[1.0, 2], [0, 0], [0, 3]], [[0, 0], [0, 0], [1, 1]]], "float32")
MASK = np.array([[True, True, False], [True, False, False]])

CASES = [
    ("Dense", {"units": 4}, {"inputs": (2, 3)}),
    ("Dense", {"units": 4, "activation": "relu", "use_bias": False}, {"inputs": (2, 3)}),
    ("Dense", {"units": 4, "activation": "softmax", "kernel_regularizer": L2, "bias_regularizer": L1,
               "activity_regularizer": L2}, {"inputs": (2, 5, 3), "unknown": (None, None, 3)}),
    ("Dense", {"units": 2, "kernel_initializer": "he_normal", "bias_initializer": "ones", "kernel_constraint": "non_neg",
               "bias_constraint": "max_norm"}, {"inputs": (2, 3)}),
    ("Dense", {"units": 4, "lora_rank": 2}, {"inputs": (2, 3)}),
    ("Dense", {"units": 4, "trainable": False}, {"inputs": (2, 3)}),
    ("Dense", {"units": 4}, {"inputs": (2, 3, 3), "masks": [MASK]}),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c"}, {"inputs": (2, 3)}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d", "activation": "tanh"},
     {"inputs": (2, 4, 3), "unknown": (None, None, 3)}),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 5, "bias_axes": "y"}, {"inputs": (2, 4, 3)}),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de",
                     "kernel_regularizer": L2}, {"inputs": (2, 4, 3)}),
    ("EinsumDense", {"equation": "abde,dec->abc", "output_shape": (None, 5), "bias_axes": "c"}, {"inputs": (2, 4, 2, 3)}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (4, 5), "bias_axes": "bd"}, {"inputs": (2, 4, 3)}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (4, 5)}, {"inputs": (2, 4, 3)}),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 5), "lora_rank": 2}, {"inputs": (2, 4, 3)}),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, {"inputs": IDS, "unknown": (None, None)}),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True, "embeddings_regularizer": L2}, {"inputs": IDS}),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "embeddings_initializer": "glorot_normal",
                   "embeddings_constraint": "unit_norm"}, {"inputs": IDS.astype("float32")}),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "lora_rank": 2}, {"inputs": IDS}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3}, {"inputs": IDS}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3}, {"inputs": (2, 4, 3), "call": {"reverse": True}}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "tie_weights": False}, {"inputs": IDS}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "tie_weights": False, "logit_soft_cap": 0.5},
     {"inputs": (2, 4, 3), "call": {"reverse": True}}),
    ("Identity", {}, {"inputs": (2, 3, 3), "masks": [MASK]}),
    ("Masking", {}, {"inputs": STEPS}),
    ("Masking", {"mask_value": 1.0}, {"inputs": STEPS, "unknown": (None, None, 2)}),
    ("Activation", {"activation": "relu"}, {"inputs": (2, 3)}),
    ("Activation", {"activation": "gelu"}, {"inputs": (2, 3)}),
    ("ReLU", {}, {"inputs": (2, 3, 3), "masks": [MASK]}),
    ("ReLU", {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.2}, {"inputs": (4, 7)}),
    ("LeakyReLU", {}, {"inputs": (2, 3)}),
    ("LeakyReLU", {"negative_slope": 0.1}, {"inputs": (2, 3)}),
    ("PReLU", {}, {"inputs": (2, 3, 4)}),
    ("PReLU", {"shared_axes": [1, 2], "alpha_regularizer": L2, "alpha_constraint": "non_neg"}, {"inputs": (2, 3, 4, 5)}),
    ("PReLU", {"shared_axes": 1, "alpha_initializer": "ones"}, {"inputs": (2, 3, 4)}),
    ("ELU", {}, {"inputs": (2, 3)}),
    ("ELU", {"alpha": 0.5}, {"inputs": (2, 3)}),
    ("Softmax", {}, {"inputs": (2, 3)}),
    ("Softmax", {"axis": 1}, {"inputs": (2, 3, 4)}),
    ("Softmax", {"axis": [1, 2]}, {"inputs": (2, 3, 4)}),
    ("Softmax", {"axis": -1}, {"inputs": (2, 3), "masks": [MASK]}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


@pytest.mark.parametrize("case", [c for c in CASES if c[0].endswith("Dense")])
def test_large_products_on_torch(case, monkeypatch):
    """They take PyTorch's product with a bias also where gradients are wanted."""
    nn = pytest.importorskip("kerata.backend.torch.nn")
    monkeypatch.setattr(nn, "_MANY", 0)
    name, arguments, options = case
    with kerata.backend_scope("torch"):
        check_layer(name, arguments, **options)


def test_einsum_dense_of_another_rank_than_it_was_built_for(backend):
    layer = kerata.layers.EinsumDense("...x,xy->...y", 5, bias_axes="y", bias_initializer="ones")
    layer.build((2, 3))
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    want = x @ kerata.ops.convert_to_numpy(layer.kernel) + 1
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(layer(x)), want, rtol=1e-5, atol=1e-6)


def test_einsum_dense_whose_output_shape_names_the_last_axes(backend):
    layer = kerata.layers.EinsumDense("abc,cd->abd", output_shape=3, kernel_initializer="ones")
    out = kerata.ops.convert_to_numpy(layer(np.ones((2, 3, 4), "float32")))
    np.testing.assert_array_equal(out, np.full((2, 3, 3), 4.0))


@pytest.mark.parametrize("equation", [3, None, b"ab,bc->ac"])
def test_the_equation_of_an_einsum_is_text(equation):
    with pytest.raises(TypeError, match="`equation` of EinsumDense is text"):
        kerata.layers.EinsumDense(equation, 4)
