"""Boxes: every format, overlaps, deltas and geometry, with the values of Keras on every backend."""

import numpy as np
import pytest

from kerata import ops
from kerata.utils import bounding_boxes as ours

theirs = pytest.importorskip("keras").utils.bounding_boxes

FORMATS = ["xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"]
RNG = np.random.default_rng(0)


def boxes(*shape):
    low = RNG.uniform(0, 40, (*shape, 2))
    return np.concatenate([low, low + RNG.uniform(1, 40, (*shape, 2))], axis=-1).astype("float32")


A, B, ANCHORS = boxes(2, 5), boxes(2, 5), boxes(5)


def same(name, *arguments, **options):
    def plain(v):
        return {k: plain(x) for k, x in v.items()} if isinstance(v, dict) else np.asarray(ops.convert_to_numpy(v))

    got = plain(getattr(ours, name)(*arguments, **options))
    wanted = getattr(theirs, name)(*arguments, **options)
    for g, w in zip(got.values(), wanted.values()) if isinstance(got, dict) else [(got, wanted)]:
        assert np.allclose(g, np.asarray(w), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("source", FORMATS)
def test_formats(backend, source):
    for target in FORMATS:
        same("convert_format", A, source, target, height=80, width=60)
    assert ours.convert_format(A, source, source, dtype="float16").dtype is not None


def test_dictionaries_of_boxes(backend):
    same("convert_format", {"boxes": A, "labels": np.ones((2, 5))}, "xyxy", "xywh")


def test_overlaps(backend):
    same("compute_iou", A, B, "xyxy")
    same("compute_iou", A[0], B[1, :3], "yxyx")
    same("compute_iou", A[0], B, "xyxy")
    same("compute_iou", A / 80, B / 80, "rel_xyxy", image_shape=(80, 80, 3))
    padded = np.concatenate([B, -np.ones((2, 1, 4), "float32")], 1)
    for value in (-1, -2):
        same("compute_iou", A, padded, "xyxy", use_masking=True, mask_val=value)
    same("compute_ciou", A, B, "xyxy")
    same("compute_ciou", A, B, "xywh")


@pytest.mark.parametrize("encoding", ["center_yxhw", "center_xywh"])
@pytest.mark.parametrize("variance", [None, [0.1, 0.1, 0.2, 0.2]])
def test_deltas(backend, encoding, variance):
    same("encode_box_to_deltas", ANCHORS, A, "xyxy", "xyxy", encoding_format=encoding, variance=variance)
    points = ANCHORS.copy()
    points[0, 2:] = points[0, :2]
    same("encode_box_to_deltas", points, A, "xyxy", "xyxy", encoding_format=encoding, variance=variance)
    same("encode_box_to_deltas", ANCHORS / 80, A[0], "rel_xyxy", "yxyx", encoding_format=encoding, image_shape=(80, 80, 3))
    deltas = RNG.normal(0, 0.3, (2, 5, 4)).astype("float32")
    same("decode_deltas_to_boxes", ANCHORS, deltas, "xyxy", "xywh", encoded_format=encoding, variance=variance)
    same("decode_deltas_to_boxes", ANCHORS, deltas, "xyxy", "rel_xyxy", encoded_format=encoding, image_shape=(80, 60, 3))
    levels = {"p3": ANCHORS[:2], "p4": ANCHORS[2:]}
    parts = {"p3": deltas[:, :2], "p4": deltas[:, 2:]}
    same("decode_deltas_to_boxes", levels, parts, "xyxy", "xyxy", encoded_format=encoding)


def test_there_and_back(backend):
    deltas = ours.encode_box_to_deltas(ANCHORS, A, "xyxy", "xyxy")
    assert np.allclose(ops.convert_to_numpy(ours.decode_deltas_to_boxes(ANCHORS, deltas, "xyxy", "xyxy")), A, atol=1e-3)


def test_geometry(backend):
    labelled = {"boxes": A - 15, "labels": np.arange(10).reshape(2, 5)}
    same("clip_to_image_size", labelled, height=30, width=25)
    same("clip_to_image_size", {"boxes": A}, height=30, width=25)
    same("clip_to_image_size", {**labelled, "boxes": A / 30 - 0.5}, bounding_box_format="rel_xyxy", height=30, width=25)
    same("crop", A, 5, 10, 20, 30)
    same("pad", A, 5, 10)
    f = lambda *v: np.array(v, "float32")
    for center in (None, 0.0, 0.3):
        same("affine_transform", boxes=A, angle=f(30, -10), translate_x=f(0.1, 0), translate_y=f(-0.2, 0.3), scale=f(1.5, 0.7),
             shear_x=f(10, 3), shear_y=f(5, -8), height=100, width=50, center_x=center, center_y=center)  # fmt: skip


ERRORS = [
    (lambda: ours.convert_format(A, "xyxy", "xywhh"), "Did you mean 'xywh'"),
    (lambda: ours.convert_format(A, "xyxy", "rel_xyxy"), "`height` and `width`"),
    (lambda: ours.convert_format(A[..., :3], "xyxy", "xywh"), r"\(2, 5, 3\)"),
    (lambda: ours.compute_iou(A, B, "rel_xyxy"), "image_shape"),
    (lambda: ours.compute_iou(A[0, 0], B, "xyxy"), r"\(4,\)"),
    (lambda: ours.clip_to_image_size(A, 3, 3), "'boxes'"),
    (lambda: ours.clip_to_image_size({"boxes": A, "labels": A[..., 0]}), "`height`"),
    (lambda: ours.encode_box_to_deltas(ANCHORS, A, "xyxy", "xyxy", encoding_format="xyxy"), "'xyxy'"),
    (lambda: ours.encode_box_to_deltas(ANCHORS, A, "xyxy", "xyxy", variance=[1.0]), "four numbers"),
    (lambda: ours.decode_deltas_to_boxes({"a": ANCHORS}, A, "xyxy", "xyxy"), "both"),
    (lambda: ours.decode_deltas_to_boxes({"a": ANCHORS}, {"b": A}, "xyxy", "xyxy"), "levels"),
]


@pytest.mark.parametrize(("call", "words"), ERRORS, ids=[w for _, w in ERRORS])
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()
