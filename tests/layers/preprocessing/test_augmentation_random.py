"""Layers that augment images: chance and seeds, what goes with the images, kinds of data, models and pipelines."""

import numpy as np
import pytest

import kerata
from kerata import ops, tree

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 8, 10, 3)).astype("float32")
LAYERS = [
    ("AugMix", {}), ("AutoContrast", {}), ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 2)}),
    ("CutMix", {}), ("Equalization", {}), ("MaxNumBoundingBoxes", {"max_number": 3}), ("MixUp", {"alpha": 1.0}),
    ("RandAugment", {}), ("RandomBrightness", {"factor": 0.3}), ("RandomColorDegeneration", {"factor": 0.3}),
    ("RandomColorJitter", {"brightness_factor": 0.3, "contrast_factor": 0.3, "saturation_factor": 0.3, "hue_factor": 0.3}),
    ("RandomContrast", {"factor": 0.3}), ("RandomCrop", {"height": 4, "width": 5}), ("RandomElasticTransform", {}),
    ("RandomErasing", {}), ("RandomFlip", {}), ("RandomGaussianBlur", {}), ("RandomGrayscale", {}),
    ("RandomHue", {"factor": 0.3}), ("RandomInvert", {}), ("RandomPerspective", {}), ("RandomPosterization", {"factor": 4}),
    ("RandomRotation", {"factor": 0.2}), ("RandomSaturation", {"factor": 0.3}), ("RandomSharpness", {"factor": 0.3}),
    ("RandomShear", {"x_factor": 0.3}), ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.3}),
    ("RandomZoom", {"height_factor": 0.3}), ("Solarization", {"addition_factor": 0.3, "threshold_factor": 0.4}),
]  # fmt: skip
ALWAYS = {"AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization", "MaxNumBoundingBoxes"}
KEEP_BYTES = {"ContrastLimitedAdaptiveHistogramEqualization", "MaxNumBoundingBoxes", "RandomBrightness", "RandomGrayscale"}
NO_BOXES = {"CutMix", "RandomElasticTransform"}


def made(name, arguments, **more):
    seed = {} if name in ALWAYS else {"seed": 5}
    return getattr(kerata.layers, name)(**arguments, **seed, **more)


def numpy_of(x):
    return tree.map_structure(lambda v: np.asarray(ops.convert_to_numpy(v)), x)


def together(boxes=True):
    data = {
        "images": IMAGES, "labels": np.eye(3, dtype="float32"), "segmentation_masks": (IMAGES[..., :1] % 3).astype("uint8"),
        "bounding_boxes": {"boxes": np.array([[[1, 1, 4, 3], [0, 2, 5, 6]]] * 3, "float32"),
                           "labels": np.array([[1, 2]] * 3, "int32")},
    }  # fmt: skip
    return data if boxes else {k: v for k, v in data.items() if k != "bounding_boxes"}


def check_kinds_of_data(name, arguments):
    layer = made(name, arguments, bounding_box_format="xyxy")
    small = (4, 5) if name == "RandomCrop" else (8, 10)
    for training in (True, False):
        for images in (IMAGES, IMAGES.astype("uint8"), IMAGES[0]):
            out = layer(images, training=training)
            assert tuple(out.shape) == (*images.shape[:-3], *small, 3)
            kept = images.dtype == "uint8" and name in KEEP_BYTES
            assert layer._backend.dtype(out) == ("uint8" if kept else "float32")
            values = numpy_of(out)
            assert np.isfinite(values).all() and values.min() >= 0 and values.max() <= 255.001
            if not training and name not in ALWAYS and name != "RandomCrop":
                np.testing.assert_array_equal(values, images)
        out = numpy_of(layer(together(name not in NO_BOXES), training=training))
        assert out["labels"].shape == (3, 3)
        if name not in ("CutMix", "MixUp"):
            np.testing.assert_array_equal(out["labels"], np.eye(3))
    first = made(name, arguments, data_format="channels_first")
    last = made(name, arguments, data_format="channels_last")
    out = numpy_of(first(IMAGES.transpose(0, 3, 1, 2), training=True))
    if name != "RandomErasing":  # whose noise is drawn in the images' own order
        np.testing.assert_allclose(out.transpose(0, 2, 3, 1), numpy_of(last(IMAGES, training=True)), atol=1e-3)
    for shape in ((None, 8, 10, 3), (None, None, None, 3)):
        if shape[1] or name != "RandomCrop":
            assert made(name, arguments)(kerata.KerasTensor(shape)).shape == (None, *(small if shape[1] else shape[1:3]), 3)


