"""Data sets from folders and series, split_dataset: the same files, labels and values as Keras'."""

import wave

import numpy as np
import pytest

from kerata import backend as backends
from kerata import ops, utils
from kerata.training.data import make_source
from kerata.utils import item_dataset

keras = pytest.importorskip("keras")


@pytest.fixture
def texts(tmp_path):
    for c in "ba":
        (tmp_path / c / "deep").mkdir(parents=True)
        for i in range(4):
            (tmp_path / c / ("deep" if i > 2 else "") / f"{i}.txt").write_text(f"{c}{i} hello")
    (tmp_path / "a" / "notes.md").write_text("not a text")
    return tmp_path


@pytest.fixture
def images(tmp_path):
    rng = np.random.default_rng(0)
    for c in "xy":
        (tmp_path / c).mkdir()
        for i in range(4):
            keras.utils.save_img(tmp_path / c / f"{i}.png", rng.random((10, 12 + i, 3)))
    return tmp_path


def numpy_batches(dataset):
    return [tuple(np.asarray(p) for p in (b if isinstance(b, tuple) else (b,))) for b in dataset]


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def pairs(dataset):
    """{text: label} of a whole data set of texts."""
    out = {}
    for batch in numpy_batches(dataset):
        labels = batch[1] if len(batch) > 1 else [None] * len(batch[0])
        out.update({as_text(t): None if v is None else np.asarray(v).tolist() for t, v in zip(batch[0], labels)})
    return out


