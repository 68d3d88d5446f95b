"""Reshaping layers against Keras."""

import numpy as np
import pytest
from common import check_layer

import kerata

SEQUENCE, IMAGE, VOLUME = (2, 9, 3), (2, 5, 4, 3), (1, 4, 3, 5, 2)
FIRST = {"data_format": "channels_first"}
CHANNELS_FIRST = (2, 3, 5, 4)
MASK = np.arange(18).reshape(2, 9) % 4 != 2

CASES = [
    ("Flatten", {}, {"inputs": IMAGE, "unknown": (None, None, 4, 3)}),
    ("Flatten", {}, {"inputs": (3,)}),
    ("Flatten", FIRST, {"inputs": CHANNELS_FIRST}),
    ("Flatten", {}, {"inputs": SEQUENCE, "masks": [MASK]}),
    ("Reshape", {"target_shape": (3, 9)}, {"inputs": SEQUENCE}),
    ("Reshape", {"target_shape": (-1, 9)}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("Reshape", {"target_shape": [27]}, {"inputs": SEQUENCE}),
    ("Permute", {"dims": (2, 1)}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("Permute", {"dims": (3, 1, 2)}, {"inputs": IMAGE}),
    ("RepeatVector", {"n": 3}, {"inputs": (2, 4)}),
    ("Cropping1D", {}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("Cropping1D", {"cropping": 2}, {"inputs": SEQUENCE}),
    ("Cropping1D", {"cropping": (0, 3)}, {"inputs": SEQUENCE}),
    ("Cropping2D", {}, {"inputs": IMAGE}),
    ("Cropping2D", {"cropping": 1}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("Cropping2D", {"cropping": (2, 1)}, {"inputs": IMAGE}),
    ("Cropping2D", {"cropping": ((1, 0), (2, 1)), **FIRST}, {"inputs": CHANNELS_FIRST}),
    ("Cropping3D", {}, {"inputs": VOLUME}),
    ("Cropping3D", {"cropping": (1, 0, 2)}, {"inputs": VOLUME}),
    ("Cropping3D", {"cropping": ((1, 0), (0, 2), (1, 1))}, {"inputs": VOLUME}),
    ("ZeroPadding1D", {}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("ZeroPadding1D", {"padding": (0, 3)}, {"inputs": SEQUENCE}),
    ("ZeroPadding1D", {"padding": (1, 3), **FIRST}, {"inputs": SEQUENCE}),
    ("ZeroPadding2D", {}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("ZeroPadding2D", {"padding": (2, 1)}, {"inputs": IMAGE}),
    ("ZeroPadding2D", {"padding": ((1, 0), (2, 1)), **FIRST}, {"inputs": CHANNELS_FIRST}),
    ("ZeroPadding3D", {}, {"inputs": VOLUME}),
    ("ZeroPadding3D", {"padding": ((1, 0), (0, 2), (1, 1))}, {"inputs": VOLUME}),
    ("UpSampling1D", {}, {"inputs": SEQUENCE, "unknown": (None, None, 3)}),
    ("UpSampling1D", {"size": 3}, {"inputs": SEQUENCE}),
    ("UpSampling2D", {}, {"inputs": IMAGE, "unknown": (None, None, None, 3)}),
    ("UpSampling2D", {"size": (2, 3), **FIRST}, {"inputs": CHANNELS_FIRST}),
    ("UpSampling2D", {"interpolation": "bilinear"}, {"inputs": IMAGE}),
    ("UpSampling2D", {"size": 3, "interpolation": "bilinear", **FIRST}, {"inputs": CHANNELS_FIRST}),
    ("UpSampling2D", {"interpolation": "bicubic"}, {"inputs": IMAGE}),
    ("UpSampling3D", {}, {"inputs": VOLUME}),
    ("UpSampling3D", {"size": (1, 2, 3)}, {"inputs": VOLUME}),
]


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_same_as_keras(case, backend):
    name, arguments, options = case
    check_layer(name, arguments, **options)


def test_reshape_takes_none_for_the_size_that_is_left(backend):
    x = np.arange(12.0, dtype="float32").reshape(2, 6)
    layer = kerata.layers.Reshape((None, 3))
    np.testing.assert_array_equal(kerata.ops.convert_to_numpy(layer(x)), x.reshape(2, 2, 3))
    assert layer(kerata.Input((None,))).shape == (None, None, 3)
    assert kerata.layers.Reshape.from_config(layer.get_config()).target_shape == layer.target_shape == (None, 3)
    with pytest.raises(ValueError, match="-1 once"):
        kerata.layers.Reshape((None, -1))


def test_empty_batches(backend):
    x = np.zeros((0, 4, 3), "float32")
    layers = kerata.layers
    assert tuple(layers.Flatten()(x).shape) == (0, 12)
    assert tuple(layers.Reshape((2, -1))(x).shape) == (0, 2, 6)
    assert tuple(layers.Permute((2, 1))(x).shape) == (0, 3, 4)
    assert tuple(layers.ZeroPadding1D()(x).shape) == (0, 6, 3)


@pytest.mark.parametrize(
    ("make", "shape", "words"),
    [
        (lambda k: k.Reshape((5,)), (2, 4), ["(4,)", "(5,)"]),
        (lambda k: k.Reshape((3, -1)), (2, 4), ["(4,)", "(3, -1)"]),
        (lambda k: k.Cropping1D(3), (2, 5, 3), ["3 + 3", "5"]),
        (lambda k: k.Permute((1, 2)), (2, 3), ["3 axes", "found 2"]),
        (lambda k: k.RepeatVector(2), (2, 3, 4), ["2 axes", "found 3"]),
    ],
)
def test_errors_of_calls(make, shape, words):
    for x in (np.zeros(shape, "float32"), kerata.KerasTensor((None, *shape[1:]))):
        with pytest.raises(ValueError) as e:
            make(kerata.layers)(x)
        assert all(w in str(e.value) for w in words), str(e.value)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda k: k.Permute((1, 3)), ValueError),
        (lambda k: k.RepeatVector(0), ValueError),
        (lambda k: k.UpSampling1D(0), ValueError),
        (lambda k: k.UpSampling1D(-1), ValueError),
        (lambda k: k.UpSampling1D(1.5), TypeError),
        (lambda k: k.UpSampling1D("a"), TypeError),
        (lambda k: k.UpSampling1D(None), TypeError),
        *((lambda k, n=n, v=v: getattr(k, n)(v), ValueError)
          for n in ("UpSampling2D", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping3D") for v in (-1, 1.5, "a", None)),
        (lambda k: k.RepeatVector(2.0), TypeError),
        (lambda k: k.Reshape((-1, -1)), ValueError),
        (lambda k: k.ZeroPadding2D((1, 2, 3)), ValueError),
        (lambda k: k.ZeroPadding2D(-1), ValueError),
        (lambda k: k.Cropping2D("1"), ValueError),
        (lambda k: k.UpSampling2D(interpolation="wide"), ValueError),
        (lambda k: k.UpSampling2D((2, 2, 2)), ValueError),
        (lambda k: k.Flatten(data_format="channels"), ValueError),
    ],
)
def test_errors_of_arguments(make, error):
    with pytest.raises(error):
        make(kerata.layers)


def test_reshape_of_samples_of_unknown_size(backend):
    """As in Keras, that the numbers fit is seen when data come."""
    for target, shape in {(4, 5): (None, 4, 5), (-1, 5): (None, None, 5), (2, -1): (None, 2, None)}.items():
        layer = kerata.layers.Reshape(target)
        assert layer(kerata.KerasTensor((None, None, 7))).shape == shape
        assert layer.compute_output_shape((None, None, 7)) == shape
    model = kerata.Sequential([kerata.Input((None, 4)), kerata.layers.Reshape((4, 5))])
    assert model.predict(np.ones((2, 5, 4)), verbose=0).shape == (2, 4, 5)
    with pytest.raises(ValueError, match="cannot reshape"):
        kerata.layers.Reshape((3, 5))(kerata.KerasTensor((None, 3, 4)))
