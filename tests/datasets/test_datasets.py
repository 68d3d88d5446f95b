"""The data sets: where they are found, how their content is checked, and what is said when they are not there."""

import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from test_pickles import objects, python2_batch

import kerata.datasets as datasets
from kerata.core import config
from kerata.datasets import _cifar, _files, _npz, imdb, mnist, reuters

SHARED_MNIST = Path(__file__).parents[2].parent / "shared" / "data" / "mnist.npz"


# ---- the package


def test_misspelt_names():
    with pytest.raises(AttributeError, match=r"'minst'\. Did you mean 'mnist'\?"):
        datasets.minst  # noqa: B018
    with pytest.raises(ImportError, match=r"no data set 'text'.*text: imdb, reuters"):
        from kerata.datasets import text  # noqa: F401
    assert not hasattr(datasets, "nothing_like_that")
    assert set(datasets.__all__) <= set(dir(datasets))


def test_signatures_are_those_of_keras():
    keras = pytest.importorskip("keras")
    import inspect

    for name in datasets.DOWNLOADED:
        ours, theirs = getattr(datasets, name), getattr(keras.datasets, name)
        for function in ("load_data", "get_word_index", "get_label_names"):
            if hasattr(theirs, function):
                a, b = (inspect.signature(getattr(m, function)).parameters for m in (ours, theirs))
                assert list(a) == list(b), name
                assert [p.default for p in a.values()] == [p.default for p in b.values()], name


def test_topics_are_those_of_keras():
    keras = pytest.importorskip("keras")
    assert reuters.get_label_names() == keras.datasets.reuters.get_label_names()


EMBEDDED = [("digits", (1438, 8, 8), 359, 10), ("iris", (120, 4), 30, 3), ("wine", (142, 13), 36, 3), ("breast_cancer", (456, 30), 113, 2)]  # fmt: skip


@pytest.mark.parametrize(("name", "shape", "count", "classes"), EMBEDDED)
def test_embedded(name, shape, count, classes):
    module = getattr(datasets, name)
    (x, y), (xt, yt) = module.load_data()
    assert x.shape == shape and len(xt) == len(yt) == count and len(y) == len(x)
    assert set(np.unique(y)) == set(np.unique(yt)) == set(range(classes))
    assert np.allclose(np.bincount(y) / len(y), np.bincount(yt) / len(yt), atol=0.02), "each class has its share"
    assert len(module.CLASS_NAMES) == classes
    again = module.load_data()
    assert np.array_equal(again[0][0], x) and not np.array_equal(module.load_data(seed=1)[0][0], x)
    assert len(module.load_data(test_split=0.0)[1][0]) == 0
    with pytest.raises(ValueError, match="test_split"):
        module.load_data(test_split=1.0)
    if name != "digits":
        assert len(module.FEATURE_NAMES) == shape[1]


@pytest.mark.parametrize("name", [e[0] for e in EMBEDDED])
def test_embedded_values_are_the_published_ones(name):
    sklearn = pytest.importorskip("sklearn.datasets")
    bunch = getattr(sklearn, f"load_{name}")()
    (x, y), (xt, yt) = getattr(datasets, name).load_data()
    ours = np.column_stack([np.concatenate([x, xt]).reshape(len(x) + len(xt), -1), np.concatenate([y, yt])])
    theirs = np.column_stack([bunch.data, bunch.target])
    assert sorted(map(tuple, ours.tolist())) == sorted(map(tuple, theirs.tolist()))


# ---- MNIST and the search for files


def fake_mnist(path, value=1, **changes):
    arrays = {
        "x_train": np.full((6, 28, 28), value, "uint8"), "y_train": np.zeros(6, "uint8"),
        "x_test": np.zeros((2, 28, 28), "uint8"), "y_test": np.ones(2, "uint8"),
    } | changes  # fmt: skip
    np.savez_compressed(path, **arrays)
    return _npz.content_hash(arrays)


def test_found_by_content_however_compressed(folder, offline, monkeypatch):
    monkeypatch.setattr(mnist, "_CONTENT", fake_mnist(folder / "mnist.npz"))
    (x, _), (_, yt) = mnist.load_data()
    assert x.shape == (6, 28, 28) and yt.tolist() == [1, 1]
    arrays = dict(np.load(folder / "mnist.npz"))
    np.savez(folder / "mnist.npz", **arrays)
    assert mnist.load_data()[0][0].shape == (6, 28, 28)


