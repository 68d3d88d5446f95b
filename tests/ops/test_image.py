"""Image ops against Keras."""

import itertools

import numpy as np
import pytest
from comparison import compare
from op_gradients import compare_gradients

from kerata import ops
from kerata.ops import image

_rng = np.random.default_rng(0)


def f(*shape):
    return _rng.random(shape).astype("float32")


X = f(2, 6, 7, 3)
FIRST = X.transpose(0, 3, 1, 2).copy()
BYTES = (X * 255).astype("uint8")
METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
SHIFT = np.array([1.1, 0.1, 0.3, 0.05, 0.9, -0.2, 0, 0], "float32")
START = np.array([[0, 0], [0, 4], [3, 0], [3, 4]], "float32")
END = np.array([[0, 1], [0, 3], [3, 0], [3, 4]], "float32")


def c(name, *args, **kwargs):
    return name, args, kwargs


CASES = [
    *[c("resize", X, size, m, aa) for m in METHODS for size, aa in (((4, 9), False), ((12, 3), True), ((3, 3), False))],
    *[c("resize", BYTES, (4, 9), m) for m in METHODS],
    c("resize", BYTES > 100, (4, 9), "nearest"),
    c("resize", FIRST, (4, 9), data_format="channels_first"),
    c("resize", X[0], (4, 9)),
    c("resize", X, (4, 9), crop_to_aspect_ratio=True),
    c("resize", X, (9, 4), crop_to_aspect_ratio=True),
    c("resize", X, (9, 4), pad_to_aspect_ratio=True, fill_value=0.5),
    c("resize", X, (3, 3), pad_to_aspect_ratio=True),
    *[
        c("scale_and_translate", X, (2, 8, 5, 3), f(2) + 0.7, f(2), (1, 2), m, antialias=aa)
        for m, aa in (("linear", True), ("linear", False), ("cubic", True), ("lanczos3", False))
    ],
    *[c("affine_transform", X, np.stack([SHIFT, SHIFT * 0.7]), i, m, 0.3) for i in ("nearest", "bilinear") for m in MODES],
    c("affine_transform", X[0], SHIFT),
    c("affine_transform", FIRST, np.stack([SHIFT, SHIFT * 0.7]), data_format="channels_first"),
    c("affine_transform", BYTES[0], SHIFT),
    c("perspective_transform", X, np.stack([START] * 2), np.stack([END, END + 0.5]), fill_value=0.2),
    c("perspective_transform", X[0], START, END, "nearest"),
    c("perspective_transform", FIRST, np.stack([START] * 2), np.stack([END] * 2), data_format="channels_first"),
    *[c("map_coordinates", X[0, :, :, 0], f(2, 5, 4) * 12 - 3, o, m, 0.7) for o in (0, 1) for m in MODES],
    c("map_coordinates", np.arange(6, dtype="int32"), np.array([[0.5, 1.5, 2.4]], "float32"), 1),
    *[
        c("extract_patches", X, size, strides, dilation, padding)
        for size, (strides, dilation), padding in itertools.product(
            (2, (2, 3)), ((None, 1), (1, 2), (2, 1)), ("valid", "same")
        )
    ],
    c("extract_patches", FIRST, 2, 1, padding="same", data_format="channels_first"),
    c("extract_patches", X[0], 2),
    c("extract_patches", f(2, 4, 5, 4, 2), (2, 3, 2)),
    c("extract_patches_3d", f(2, 4, 5, 4, 2), (2, 3, 2), 1, padding="same"),
    *[c(name, X) for name in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb", "sobel_edges")],
    *[c(name, FIRST, "channels_first") for name in ("rgb_to_grayscale", "rgb_to_hsv", "hsv_to_rgb", "sobel_edges")],
    c("rgb_to_grayscale", BYTES), c("rgb_to_grayscale", X[..., :1]), c("rgb_to_grayscale", BYTES[..., :1]),
    c("rgb_to_hsv", np.zeros((2, 2, 3), "float32")),
    c("ssim", X, X * 0.8, filter_size=5),
    c("ssim", FIRST, FIRST * 0.8, filter_size=4, data_format="channels_first"),
    c("crop_images", X, 1, 2, None, 1, 3),
    c("crop_images", FIRST, 1, None, 1, 2, None, 3, "channels_first"),
    c("pad_images", X, 1, 2, None, 1, 9),
    c("pad_images", X[0], None, 2, 1, None, 9, 12),
]
IDS = [f"{i}-{name}" for i, (name, _, _) in enumerate(CASES)]


@pytest.mark.parametrize("i", range(len(CASES)), ids=IDS)
def test_values(backend, i):
    name, args, kwargs = CASES[i]
    compare(f"image.{name}", args, kwargs, ("image", i), rtol=1e-4, atol=1e-4)


GRADIENTS = {
    "bilinear": lambda o, x: o.image.resize(x, (4, 9)),
    "bicubic": lambda o, x: o.image.resize(x, (4, 9), "bicubic", antialias=True),
    "nearest": lambda o, x: o.image.resize(x, (4, 9), "nearest"),
    "affine": lambda o, x: o.image.affine_transform(x, np.stack([SHIFT] * 2), fill_mode="reflect"),
    "perspective": lambda o, x: o.image.perspective_transform(x, np.stack([START] * 2), np.stack([END] * 2)),
    "patches": lambda o, x: o.image.extract_patches(x, 2, 1),
    "sobel": lambda o, x: o.image.sobel_edges(x),
    "ssim": lambda o, x: o.image.ssim(x, X * 0.8, filter_size=5),
    "coordinates": lambda o, x: o.image.map_coordinates(x[0, :, :, 0], f_fixed, 1),
}
f_fixed = np.random.default_rng(2).random((2, 5, 4)).astype("float32") * 5


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(train_backend, name):
    compare_gradients(GRADIENTS[name], [X], ("image", name), rtol=1e-3, atol=1e-3)


def test_gaussian_blur_spreads_a_point_into_the_gaussian(backend):
    """Not compared with Keras on JAX, which loses all rows but one."""
    point = np.zeros((1, 7, 7, 2), "float32")
    point[0, 3, 3, 0] = 1
    out = ops.convert_to_numpy(image.gaussian_blur(point, (3, 5), (1.0, 0.5)))
    rows, columns = np.exp(-0.5 * np.arange(-1, 2) ** 2), np.exp(-2 * np.arange(-2, 3.0) ** 2)
    want = np.outer(rows / rows.sum(), columns / columns.sum())
    np.testing.assert_allclose(out[0, 2:5, 1:6, 0], want, rtol=1e-5)
    np.testing.assert_allclose(out.sum(), 1, rtol=1e-5)


def test_elastic_transform(backend):
    smooth = np.broadcast_to(np.arange(16, dtype="float32")[:, None, None], (16, 16, 3)).copy()
    a = ops.convert_to_numpy(image.elastic_transform(smooth, alpha=4.0, sigma=2.0, seed=3))
    b = ops.convert_to_numpy(image.elastic_transform(smooth, alpha=4.0, sigma=2.0, seed=3))
    np.testing.assert_array_equal(a, b)
    assert a.shape == smooth.shape
    assert 0 < np.abs(a - smooth).max() < 4
    still = ops.convert_to_numpy(image.elastic_transform(smooth, alpha=0.0, sigma=2.0, seed=3))
    np.testing.assert_allclose(still, smooth, rtol=1e-5)


@pytest.mark.parametrize("size", [(3, 5), (2, 7), (12, 4)])
def test_resizing_by_area(backend, size):
    """Every pixel is the mean of what it covers: that of whole cells, once each cell is cut into as many parts as pixels."""
    out = X.astype("float64")
    for axis, n in ((1, size[0]), (2, size[1])):
        out = np.moveaxis(np.repeat(out, n, axis=axis), axis, 0)
        out = np.moveaxis(out.reshape(n, -1, *out.shape[1:]).mean(1), 0, axis)
    np.testing.assert_allclose(ops.convert_to_numpy(image.resize(X, size, "area")), out, rtol=1e-5)
    first = image.resize(np.moveaxis(X, -1, 1), size, "area", data_format="channels_first")
    np.testing.assert_allclose(np.moveaxis(ops.convert_to_numpy(first), 1, -1), out, rtol=1e-5)
    assert ops.dtype(image.resize(BYTES, size, "area")) == "uint8"
    if backend == "tensorflow":
        import tensorflow as tf

        np.testing.assert_allclose(tf.image.resize(X, size, "area"), out, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: image.resize(X, (4, 9), "box"), "'box'"),
        (lambda: image.resize(X, (4, 9, 3)), "size"),
        (lambda: image.resize(X[0, 0], (4, 9)), "batch"),
        (lambda: image.rgb_to_hsv(BYTES), "255"),
        (lambda: image.rgb_to_grayscale(X[..., :2]), "3 or 1 channels"),
        (lambda: image.crop_images(X, 1), "exactly two"),
        (lambda: image.pad_images(X, 1, 1, None, None, 3, 9), "negative"),
        (lambda: image.affine_transform(X, SHIFT[:6]), "transform"),
        (lambda: image.affine_transform(X, SHIFT, fill_mode="zeros"), "'zeros'"),
        (lambda: image.map_coordinates(X[0], f(2, 4), 1), "first axis"),
        (lambda: image.map_coordinates(X[0], f(3, 4), 3), "order"),
        (lambda: image.extract_patches(X, 2, padding="full"), "'full'"),
    ],
)
def test_errors(backend, call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_symbolic_shapes(backend):
    from kerata.core.keras_tensor import KerasTensor

    x = KerasTensor((None, 32, 32, 3))
    assert tuple(image.resize(x, (8, 16), "bicubic").shape) == (None, 8, 16, 3)
    assert tuple(image.resize(KerasTensor((None, None, None, 3)), (8, 16)).shape) == (None, 8, 16, 3)
    assert tuple(image.extract_patches(x, 8).shape) == (None, 4, 4, 192)
    assert tuple(image.sobel_edges(x).shape) == (None, 32, 32, 3, 2)
    assert tuple(image.affine_transform(x, SHIFT).shape) == (None, 32, 32, 3)


def test_booleans_are_resized_as_shares_that_are_rounded(backend):
    corners = np.array([[True, False], [True, True]])[..., None]
    found = ops.convert_to_numpy(image.resize(corners, (4, 4)))
    share = ops.convert_to_numpy(image.resize(corners.astype("float32"), (4, 4)))
    assert found.dtype == bool and 0 < found.mean() < 1
    np.testing.assert_array_equal(found, share > 0.5)
