"""Pickles are read as data: the real forms work, and whatever does more is refused before it runs."""

import os
import pickle
import struct

import numpy as np
import pytest

from kerata.datasets import _npz, _plain_pickle
from kerata.datasets._plain_pickle import RefusedPickle


def python2_array(a: np.ndarray) -> bytes:
    """A uint8 array as Python 2 wrote it with protocol 2 (without PROTO and STOP)."""
    data = a.tobytes()
    shape = b"".join(b"M" + struct.pack("<H", n) if n > 255 else b"K" + bytes([n]) for n in a.shape)
    end = {1: b"\x85", 2: b"\x86"}[a.ndim]
    return (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01bq\x04\x87Rq\x05"
        b"(K\x01" + shape + end + b"cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07"
        b"(K\x03U\x01|q\x08NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tbR".replace(b"tbR", b"tb")
        + b"\x89T" + struct.pack("<i", len(data)) + data + b"tb"
    )  # fmt: skip


def python2_batch(images: np.ndarray, labels: list[int], key: bytes = b"labels") -> bytes:
    """A CIFAR batch: a dictionary with byte strings as keys."""
    items = b"".join(b"K" + bytes([n]) for n in labels)
    return (
        b"\x80\x02}q\x00(U\x04dataq\x01" + python2_array(images)
        + b"U" + bytes([len(key)]) + key + b"](" + items + b"e"
        + b"U\x0bbatch_labelU\x15training batch 1 of 5u."
    )  # fmt: skip


def test_python2_batches():
    images = np.arange(600, dtype="uint8").reshape(2, 300)
    content = _plain_pickle.loads(python2_batch(images, [3, 7]))
    assert np.array_equal(_plain_pickle.array(content[b"data"], "it"), images)
    assert content[b"labels"] == [3, 7] and content[b"batch_label"] == b"training batch 1 of 5"
    assert np.array_equal(pickle.loads(python2_batch(images, [3, 7]), encoding="bytes")[b"data"], images)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", ">i4", "bool"])
def test_arrays_of_today(protocol, dtype):
    a = np.arange(6).reshape(2, 3).astype(dtype)
    for given in (a, np.asfortranarray(a)):
        if protocol == 5 and given.flags.f_contiguous:
            continue  # NumPy then writes another constructor, which no data set uses
        try:
            got = _plain_pickle.array(_plain_pickle.loads(pickle.dumps(given, protocol)), "it")
        except RefusedPickle:
            assert protocol == 5, "protocol 5 names `_frombuffer`, which is not on the list"
            continue
        assert np.array_equal(got, a) and got.dtype == a.dtype


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_plain_values(protocol):
    value = {"a": [1, 200, 70000, -5, 2**40, 1.5, None, True, False], "b": (1, "text", b"bytes"), "c": {"d": []}}
    got = _plain_pickle.loads(pickle.dumps(value, protocol))
    assert got == value


class Runs:
    """An object whose pickle calls `os.system`."""

    def __init__(self, function, *arguments):
        self.what = (function, arguments)

    def __reduce__(self):
        return self.what


