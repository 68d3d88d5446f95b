"""Truncated, empty, foreign and newer files: each error says what the file is, what was wanted, and who wrote it."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import crafted_files as craft
import h5py
import numpy as np
import pytest

import kerata
from kerata import saving


@pytest.fixture(autouse=True)
def numpy_backend():
    with kerata.backend_scope("numpy"):
        yield


def small():
    return kerata.Sequential([kerata.Input((3,)), kerata.layers.Dense(2, name="dense")])


def zipped(**members) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, data in members.items():
            z.writestr(name.replace("_json", ".json"), data)
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, a=np.zeros(3))
    return out.getvalue()


def hdf5(**attributes) -> bytes:
    out = io.BytesIO()
    with h5py.File(out, "w") as f:
        f["data"] = np.zeros(3)
        f.attrs.update(attributes)
    return out.getvalue()


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        t.addfile(tarfile.TarInfo("x"))
    return out.getvalue()


def whole(name: str) -> bytes:
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        model = small()
        model.save_weights(path) if "weights" in name else model.save(path)
        with open(path, "rb") as f:
            return f.read()


# The file's bytes, what `load_model` says of them, what `load_weights` says.
FILES = {
    "empty": (lambda: b"", ["it is empty", "`.keras` file"], ["it is empty"]),
    "half a header": (lambda: b"PK", ["archive"], ["archive"]),
    "zip cut off": (lambda: whole("m.keras")[:-500], ["no `.keras` archive, or is damaged"], ["damaged"]),
    "zip without its start": (lambda: whole("m.keras")[200:], ["m"], ["m"]),
    "HDF5 cut off": (lambda: whole("m.h5")[:900], ["damaged or cut off"], ["damaged or cut off"]),
    "weights cut off": (lambda: whole("m.weights.h5")[:-100], ["damaged or cut off"], ["damaged or cut off"]),
    "weights alone": (lambda: whole("m.weights.h5"), ["HDF5 file without a model's configuration", "weights"], None),
    "another's zip": (lambda: zipped(readme="x"), ["zip archive without 'config.json'", "It has: readme"], ["no weights"]),
    "another's HDF5": (hdf5, ["HDF5 file without a model's configuration", "another's"], ["holds no weights"]),
    "npz": (npz, ["zip archive without 'config.json'", "a.npy"], ["no weights"]),
    "npy": (lambda: b"\x93NUMPY\x01\x00", ["no model file", "NUMPY"], ["no HDF5 file"]),
    "pickle": (lambda: b"\x80\x04]\x94.", ["Python pickle, which is never read"], ["pickle"]),
    "JSON": (lambda: b'{"class_name": 1}', ["JSON text"], ["JSON text"]),
    "HTML": (lambda: b"<!doctype html><html>", ["HTML or XML page"], ["HTML"]),
    "LFS": (lambda: b"version https://git-lfs.github.com/spec/v1\noid", ["Git LFS pointer"], ["Git LFS pointer"]),
    "tar": (tar, ["no model file"], ["no HDF5 file"]),
    "ONNX": (lambda: b"\x08\x07\x12\x07pytorch", ["no model file"], ["no HDF5 file"]),
    "no model": (lambda: zipped(config_json="3"), ["describes no model"], ["no weights"]),
    "no JSON": (lambda: zipped(config_json="{"), ["config.json is not valid JSON"], ["no weights"]),
    "no text": (lambda: zipped(config_json=b"\xff\xfe"), ["config.json is not UTF-8 text"], ["no weights"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_other_files_are_named(kind, tmp_path):
    make, of_model, of_weights = FILES[kind]
    data = make()
    for name in ("m.keras", "m.h5"):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError) as e:
            saving.load_model(tmp_path / name)
        assert name in str(e.value) or "config.json" in str(e.value)
        assert all(words in str(e.value) for words in of_model), e.value
    if of_weights is not None:
        model = small()
        before = model.get_weights()
        (tmp_path / "m.weights.h5").write_bytes(data)
        with pytest.raises(ValueError) as e:
            model.load_weights(tmp_path / "m.weights.h5")
        assert all(words in str(e.value) for words in of_weights), e.value
        np.testing.assert_array_equal(before[0], model.get_weights()[0])


WRITERS = [
    ({"keras_version": "9.1.0", "date_saved": "2031-01-01@00:00:00"}, ["Keras 9.1.0", "2031-01-01", "newer", "Keras 3.15"]),
    ({"keras_version": "3.9.2", "date_saved": "2025-01-01@00:00:00"}, ["written by Keras 3.9.2 on 2025-01-01"]),
    ({"keras_version": "3.15.1", "kerata_version": "0.1", "date_saved": "2026-01-01"}, ["written by Kerata 0.1"]),
    ({}, []), ({"keras_version": 3, "date_saved": [1]}, []),
]  # fmt: skip


@pytest.mark.parametrize(("metadata", "says"), WRITERS, ids=range(len(WRITERS)))
def test_who_wrote_it(tmp_path, metadata, says):
    """Of what is not known here, not built as described, or with other weights."""
    for config in (
        craft.sequential(craft.layer("DenseOfTomorrow", {"name": "x", "units": 2})),
        craft.sequential(craft.dense(unit_of_tomorrow=3)),
        craft.sequential(craft.dense(units=7)),
    ):
        path = craft.keras_file(tmp_path / "m.keras", config, metadata=metadata or {"x": 1})
        with pytest.raises(ValueError) as e:
            saving.load_model(path)
        assert all(words in str(e.value) for words in says), e.value
        assert ("newer" in str(e.value)) == ("newer" in says)


def test_a_newer_file_that_can_be_read_is_read(tmp_path):
    path = craft.keras_file(tmp_path / "m.keras", craft.sequential(craft.dense()), metadata={"keras_version": "9.1.0"})
    assert saving.load_model(path).count_params() == 8


@pytest.mark.parametrize("version", ["2.15.0", "9.0.0"])
def test_who_wrote_an_h5_file(tmp_path, version):
    config = {"class_name": "Sequential", "config": craft.sequential(craft.layer("DenseOfTomorrow", {"name": "x"}))["config"]}
    path = craft.h5_file(tmp_path / "m.h5", json.dumps(config))
    with h5py.File(path, "r+") as f:
        f.attrs["keras_version"] = version
    with pytest.raises(ValueError, match=f"written by Keras {version}"):
        saving.load_model(path)


def test_missing_files(tmp_path):
    """The error is an OSError too, and names what lies near."""
    small().save(tmp_path / "model.keras")
    for read in (saving.load_model, small().load_weights):
        with pytest.raises(FileNotFoundError, match=r"Did you mean .*model\.keras"):
            read(tmp_path / "modle.keras")
        with pytest.raises(ValueError, match="folder"):
            read(tmp_path / "nowhere" / "model.keras")
