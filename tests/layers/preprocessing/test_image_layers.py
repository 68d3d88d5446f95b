"""Resizing, CenterCrop, RandomFlip, and what layers of images share, against Keras."""

import copy

import numpy as np
import pytest
from common import check_layer, plain

import kerata
from kerata import ops, tree

IMAGES = np.random.default_rng(0).normal(size=(2, 5, 6, 3)).astype("float32")
BYTES = np.random.default_rng(0).integers(0, 256, size=(2, 5, 6, 3)).astype("uint8")
FIRST = {"data_format": "channels_first"}
CASES = [
    ("Resizing", {"height": 3, "width": 8}, IMAGES),
    ("Resizing", {"height": 3, "width": 4, "interpolation": "bicubic", "antialias": True}, IMAGES),
    ("Resizing", {"height": 3, "width": 4, "interpolation": "nearest"}, IMAGES),
    ("Resizing", {"height": 4, "width": 4, "crop_to_aspect_ratio": True}, IMAGES),
    ("Resizing", {"height": 7, "width": 4, "pad_to_aspect_ratio": True, "fill_value": 0.5}, IMAGES),
    ("Resizing", {"height": 3, "width": 8}, BYTES),
    ("Resizing", {"height": 2, "width": 4, **FIRST}, IMAGES.transpose(0, 3, 1, 2)),
    ("Resizing", {"height": 3, "width": 8}, IMAGES[0]),
    ("CenterCrop", {"height": 3, "width": 3}, IMAGES),
    ("CenterCrop", {"height": 2, "width": 5}, BYTES),
    ("CenterCrop", {"height": 7, "width": 3}, IMAGES),
    ("CenterCrop", {"height": 1, "width": 12}, IMAGES),
    ("CenterCrop", {"height": 9, "width": 8}, IMAGES[0]),
    ("CenterCrop", {"height": 3, "width": 2, **FIRST}, IMAGES.transpose(0, 3, 1, 2)),
]


@pytest.mark.parametrize("name, arguments, images", CASES)
def test_same_as_keras(name, arguments, images, backend):
    batched = images.ndim == 4
    check_layer(name, arguments, images, symbolic=batched and images.dtype != "uint8", gradients=False, atol=1e-4)


