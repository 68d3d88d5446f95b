"""to_categorical, normalize, pad_sequences, images, Config, seeds, packing: compared with Keras."""

import io
import os
import sys

import numpy as np
import pytest

import kerata
from kerata import backend as backends
from kerata import utils

keras = pytest.importorskip("keras")

SAME = [
    ("to_categorical", ([0, 1, 2],)),
    ("to_categorical", ([[0], [1]], 3)),
    ("to_categorical", ([[0, 1], [1, 0]],)),
    ("to_categorical", (np.array([0.7, 1.2]), 3)),
    ("to_categorical", (np.array(2), 3)),
    ("to_categorical", (np.array([True, False]), 2)),
    ("normalize", (np.array([[3.0, 4.0], [0.0, 0.0]]),)),
    ("normalize", (np.ones((2, 2, 3), "float32"), 1, 3)),
    ("normalize", (np.array([[3.0, -4.0], [0.0, 0.0]]), -1, np.inf)),
    ("normalize", (np.array([[3.0, -4.0], [0.0, 1.0]]), None)),
    ("normalize", (np.array([3.0, 4.0]),)),
    ("normalize", (np.array([[3.0, 0.0], [1.0, 2.0]]), 1, 0)),
    ("pad_sequences", ([[1], [2, 3], [4, 5, 6]],)),
    ("pad_sequences", ([[1], [2, 3], [4, 5, 6]], 2, "int64", "post", "post", -1)),
    ("pad_sequences", ([[1, 2, 3]], 2, "int32", "pre", "post")),
    ("pad_sequences", ([["a"], ["b", "c"]], None, object, "pre", "pre", "x")),
    ("pad_sequences", ([[[1, 2]], [[3, 4], [5, 6]]],)),
    ("pad_sequences", ([[], [1.5]], None, "float32")),
    ("pad_sequences", ([(1, 2), np.array([3])],)),
    ("pack_x_y_sample_weight", ("x",)),
    ("pack_x_y_sample_weight", (["x", "z"],)),
    ("pack_x_y_sample_weight", ("x", "y")),
    ("unpack_x_y_sample_weight", (("x",),)),
    ("unpack_x_y_sample_weight", ((1, 2, 3),)),
    ("unpack_x_y_sample_weight", ([1, 2],)),
    ("unpack_x_y_sample_weight", ("x",)),
]


@pytest.mark.parametrize(("name", "arguments"), SAME, ids=lambda v: v if isinstance(v, str) else "")
def test_like_keras(name, arguments):
    ours, theirs = getattr(utils, name)(*arguments), getattr(keras.utils, name)(*arguments)
    if isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype and np.array_equal(ours, theirs)
    else:
        assert ours == theirs and type(ours) is type(theirs)


ERRORS = [
    (lambda: utils.to_categorical([0, 3], 2), r"class 3 \(at position 1\).*0 to 1"),
    (lambda: utils.to_categorical([-1], 2), "class -1"),
    (lambda: utils.to_categorical(["cat"]), "Number the classes first"),
    (lambda: utils.to_categorical([]), "num_classes"),
    (lambda: utils.normalize([[1.0]], order=0), "`order`"),
    (lambda: utils.pad_sequences([1, 2]), "item 0 is 1"),
    (lambda: utils.pad_sequences(3), "list of sequences"),
    (lambda: utils.pad_sequences([[1]], padding="left"), "`padding`.*'left'"),
    (lambda: utils.pad_sequences([[1]], value="x"), "dtype=object"),
    (lambda: utils.pad_sequences([[[1, 2]], [[1]]]), r"sequence 1 have shape \(1,\)"),
    (lambda: utils.unpack_x_y_sample_weight((1, 2, 3, 4)), "4 items"),
    (lambda: utils.set_random_seed("a"), "integer"),
    (lambda: utils.set_random_seed(-1), "0 to"),
]


@pytest.mark.parametrize(("call", "words"), ERRORS, ids=[w[:20] for _, w in ERRORS])
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_tensors_stay_tensors(backend):
    b = backends.current()
    if backend == "numpy":
        pytest.skip("NumPy arrays are not tensors of a backend here")
    one_hot = utils.to_categorical(b.convert(np.array([[0], [2]], "int32")))
    assert b.is_tensor(one_hot) and b.to_numpy(one_hot).tolist() == [[1, 0, 0], [0, 0, 1]]
    assert b.is_tensor(utils.normalize([3.0, 4.0])) and tuple(utils.normalize([3.0, 4.0]).shape) == (2,)
    unit = utils.normalize(b.convert(np.array([[3.0, 4.0]], "float32")))
    assert b.is_tensor(unit) and np.allclose(b.to_numpy(unit), [[0.6, 0.8]])


def test_empty_list_of_sequences():
    assert utils.pad_sequences([]).shape == (0, 0)


# ---- images


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("scale", [True, False])
def test_images_like_keras(channels, data_format, scale):
    shape = (5, 7, channels) if data_format == "channels_last" else (channels, 5, 7)
    x = np.random.default_rng(0).random(shape) * 200
    ours = utils.array_to_img(x, data_format=data_format, scale=scale)
    theirs = keras.utils.array_to_img(x, data_format=data_format, scale=scale)
    assert ours.mode == theirs.mode and ours.tobytes() == theirs.tobytes()
    a, b = (u.img_to_array(ours, data_format=data_format) for u in (utils, keras.utils))
    assert a.dtype == b.dtype and np.array_equal(a, b)


