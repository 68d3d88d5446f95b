"""Normalization layers against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata

L2 = {"class_name": "L2", "config": {"l2": 0.1}}
MASK = np.array([[1, 1, 0], [1, 0, 0]], bool)
IMAGE, SEQUENCE = (3, 4, 5, 6), (2, 3, 4)

CASES = [
    ("BatchNormalization", {}, {"inputs": (8, 4)}),
    ("BatchNormalization", {}, {"inputs": IMAGE, "unknown": (None, None, None, 6)}),
    ("BatchNormalization", {"axis": 1, "momentum": 0.8, "epsilon": 0.01}, {"inputs": IMAGE}),
    ("BatchNormalization", {"center": False, "scale": False}, {"inputs": IMAGE}),
    ("BatchNormalization", {"gamma_regularizer": L2, "beta_regularizer": L2, "gamma_constraint": "non_neg",
                            "beta_initializer": "ones", "moving_mean_initializer": "ones"}, {"inputs": (8, 4)}),
    ("BatchNormalization", {"trainable": False}, {"inputs": (8, 4)}),
    ("BatchNormalization", {"momentum": 0.5}, {"inputs": SEQUENCE, "masks": [MASK]}),
    ("BatchNormalization", {"renorm": True}, {"inputs": (8, 4)}),
    ("BatchNormalization", {"renorm": True, "renorm_momentum": 0.7, "momentum": 0.9,
                            "renorm_clipping": {"rmax": 1.1, "rmin": 0.9, "dmax": 0.2}}, {"inputs": IMAGE}),
    ("LayerNormalization", {}, {"inputs": (2, 5), "unknown": (None, 5)}),
    ("LayerNormalization", {"epsilon": 1e-6}, {"inputs": SEQUENCE, "masks": [MASK], "unknown": (None, None, 4)}),
    ("LayerNormalization", {"axis": [1, 2]}, {"inputs": SEQUENCE}),
    ("LayerNormalization", {"axis": 1, "center": False}, {"inputs": SEQUENCE}),
    ("LayerNormalization", {"axis": (2, 3), "scale": False}, {"inputs": IMAGE}),
    ("LayerNormalization", {"gamma_regularizer": L2, "beta_constraint": "non_neg", "gamma_initializer": "he_normal"},
     {"inputs": SEQUENCE, "config": False}),
    ("LayerNormalization", {"rms_scaling": True}, {"inputs": SEQUENCE}),
    ("RMSNormalization", {}, {"inputs": SEQUENCE, "unknown": (None, None, 4)}),
    ("RMSNormalization", {"axis": [1, 2]}, {"inputs": SEQUENCE, "masks": [MASK]}),
    ("RMSNormalization", {"axis": (-1, -2)}, {"inputs": SEQUENCE}),
    ("GroupNormalization", {"groups": 2}, {"inputs": IMAGE, "unknown": (None, None, None, 6)}),
    ("GroupNormalization", {"groups": 3, "epsilon": 1e-5}, {"inputs": (2, 6)}),
    ("GroupNormalization", {"groups": -1}, {"inputs": IMAGE}),
    ("GroupNormalization", {"groups": 1, "scale": False}, {"inputs": IMAGE}),
    ("GroupNormalization", {"groups": 2, "axis": 1, "center": False, "gamma_regularizer": L2}, {"inputs": IMAGE}),
    ("UnitNormalization", {}, {"inputs": SEQUENCE, "masks": [MASK]}),
    ("UnitNormalization", {"axis": [1, 2]}, {"inputs": SEQUENCE}),
    ("UnitNormalization", {"axis": 1}, {"inputs": SEQUENCE}),
    ("LayerNormalization", {"axis": (2, 1)}, {"inputs": SEQUENCE}), ("LayerNormalization", {"axis": [1, -1]}, {"inputs": SEQUENCE}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


@pytest.mark.parametrize("name", ["BatchNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
def test_half_precision(name, dtype, backend):
    x = np.random.default_rng(0).normal(3.0, 2.0, size=(16, 8)).astype("float32")
    make = getattr(kerata.layers, name)
    arguments = {"groups": 2} if name == "GroupNormalization" else {}
    half, full = make(**arguments, dtype=dtype), make(**arguments)
    out = half(x, training=True) if name == "BatchNormalization" else half(x)
    wanted = full(x, training=True) if name == "BatchNormalization" else full(x)
    assert half._backend.dtype(out) == dtype.removeprefix("mixed_")
    assert half.weights[0].dtype == ("float32" if "mixed" in dtype else dtype)
    found = kerata.ops.convert_to_numpy(kerata.ops.cast(out, "float32"))
    np.testing.assert_allclose(found, kerata.ops.convert_to_numpy(wanted), atol=0.03)


def test_rms_over_another_axis(backend):
    x = np.random.default_rng(0).normal(size=SEQUENCE).astype("float32")
    out = kerata.ops.convert_to_numpy(kerata.layers.RMSNormalization(axis=1, epsilon=1e-3)(x))
    np.testing.assert_allclose(out, x / np.sqrt((x**2).mean(1, keepdims=True) + 1e-3), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "bool"])
def test_integers_become_floats(dtype, backend):
    x = np.random.default_rng(0).integers(0, 9, (2, 3, 4)).astype(dtype)
    for layer in (kerata.layers.GroupNormalization(2), kerata.layers.LayerNormalization()):
        found, wanted = layer(x), layer(x.astype("float32"))
        assert kerata.backend.standardize_dtype(found.dtype) == "float32"
        np.testing.assert_allclose(kerata.ops.convert_to_numpy(found), kerata.ops.convert_to_numpy(wanted), atol=1e-5)


def test_errors():
    layers = kerata.layers
    for make in (layers.BatchNormalization, lambda: layers.GroupNormalization(2)):
        with pytest.raises(ValueError, match="axis -1"):
            make()(kerata.Input((None,)))
    for groups in (4, 0):
        with pytest.raises(ValueError, match="groups"):
            layers.GroupNormalization(groups)(kerata.Input((6,)))
    for name in ("BatchNormalization", "LayerNormalization", "RMSNormalization"):
        with pytest.raises(ValueError, match="along axis 5; its input has 2 axes"):
            getattr(layers, name)(axis=5)(kerata.Input((6,)))
    with pytest.raises(ValueError, match="epsilon"):
        layers.BatchNormalization(epsilon=-1)


@pytest.mark.parametrize("groups", [2.0, "2", 0, -2])
def test_numbers_of_groups(groups):
    with pytest.raises(ValueError, match="`groups` of GroupNormalization is a positive integer"):
        kerata.layers.GroupNormalization(groups)


@pytest.mark.parametrize("axis", ["1", None, 1.0, [1, "2"]])
def test_the_axes_of_a_unit_normalization_are_integers(axis):
    with pytest.raises(TypeError, match="`axis` of UnitNormalization is an integer"):
        kerata.layers.UnitNormalization(axis=axis)