OPTIONS = [
    {},
    {"label_mode": "categorical"},
    {"label_mode": "binary"},
    {"label_mode": None},
    {"labels": None, "label_mode": None},
    {"labels": [0, 0, 1, 1, 2, 2, 0, 1]},
    {"class_names": ["b", "a"]},
    {"max_length": 2},
    {"labels": None},
    {"labels": None, "label_mode": "binary"},
    {"validation_split": 0.25, "subset": "training", "seed": 3},
    {"validation_split": 0.25, "subset": "validation", "seed": 3},
    {"validation_split": 0.4, "subset": "validation", "shuffle": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_texts(texts, options):
    ours = utils.text_dataset_from_directory(texts, batch_size=3, format="numpy", verbose=False, **options)
    theirs = keras.utils.text_dataset_from_directory(str(texts), batch_size=3, verbose=False, **options)
    assert pairs(ours) == pairs(theirs)
    assert getattr(ours, "class_names", None) == getattr(theirs, "class_names", None)
    assert len(ours) == len(theirs)


def test_texts_for_tensorflow(texts):
    pytest.importorskip("tensorflow")
    ours, val = utils.text_dataset_from_directory(texts, validation_split=0.25, subset="both", seed=1, verbose=False)
    theirs = keras.utils.text_dataset_from_directory(str(texts), verbose=False)
    assert ours.element_spec == theirs.element_spec and ours.class_names == ["a", "b"]
    assert int(ours.cardinality()) == 1 and len(pairs(ours)) == 6 and len(pairs(val)) == 2
    assert not set(pairs(ours)) & set(pairs(val))
    single = utils.text_dataset_from_directory(texts, batch_size=None, verbose=False)
    assert single.element_spec[0].shape == () and int(single.cardinality()) == 8


def test_orders(texts):
    one = utils.text_dataset_from_directory(texts, batch_size=None, format="numpy", seed=1, verbose=False)
    first, second = ([str(t) for t, _ in one] for _ in range(2))
    assert sorted(first) == sorted(second) and first != second
    again = utils.text_dataset_from_directory(texts, batch_size=None, format="numpy", seed=1, verbose=False)
    assert [str(t) for t, _ in again] == first
    fixed = utils.text_dataset_from_directory(texts, batch_size=None, format="numpy", shuffle=False, verbose=False)
    assert [str(t) for t, _ in fixed][:4] == ["a0 hello", "a1 hello", "a2 hello", "a3 hello"]


def test_messages(texts, capsys):
    utils.text_dataset_from_directory(texts, validation_split=0.25, subset="both", seed=1, format="numpy")
    out = capsys.readouterr().out
    assert out == "Found 8 files belonging to 2 classes.\nUsing 6 files for training.\nUsing 2 files for validation.\n"


WRONG = [
    ({"label_mode": "x"}, "'x'"),
    ({"labels": "x"}, "'inferred'"),
    ({"labels": [1, 2]}, "2 entries.*8"),
    ({"class_names": ["q"]}, r"\['q'\].*\['a', 'b'\]"),
    ({"class_names": ["a"], "label_mode": "binary"}, "exactly 2 classes"),
    ({"validation_split": 2.0, "subset": "training"}, "between 0 and 1"),
    ({"validation_split": 0.2}, "go together"),
    ({"subset": "training"}, "go together"),
    ({"validation_split": 0.2, "subset": "val"}, "'val'"),
    ({"validation_split": 0.2, "subset": "training"}, "`seed`"),
    ({"validation_split": 0.01, "subset": "validation", "seed": 1}, "leaves none"),
    ({"format": "torch"}, "'torch'"),
]


@pytest.mark.parametrize(("options", "words"), WRONG, ids=[w for _, w in WRONG])
def test_wrong_arguments(texts, options, words):
    with pytest.raises(ValueError, match=words):
        utils.text_dataset_from_directory(texts, verbose=False, **{"format": "numpy", **options})


def test_wrong_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        utils.text_dataset_from_directory(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match="file"):
        utils.text_dataset_from_directory(tmp_path / "file")
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match=r"no file.*\.txt"):
        utils.text_dataset_from_directory(tmp_path)


@pytest.mark.parametrize(
    "options",
    [{}, {"color_mode": "grayscale"}, {"color_mode": "rgba"}, {"interpolation": "nearest"}, {"interpolation": "bicubic"},
     {"data_format": "channels_first"}, {"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True},
     {"pad_to_aspect_ratio": True, "data_format": "channels_first", "interpolation": "nearest"},
     {"crop_to_aspect_ratio": True, "interpolation": "nearest"}, {"interpolation": "area"},
     {"interpolation": "mitchellcubic"}, {"image_size": 5}, {"labels": None},
     {"label_mode": "categorical"}, {"label_mode": None}],
    ids=str,
)  # fmt: skip
def test_images(images, options):
    common = {"image_size": (6, 8), "batch_size": 3, "shuffle": False, "verbose": False, **options}
    ours = utils.image_dataset_from_directory(images, format="numpy", **common)
    theirs = keras.utils.image_dataset_from_directory(str(images), **common)
    assert ours.file_paths == theirs.file_paths
    for a, b in zip(numpy_batches(ours), numpy_batches(theirs), strict=True):
        # TensorFlow rounds greys in its own way, tabulates the bicubic kernel, and crops at fractions of a pixel
        loose = {"grayscale": 1.0, "bicubic": 0.1}.get(options.get("color_mode") or options.get("interpolation"), 1e-3)
        assert a[0].dtype == b[0].dtype and np.allclose(a[0], b[0], atol=loose)
        assert len(a) == len(b) and all(np.array_equal(p, q) for p, q in zip(a[1:], b[1:]))


def test_borders_instead_of_distortion(tmp_path):
    (tmp_path / "a").mkdir()
    utils.save_img(tmp_path / "a" / "wide.png", np.full((4, 8, 3), 200.0), scale=False)
    common = dict(image_size=(8, 8), labels=None, label_mode=None, format="numpy", verbose=False)
    image = utils.image_dataset_from_directory(tmp_path, pad_to_aspect_ratio=True, **common)[0][0, :, :, 0]
    assert np.allclose(image[2:6], 200) and not image[:2].any() and not image[6:].any()


def test_images_for_tensorflow_and_fit(images, train_backend):
    pytest.importorskip("tensorflow")
    ours = utils.image_dataset_from_directory(images, image_size=(4, 4), batch_size=3, verbose=False)
    assert ours.element_spec[0].shape.as_list() == [None, 4, 4, 3]
    b = backends.current()
    batches = list(make_source(ours).epoch(0))
    assert [b.to_numpy(x).shape for x, _ in batches] == [(3, 4, 4, 3), (3, 4, 4, 3), (2, 4, 4, 3)]


def test_numpy_form_is_a_source(images):
    ours = utils.image_dataset_from_directory(images, image_size=(4, 4), batch_size=3, format="numpy", verbose=False)
    source = make_source(ours.map(lambda x, y: (x / 255, y)))
    assert source.num_batches == 3 and source.peek()[0].max() <= 1
    assert len(ours.take(2)) == 2 and len(ours.skip(2)) == 1 and ours.take(1).class_names == ["x", "y"]


def test_image_errors(images):
    for options, words in [
        ({"color_mode": "gray"}, "'gray'"),
        ({"interpolation": "linear"}, "'linear'"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "exclude"),
    ]:
        with pytest.raises(ValueError, match=words):
            utils.image_dataset_from_directory(images, **options)


# ---- sound


def write_wav(path, samples, width=2, rate=8000):
    with wave.open(str(path), "wb") as f:
        f.setnchannels(samples.shape[1])
        f.setsampwidth(width)
        f.setframerate(rate)
        scaled = np.round(samples * (2 ** (8 * width - 1) - 1)).astype("int64")
        if width == 1:
            data = (scaled + 128).astype("u1").tobytes()
        elif width == 3:
            data = scaled.astype("<i4").view("u1").reshape(-1, 4)[:, :3].tobytes()
        else:
            data = scaled.astype(f"<i{width}").tobytes()
        f.writeframes(data)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_wav(tmp_path, width):
    samples = np.sin(np.arange(40)).reshape(20, 2) * 0.9
    write_wav(tmp_path / "a.wav", samples, width)
    got, rate = __import__("kerata.utils.audio_dataset", fromlist=["x"]).read_wav(str(tmp_path / "a.wav"))
    assert rate == 8000 and got.shape == (20, 2) and np.allclose(got, samples, atol=2.0 ** -(8 * width - 2))


@pytest.fixture
def sounds(tmp_path):
    for c in "ab":
        (tmp_path / c).mkdir()
        for i in range(2):
            write_wav(tmp_path / c / f"{i}.wav", np.sin(np.arange(10 + i))[:, None] * 0.9)
    return tmp_path


def test_audio(sounds):
    pytest.importorskip("tensorflow")
    for options in ({}, {"output_sequence_length": 8}, {"output_sequence_length": 20}, {"batch_size": None}):
        common = {"batch_size": 2, "shuffle": False, "verbose": False, **options}
        ours = utils.audio_dataset_from_directory(sounds, **common)
        theirs = keras.utils.audio_dataset_from_directory(str(sounds), **common)
        assert ours.class_names == theirs.class_names
        for a, b in zip(numpy_batches(ours), numpy_batches(theirs), strict=True):
            assert np.allclose(a[0], b[0], atol=1e-4) and np.array_equal(a[1], b[1])


def test_audio_of_one_and_two_channels(sounds):
    pytest.importorskip("tensorflow")
    write_wav(sounds / "b" / "2.wav", np.sin(np.arange(24)).reshape(12, 2) * 0.9)
    for options in ({}, {"batch_size": None}, {"batch_size": 2}):
        common = {"shuffle": False, "verbose": False, **options}
        ours = utils.audio_dataset_from_directory(sounds, **common)
        theirs = keras.utils.audio_dataset_from_directory(str(sounds), **common)
        assert ours.element_spec == theirs.element_spec
        for a, b in zip(numpy_batches(ours), numpy_batches(theirs), strict=True):
            assert a[0].shape == b[0].shape and np.allclose(a[0], b[0], atol=1e-4)
    ragged = utils.audio_dataset_from_directory(sounds, ragged=True, shuffle=False, verbose=False)
    assert next(iter(ragged))[0].row_lengths().numpy().tolist() == [10, 11, 10, 11, 12]


def test_audio_ragged_and_resampled(sounds):
    pytest.importorskip("tensorflow")
    ragged = utils.audio_dataset_from_directory(sounds, batch_size=4, shuffle=False, ragged=True, verbose=False)
    assert next(iter(ragged))[0].row_lengths().numpy().tolist() == [10, 11, 10, 11]
    half = utils.audio_dataset_from_directory(sounds, batch_size=1, shuffle=False, sampling_rate=4000, verbose=False)
    assert next(iter(half))[0].shape == (1, 5, 1)
    with pytest.raises(ValueError, match="one of them"):
        utils.audio_dataset_from_directory(sounds, ragged=True, output_sequence_length=3)
    (sounds / "a" / "0.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(ValueError, match=r"0\.wav cannot be read"):
        utils.audio_dataset_from_directory(sounds, verbose=False)


# ---- series

SERIES = [
    (10, 10, dict(sequence_length=3)),
    (10, None, dict(sequence_length=3, batch_size=None)),
    (20, None, dict(sequence_length=3, sequence_stride=2, sampling_rate=2, start_index=3, end_index=15)),
    (20, 20, dict(sequence_length=3, sequence_stride=2, sampling_rate=2, start_index=3, end_index=15)),
    (8, 5, dict(sequence_length=3)),
    (8, 2, dict(sequence_length=3, sequence_stride=3)),
    (10, None, dict(sequence_length=10)),
    (10, 10, dict(sequence_length=4, sampling_rate=3)),
]


@pytest.mark.parametrize(("steps", "targets", "options"), SERIES, ids=str)
def test_series(steps, targets, options):
    data = np.arange(steps * 2.0).reshape(steps, 2)
    targets = None if targets is None else np.arange(targets) * 10
    options = {"batch_size": 4, **options}
    ours = utils.timeseries_dataset_from_array(data, targets, format="numpy", **options)
    theirs = keras.utils.timeseries_dataset_from_array(data, targets, **options)
    pairs_of = zip(numpy_batches(ours), numpy_batches(theirs), strict=True)
    assert all(np.array_equal(p, q) for a, b in pairs_of for p, q in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("options", "words"),
    [(dict(sequence_length=0), "sequence_length"), (dict(sequence_length=2.5), "positive integer"),
     (dict(sequence_length=3, start_index=-1), "start_index"), (dict(sequence_length=3, start_index=5, end_index=2), "end_index"),
     (dict(sequence_length=3, sampling_rate=0), "sampling_rate"), (dict(sequence_length=3, sequence_stride=20), "only 10 steps")],
    ids=str,
)  # fmt: skip
def test_series_errors(options, words):
    with pytest.raises(ValueError, match=words):
        utils.timeseries_dataset_from_array(np.arange(10), None, **options)


def test_series_of_lists():
    windows = utils.timeseries_dataset_from_array([1.5, 2.5, 3.5], [1, 2, 3], 2, format="numpy")
    assert [a.dtype.name for a in windows[0]] == ["float32", "int32"]
    kept = utils.timeseries_dataset_from_array(np.arange(3), np.arange(3.0), 2, format="numpy")
    assert [a.dtype.name for a in kept[0]] == ["int64", "float64"]


def test_without_tensorflow_the_numpy_form_serves(monkeypatch):
    from kerata import backend

    monkeypatch.setattr(backend, "installed", lambda: ["numpy"])
    data = utils.timeseries_dataset_from_array(np.arange(10), np.arange(10), 3, batch_size=4)
    assert isinstance(data, item_dataset.ItemDataset) and make_source(data).num_batches == 2
    monkeypatch.undo()
    if "grain" not in __import__("sys").modules:
        with pytest.raises(ImportError, match="grain"):
            utils.timeseries_dataset_from_array(np.arange(10), None, 3, format="grain")


# ---- split_dataset


@pytest.mark.parametrize("kind", ["tensorflow", "torch"])
def test_split_arrays(kind):
    pytest.importorskip(kind)
    x = (np.arange(10), {"a": np.arange(20).reshape(10, 2)})
    left, right = utils.split_dataset(x, left_size=0.7, preferred_backend=kind)
    assert len(left) == 7 and len(right) == 3
    items = [right[i] for i in range(3)] if kind == "torch" else list(right)
    assert [int(i[0]) for i in items] == [7, 8, 9] and np.asarray(items[0][1]["a"]).tolist() == [14, 15]


def test_split_of_one_array():
    torch = pytest.importorskip("torch")
    left, right = utils.split_dataset(np.arange(6.0), left_size=4, preferred_backend="torch")
    (loaded,) = torch.utils.data.DataLoader(left, batch_size=4)
    assert isinstance(right[0], tuple) and [len(loaded), loaded[0].tolist()] == [1, [0.0, 1.0, 2.0, 3.0]]


def test_split_shuffled_as_one(train_backend):
    left, right = utils.split_dataset((np.arange(10), np.arange(10)), right_size=4, shuffle=True, seed=1)
    items = [[(int(a), int(b)) for a, b in (d if hasattr(d, "take") else (d[i] for i in range(len(d))))] for d in (left, right)]
    assert [len(i) for i in items] == [6, 4] and all(a == b for i in items for a, b in i)
    assert sorted(a for i in items for a, _ in i) == list(range(10)) and [a for a, _ in items[0]] != list(range(6))


def test_split_of_other_data_sets():
    tf = pytest.importorskip("tensorflow")
    torch = pytest.importorskip("torch")
    left, right = utils.split_dataset(tf.data.Dataset.range(5), left_size=2)
    assert [int(v) for v in left] == [0, 1] and [int(v) for v in right] == [2, 3, 4]
    rows = torch.utils.data.TensorDataset(torch.arange(4), torch.arange(4))
    left, right = utils.split_dataset(rows, left_size=0.5)
    assert len(left) == 2 and isinstance(right, torch.utils.data.Dataset)
    assert next(iter(torch.utils.data.DataLoader(right, batch_size=2)))[0].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [({}, ValueError, "left_size"), ({"left_size": 5}, ValueError, "below 4"), ({"left_size": 0.0}, ValueError, "fraction"),
     ({"left_size": 0.6, "right_size": 0.6}, ValueError, "more than 1"), ({"left_size": 3, "right_size": 2}, ValueError, "5|together"),
     ({"left_size": "a"}, TypeError, "'a'"), ({"left_size": 0.01}, ValueError, "0 would be"),
     ({"left_size": 2, "preferred_backend": "jax"}, ValueError, "'jax'")],
    ids=str,
)  # fmt: skip
def test_split_errors(options, error, words):
    with pytest.raises(error, match=words):
        utils.split_dataset(np.arange(4), **options)


@pytest.mark.parametrize("shape, size", [((9, 6, 3), (4, 4)), ((3, 5, 1), (7, 2)), ((5, 5, 4), (5, 9)), ((3, 7, 3), (1, 1))])
def test_images_are_resized_as_by_the_op(shape, size):
    from kerata.utils.image_dataset import _bilinear

    image = np.random.default_rng(0).integers(0, 256, shape).astype("uint8")
    with backends.backend_scope("numpy"):
        wanted = ops.image.resize(image.astype("float32"), size, data_format="channels_last")
    np.testing.assert_allclose(_bilinear(image, *size), wanted, atol=2e-3, rtol=1e-5)


def test_images_of_several_sizes_in_a_batch(tmp_path):
    from kerata.utils.image_dataset import load_images

    rng = np.random.default_rng(0)
    sizes = [(9, 6)] * 10 + [(4, 5), (4, 5), (9, 6), (12, 12)]
    paths = [str(tmp_path / f"{i:02}.png") for i in range(len(sizes))]
    for path, size in zip(paths, sizes):
        utils.save_img(path, rng.integers(0, 256, (*size, 3)), scale=False)
    for mode in ("rgb", "grayscale"):
        found = load_images(paths, mode, (4, 5), "bilinear", False, False, "channels_last")
        with backends.backend_scope("numpy"):
            images = [utils.img_to_array(utils.load_img(p, mode)) for p in paths]
            wanted = [ops.image.resize(x, (4, 5), data_format="channels_last") for x in images]
        np.testing.assert_allclose(found, np.stack(wanted), atol=2e-3, rtol=1e-5)