@pytest.mark.parametrize(
    "options",
    [{}, {"color_mode": "grayscale"}, {"color_mode": "rgba"}, {"target_size": (4, 6)},
     {"target_size": (4, 6), "interpolation": "bicubic"}, {"target_size": (8, 2), "keep_aspect_ratio": True}],
    ids=str,
)  # fmt: skip
def test_load_img_like_keras(tmp_path, options):
    path = tmp_path / "a.png"
    utils.save_img(path, np.random.default_rng(0).random((9, 12, 3)))
    ours, theirs = utils.load_img(path, **options), keras.utils.load_img(path, **options)
    assert ours.mode == theirs.mode and np.array_equal(np.asarray(ours), np.asarray(theirs))
    assert utils.load_img(io.BytesIO(path.read_bytes())).size == (12, 9)
    assert utils.load_img(os.fsencode(path), target_size=(4, 5, 3)).size == (5, 4)


def test_image_errors(tmp_path):
    utils.save_img(tmp_path / "a.png", np.ones((3, 3, 1)))
    for call, words in [
        (lambda: utils.array_to_img(np.ones((2, 2))), "rank 3"),
        (lambda: utils.array_to_img(np.ones((2, 2, 5))), "5"),
        (lambda: utils.load_img(tmp_path / "a.png", color_mode="gray"), "'gray'"),
        (lambda: utils.load_img(tmp_path / "a.png", target_size=(2, 2), interpolation="linear"), "Did you mean"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(TypeError):
        utils.load_img(3)
    with pytest.warns(UserWarning, match="transparency"):
        utils.save_img(tmp_path / "a.jpg", np.ones((3, 3, 4)))


def test_smart_resize_of_integers(backend):
    """As of floats, which they become (only PyTorch's own resize rounds in Keras); the nearest pixels stay integers."""
    x = np.random.default_rng(0).integers(0, 255, (9, 9, 3)).astype("uint8")
    resize = kerata.preprocessing.image.smart_resize
    out = resize(x, (4, 4))
    assert out.dtype == "float32" and np.array_equal(out, resize(x.astype("float32"), (4, 4)))
    assert resize(x, (4, 4), "nearest").dtype == "uint8"


@pytest.mark.parametrize("shape", [(9, 12, 3), (2, 12, 9, 3)])
def test_smart_resize_like_keras(shape):
    x = np.random.default_rng(0).random(shape).astype("float32")
    with backends.backend_scope("numpy"):
        from kerata.utils.images import smart_resize

        ours = smart_resize(x, (4, 4))
    assert np.allclose(ours, keras.preprocessing.image.smart_resize(x, (4, 4)), atol=1e-5)


# ---- Config, seeds, names


def test_config():
    config = utils.Config(b=1, a={"x": 2})
    config.c = 3
    config["d"] = 4
    assert list(config) == ["a", "b", "c", "d"] and "c" in config and len(config) == 4 and config.a["x"] == 2
    config.update({"b": 5}, e=6)
    assert config.as_dict() == {"a": {"x": 2}, "b": 5, "c": 3, "d": 4, "e": 6}
    assert config.to_json() == '{"b": 5, "a": {"x": 2}, "c": 3, "d": 4, "e": 6}'
    del config.e
    assert list(config.items()) == [("b", 5), ("a", {"x": 2}), ("c", 3), ("d", 4)]
    assert list(config.keys()) == ["b", "a", "c", "d"] and list(config.values())[2:] == [3, 4]
    assert config.get("b") == 5 and config.get("q") is None and config.get("q", 1) == 1
    config["f"] = 1
    assert config.pop("f") == 1 and config.pop("f", 2) == 2 and "f" not in config
    with pytest.raises(AttributeError, match="Did you mean 'learning_rate'"):
        utils.Config(learning_rate=1).learning_rat  # noqa: B018
    config.freeze()
    with pytest.raises(ValueError, match="frozen"):
        config.b = 2
    with pytest.raises(ValueError, match="frozen"):
        config.pop("b")
    config.unfreeze()
    config.b = 2
    assert config.frozen is False and config == utils.Config(**config.as_dict())


def test_set_random_seed_seeds_everything_loaded():
    import random

    torch = sys.modules.get("torch")

    def draws():
        kerata.utils.set_random_seed(3)
        return random.random(), np.random.rand(), float(torch.rand(())) if torch else 0

    assert draws() == draws()


def test_every_public_name_of_keras_exists():
    missing = []
    for name in dir(keras.utils):
        if name.startswith("_") or name in ("FeatureSpace", "legacy", "bounding_boxes"):
            continue
        try:
            getattr(utils, name)
        except (AttributeError, ImportError) as error:
            missing.append(f"{name}: {error}")
    assert not missing


def test_signatures_are_those_of_keras():
    import inspect

    for name in dir(keras.utils):
        ours, theirs = getattr(utils, name, None), getattr(keras.utils, name)
        if name.startswith("_") or ours is None or not inspect.isfunction(theirs):
            continue
        if ours.__module__.startswith("kerata.utils"):
            a, b = inspect.signature(ours).parameters, inspect.signature(theirs).parameters
            assert list(a) == list(b), name
            assert [str(p.default) for p in a.values()] == [str(p.default) for p in b.values()], name
