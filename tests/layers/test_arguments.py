"""Arguments of layers that the tables of the families leave at their defaults, against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata

pytestmark = pytest.mark.slow

L2, L1 = {"class_name": "L2", "config": {"l2": 0.1}}, {"class_name": "L1", "config": {"l1": 0.25}}
LAST = {1: (2, 6, 3), 2: (2, 5, 4, 3), 3: (1, 3, 4, 3, 2)}
FIRST = {1: (2, 3, 6), 2: (2, 3, 5, 4), 3: (1, 2, 3, 4, 3)}
CHANNELS_FIRST = {"data_format": "channels_first"}
BIAS = {"bias_regularizer": L1, "bias_constraint": "max_norm"}
KERNEL = {"kernel_regularizer": L2, "kernel_constraint": "non_neg", **BIAS}
OUTPUT = {"activity_regularizer": L2}
DEPTHWISE = {"depthwise_regularizer": L2, "depthwise_constraint": "non_neg", **BIAS, **OUTPUT}
POINTWISE = {"pointwise_regularizer": L1, "pointwise_constraint": "unit_norm"}
RECURRENT = {**KERNEL, "recurrent_regularizer": L1, "recurrent_constraint": "unit_norm"}
AFFINE = {"beta_regularizer": L1, "gamma_regularizer": L2, "beta_constraint": "non_neg", "gamma_constraint": "max_norm",
          "beta_initializer": "ones"}  # fmt: skip
MASK = np.array([[1, 0, 1, 1], [0, 0, 1, 1]], bool)
SEQUENCE = (2, 4, 3)

CASES = []
for n in (1, 2, 3):
    groups = 3 if n < 3 else 2
    CASES += [
        (f"Conv{n}D", {"filters": 4, "kernel_size": 2, **KERNEL, **OUTPUT}, {"inputs": LAST[n]}),
        (f"Conv{n}D", {"filters": 2 * groups, "kernel_size": 2, "groups": groups, "strides": 2, "padding": "same",
                       "use_bias": False, **CHANNELS_FIRST}, {"inputs": FIRST[n]}),
        (f"Conv{n}DTranspose", {"filters": 4, "kernel_size": 2, **KERNEL, **OUTPUT}, {"inputs": LAST[n]}),
        (f"Conv{n}DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1, "use_bias": False,
                                **CHANNELS_FIRST}, {"inputs": FIRST[n]}),
        (f"Conv{n}DTranspose", {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "padding": "same"}, {"inputs": LAST[n]}),
        (f"AveragePooling{n}D", {"pool_size": 3, "strides": 2, "padding": "same", **CHANNELS_FIRST}, {"inputs": FIRST[n]}),
    ]
for n in (1, 2):
    CASES += [
        (f"DepthwiseConv{n}D", {"kernel_size": 2, **DEPTHWISE}, {"inputs": LAST[n]}),
        (f"DepthwiseConv{n}D", {"kernel_size": 2, "depth_multiplier": 3, "use_bias": False, **CHANNELS_FIRST},
         {"inputs": FIRST[n]}),
        (f"SeparableConv{n}D", {"filters": 4, "kernel_size": 2, **DEPTHWISE, **POINTWISE}, {"inputs": LAST[n]}),
        (f"SeparableConv{n}D", {"filters": 4, "kernel_size": 2, "dilation_rate": 2, "use_bias": False, **CHANNELS_FIRST},
         {"inputs": FIRST[n]}),
    ]
for n, shape in ((1, (2, 3, 4, 2)), (2, (1, 3, 4, 3, 2)), (3, (1, 2, 3, 3, 2, 2))):
    CASES += [
        (f"ConvLSTM{n}D", {"filters": 2, "kernel_size": 2, "padding": "same", "activation": "relu",
                           "recurrent_activation": "hard_sigmoid", **RECURRENT}, {"inputs": shape, "symbolic": False}),
        (f"ConvLSTM{n}D", {"filters": 2, "kernel_size": 2, "use_bias": False, "return_state": True, "go_backwards": True},
         {"inputs": shape, "symbolic": False}),
    ]  # fmt: skip
for kind in ("SimpleRNN", "LSTM", "GRU"):
    states = [np.ones((2, 3), "float32")] * (2 if kind == "LSTM" else 1)
    cell = {"inputs": (2, 4), "call": {"states": states}, "symbolic": False}
    CASES += [
        (kind, {"units": 3, "bias_constraint": "max_norm", "return_state": True, "unroll": True, "go_backwards": True},
         {"inputs": SEQUENCE, "symbolic": False}),
        (kind, {"units": 3, "use_bias": False, "activation": "relu"}, {"inputs": (2, 1, 3), "symbolic": False}),
        (f"{kind}Cell", {"units": 3, **RECURRENT}, cell),
        (f"{kind}Cell", {"units": 3, "use_bias": False, "activation": "relu"}, cell),
    ]
CASES += [
    ("GRU", {"units": 3, "reset_after": False, "use_bias": False, "return_sequences": True},
     {"inputs": SEQUENCE, "masks": [MASK], "symbolic": False}),
    ("LSTM", {"units": 3, "use_bias": False, "unroll": True, "return_sequences": True},
     {"inputs": SEQUENCE, "masks": [MASK], "symbolic": False}),
    ("BatchNormalization", AFFINE, {"inputs": (4, 3, 6)}),
    ("LayerNormalization", AFFINE, {"inputs": (2, 3, 6)}),
    ("GroupNormalization", {"groups": 2, **AFFINE}, {"inputs": (2, 3, 6)}),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 4, "bias_axes": "c", **KERNEL, **OUTPUT}, {"inputs": (2, 3)}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "mask_zero": True, "embeddings_regularizer": L2,
                             "embeddings_constraint": "unit_norm"}, {"inputs": np.array([[0, 1], [2, 0]])}),
    ("ReversibleEmbedding", {"input_dim": 5, "output_dim": 3, "reverse_dtype": "float32"},
     {"inputs": (2, 3), "call": {"reverse": True}}),
    ("Embedding", {"input_dim": 5, "output_dim": 3, "weights": [np.arange(15.0).reshape(5, 3)]},
     {"inputs": np.array([[0, 1], [2, 0]]), "config": False}),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear", **CHANNELS_FIRST}, {"inputs": FIRST[2]}),
    ("UpSampling3D", {"size": (1, 2, 3), **CHANNELS_FIRST}, {"inputs": FIRST[3]}),
    ("ZeroPadding2D", {"padding": ((1, 0), (0, 2)), **CHANNELS_FIRST}, {"inputs": FIRST[2]}),
    ("ZeroPadding3D", {"padding": ((1, 0), (0, 2), (1, 1)), **CHANNELS_FIRST}, {"inputs": FIRST[3]}),
    ("Cropping2D", {"cropping": ((1, 0), (0, 2)), **CHANNELS_FIRST}, {"inputs": FIRST[2]}),
    ("Cropping3D", {"cropping": ((1, 0), (0, 2), (1, 1)), **CHANNELS_FIRST}, {"inputs": FIRST[3]}),
    ("Attention", {"use_scale": True, "dropout": 0.3, "seed": 3}, {"inputs": [(2, 3, 4), (2, 5, 4)], "random": True}),
    ("AdditiveAttention", {"dropout": 0.3}, {"inputs": [(2, 3, 4), (2, 5, 4)], "random": True}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


def mixed_layers(k, dtype):
    """Layers that compute in 16 bits, or in 64, with their inputs."""
    L, rng = k.layers, np.random.default_rng(0)
    x = {n: rng.normal(size=s).astype("float32") for n, s in {"flat": (4, 6), "steps": (2, 4, 3), "image": (2, 4, 4, 3)}.items()}
    return {
        "Dense": (L.Dense(3, dtype=dtype), x["flat"]),
        "Conv2D": (L.Conv2D(3, 2, dtype=dtype), x["image"]),
        "DepthwiseConv2D": (L.DepthwiseConv2D(2, dtype=dtype), x["image"]),
        "Conv2DTranspose": (L.Conv2DTranspose(3, 2, strides=2, dtype=dtype), x["image"]),
        "MaxPooling2D": (L.MaxPooling2D(dtype=dtype), x["image"]),
        "GlobalAveragePooling2D": (L.GlobalAveragePooling2D(dtype=dtype), x["image"]),
        "LSTM": (L.LSTM(3, dtype=dtype), x["steps"]),
        "GRU": (L.GRU(3, dtype=dtype, return_sequences=True), x["steps"]),
        "Bidirectional": (L.Bidirectional(L.LSTM(3, dtype=dtype), dtype=dtype), x["steps"]),
        "Attention": (L.Attention(dtype=dtype), [x["steps"], x["steps"]]),
        "Softmax": (L.Softmax(dtype=dtype), x["flat"]),
    }


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_dtypes_as_keras(dtype, backend):
    import keras

    if dtype == "float64" and backend == "jax":
        return  # 64 bits are off there by default
    theirs = mixed_layers(keras, dtype)
    for name, (layer, x) in mixed_layers(kerata, dtype).items():
        oracle = theirs[name][0]
        wanted = oracle(x)
        layer(x)
        layer.set_weights(oracle.get_weights())
        found = layer(x)
        compute = dtype.removeprefix("mixed_")
        assert kerata.ops.dtype(found) == compute, name
        assert {str(w.dtype) for w in layer.weights} <= {"float32" if "mixed" in dtype else dtype}, name
        tolerance = {"float16": 5e-3, "bfloat16": 4e-2, "float64": 1e-5}[compute]
        found, wanted = (k.ops.convert_to_numpy(k.ops.cast(v, "float32")) for k, v in ((kerata, found), (keras, wanted)))
        np.testing.assert_allclose(found, wanted, rtol=tolerance, atol=tolerance, err_msg=name)
