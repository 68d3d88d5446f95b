"""Image data sets that TensorFlow reads: the pixels, order and errors of those that Pillow reads."""

import threading
import weakref

import numpy as np
import pytest
from PIL import Image

from kerata.training.data import make_source
from kerata.utils import image_dataset_from_directory

tf = pytest.importorskip("tensorflow")


def smooth(mode="RGB", size=(37, 23)):
    """A picture of many colours without hard edges."""
    x, y = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    channels = [127 * (1 + np.sin(7 * x + k)) * (0.5 + 0.5 * np.cos((k + 3) * y)) for k in range(4)]
    if mode == "L":
        return Image.fromarray(channels[0].astype("uint8"))
    return Image.fromarray(np.stack(channels[: len(mode)], -1).astype("uint8"), mode)


def palette(transparent: bool) -> Image.Image:
    image = smooth().quantize(60)
    if transparent:
        image.info["transparency"] = 3
    return image


FILES = {
    "plain.jpg": lambda p: smooth().save(p, quality=90),
    "grey.jpg": lambda p: smooth("L").save(p),
    "cmyk.jpg": lambda p: smooth("CMYK").save(p, quality=95),
    "progressive.jpg": lambda p: smooth().save(p, progressive=True, subsampling=0),
    "turned.jpg": lambda p: smooth().save(p, exif=_turned()),
    "more.jpg": lambda p: (smooth().save(p), p.open("ab").write(b"more bytes after the end")),
    "really_a_png.jpg": lambda p: smooth().save(p, format="png"),
    "really_a_bmp.jpg": lambda p: smooth().save(p, format="bmp"),
    "plain.png": lambda p: smooth().save(p),
    "really_a_jpeg.png": lambda p: smooth().save(p, format="jpeg"),
    "grey.png": lambda p: smooth("L").save(p),
    "alpha.png": lambda p: smooth("RGBA").save(p),
    "key.png": lambda p: smooth().save(p, transparency=(1, 2, 3)),
    "palette.png": lambda p: palette(False).save(p),
    "transparent.png": lambda p: palette(True).save(p),
    "bits.png": lambda p: smooth("L").convert("1").save(p),
    "deep.png": lambda p: Image.fromarray(np.arange(600, dtype="uint16").reshape(20, 30) * 100).save(p),
    "plain.bmp": lambda p: smooth().save(p),
    "plain.gif": lambda p: palette(False).save(p),
    "moving.gif": lambda p: palette(False).save(p, save_all=True, append_images=[palette(False).rotate(90)]),
}


def _turned():
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: nobody turns it back
    return exif


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale", "rgba"])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pixels(tmp_path, color_mode, data_format):
    for name, save in FILES.items():
        save(tmp_path / name)
    options = dict(labels=None, label_mode=None, color_mode=color_mode, image_size=(16, 20), shuffle=False,
                   data_format=data_format, batch_size=4, verbose=False)  # fmt: skip
    ours = image_dataset_from_directory(tmp_path, **options)
    plain = image_dataset_from_directory(tmp_path, format="numpy", **options)
    assert isinstance(ours, tf.data.Dataset) and len(ours) == len(plain) == 5
    assert ours.element_spec.shape[1:] == plain[0].shape[1:]
    for got, want, at in zip(ours, plain, range(0, len(FILES), 4)):
        for i in range(4):
            np.testing.assert_allclose(got[i], want[i], atol=2e-3, rtol=0, err_msg=sorted(FILES)[at + i])


def test_common_files_do_not_go_through_python(tmp_path, monkeypatch):
    for name in ("plain.jpg", "grey.jpg", "plain.png", "alpha.png"):
        FILES[name](tmp_path / name)
    monkeypatch.setattr("kerata.utils.image_dataset.load_img", lambda *a: pytest.fail("Pillow was asked"))
    data = image_dataset_from_directory(tmp_path, labels=None, label_mode=None, image_size=(8, 8), verbose=False)
    (batch,) = data
    assert batch.shape == (4, 8, 8, 3) and np.ptp(batch) > 100


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [3, None])
def test_orders_and_labels(tmp_path, shuffle, batch_size):
    for i in range(10):
        folder = tmp_path / "ab"[i % 2]
        folder.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4, 3), 10 * i, "uint8")).save(folder / f"{i}.png")
    options = dict(shuffle=shuffle, seed=5, batch_size=batch_size, image_size=(4, 4), verbose=False)
    ours = image_dataset_from_directory(tmp_path, **options)
    plain = image_dataset_from_directory(tmp_path, format="numpy", **options)
    assert ours.class_names == ["a", "b"] and len(ours) == len(plain)
    seen = []
    for _ in range(3):
        pairs = [(np.asarray(x), np.asarray(y)) for x, y in ours]
        for (x, y), (wanted_x, wanted_y) in zip(pairs, plain, strict=True):
            np.testing.assert_array_equal(x, wanted_x)
            np.testing.assert_array_equal(y, wanted_y)
            np.testing.assert_array_equal(x[..., 0, 0, 0] / 10 % 2, y)
        seen.append(np.concatenate([np.ravel(x[..., 0, 0, 0]) for x, _ in pairs]).tolist())
    assert (seen[0] != seen[1]) == shuffle and sorted(seen[0]) == sorted(seen[1]) == [10.0 * i for i in range(10)]


@pytest.mark.parametrize("name, cut", [("plain.jpg", 300), ("plain.png", 300), ("plain.jpg", 2), ("plain.png", 0)])
def test_broken_files_are_named(tmp_path, name, cut):
    FILES[name](tmp_path / name)
    content = (tmp_path / name).read_bytes()
    (tmp_path / f"broken_{name}").write_bytes(content[:cut])
    data = image_dataset_from_directory(tmp_path, labels=None, label_mode=None, image_size=(8, 8), verbose=False)
    with pytest.raises(Exception, match=f"broken_{name}"):
        list(data)


def test_iterators_are_let_go(backend, monkeypatch):
    """In another thread: TensorFlow may take seconds for it."""
    alive, threads = [], []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda self: (threads.append(self), start(self))[1])
    data = tf.data.Dataset.range(6).map(lambda i: tf.cast(i, "float32"), tf.data.AUTOTUNE).batch(2)
    source = make_source(data)
    for stop in (None, 1):
        make = source._iterate()
        for i, _ in enumerate(make):
            frame = make.gi_frame if source._native else None
            if frame is not None and not i:
                alive.append(weakref.ref(frame.f_locals["held"][0]))
            if stop == i:
                make.close()
    for thread in threads:
        thread.join(60)
    assert [t.name for t in threads if t.name == "kerata-tf-data-end"] == ["kerata-tf-data-end"] * 2
    assert all(ref() is None for ref in alive)