@pytest.mark.parametrize("images", [IMAGES, BYTES, IMAGES[0]], ids=["floats", "bytes", "one"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_flip_at_inference(images, data_format, backend):
    arguments = {"seed": 1, "data_format": data_format}
    check_layer("RandomFlip", arguments, images, random=True, symbolic=images is IMAGES)


def turned(images, mode, data_format):
    rows, columns = (-2, -1) if data_format == "channels_first" else (-3, -2)
    axes = {"horizontal": columns, "vertical": rows, "horizontal_and_vertical": (rows, columns)}[mode]
    return np.flip(images, axes)


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_flip_in_training(mode, data_format, backend):
    images = np.random.default_rng(0).normal(size=(64, 3, 4, 2)).astype("float32")
    layer = kerata.layers.RandomFlip(mode, seed=3, data_format=data_format)
    out = ops.convert_to_numpy(layer(images, training=True))
    kept = (out == images).all(axis=(1, 2, 3))
    flipped = (out == turned(images, mode, data_format)).all(axis=(1, 2, 3))
    assert (kept ^ flipped).all()
    assert 16 < kept.sum() < 48
    again = ops.convert_to_numpy(layer(images, training=True))
    assert (again != out).any()
    same = kerata.layers.RandomFlip(mode, seed=3, data_format=data_format)
    np.testing.assert_array_equal(ops.convert_to_numpy(same(images, training=True)), out)
    one = np.stack([ops.convert_to_numpy(layer(images[0], training=True)) for _ in range(20)])
    assert len(np.unique(one, axis=0)) == 2


def together(batched=True, boxes=((1.0, 1.0, 4.0, 3.0), (0.0, 0.0, 6.0, 5.0))):
    data = {
        "images": IMAGES,
        "labels": np.array([3, 4], "int32"),
        "segmentation_masks": BYTES[..., :1],
        "bounding_boxes": {"boxes": np.array(boxes, "float32")[:, None], "labels": np.array([[0], [1]], "int32")},
    }
    return data if batched else tree.map_structure(lambda x: x[0], data)


MOVED = [
    ("Resizing", {"height": 10, "width": 3, "bounding_box_format": "xyxy"}),
    ("Resizing", {"height": 4, "width": 3, "bounding_box_format": "center_xywh"}),
    ("Resizing", {"height": 10, "width": 10, "bounding_box_format": "xyxy", "crop_to_aspect_ratio": True}),
    ("CenterCrop", {"height": 2, "width": 3, "bounding_box_format": "xyxy"}),
    ("CenterCrop", {"height": 3, "width": 4, "bounding_box_format": "yxyx"}),
    ("CenterCrop", {"height": 7, "width": 3, "bounding_box_format": "xyxy"}),
]


@pytest.mark.parametrize("batched", [True, False], ids=["batch", "one"])
@pytest.mark.parametrize("name, arguments", MOVED)
def test_what_goes_with_images(name, arguments, batched, backend):
    import keras

    data = together(batched)
    layer = getattr(kerata.layers, name)(**arguments, name="n")
    keras_ = getattr(keras.layers, name)(**arguments, name="n")
    assert plain(layer.get_config()) == plain(keras_.get_config())
    found, wanted = layer(data), keras_(copy.deepcopy(data))
    for f, w in zip(tree.flatten(found), tree.flatten(wanted), strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(f), np.asarray(w), atol=1e-4)
        assert layer._backend.dtype(f) == str(w.dtype)


@pytest.mark.parametrize("form", ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_xywh"])
def test_flipped_boxes(form, backend):
    layer = kerata.layers.RandomFlip("horizontal_and_vertical", seed=1, bounding_box_format=form)
    from kerata.layers.preprocessing.image.boxes import from_corners, to_corners

    corners = ops.convert_to_tensor([[[1.0, 1.0, 4.0, 3.0]]] * 16)
    boxes = {"boxes": from_corners(corners, form, 5, 6), "labels": ops.zeros((16, 1), dtype="int32")}
    data = {"images": np.repeat(IMAGES[:1], 16, axis=0), "bounding_boxes": boxes}
    out = layer(data, training=True)
    flipped = (ops.convert_to_numpy(out["images"]) != IMAGES[0]).any(axis=(1, 2, 3))
    assert 0 < flipped.sum() < 16
    moved = ops.convert_to_numpy(to_corners(out["bounding_boxes"]["boxes"], form, 5, 6))[:, 0]
    np.testing.assert_allclose(moved[flipped], [[2, 2, 5, 4]] * flipped.sum(), atol=1e-5)
    np.testing.assert_allclose(moved[~flipped], [[1, 1, 4, 3]] * (~flipped).sum(), atol=1e-5)
    same = layer(data, training=False)["bounding_boxes"]["boxes"]
    np.testing.assert_array_equal(ops.convert_to_numpy(same), ops.convert_to_numpy(boxes["boxes"]))


def test_boxes_that_leave_the_image_and_ragged_lists(backend):
    boxes = {
        "boxes": [np.array([[0.0, 0.0, 1.0, 1.0], [2.0, 2.0, 4.0, 4.0]], "float32"), np.array([[2.0, 2.0, 3.0, 3.0]], "float32")],
        "labels": [np.array([7, 8], "int32"), np.array([9], "int32")],
    }
    out = kerata.layers.CenterCrop(2, 2, bounding_box_format="xyxy")({"images": IMAGES, "bounding_boxes": boxes})
    np.testing.assert_array_equal(ops.convert_to_numpy(out["bounding_boxes"]["labels"]), [[-1, 8], [9, -1]])


def test_in_a_model_and_a_file(train_backend, tmp_path):
    layers = kerata.layers
    model = kerata.Sequential([layers.Input((None, None, 3)), layers.Resizing(4, 4), layers.RandomFlip(seed=1),
                               layers.Rescaling(0.5), layers.Flatten(), layers.Dense(1)])  # fmt: skip
    assert model.layers[1].output.shape == (None, 4, 4, 3)
    model.compile("sgd", "mse")
    model.fit(IMAGES, np.ones((2, 1), "float32"), verbose=0, epochs=2)
    model.save(tmp_path / "m.keras")
    again = kerata.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(again.predict(IMAGES, verbose=0), model.predict(IMAGES, verbose=0), atol=1e-6)


@pytest.mark.parametrize("name", ["jax", "torch", "tensorflow"])
def test_in_a_data_pipeline(name):
    tf = pytest.importorskip("tensorflow")
    with kerata.backend_scope(name):
        flip = kerata.layers.RandomFlip("horizontal", seed=3)
        layers = [kerata.layers.Resizing(4, 4), kerata.layers.CenterCrop(3, 4), kerata.layers.Rescaling(2.0), flip]
    images = np.repeat(IMAGES[:1], 16, axis=0)
    data = tf.data.Dataset.from_tensor_slices(images).repeat(2).batch(16)
    for layer in layers:
        data = data.map(layer)
    first, second = (x.numpy() for x in data)
    assert first.shape == (16, 3, 4, 3)
    assert (first != second).any()
    assert len(np.unique(first, axis=0)) == 2
    assert len(flip.variables) == 1


def test_errors(backend):
    layers = kerata.layers
    with pytest.raises(ValueError, match="horizontal"):
        layers.RandomFlip("horizontally")
    with pytest.raises(ValueError, match="factor"):
        layers.RandomFlip(factor=0.5)
    with pytest.raises(ValueError, match="4 axes"):
        layers.RandomFlip()(np.ones((2, 2), "float32"))
    with pytest.raises(ValueError, match="xyxy"):
        layers.RandomFlip(bounding_box_format="xxyy")
    with pytest.raises(ValueError, match="bounding_box_format"):
        layers.RandomFlip()(together())
    with pytest.raises(ValueError, match="interpolation"):
        layers.Resizing(2, 2, interpolation="smooth")(IMAGES)