@pytest.mark.parametrize("backend_name", ["numpy", "torch"])
def test_kinds_of_data(backend_name):
    with kerata.backend_scope(backend_name):
        for name, arguments in LAYERS:
            check_kinds_of_data(name, arguments)


@pytest.mark.slow
def test_empty_batches_and_grey_images(backend):
    for name, arguments in LAYERS:
        small = (4, 5) if name == "RandomCrop" else (8, 10)
        for training in (True, False):
            assert made(name, arguments)(IMAGES[:0], training=training).shape == (0, *small, 3)
            if name not in ("RandomColorJitter", "RandomHue", "RandomSaturation"):  # which are about colours
                assert made(name, arguments)(IMAGES[..., :1], training=training).shape == (3, *small, 1)


def test_grey_images_stay_as_they_are(backend):
    for layer in (kerata.layers.RandomGrayscale(1.0), kerata.layers.RandomColorDegeneration((1.0, 1.0))):
        np.testing.assert_array_equal(numpy_of(layer(IMAGES[..., :1], training=True)), IMAGES[..., :1])


def test_equalization_is_for_calls_that_train(backend):
    layer = kerata.layers.Equalization()
    np.testing.assert_array_equal(numpy_of(layer(IMAGES, training=False)), IMAGES)
    np.testing.assert_array_equal(numpy_of(layer(IMAGES)), numpy_of(layer(IMAGES, training=True)))
    assert np.abs(numpy_of(layer(IMAGES)) - IMAGES).max() > 1


@pytest.mark.parametrize("backend_name", ["numpy", "torch"])
def test_seeds(backend_name):
    with kerata.backend_scope(backend_name):
        for name, arguments in LAYERS:
            if name in ALWAYS:
                continue
            one, two = made(name, arguments), made(name, arguments)
            first = [numpy_of(one(IMAGES, training=True)) for _ in range(8)]
            for out in first:
                np.testing.assert_array_equal(numpy_of(two(IMAGES, training=True)), out)
            assert len({out.tobytes() for out in first}) > 2, name


def drawn(name, arguments, count=600, **more):
    images = np.zeros((count, 10, 20, 3), "float32")
    return numpy_of(made(name, arguments, **more).get_random_transformation(ops.convert_to_tensor(images)))


# name, arguments, the number drawn, its least and most, its mean
DRAWS = [
    ("RandomBrightness", {"factor": 0.3, "value_range": (-1, 1)}, "rgb_delta", -0.6, 0.6, 0),
    ("RandomContrast", {"factor": (0.2, 0.4)}, "contrast_factor", 0.8, 1.4, 1.1),
    ("RandomContrast", {"factor": 0.4}, "contrast_factor", 1.0, 1.4, 1.2),
    ("RandomColorDegeneration", {"factor": (0.2, 0.4)}, "factor", 0.2, 0.4, 0.3),
    ("RandomHue", {"factor": (0.2, 0.4)}, "factor", -0.2, 0.2, 0),
    ("RandomSaturation", {"factor": (0.2, 0.4)}, "factor", 0.25, 2 / 3, 0.44),
    ("RandomSharpness", {"factor": 0.4}, "factor", 0, 0.4, 0.2),
    ("RandomInvert", {"factor": (0.2, 0.4)}, "apply_inversion", 0, 1, 0.3),
    ("RandomPosterization", {"factor": 4}, "shift_factor", 5, 7, 6),
    ("Solarization", {"addition_factor": 0.4, "value_range": (0, 1)}, "additions", 0, 102, 51),
    ("RandomRotation", {"factor": (-0.2, 0.4)}, "angle", -72, 144, 36),
    ("RandomZoom", {"height_factor": (-0.2, 0.4)}, "height_zoom", 0.8, 1.4, 1.1),
    ("RandomTranslation", {"height_factor": 0, "width_factor": (-0.2, 0.4)}, "translations", -4, 8, 1),
    ("RandomShear", {"x_factor": (0.4, 0.4), "y_factor": (0.4, 0.4)}, "shear_factor", -0.4, 0.4, 0),
    ("RandomErasing", {"factor": (0.2, 0.4)}, "apply_erasing", 0, 1, 0.3),
    ("RandomErasing", {"value_range": (-1, 1)}, "fill_value", -1, 1, 0),
    ("RandomErasing", {"scale": (0.25, 0.25)}, "batch_masks", 0, 1, 0.25),
    ("RandomPerspective", {"factor": (0.2, 0.4)}, "apply_perspective", 0, 1, 0.3),
    ("RandomGaussianBlur", {"factor": 1.0}, "should_apply_blur", 0, 1, 0.5),
    ("RandomElasticTransform", {"factor": (1.0, 1.0)}, "apply_transform", 1, 1, 1),
    ("MixUp", {"alpha": 1.0}, "mix_weight", 0, 1, 0.5),
    ("CutMix", {"factor": (1.0, 1.0)}, "mix_weight", 0, 1, 0.5),
]


