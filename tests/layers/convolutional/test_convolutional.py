"""Convolution layers against Keras."""

import numpy as np
import pytest
from common import check_layer

L2 = {"class_name": "L2", "config": {"l2": 0.1}}
SEQUENCE, IMAGE, VOLUME = (2, 9, 3), (2, 7, 6, 3), (1, 5, 4, 6, 2)
FIRST = {"data_format": "channels_first"}

CASES = [
    ("Conv1D", {"filters": 4, "kernel_size": 3}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, {"inputs": SEQUENCE}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "strides": 2}, {"inputs": SEQUENCE}),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "padding": "same", "strides": 2, "activation": "relu",
                "use_bias": False}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("Conv1D", {"filters": 6, "kernel_size": 3, "groups": 3}, {"inputs": SEQUENCE}),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "same", **FIRST}, {"inputs": (2, 3, 9)}),
    ("Conv2D", {"filters": 4, "kernel_size": 3}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "padding": "same", "activation": "relu",
                "kernel_regularizer": L2, "bias_regularizer": L2, "activity_regularizer": L2}, {"inputs": IMAGE}),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": (2, 1), "padding": "same"}, {"inputs": IMAGE}),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "kernel_constraint": "max_norm"}, {"inputs": IMAGE}),
    ("Conv2D", {"filters": 4, "kernel_size": 2, "dilation_rate": 2, "padding": "same"}, {"inputs": IMAGE}),
    ("Conv2D", {"filters": 6, "kernel_size": 2, "groups": 3, "kernel_initializer": "he_normal",
                "bias_initializer": "ones"}, {"inputs": IMAGE}),
    ("Conv2D", {"filters": 4, "kernel_size": 3, **FIRST}, {"inputs": (2, 3, 7, 6)}),
    ("Conv2D", {"filters": 4, "kernel_size": 1}, {"inputs": IMAGE}),
    ("Conv3D", {"filters": 3, "kernel_size": 2}, {"inputs": VOLUME, "unknown": (None, None, None, None, 2)}),
    ("Conv3D", {"filters": 3, "kernel_size": (2, 1, 3), "strides": 2, "padding": "same"}, {"inputs": VOLUME}),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "groups": 2, "dilation_rate": 2}, {"inputs": VOLUME}),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}, {"inputs": SEQUENCE}),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 3, "padding": "same", "output_padding": 1},
     {"inputs": SEQUENCE}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu",
                         "kernel_regularizer": L2}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": (2, 3), "strides": (1, 2), "use_bias": False}, {"inputs": IMAGE}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 2, "dilation_rate": 2}, {"inputs": IMAGE}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, **FIRST}, {"inputs": (2, 3, 5, 4)}),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": (1, 0)}, {"inputs": IMAGE}),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 2, "strides": 2}, {"inputs": (1, 3, 2, 3, 2)}),
    ("Conv3DTranspose", {"filters": 3, "kernel_size": 3, "padding": "same"}, {"inputs": (1, 3, 2, 3, 2)}),
    ("DepthwiseConv1D", {"kernel_size": 3}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"}, {"inputs": SEQUENCE}),
    ("DepthwiseConv2D", {"kernel_size": 3}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("DepthwiseConv2D", {"kernel_size": (2, 3), "depth_multiplier": 2, "padding": "same", "activation": "relu",
                         "depthwise_regularizer": L2, "depthwise_constraint": "unit_norm",
                         "depthwise_initializer": "he_uniform"}, {"inputs": IMAGE}),
    ("DepthwiseConv2D", {"kernel_size": 2, "dilation_rate": 2, "use_bias": False}, {"inputs": IMAGE}),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "padding": "same", **FIRST}, {"inputs": (2, 3, 7, 6)}),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3, "padding": "same", "strides": 2, "depth_multiplier": 2},
     {"inputs": SEQUENCE}),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, "padding": "same", "activation": "relu",
                         "depthwise_regularizer": L2, "pointwise_regularizer": L2, "pointwise_constraint": "non_neg",
                         "bias_regularizer": L2}, {"inputs": IMAGE}),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "strides": 2, "use_bias": False}, {"inputs": IMAGE}),
    ("DepthwiseConv2D", {"kernel_size": 2, "strides": 2, "dilation_rate": 2, "padding": "same"}, {"inputs": IMAGE}),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 2, "strides": 2, "dilation_rate": 2}, {"inputs": SEQUENCE}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


def test_a_missing_channel_axis():
    import kerata

    for x in (np.zeros((2, 28, 28), "float32"), kerata.Input((28, 28))):
        with pytest.raises(ValueError) as e:
            kerata.layers.Conv2D(4, 3)(x)
        assert "x[..., None]" in str(e.value) and "input_shape=(28, 28, 1)" in str(e.value)


@pytest.mark.parametrize("arguments, words", [
    ({"filters": 0}, "`filters` of Conv2D"), ({"kernel_size": (3, 3, 3)}, "`kernel_size` of Conv2D"),
    ({"strides": 1.5}, "`strides` of Conv2D"), ({"strides": None}, "`strides` of Conv2D"),
    ({"padding": "smae"}, "`padding` of Conv2D"), ({"groups": 3}, "divisible"), ({"data_format": "last"}, "data_format"),
    ({"strides": 2, "dilation_rate": 2}, "strides or dilation"), ({"groups": 0}, "`groups` of Conv2D"),
])  # fmt: skip
def test_errors(arguments, words):
    import kerata

    with pytest.raises(ValueError, match=words):
        kerata.layers.Conv2D(**{"filters": 4, "kernel_size": 2, **arguments})


def test_causal_separable_convolution(backend):
    import kerata

    x = np.random.default_rng(0).normal(size=SEQUENCE).astype("float32")
    causal = kerata.layers.SeparableConv1D(4, 3, padding="causal")
    out = causal(x)
    valid = kerata.layers.SeparableConv1D(4, 3)
    padded = np.pad(x, ((0, 0), (2, 0), (0, 0)))
    valid.build(x.shape)
    valid.set_weights(causal.get_weights())
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(out), kerata.ops.convert_to_numpy(valid(padded)), atol=1e-5)