def crafted(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + b"."


HOSTILE = {
    "os.system": pickle.dumps(Runs(os.system, "touch {marker}"), 2),
    "os.system, protocol 4": pickle.dumps(Runs(os.system, "touch {marker}"), 4),
    "protocol 0": pickle.dumps(Runs(os.system, "touch {marker}"), 0),
    "eval": pickle.dumps({"data": Runs(eval, "open('{marker}', 'w')")}, 2),
    "nested in a list": pickle.dumps([1, [Runs(exec, "open('{marker}', 'w')")]], 3),
    "numpy's own loader": pickle.dumps(Runs(np.load, "{marker}"), 2),
    "attribute path": crafted(b"\x8c\x05numpy\x8c\x0alib.npyio.\x93)R"),
    "stack_global by memo": crafted(b"\x8c\x02osq\x00\x8c\x06systemq\x01h\x00h\x01\x93(X\x01\x00\x00\x00xtR"),
    "inst": b"(S'touch x'\nios\nsystem\n.",
    "obj": crafted(b"(cos\nsystem\nX\x01\x00\x00\x00xo"),
    "newobj": crafted(b"cnumpy\nndarray\nK\x01\x85\x81"),
    "extension registry": crafted(b"\x82\x01"),
    "persistent id": crafted(b"X\x01\x00\x00\x00xQ"),
    "out-of-band buffer": crafted(b"\x97"),
    "huge memo index": crafted(b"K\x01r\xff\xff\xff\x7f"),
    "huge string": crafted(b"X\xff\xff\xff\x7fab"),
    "huge 8-byte string": crafted(b"\x8d" + b"\xff" * 7 + b"\x7fab"),
    "huge frame": b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fK\x01.",
    "huge integer": crafted(b"\x8b\xff\xff\xff\x7f"),
    "cut short": pickle.dumps(list(range(100)), 2)[:-20],
    "no stop": b"\x80\x02K\x01",
    "empty": b"",
    "text": b"hello, this is no pickle",
    "array of a void dtype": crafted(b"cnumpy\ndtype\nU\x02V8K\x00K\x01\x87R"),
    "dtype by name": crafted(b"cnumpy\ndtype\nX\x06\x00\x00\x00objectK\x00K\x01\x87R"),
    "encode to a codec": crafted(b"c_codecs\nencode\nX\x01\x00\x00\x00xX\x05\x00\x00\x00idna_\x86R"),
    "state of a function": crafted(b"cnumpy.core.multiarray\n_reconstruct\n}X\x08\x00\x00\x00__dict__K\x01sb"),
    "call of an array token": crafted(b"cnumpy\nndarray\n)R"),
    "array larger than its data": python2_batch(np.zeros((2, 4), "uint8"), [1]).replace(b"K\x02K\x04\x86", b"K\xffK\x04\x86"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_pickles_run_nothing(case, tmp_path):
    marker = str(tmp_path / "marker")
    data = HOSTILE[case]
    if b"{marker}" in data:  # keep the length: the size stands before the string
        data = data.replace(b"{marker}", b"/tmp/kmk")
    with pytest.raises(ValueError):
        value = _plain_pickle.loads(data)
        _plain_pickle.array(value["data"] if isinstance(value, dict) else value, "it")
    assert not os.path.exists(marker) and not os.path.exists("/tmp/kmk")


def test_the_error_names_what_was_asked_for():
    with pytest.raises(RefusedPickle, match=r"'(posix|nt)\.system'.*Nothing of it was run"):
        _plain_pickle.loads(pickle.dumps(Runs(os.system, "x"), 2))


def test_random_damage_never_does_more_than_raise():
    rng = np.random.default_rng(0)
    good = python2_batch(np.arange(600, dtype="uint8").reshape(2, 300), [3, 7] * 20)
    for _ in range(3000):
        bad = bytearray(good)
        for at in rng.integers(0, 120, rng.integers(1, 4)):
            bad[at] = rng.integers(0, 256)
        try:
            _plain_pickle.loads(bytes(bad))
        except ValueError:
            pass


# ---- .npz


def write_npz(path, **arrays):
    np.savez(path, **arrays)
    return str(path)


def objects(rows):
    out = np.empty(len(rows), object)
    out[:] = rows
    return out


def test_npz_with_lists(tmp_path):
    path = write_npz(tmp_path / "a.npz", x=objects([[1, 2], [3]]), y=np.arange(2))
    got = _npz.read(path, ("x", "y"))
    assert got["x"].tolist() == [[1, 2], [3]] and got["y"].tolist() == [0, 1]
    assert got["y"].flags.writeable


def test_npz_fortran_and_kinds(tmp_path):
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    assert np.array_equal(_npz.read(write_npz(tmp_path / "a.npz", x=a), ("x",))["x"], a)


def npz_member(path, header: str, body: bytes):
    import zipfile

    head = header.encode() + b"\n"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body)
    return str(path)


BAD_MEMBERS = {
    "more than stored": ("{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000,), }", b"abc"),
    "negative": ("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 3), }", b"abc"),
    "overflow": ("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", b"abc"),
    "object in a structure": ("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }", pickle.dumps(Runs(os.system, "x"), 2)),
    "code in the header": ("__import__('os').system('touch /tmp/kmk')", b""),
    "call": ("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickle.dumps(Runs(os.system, "touch /tmp/kmk"), 2)),
    "short": ("{'descr': '|u1', 'fortran_order': False, 'shape': (9,), }", b"abc"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_bad_npz_members(tmp_path, case):
    path = npz_member(tmp_path / "a.npz", *BAD_MEMBERS[case])
    with pytest.raises(ValueError):
        _npz.read(path, ("x",))
    assert not os.path.exists("/tmp/kmk")


def test_object_arrays_hold_lists_of_integers_only(tmp_path):
    for rows in ([[1, "a"]], [[1.5]], [(1, 2)], ["text"], [[[1]]], [None]):
        with pytest.raises(ValueError, match="lists"):
            _npz.read(write_npz(tmp_path / "a.npz", x=objects(rows)), ("x",))


def test_a_list_that_stands_for_very_many_is_refused(tmp_path):
    row = list(range(1000))
    with pytest.raises(ValueError):
        _npz.read(write_npz(tmp_path / "a.npz", x=objects([row] * 10_000)), ("x",))


def test_missing_and_broken_files(tmp_path):
    with pytest.raises(ValueError, match="z"):
        _npz.read(write_npz(tmp_path / "a.npz", x=np.ones(2)), ("z",))
    (tmp_path / "b.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValueError, match="BadZipFile"):
        _npz.read(str(tmp_path / "b.npz"), ("x",))
    data = bytearray(open(tmp_path / "a.npz", "rb").read())
    data[200] ^= 0xFF
    (tmp_path / "c.npz").write_bytes(bytes(data))
    with pytest.raises(ValueError):
        _npz.read(str(tmp_path / "c.npz"), ("x",))