def test_what_is_drawn():
    with kerata.backend_scope("numpy"):
        for name, arguments, key, least, most, mean in DRAWS:
            values = drawn(name, arguments)[key].astype("float64")
            span = most - least
            assert least - 1e-6 <= values.min() <= least + 0.05 * span, name
            assert most - 0.05 * span <= values.max() <= most + 1e-6, name
            assert abs(values.mean() - mean) <= 0.1 * span + 1e-6, name
        # More evenly or less, by the Beta distribution
        spread = [drawn("MixUp", {"alpha": a})["mix_weight"].std() for a in (0.1, 1.0, 10.0)]
        assert spread[0] > spread[1] > spread[2]
        # The rectangles reach each edge, and take what they should
        masks = drawn("RandomErasing", {"scale": (0.04, 0.25)})["batch_masks"][..., 0]
        assert masks.any(axis=0).all()
        assert set(masks.any(axis=2).sum(axis=1)) == {2, 3, 4, 5}
        cut = drawn("CutMix", {})
        np.testing.assert_allclose(cut["mix_weight"].ravel(), 1 - cut["batch_masks"].mean((1, 2, 3)), atol=1e-6)
        assert sorted(cut["permutation_order"]) == list(range(600))
        # Only the corners of the perspective that may move do so
        change = np.ptp(drawn("RandomPerspective", {"scale": 0.5})["end_points"], axis=0)
        np.testing.assert_allclose(change, [[0, 0], [9.5, 0], [0, 4.5], [9.5, 4.5]], atol=0.2)


def test_elastic_fields(backend):
    ramp = np.stack(np.meshgrid(np.arange(40.0), np.arange(40.0), indexing="ij"), -1)[None].astype("float32")
    layer = kerata.layers.RandomElasticTransform((1.0, 1.0), (1.0, 1.0), fill_mode="nearest", value_range=(0, 99), seed=2)
    data = {"images": ramp, "segmentation_masks": (ramp[..., :1] * 5).astype("int32")}
    out = numpy_of(layer(data, training=True))
    way = (out["images"] - ramp)[0, 8:-8, 8:-8]
    # Normal noise blurred by a Gaussian with sigma 2 has the deviation 1 / (2 sigma sqrt(pi)); times 4.
    assert 0.3 < way.std() / (4 / (4 * np.sqrt(np.pi))) < 1.7
    assert np.abs(np.diff(way[..., 0], axis=1)).mean() < 0.5 * way[..., 0].std()
    # masks are bent like the images
    np.testing.assert_allclose(out["segmentation_masks"] / 5, out["images"][..., :1], atol=0.51)


BOX = [2.0, 1.0, 5.0, 3.0]  # left, top, right, bottom in images of 8 x 10
MOVES = [
    ("RandomRotation", {"factor": (0.5, 0.5)}, [5, 5, 8, 7]),
    ("RandomTranslation", {"height_factor": (0.25, 0.25), "width_factor": (0.3, 0.3)}, [5, 3, 8, 5]),
    ("RandomTranslation", {"height_factor": (0.0, 0.0), "width_factor": (-0.4, -0.4)}, [0, 1, 1, 3]),
    ("RandomTranslation", {"height_factor": (-0.5, -0.5), "width_factor": (0.0, 0.0)}, None),
    ("RandomZoom", {"height_factor": (-0.5, -0.5), "width_factor": (0.0, 0.0)}, [2, 0, 5, 2]),
    ("RandomPerspective", {"factor": (1.0, 1.0), "scale": 0.0}, BOX),
    ("RandomFlip", {"mode": "horizontal"}, None),
    ("RandAugment", {"num_ops": 0}, BOX),
]  # fmt: skip


@pytest.mark.parametrize("form", ["xyxy", "rel_yxyx"])
def test_boxes_move_with_the_images(form, backend):
    from kerata.layers.preprocessing.image.boxes import from_corners, to_corners

    boxes = from_corners(ops.convert_to_tensor([[BOX]]), form, 8, 10)
    data = {"images": IMAGES[:1], "bounding_boxes": {"boxes": boxes, "labels": np.array([[7]], "int32")}}
    for name, arguments, wanted in MOVES:
        out = made(name, arguments, bounding_box_format=form)(data, training=True)["bounding_boxes"]
        corners = numpy_of(to_corners(out["boxes"], form, 8, 10))[0, 0]
        if name == "RandomFlip":
            assert corners.tolist() in (BOX, [5.0, 1.0, 8.0, 3.0]) or np.allclose(corners, [5, 1, 8, 3], atol=1e-5)
            continue
        np.testing.assert_allclose(corners, [0, 0, 0, 0] if wanted is None else wanted, atol=2e-5, err_msg=name)
        assert int(numpy_of(out["labels"])[0, 0]) == (-1 if wanted is None else 7)


