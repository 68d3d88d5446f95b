"""Word-index sequences (IMDB, Reuters): the reserved indices, and which words stay."""

from __future__ import annotations

import json
import warnings

import numpy as np

from kerata.datasets import _files


def reserve(sequences, start_char, index_from) -> list[list[int]]:
    """Shift each word by `index_from` and put `start_char` in front."""
    if start_char is not None:
        return [[start_char, *[w + index_from for w in s]] for s in sequences]
    return [[w + (index_from or 0) for w in s] for s in sequences]


def drop_long(maxlen, sequences: list, labels: np.ndarray) -> tuple[list, np.ndarray]:
    """Only the sequences that are shorter than `maxlen`."""
    if not maxlen:
        return sequences, labels
    keep = [len(s) < maxlen for s in sequences]
    return [s for s, k in zip(sequences, keep) if k], labels[np.array(keep, bool)]


def limit_words(sequences: list, num_words, skip_top: int, oov_char) -> list[list[int]]:
    """Replace words outside of `skip_top <= word < num_words` by `oov_char`, or leave them out if that is None."""
    if not num_words:
        num_words = max(map(max, sequences))
    if oov_char is not None:
        return [[w if skip_top <= w < num_words else oov_char for w in s] for s in sequences]
    return [[w for w in s if skip_top <= w < num_words] for s in sequences]


def as_objects(sequences: list) -> np.ndarray:
    """A one-dimensional array of lists, also where all have one length."""
    out = np.empty(len(sequences), dtype=object)
    out[:] = sequences
    return out


def shuffle(sequences: np.ndarray, labels: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Both in one new order."""
    order = np.arange(len(sequences))
    rng.shuffle(order)
    return sequences[order], labels[order]


def word_index(path: str, name: str, md5: str) -> dict[str, int]:
    """The words' indices, from a JSON file."""
    return _files.obtain(path, _files.GOOGLE + name, md5, _read_index)


def _read_index(path: str) -> dict[str, int]:
    with open(path, encoding="utf-8") as f:
        index = json.load(f)
    if not isinstance(index, dict) or not all(type(v) is int for v in index.values()):
        raise ValueError("it holds no dictionary from words to integers")
    return index


def refuse_unknown(kwargs: dict) -> None:
    """`nb_words` is the old name of `num_words`; anything else is an error."""
    known = {"nb_words"}
    if set(kwargs) - known:
        raise TypeError(f"load_data() got unexpected arguments: {', '.join(sorted(set(kwargs) - known))}.")
    if kwargs:
        warnings.warn("The argument `nb_words` is called `num_words` now.", stacklevel=3)
