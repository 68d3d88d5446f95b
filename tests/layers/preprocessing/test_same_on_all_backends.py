"""Augmentations of images that leave nothing to chance, on each backend beside NumPy's; and what holds of those that do not."""

import numpy as np
import pytest

import kerata

LAYERS = {
    "AutoContrast": {}, "Equalization": {}, "ContrastLimitedAdaptiveHistogramEqualization": {"tile_grid_size": (2, 2)},
    "Solarization": {"addition_factor": 0.0, "threshold_factor": (0.4, 0.4)}, "RandomColorDegeneration": {"factor": (0.3, 0.3)},
    "RandomPosterization": {"factor": (3, 3)}, "RandomSaturation": {"factor": (0.7, 0.7)},
    "RandomGaussianBlur": {"factor": (1.0, 1.0), "kernel_size": 3, "sigma": (1.0, 1.0)},
}  # fmt: skip
IMAGES = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("float32")


def augmented(name: str) -> np.ndarray:
    return kerata.ops.convert_to_numpy(getattr(kerata.layers, name)(**LAYERS[name])(IMAGES, training=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_as_on_numpy(name, train_backend):
    found = augmented(name)
    with kerata.backend_scope("numpy"):
        wanted = augmented(name)
    assert np.abs(wanted - IMAGES).max() > 1
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=0.05)


@pytest.mark.slow
def test_pixels_of_mixtures_are_those_of_one_image_and_labels_say_how_many(train_backend):
    images = np.stack([np.zeros((8, 8, 3)), np.full((8, 8, 3), 200.0)]).astype("float32")
    for seed in range(3):
        out = kerata.layers.CutMix(seed=seed)({"images": images, "labels": np.eye(2, dtype="float32")}, training=True)
        mixed, labels = (kerata.ops.convert_to_numpy(out[k]) for k in ("images", "labels"))
        assert set(np.unique(mixed)) <= {0.0, 200.0}
        np.testing.assert_allclose(labels[:, 1], (mixed == 200).mean((1, 2, 3)), atol=1e-5)


@pytest.mark.slow
def test_another_hue_has_the_same_brightness_and_saturation(train_backend):
    out = kerata.ops.convert_to_numpy(kerata.layers.RandomHue((0.2, 0.2), seed=3)(IMAGES, training=True))
    assert np.abs(out - IMAGES).max() > 1
    for of in (np.min, np.max):
        np.testing.assert_allclose(of(out, -1), of(IMAGES, -1), atol=0.01)


@pytest.mark.slow
def test_mixtures_of_augmentations_stay_in_the_range(train_backend):
    bright = np.where(IMAGES > 128, 255.0, 0.0).astype("float32")
    out = kerata.ops.convert_to_numpy(kerata.layers.AugMix(value_range=(0, 255), seed=3)(bright, training=True))
    assert out.min() >= 0 and 230 < out.max() <= 255 and np.abs(out - bright).max() > 1


def test_a_pipeline(train_backend):
    """Its layers one after another."""
    pipeline = kerata.layers.Pipeline([kerata.layers.Rescaling(0.5), kerata.layers.Rescaling(1.0, offset=2.0)])
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(pipeline(IMAGES)), IMAGES * 0.5 + 2, rtol=1e-6)


@pytest.mark.parametrize(
    "name, arguments",
    [("RandomFlip", {}), ("RandomInvert", {"factor": 1.0}), ("RandomGrayscale", {"factor": 1.0}), ("RandomPosterization", {"factor": 4}),
     ("RandomContrast", {"factor": 0.5}), ("RandomHue", {"factor": 0.2}), ("RandomRotation", {"factor": 0.2}), ("AutoContrast", {})],
)  # fmt: skip
def test_integer_images(name, arguments, train_backend):
    """A layer of dtype uint8 draws and computes with floats, and cuts its result."""
    images = IMAGES.astype("uint8")
    out, wanted = (
        getattr(kerata.layers, name)(**arguments, seed=2, dtype=dtype)(images, training=True)
        if name != "AutoContrast"
        else kerata.layers.AutoContrast(dtype=dtype)(images)
        for dtype in ("uint8", "float32")
    )
    assert kerata.backend.standardize_dtype(out.dtype) == "uint8"
    out, wanted = (kerata.ops.convert_to_numpy(x).astype("float32") for x in (out, wanted))
    assert np.abs(out - wanted).max() <= 1
    symbolic = getattr(kerata.layers, name)(**arguments, dtype="uint8")(kerata.KerasTensor((None, 8, 8, 3), "uint8"))
    assert (symbolic.shape, symbolic.dtype) == ((None, 8, 8, 3), "uint8")


@pytest.mark.parametrize("name", ["AugMix", "RandAugment"])
def test_integer_images_through_several_augmentations(name, train_backend):
    """Whose last one may give back integers."""
    layer = getattr(kerata.layers, name)(seed=2, dtype="uint8")
    out = layer(IMAGES.astype("uint8"), training=True)
    assert (kerata.backend.standardize_dtype(out.dtype), tuple(out.shape)) == ("uint8", IMAGES.shape)
    assert np.abs(kerata.ops.convert_to_numpy(out).astype("float32") - IMAGES).max() > 1
