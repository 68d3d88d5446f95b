"""Reads the pickles of old data sets without running anything that they say.

A pickle is a program; these ones only ever build numbers, strings, lists, dictionaries and NumPy arrays. So
the program is first read whole against a closed list of instructions (one regular expression for those of
fixed size), and then run with stand-ins in the place of NumPy's three constructors, which take plain values
and make plain arrays. Any other name or instruction is refused.
"""

from __future__ import annotations

import io
import pickle
import re

import numpy as np

# Instructions of fixed size: small integers, containers, marks, memo (with an index below 2**24), None,
# booleans.
_FIXED = re.compile(
    rb"(?:K.|M..|J....|q.|h.|r...\x00|j...\x00|[(\]})eauts0Nld\x85\x86\x87\x88\x89\x94Rb\x93]|G.{8})*+",
    re.DOTALL,
)
_SIZED = {  # instruction -> bytes that hold the size of what follows
    b"X": 4, b"\x8c": 1, b"\x8d": 8, b"U": 1, b"T": 4, b"C": 1, b"B": 4, b"\x8e": 8, b"\x8a": 1,
}  # fmt: skip
_NAMES = {
    **dict.fromkeys([("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")], "array"),
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
}
_DTYPE = re.compile(r"[<>|=]?(?:b1|[iuf][1248]|O8?|O4)")


class RefusedPickle(ValueError):
    """A pickle that holds more than plain data."""


def loads(data: bytes, what: str = "The file"):
    """The plain data of a pickle; RefusedPickle for anything else."""
    _scan(data, what)
    try:
        value = _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except RefusedPickle as error:
        raise RefusedPickle(f"{what} {error}") from None
    except MemoryError:
        raise
    except Exception as error:
        raise RefusedPickle(f"{what} is no proper pickle ({type(error).__name__}: {error}).") from error
    return value


def _scan(data: bytes, what: str) -> None:
    """Refuse any instruction off the list, and sizes that go beyond the data."""
    at, end = 0, len(data)
    while True:
        at = _FIXED.match(data, at).end()
        code = data[at : at + 1]
        if code == b".":
            return
        if code in _SIZED:
            width = _SIZED[code]
            size = int.from_bytes(data[at + 1 : at + 1 + width], "little")
            at += 1 + width + size
        elif code == b"\x80":
            at += 2
        elif code == b"\x95":  # a frame: its size is only a hint
            if int.from_bytes(data[at + 1 : at + 9], "little") > end:
                at = end
            at += 9
        elif code == b"c":
            at = _scan_name(data, at, what)
        else:
            at = end + 1 if not code else at
            if code:
                raise RefusedPickle(f"{what} holds the pickle instruction {code!r}, which plain data do not need.")
        if at >= end:
            raise RefusedPickle(f"{what} is a pickle that ends in the middle.")


def _scan_name(data: bytes, at: int, what: str) -> int:
    first = data.find(b"\n", at)
    second = data.find(b"\n", first + 1)
    if first < 0 or second < 0:
        raise RefusedPickle(f"{what} is a pickle that ends in the middle.")
    name = (data[at + 1 : first].decode("latin-1"), data[first + 1 : second].decode("latin-1"))
    if name not in _NAMES:
        raise RefusedPickle(f"{what} asks for {'.'.join(name)!r}, which is no plain data. Nothing of it was run.")
    return second + 1


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        known = _NAMES.get((module, name))
        if known is None:
            raise RefusedPickle(f"asks for {module + '.' + name!r}, which is no plain data. Nothing of it was run.")
        return {"array": _MakeArray, "dtype": _MakeDtype, "encode": _MakeBytes, "ndarray": _Token}[known]()

    def persistent_load(self, pid):
        raise RefusedPickle("refers to objects outside of itself.")


class _Token:
    __slots__ = ()


class _MakeArray:
    """Stands for NumPy's `_reconstruct(ndarray, (0,), b"b")`."""

    __slots__ = ()

    def __call__(self, kind, shape, code):
        return _Array()


class _MakeBytes:
    """Stands for `_codecs.encode(text, "latin1")`, which is how old protocols write bytes."""

    __slots__ = ()

    def __call__(self, text, encoding="latin1"):
        if encoding not in ("latin1", b"latin1") or not isinstance(text, str):
            raise RefusedPickle("encodes text in an unexpected way.")
        return text.encode("latin-1")


class _MakeDtype:
    """Stands for `dtype("u1", False, True)`."""

    __slots__ = ()

    def __call__(self, spec, align=False, copy=False):
        return _Dtype(spec)


class _Dtype:
    __slots__ = ("order", "spec")

    def __init__(self, spec):
        spec = spec.decode("latin-1") if isinstance(spec, bytes) else spec
        if not isinstance(spec, str) or not _DTYPE.fullmatch(spec):
            raise RefusedPickle(f"has an array of dtype {spec!r}.")
        self.spec, self.order = spec, ""

    def __setstate__(self, state):
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        order = order.decode("latin-1") if isinstance(order, bytes) else order
        if order not in ("<", ">", "|", "="):
            raise RefusedPickle("has a dtype of unknown byte order.")
        self.order = order

    def real(self) -> np.dtype:
        plain = self.spec.lstrip("<>|=")
        return np.dtype(object) if plain.startswith("O") else np.dtype((self.order or "|") + plain)


class _Array:
    __slots__ = ("value",)

    def __setstate__(self, state):
        _, shape, dtype, fortran, data = state
        if not isinstance(dtype, _Dtype) or not all(type(n) is int and n >= 0 for n in shape):
            raise RefusedPickle("has an array whose description makes no sense.")
        kind, order = dtype.real(), "F" if fortran else "C"
        if kind.kind == "O":
            if not isinstance(data, list) or len(shape) != 1 or len(data) != shape[0]:
                raise RefusedPickle("has an array of objects that is no plain list.")
            self.value = data
        else:
            self.value = np.frombuffer(data, kind).reshape(shape, order=order)


def array(value, what: str) -> np.ndarray:
    """The numeric array that was unpickled."""
    if not isinstance(value, _Array) or isinstance(getattr(value, "value", None), list | type(None)):
        raise RefusedPickle(f"{what} holds no numeric array where one should be.")
    return value.value


def sequences(value, what: str, limit: int) -> np.ndarray:
    """An object array of lists of integers; `limit` bounds their number, as a list may be referred to many times."""
    rows = getattr(value, "value", None) if isinstance(value, _Array) else None
    if not isinstance(rows, list) or not all(type(r) is list for r in rows):
        raise RefusedPickle(f"{what} holds no lists of integers where they should be.")
    if sum(map(len, rows)) > limit or any(set(map(type, r)) - {int} for r in rows):
        raise RefusedPickle(f"{what} holds something else than lists of integers.")
    out = np.empty(len(rows), dtype=object)
    out[:] = rows
    return out