def test_home_is_searched_too(folder, offline, tmp_path, monkeypatch):
    (tmp_path / "home" / ".keras" / "datasets").mkdir(parents=True)
    monkeypatch.setattr(mnist, "_CONTENT", fake_mnist(tmp_path / "home" / ".keras" / "datasets" / "mnist.npz"))
    assert mnist.load_data()[0][0].shape == (6, 28, 28)


def test_a_path_with_folders_is_that_file(folder, offline, tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "_CONTENT", fake_mnist(tmp_path / "my.npz"))
    assert mnist.load_data(path=str(tmp_path / "my.npz"))[0][0].shape == (6, 28, 28)


def test_offline_says_what_to_put_where(folder, offline):
    with pytest.raises(OSError) as caught:
        mnist.load_data()
    text = str(caught.value)
    assert "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz" in text
    assert str(folder / "mnist.npz") in text and "no network" in text


def test_wrong_content_is_said_and_not_used(folder, offline):
    fake_mnist(folder / "mnist.npz")
    with pytest.warns(UserWarning, match=r"mnist\.npz is not the data set.*not MNIST's"), pytest.raises(OSError):
        mnist.load_data()
    assert (folder / "mnist.npz").exists(), "someone's file is not deleted"


def test_download(folder, server, tmp_path, monkeypatch):
    monkeypatch.setattr(_files, "GOOGLE", server.url + "/")
    content = fake_mnist(tmp_path / "served.npz")
    server.content["/mnist.npz"] = (tmp_path / "served.npz").read_bytes()
    with pytest.raises(ValueError, match="gave a file that is not the data set"):
        mnist.load_data()
    assert list(folder.iterdir()) == [], "nothing wrong is left"
    monkeypatch.setattr(mnist, "_CONTENT", content)
    assert mnist.load_data()[0][0].shape == (6, 28, 28)
    assert [p.name for p in folder.iterdir()] == ["mnist.npz"]
    asked = len(server.requests)
    mnist.load_data()
    assert len(server.requests) == asked


@pytest.mark.skipif(not SHARED_MNIST.exists(), reason="the real MNIST is not here")
def test_the_real_mnist(folder, offline):
    (x, y), (xt, yt) = mnist.load_data(path=str(SHARED_MNIST))
    assert x.shape == (60000, 28, 28) and xt.shape == (10000, 28, 28) and x.dtype == y.dtype == "uint8"
    assert np.bincount(yt).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_caches_that_cannot_be_written(folder, server, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "below"))
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "home").write_text("no folder either")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "tmp"))
    monkeypatch.setattr(_files, "GOOGLE", server.url + "/")
    monkeypatch.setattr(mnist, "_CONTENT", fake_mnist(tmp_path / "served.npz"))
    server.content["/mnist.npz"] = (tmp_path / "served.npz").read_bytes()
    assert mnist.load_data()[0][0].shape == (6, 28, 28)
    assert (tmp_path / "tmp" / ".keras" / "datasets" / "mnist.npz").exists()
    assert mnist.load_data() and len(server.requests) == 1


def test_the_official_file_counts_by_its_own_sum(folder, offline, monkeypatch):
    from kerata.utils.cache import hash_file

    fake_mnist(folder / "mnist.npz")
    monkeypatch.setattr(mnist, "_SHA256", hash_file(folder / "mnist.npz"))
    assert mnist.load_data()[0][0].shape == (6, 28, 28)


# ---- Fashion-MNIST


def idx(values: np.ndarray) -> bytes:
    head = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">i4").tobytes()
    return gzip.compress(head + values.tobytes(), 1)