@pytest.mark.parametrize("name, arguments", [
    ("RandomRotation", {"factor": 0.15}), ("RandomShear", {"x_factor": 0.4, "y_factor": 0.2}),
    ("RandomZoom", {"height_factor": 0.3, "width_factor": 0.2}), ("RandomTranslation", {"height_factor": 0.2, "width_factor": 0.2}),
    ("RandomPerspective", {"factor": (1.0, 1.0), "scale": 0.4}), ("RandomCrop", {"height": 30, "width": 34}),
    ("RandomFlip", {}),
])  # fmt: skip
def test_boxes_and_masks_are_where_the_object_is(name, arguments, backend):
    """A bright rectangle: after the change, its mask and its box are found where it is."""
    images = np.zeros((6, 40, 40, 1), "float32")
    images[:, 15:23, 14:26] = 200
    data = {"images": images, "segmentation_masks": (images > 0).astype("uint8"),
            "bounding_boxes": {"boxes": np.array([[[14, 15, 26, 23]]] * 6, "float32"), "labels": np.ones((6, 1), "int32")}}  # fmt: skip
    fill = {} if name in ("RandomPerspective", "RandomCrop", "RandomFlip") else {"fill_mode": "constant"}
    out = numpy_of(made(name, arguments, bounding_box_format="xyxy", **fill)(data, training=True))
    assert out["segmentation_masks"].max() == 1
    for image, mask, box in zip(out["images"], out["segmentation_masks"], out["bounding_boxes"]["boxes"][:, 0]):
        # an interpolated pixel and its nearest neighbour differ by half a pixel's edge at most
        assert ((image > 150) <= (mask > 0)).all() and ((image < 50) <= (mask == 0)).all()
        ys, xs = np.nonzero(mask[..., 0])
        np.testing.assert_allclose([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], box, atol=1.01)


def test_crops(backend):
    layer = kerata.layers.RandomCrop(3, 4, seed=2)
    numbered = np.arange(80, dtype="float32").reshape(1, 8, 10, 1)
    corners = {numpy_of(layer(numbered, training=True))[0, 0, 0, 0] for _ in range(40)}
    assert len(corners) > 15
    assert max(corners) <= numbered[0, 5, 6, 0]
    out = numpy_of(layer(numbered, training=True))[0, ..., 0]
    np.testing.assert_array_equal(out - out[0, 0], numbered[0, :3, :4, 0])
    for images in (numbered[:, :2], numbered):  # too small, and in inference: the whole, resized
        wanted = ops.image.resize(images, (3, 4), crop_to_aspect_ratio=True)
        found = layer(images, training=images is not numbered)
        np.testing.assert_allclose(numpy_of(found), numpy_of(wanted), atol=1e-4)
    data = {"images": numbered, "bounding_boxes": {"boxes": np.array([[[0, 0, 10, 8]]], "float32"), "labels": np.ones((1, 1))}}
    boxes = kerata.layers.RandomCrop(3, 4, bounding_box_format="xyxy")(data, training=False)["bounding_boxes"]["boxes"]
    np.testing.assert_allclose(numpy_of(boxes)[0, 0], [0, 0, 4, 3], atol=1e-5)


def test_mixtures(backend):
    data = together(False)
    out = numpy_of(kerata.layers.CutMix(seed=2)(data, training=True))
    other = out["images"] != IMAGES
    share = other.mean((1, 2, 3))
    for i in range(3):
        if share[i]:
            j = next(k for k in range(3) if k != i and (out["images"][i][other[i]] == IMAGES[k][other[i]]).all())
            np.testing.assert_allclose(out["labels"][i, [i, j]].sum(), 1, atol=1e-6)
            assert abs(out["labels"][i, j] - share[i]) < 0.05
    assert share.max() > 0
    assert out["segmentation_masks"].dtype == "uint8"
    out = numpy_of(kerata.layers.MixUp(alpha=1.0, seed=3, bounding_box_format="xyxy")(together(), training=True))
    mixed = np.tensordot(out["labels"], IMAGES, 1)
    np.testing.assert_allclose(out["images"], mixed, atol=1e-3)
    assert out["bounding_boxes"]["boxes"].shape == (3, 4, 4) and out["bounding_boxes"]["labels"].shape == (3, 4)


