"""Reuters: 11,228 newswires as sequences of word indices, in 46 topics (Reuters-21578, 1987)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _checks, _files, _npz, _sequences

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton "
    "carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal "
    "livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog "
    "lead"
).split()


def load_data(path="reuters.npz", num_words=None, skip_top=0, maxlen=None, test_split=0.2, seed=113, start_char=1,
              oov_char=2, index_from=3,
              ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Download (once) and prepare: `(x_train, y_train), (x_test, y_test)`.

    Args:
        path: name of the file in the cache ("reuters.npz" by default), or a path with folders.
        num_words: words with this index or a greater one are left out; None, the default, keeps all.
        skip_top: words with an index below it, the most frequent ones, are left out; 0 by default.
        maxlen: newswires of this many words or more are left out; None, the default, keeps all.
        test_split: fraction of the 11,228 newswires for testing; 0.2 by default.
        seed: integer, of the shuffle; 113 by default.
        start_char: index that starts each newswire; 1 by default, None for none.
        oov_char: index in place of a word left out; 2 by default, None removes it.
        index_from: added to the index of each word; 3 by default.

    Returns:
        Two pairs: object arrays of lists of word indices, and integer arrays of topics, 0 to 45.

    Raises:
        ValueError: if no newswire is shorter than `maxlen`, or the file does not hold these data.
        OSError: without the file and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.reuters.load_data(num_words=10_000)
        print(len(x_train), len(x_test))  # 8982 2246
    """
    data = _files.obtain(path, _files.GOOGLE + "reuters.npz", _SHA256, _read)
    x, y = _sequences.shuffle(data["x"], data["y"], np.random.RandomState(seed))
    x, y = _sequences.drop_long(maxlen, _sequences.reserve(x, start_char, index_from), y)
    if not x:
        raise ValueError(f"No newswire is shorter than maxlen={maxlen} words; make `maxlen` larger.")
    x = _sequences.limit_words(x, num_words, skip_top, oov_char)
    at = int(len(x) * (1 - test_split))
    return (_sequences.as_objects(x[:at]), y[:at]), (_sequences.as_objects(x[at:]), y[at:])


def _read(path: str) -> dict[str, np.ndarray]:
    arrays = _npz.read(path, ("x", "y"))
    _checks.expect(arrays, x=((11228,), "O"), y=((11228,), "iu"))
    _checks.expect_range("y", arrays["y"], 0, 45)
    return arrays


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """A dictionary from words to their indices, which begin with 1 for the most frequent.

    Args:
        path: name of the file in the cache ("reuters_word_index.json" by default), or a path with folders.

    Returns:
        A dictionary; in the sequences of `load_data`, `index_from` has been added to the indices.

    Raises:
        OSError: without the file and without a connection.

    Example (not run):

        print(kerata.datasets.reuters.get_word_index()["the"])  # 1
    """
    return _sequences.word_index(path, "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921")


def get_label_names() -> tuple[str, ...]:
    """The names of the 46 topics, in the order of their numbers.

    >>> kerata.datasets.reuters.get_label_names()[:3]
    ('cocoa', 'grain', 'veg-oil')
    """
    return tuple(_TOPICS)
