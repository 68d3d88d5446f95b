"""Pooling layers against Keras."""

import numpy as np
import pytest
from common import check_layer

SEQUENCE, IMAGE, VOLUME = (2, 9, 3), (2, 7, 6, 3), (1, 5, 4, 6, 2)
SHAPES = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
UNKNOWN = {1: (None, None, 3), 2: (None, None, None, 3), 3: (None, None, None, None, 2)}
FIRST = {"data_format": "channels_first"}
MASK = np.arange(18).reshape(2, 9) % 4 != 2

CASES = [
    (f"{kind}Pooling{n}D", arguments, options)
    for kind in ("Max", "Average")
    for n in (1, 2, 3)
    for arguments, options in [
        ({"pool_size": 2}, {"inputs": SHAPES[n], "unknown": UNKNOWN[n]}),
        ({"pool_size": 3, "strides": 2, "padding": "same"}, {"inputs": SHAPES[n], "unknown": UNKNOWN[n]}),
        ({"pool_size": 3, "strides": 1}, {"inputs": SHAPES[n]}),
    ]
]
CASES += [
    (f"Global{kind}Pooling{n}D", arguments, {"inputs": SHAPES[n], "unknown": UNKNOWN[n]})
    for kind in ("Max", "Average")
    for n in (1, 2, 3)
    for arguments in ({}, {"keepdims": True}, FIRST)
]
CASES += [
    (f"Adaptive{kind}Pooling{n}D", arguments, {"inputs": SHAPES[n]})
    for kind in ("Max", "Average")
    for n in (1, 2, 3)
    for arguments in ({"output_size": 2}, {"output_size": (3, 2, 4)[:n]})
]
CASES += [
    ("MaxPooling1D", {}, {"inputs": SEQUENCE}),
    ("MaxPooling2D", {}, {"inputs": IMAGE}),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": (1, 2), **FIRST}, {"inputs": (2, 3, 7, 6)}),
    ("MaxPooling3D", {}, {"inputs": VOLUME}),
    ("AveragePooling2D", {"pool_size": (3, 2), "strides": (2, 3), "padding": "same", **FIRST}, {"inputs": (2, 3, 7, 6)}),
    ("AdaptiveAveragePooling2D", {"output_size": (3, 2), **FIRST}, {"inputs": (2, 3, 7, 6)}),
    ("GlobalAveragePooling1D", {}, {"inputs": SEQUENCE, "masks": [MASK]}),
    ("GlobalAveragePooling1D", {"keepdims": True}, {"inputs": SEQUENCE, "masks": [MASK]}),
    ("GlobalMaxPooling1D", {}, {"inputs": SEQUENCE, "masks": [MASK]}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


def test_other_names():
    from kerata import layers

    for n in (1, 2, 3):
        for short, full in (("AvgPool", "AveragePooling"), ("MaxPool", "MaxPooling")):
            for prefix in ("", "Global"):
                assert getattr(layers, f"{prefix}{short}{n}D") is getattr(layers, f"{prefix}{full}{n}D")
                assert getattr(layers, f"{prefix}{full}{n}D").__name__ == f"{prefix}{full}{n}D"


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("dtype", ["float64", "int32", "uint8"])
@pytest.mark.parametrize("kind", ["max_pool", "average_pool"])
def test_volumes_of_other_dtypes(backend, kind, dtype, padding, data_format):
    """PyTorch and TensorFlow have 3-D kernels for some dtypes only; values are those of float32."""
    from kerata import ops

    x = np.random.default_rng(0).integers(0, 100, (2, 5, 6, 4, 3))
    found, wanted = (
        ops.convert_to_numpy(getattr(ops, kind)(x.astype(d), (2, 3, 2), (2, 1, 2), padding, data_format))
        for d in (dtype, "float32")
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_volumes_of_an_unknown_size_in_a_graph():
    tf = pytest.importorskip("tensorflow")
    from kerata import backend_scope, ops

    x = np.random.default_rng(0).integers(0, 100, (2, 5, 6, 4, 3))
    with backend_scope("tensorflow"):
        pool = tf.function(lambda x: ops.max_pool(x, 2), input_signature=[tf.TensorSpec((None,) * 4 + (3,), "int64")])
        found = pool(tf.constant(x)).numpy()
    np.testing.assert_array_equal(found, x[:, :4].reshape(2, 2, 2, 3, 2, 2, 2, 3).max((2, 4, 6)))
