"""IMDB: 50,000 film reviews as sequences of word indices, half of them favourable (Maas et al. 2011)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _checks, _files, _npz, _sequences

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"


def load_data(path="imdb.npz", num_words=None, skip_top=0, maxlen=None, seed=113, start_char=1, oov_char=2,
              index_from=3, **kwargs) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """`(x_train, y_train), (x_test, y_test)`: x arrays of lists of word indices, y (25000,) with 1 for favourable.

    Words are numbered by frequency. Make one array of the lists with `kerata.utils.pad_sequences`.

    Args:
        path: name of the file in the cache, or a path with folders.
        num_words: keep the words with an index below.
        skip_top: leave out the words with an index below (the most frequent).
        maxlen: leave out reviews of this many words or more.
        seed: of the shuffle.
        start_char: index that starts each review, or None.
        oov_char: index that replaces words left out; None removes them.
        index_from: added to each word's index.
    """
    _sequences.refuse_unknown(kwargs)
    num_words = kwargs.get("nb_words", num_words)
    data = _files.obtain(path, _files.GOOGLE + "imdb.npz", _SHA256, _read)
    rng = np.random.RandomState(seed)
    halves = []
    for part in ("train", "test"):
        x, y = _sequences.shuffle(data[f"x_{part}"], data[f"y_{part}"], rng)
        x, y = _sequences.drop_long(maxlen, _sequences.reserve(x, start_char, index_from), y)
        if not x:
            raise ValueError(f"No review is shorter than maxlen={maxlen} words; make `maxlen` larger.")
        halves.append((x, y))
    both = _sequences.limit_words(halves[0][0] + halves[1][0], num_words, skip_top, oov_char)
    at = len(halves[0][0])
    return (_sequences.as_objects(both[:at]), halves[0][1]), (_sequences.as_objects(both[at:]), halves[1][1])


def _read(path: str) -> dict[str, np.ndarray]:
    arrays = _npz.read(path, ("x_train", "y_train", "x_test", "y_test"))
    labels = ((25000,), "iu")
    _checks.expect(arrays, x_train=((25000,), "O"), y_train=labels, x_test=((25000,), "O"), y_test=labels)
    for name in ("y_train", "y_test"):
        _checks.expect_range(name, arrays[name], 0, 1)
    return arrays


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The index of each word, from 1; sequences made with `index_from` have that much more."""
    return _sequences.word_index(path, "imdb_word_index.json", "bfafd718b763782e994055a2d397834f")
