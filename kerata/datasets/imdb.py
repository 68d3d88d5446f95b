"""IMDB: 50,000 film reviews as sequences of word indices, half of them favourable (Maas et al. 2011)."""

from __future__ import annotations

import numpy as np

from kerata.datasets import _checks, _files, _npz, _sequences

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"


def load_data(path="imdb.npz", num_words=None, skip_top=0, maxlen=None, seed=113, start_char=1, oov_char=2,
              index_from=3, **kwargs) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Download (once) and prepare: `(x_train, y_train), (x_test, y_test)`.

    Words are numbered by how frequent they are. Make one array of the lists with `kerata.utils.pad_sequences`.

    Args:
        path: name of the file in the cache ("imdb.npz" by default), or a path with folders.
        num_words: words with this index or a greater one are left out; None, the default, keeps all.
        skip_top: words with an index below it, the most frequent ones, are left out; 0 by default.
        maxlen: reviews of this many words or more are left out; None, the default, keeps all.
        seed: integer, of the shuffle; 113 by default.
        start_char: index that starts each review; 1 by default, None for none.
        oov_char: index in place of a word left out; 2 by default, None removes it.
        index_from: added to the index of each word; 3 by default.

    Returns:
        Two pairs: object arrays of lists of word indices, and int64 arrays of labels, 1 for favourable; 25,000 of each.

    Raises:
        ValueError: if no review is shorter than `maxlen`, or the file does not hold these data.
        OSError: without the file and without a connection.

    Example (not run):

        (x_train, y_train), (x_test, y_test) = kerata.datasets.imdb.load_data(num_words=10_000)
        x_train = kerata.utils.pad_sequences(x_train, maxlen=200)  # (25000, 200)
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
    """A dictionary from words to their indices, which begin with 1 for the most frequent.

    Args:
        path: name of the file in the cache ("imdb_word_index.json" by default), or a path with folders.

    Returns:
        A dictionary; in the sequences of `load_data`, `index_from` has been added to the indices.

    Raises:
        OSError: without the file and without a connection.

    Example (not run):

        print(kerata.datasets.imdb.get_word_index()["the"])  # 1
    """
    return _sequences.word_index(path, "imdb_word_index.json", "bfafd718b763782e994055a2d397834f")