def test_fashion_mnist(folder, offline):
    where = folder / "fashion-mnist"
    where.mkdir()
    rng = np.random.default_rng(0)
    for part, count in (("train", 60000), ("t10k", 10000)):
        (where / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(np.zeros((count, 28, 28), "uint8")))
        (where / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(rng.integers(0, 10, count).astype("uint8")))
    (x, y), (_, yt) = datasets.fashion_mnist.load_data()
    assert x.shape == (60000, 28, 28) and yt.shape == (10000,) and y.max() == 9
    for bad in (b"no gzip", idx(np.zeros(3, "uint8")), idx(np.full(10000, 10, "uint8")), gzip.compress(b"\0\0\x08\x01")):
        (where / "t10k-labels-idx1-ubyte.gz").write_bytes(bad)
        with pytest.warns(UserWarning, match="t10k-labels"), pytest.raises(OSError, match="t10k-labels"):
            datasets.fashion_mnist.load_data()


# ---- CIFAR


def cifar_archive(folder: str, names: list[str], keys=(b"labels",), labels=(0, 1, 9), bad=None) -> bytes:
    out = io.BytesIO()
    images = np.arange(len(labels) * 3072).reshape(len(labels), 3072).astype("uint8")
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name in names:
            body = bad if bad and name == names[-1] else python2_batch(images, list(labels), keys[0])
            info = tarfile.TarInfo(f"{folder}/{name}")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


TEN = [*[f"data_batch_{i}" for i in range(1, 6)], "test_batch"]


@pytest.fixture
def small_cifar(monkeypatch):
    monkeypatch.setattr(_cifar, "_COUNTS", [15, 3])


def test_cifar10(folder, offline, small_cifar):
    (folder / "cifar-10-python.tar.gz").write_bytes(cifar_archive("cifar-10-batches-py", TEN))
    (x, y), (xt, yt) = datasets.cifar10.load_data()
    assert x.shape == (15, 32, 32, 3) and xt.shape == (3, 32, 32, 3) and x.dtype == y.dtype == "uint8"
    assert yt.tolist() == [[0], [1], [9]] and xt[0, 0, 1].tolist() == [1, (1024 + 1) % 256, (2048 + 1) % 256]
    config.set_image_data_format("channels_first")
    try:
        assert datasets.cifar10.load_data()[0][0].shape == (15, 3, 32, 32)
    finally:
        config.set_image_data_format("channels_last")


@pytest.mark.parametrize("name", ["cifar-10-batches-py-target", "cifar-10-batches-py-target_archive"])
def test_files_that_keras_left_are_used(folder, offline, small_cifar, name):
    data = cifar_archive("cifar-10-batches-py", TEN)
    if name.endswith("archive"):
        (folder / name).write_bytes(data)
    else:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # since 3.11.4
        tarfile.open(fileobj=io.BytesIO(data)).extractall(folder / name, **safely)
    assert datasets.cifar10.load_data()[1][0].shape == (3, 32, 32, 3)


def test_cifar100(folder, offline, monkeypatch):
    monkeypatch.setattr(_cifar, "_COUNTS", [3, 3])
    data = cifar_archive("cifar-100-python", ["train", "test"], (b"fine_labels",), (0, 50, 99))
    (folder / "cifar-100-python.tar.gz").write_bytes(data)
    assert datasets.cifar100.load_data()[0][1].tolist() == [[0], [50], [99]]
    with pytest.raises(ValueError, match="'fine' or 'coarse'"):
        datasets.cifar100.load_data("rough")
    with pytest.warns(UserWarning, match="no list of labels"), pytest.raises(OSError):
        datasets.cifar100.load_data("coarse")


BAD_CIFAR = {
    "pickle that runs": (dict(bad=b"cposix\nsystem\n(S'touch /tmp/kmk'\ntR."), "posix.system"),
    "label too large": (dict(labels=(0, 1, 200)), "outside of 0 to 9"),
    "missing member": (dict(names=TEN[:-1]), "has no cifar-10-batches-py/test_batch"),
    "too few": (dict(labels=(1, 2)), "10 and 2 images"),
}


@pytest.mark.parametrize("case", BAD_CIFAR)
def test_bad_cifar_archives(folder, offline, small_cifar, case):
    changes, words = BAD_CIFAR[case]
    arguments = {"names": TEN, **changes}
    (folder / "cifar-10-python.tar.gz").write_bytes(cifar_archive("cifar-10-batches-py", **arguments))
    with pytest.warns(UserWarning, match=words), pytest.raises(OSError):
        datasets.cifar10.load_data()
    assert not Path("/tmp/kmk").exists()


# ---- sequences


