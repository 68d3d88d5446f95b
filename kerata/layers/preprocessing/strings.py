"""Arrays of strings, as they come from NumPy, TensorFlow and lists: text or bytes of UTF-8, of any kind of dtype."""

from __future__ import annotations

import string

import numpy as np

_LOWER = {ord(c): c.lower() for c in string.ascii_uppercase}
_NO_PUNCTUATION = dict.fromkeys(map(ord, string.punctuation))
STANDARDIZE = {
    "lower_and_strip_punctuation": {**_LOWER, **_NO_PUNCTUATION},
    "lower": _LOWER,
    "strip_punctuation": _NO_PUNCTUATION,
}


def as_text(array: np.ndarray, who: str = "The layer") -> list[str]:
    """The elements as a flat list of str. Bytes that are no UTF-8 keep their identity (as surrogates)."""
    kind, flat = array.dtype.kind, array.ravel().tolist()
    if kind == "U" or (not flat and kind in "OSf"):
        return flat
    if kind == "S":
        return [x.decode("utf-8", "surrogateescape") for x in flat]
    if kind == "O" and all(isinstance(x, str | bytes) for x in flat):
        return [x if isinstance(x, str) else x.decode("utf-8", "surrogateescape") for x in flat]
    wrong = next((x for x in flat if not isinstance(x, str | bytes)), None)
    raise TypeError(f"{who} takes strings; got {wrong!r} in an array of dtype {array.dtype}.")


def as_bytes(array: np.ndarray, who: str = "The layer") -> list[bytes]:
    """The elements - strings, or integers written in decimals - as a flat list of UTF-8."""
    if array.dtype.kind in "iub":
        return [b"%d" % x for x in array.ravel().tolist()]
    return [x.encode("utf-8", "surrogateescape") for x in as_text(array, who)]


def split_whitespace(text: str) -> list[str]:
    """The words between spaces, tabs and newlines. (`str.split` knows more spaces, of other alphabets.)"""
    words = text.encode("utf-8", "surrogateescape").split()
    return [w.decode("utf-8", "surrogateescape") for w in words]


def ngrams(tokens: list[str], sizes) -> list[str]:
    """Runs of tokens joined by spaces: all of the first size, then of the next."""
    if isinstance(sizes, range):
        sizes = sizes[: len(tokens)]
    return [" ".join(tokens[i : i + n]) for n in sizes for i in range(len(tokens) - n + 1)]
