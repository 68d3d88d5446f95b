"""Drawings on images and galleries."""

import numpy as np
import pytest
from remember import remember

import kerata
from kerata import visualization

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 255, (2, 4, 5, 3)).astype("uint8")
MASKS = RNG.integers(-1, 4, (2, 4, 5, 1))
CASES = {
    "palette": {"num_classes": 4},
    "alpha": {"num_classes": 4, "alpha": 0.25},
    "unblended": {"num_classes": 4, "blend": False},
    "colours": {"num_classes": 4, "color_mapping": {0: (255, 0, 0), 1: (0, 255, 0), 2: (0, 0, 255), 3: (9, 8, 7)}},
    "ignored": {"num_classes": 4, "ignore_index": 2},
}


@remember
def of_keras(case):
    import keras

    return np.asarray(keras.visualization.draw_segmentation_masks(IMAGES, MASKS, **CASES[case])).astype("uint8")


@pytest.mark.parametrize("case", CASES)
def test_masks_as_keras_draws_them(case):
    found = visualization.draw_segmentation_masks(IMAGES, MASKS, **CASES[case])
    assert found.dtype == "uint8"
    np.testing.assert_array_equal(np.where(MASKS == -1, 0, found), np.where(MASKS == -1, 0, of_keras(case)))


def test_masks_of_other_forms():
    wanted = visualization.draw_segmentation_masks(IMAGES, MASKS)
    first = visualization.draw_segmentation_masks(
        IMAGES.transpose(0, 3, 1, 2), MASKS.transpose(0, 3, 1, 2), data_format="channels_first"
    )
    np.testing.assert_array_equal(first, wanted)
    tensor = kerata.ops.convert_to_tensor(IMAGES)
    np.testing.assert_array_equal(visualization.draw_segmentation_masks(tensor, MASKS[..., 0]), wanted)
    grey = visualization.draw_segmentation_masks(IMAGES[..., :1], MASKS)
    assert grey.shape == (2, 4, 5, 1)
    with pytest.raises(TypeError, match="integers"):
        visualization.draw_segmentation_masks(IMAGES, MASKS.astype("float32"))
    with pytest.raises(ValueError, match=r"\(2, 4, 5\) or \(2, 4, 5, 1\) is wanted; got \(2, 3, 5\)"):
        visualization.draw_segmentation_masks(IMAGES, MASKS[:, :3, :, 0])
    with pytest.raises(ValueError, match="add a batch axis"):
        visualization.draw_segmentation_masks(IMAGES[0], MASKS[0])


@pytest.mark.parametrize(("box", "form"), [
    ((4, 6, 14, 16), "xyxy"), ((6, 4, 16, 14), "yxyx"), ((4, 6, 10, 10), "xywh"), ((9, 11, 10, 10), "center_xywh"),
    ((4 / 24, 6 / 20, 14 / 24, 16 / 20), "rel_xyxy"),
])  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_box_stands_where_it_should(box, form, channels):
    boxes = {"boxes": np.array([[box, (0, 0, 3, 3)]], "float32"), "labels": np.array([[1, -1]])}
    drawn = visualization.draw_bounding_boxes(np.zeros((1, 20, 24, channels)), boxes, form, color=(9, 9, 9), line_thickness=1)
    rows, columns = np.nonzero(drawn[0, ..., 0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (6, 16, 4, 14)
    assert len(rows) == 40 and set(drawn[0, ..., 0].ravel()) == {0, 9}


def test_names_are_written_above():
    boxes = {"boxes": np.array([[[4.0, 30, 50, 50]]]), "labels": np.array([[1]]), "confidences": np.array([[0.5]])}
    plain = visualization.draw_bounding_boxes(np.zeros((1, 60, 120, 3)), boxes, "xyxy")
    named = visualization.draw_bounding_boxes(np.zeros((1, 60, 120, 3)), boxes, "xyxy", {1: "cat"})
    assert not plain[0, :30].any() and named[0, :30].any()
    with pytest.raises(TypeError, match="a dict with"):
        visualization.draw_bounding_boxes(IMAGES, [1], "xyxy")
    with pytest.raises(ValueError, match=r"lacks \['labels'\]"):
        visualization.draw_bounding_boxes(IMAGES, {"boxes": boxes["boxes"]}, "xyxy")
    with pytest.raises(ValueError, match="xyyx"):
        visualization.draw_bounding_boxes(np.zeros((1, 60, 120, 3)), boxes, "xyyx")


def size_of(path) -> tuple:
    from PIL import Image

    with Image.open(path) as image:
        return image.size


def test_galleries(tmp_path, monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    path = tmp_path / "gallery.png"
    visualization.plot_image_gallery(IMAGES / 127.5 - 1, [0, 1], [1, 1], {0: "cat", 1: "dog"}, value_range=(-1, 1), path=path)
    wide, high = size_of(path)
    assert wide > high > 60 and not pyplot.get_fignums()
    shown = []
    monkeypatch.setattr(pyplot, "show", lambda: shown.append(pyplot.gcf()))
    boxes = {"boxes": np.array([[[1.0, 1, 3, 3]]] * 2), "labels": np.array([[1], [0]])}
    visualization.plot_bounding_box_gallery(IMAGES, "xyxy", boxes, boxes, legend=True, rows=1, class_mapping={0: "a", 1: "b"})
    visualization.plot_segmentation_mask_gallery(IMAGES, 4, y_true=MASKS, y_pred=MASKS)
    visualization.plot_image_gallery(IMAGES, np.array([3, 4]))
    assert [len(f.axes) for f in shown] == [2, 6, 2] and len(shown[0].legends[0].get_texts()) == 2
    assert shown[2].axes[1].get_title() == "true: 4"
    with pytest.raises(ValueError, match="`path`, or `show=True`"):
        visualization.plot_image_gallery(IMAGES, path=path, show=True)
    with pytest.raises(ValueError, match="one label for each of the 2 images; got 3"):
        visualization.plot_image_gallery(IMAGES, [1, 2, 3])
    with pytest.raises(ValueError, match="at least one row"):
        visualization.plot_image_gallery(IMAGES, rows=0, cols=1)