@pytest.fixture
def imdb_file(folder):
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, 60, rng.integers(1, 9)).tolist() for _ in range(25000)]
    labels = rng.integers(0, 2, 25000)
    np.savez(folder / "imdb.npz", x_train=objects(rows), y_train=labels, x_test=objects(rows[::-1]), y_test=labels)
    return folder / "imdb.npz"


@pytest.fixture
def reuters_file(folder):
    rng = np.random.default_rng(0)
    rows = [rng.integers(1, 60, rng.integers(1, 9)).tolist() for _ in range(11228)]
    np.savez(folder / "reuters.npz", x=objects(rows), y=rng.integers(0, 46, 11228))
    return folder / "reuters.npz"


SEQUENCE_OPTIONS = [
    {},
    {"num_words": 20},
    {"num_words": 20, "skip_top": 5, "oov_char": None},
    {"maxlen": 5},
    {"start_char": None, "index_from": 0, "seed": 1},
    {"start_char": None},
]


def same_halves(ours, theirs):
    for (a, b), (c, d) in zip(ours, theirs):
        assert [list(x) for x in a] == [list(x) for x in c] and np.array_equal(b, d)
        assert a.dtype == object and a.ndim == 1


@pytest.mark.parametrize("options", SEQUENCE_OPTIONS, ids=str)
def test_imdb_is_prepared_as_keras_does(imdb_file, offline, options, monkeypatch):
    pytest.importorskip("keras")
    from keras.src.datasets import imdb as theirs

    monkeypatch.setattr(theirs, "get_file", lambda **kwargs: str(imdb_file))
    same_halves(imdb.load_data(**options), theirs.load_data(**options))


@pytest.mark.parametrize("options", [*SEQUENCE_OPTIONS, {"test_split": 0.5}], ids=str)
def test_reuters_is_prepared_as_keras_does(reuters_file, offline, options, monkeypatch):
    pytest.importorskip("keras")
    from keras.src.datasets import reuters as theirs

    monkeypatch.setattr(theirs, "get_file", lambda **kwargs: str(reuters_file))
    same_halves(reuters.load_data(**options), theirs.load_data(**options))


def test_sequence_errors(imdb_file, offline):
    with pytest.raises(ValueError, match="maxlen=1"):
        imdb.load_data(maxlen=1)
    with pytest.raises(TypeError, match="maxlength"):
        imdb.load_data(maxlength=3)


def test_word_index(folder, offline):
    (folder / "imdb_word_index.json").write_text(json.dumps({"the": 1, "a": 2}))
    assert imdb.get_word_index()["a"] == 2
    (folder / "reuters_word_index.json").write_text(json.dumps({"market": 7}))
    assert reuters.get_word_index() == {"market": 7}
    (folder / "reuters_word_index.json").write_text("[1, 2]")
    with pytest.warns(UserWarning, match="no dictionary"), pytest.raises(OSError):
        reuters.get_word_index()


# ---- tables


@pytest.mark.parametrize(("name", "shape"), [("boston_housing", (506, 13)), ("california_housing", (20640, 8))])
def test_housing(folder, offline, name, shape, monkeypatch):
    pytest.importorskip("keras")
    import importlib

    theirs = importlib.import_module(f"keras.src.datasets.{name}")
    rng = np.random.default_rng(0)
    np.savez(folder / f"{name}.npz", x=rng.random(shape), y=rng.random(shape[0]))
    monkeypatch.setattr(theirs, "get_file", lambda *args, **kwargs: str(folder / f"{name}.npz"))
    ours = getattr(datasets, name)
    for options in ({}, {"test_split": 0.5, "seed": 3}, *([{"version": "small"}] if name[0] == "c" else [])):
        for (a, b), (c, d) in zip(ours.load_data(**options), theirs.load_data(**options)):
            assert np.array_equal(a, c) and np.array_equal(b, d)
    with pytest.raises(ValueError, match="test_split"):
        ours.load_data(test_split=1.5)
    np.savez(folder / f"{name}.npz", x=rng.random((5, 2)), y=rng.random(5))
    with pytest.warns(UserWarning, match=r"shape \(5, 2\)"), pytest.raises(OSError):
        ours.load_data()


def test_california_version():
    with pytest.raises(ValueError, match="'large' or 'small'"):
        datasets.california_housing.load_data("medium")