def test_number_of_boxes(backend):
    for count, wanted in ((1, [[1, -1, -1]] * 3), (5, [[1, 1, 1]] * 3)):
        boxes = {"boxes": np.ones((3, count, 4), "float32"), "labels": np.ones((3, count), "int32")}
        layer = kerata.layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
        out = numpy_of(layer({"images": IMAGES, "bounding_boxes": boxes})["bounding_boxes"])
        np.testing.assert_array_equal(out["labels"], wanted)
        np.testing.assert_array_equal(out["boxes"], np.array(wanted)[..., None].repeat(4, -1))


def test_images_of_a_batch_are_equalized_one_by_one():
    with kerata.backend_scope("numpy"):
        for layer in (kerata.layers.Equalization(), kerata.layers.AutoContrast()):
            alone = np.concatenate([layer(IMAGES[i : i + 1]) for i in range(3)])
            np.testing.assert_array_equal(layer(IMAGES), alone)


def every_layer():
    """All layers but the two that hold the others."""
    return [made(n, a) for n, a in LAYERS if n not in ("AugMix", "RandAugment")]


def test_in_a_model(train_backend, tmp_path):
    steps = kerata.layers.Pipeline(every_layer() if train_backend == "torch" else every_layer()[-8:])
    model = kerata.Sequential([kerata.layers.Input((8, 10, 3)), steps, kerata.layers.Flatten(), kerata.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(IMAGES / 255, np.ones((3, 1), "float32"), epochs=2, verbose=0)
    before = model.predict(IMAGES, verbose=0)
    np.testing.assert_array_equal(model.predict(IMAGES, verbose=0), before)
    model.save(tmp_path / "m.keras")
    again = kerata.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(IMAGES, verbose=0), before, rtol=1e-4)


@pytest.mark.parametrize("name", ["AugMix", "RandAugment"])
def test_policies_in_a_model(name, train_backend):
    policy = getattr(kerata.layers, name)(seed=1, value_range=(0, 1))
    model = kerata.Sequential([kerata.layers.Input((8, 10, 3)), policy, kerata.layers.Flatten(), kerata.layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = model.fit(IMAGES / 255, np.ones((3, 1), "float32"), epochs=3, verbose=0).history["loss"]
    assert np.isfinite(losses).all()


@pytest.mark.parametrize("dtype", ["uint8", "mixed_float16"])
@pytest.mark.parametrize("name", ["AugMix", "RandAugment"])
def test_policies_of_other_dtypes(name, dtype, backend):
    """Whichever changes are drawn, the dtypes are those that were announced."""
    policy = getattr(kerata.layers, name)(seed=1, dtype=dtype, bounding_box_format="xyxy")
    boxes = {"boxes": np.ones((3, 2, 4), "float32"), "labels": np.ones((3, 2), "int32")}
    data = {"images": IMAGES, "segmentation_masks": (IMAGES[..., :1] % 3).astype("int32"), "bounding_boxes": boxes}
    symbols = kerata.tree.map_structure(lambda x: kerata.KerasTensor((None, *x.shape[1:]), dtype=x.dtype.name), data)
    wanted = [x.dtype for x in kerata.tree.flatten(policy(symbols))]
    for _ in range(4):
        found = policy(data, training=True)
        assert [kerata.backend.standardize_dtype(x.dtype) for x in kerata.tree.flatten(found)] == wanted


@pytest.mark.slow
def test_in_a_data_pipeline():
    tf = pytest.importorskip("tensorflow")
    with kerata.backend_scope("numpy"):
        steps = kerata.layers.Pipeline(every_layer())
    for layer in (steps, steps.layers[0]):
        data = tf.data.Dataset.from_tensor_slices(np.repeat(IMAGES, 2, axis=0)).repeat(2).batch(6).map(layer)
        first, second = (x.numpy() for x in data)
        assert np.isfinite(first).all()
        assert layer is not steps or (first != second).any()


@pytest.mark.slow
def test_everything_in_a_data_pipeline():
    tf = pytest.importorskip("tensorflow")
    with kerata.backend_scope("numpy"):
        layer = kerata.layers.RandAugment(seed=1, bounding_box_format="xyxy")
    data = tf.data.Dataset.from_tensor_slices(together()).batch(3).map(layer)
    out = next(iter(data))
    assert out["images"].shape == (3, 8, 10, 3) and out["bounding_boxes"]["boxes"].shape == (3, 2, 4)
