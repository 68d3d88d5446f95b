"""StringLookup."""

from __future__ import annotations

import numpy as np

from kerata.core.configurable import arguments
from kerata.layers.preprocessing.fingerprints import buckets
from kerata.layers.preprocessing.index_lookup import IndexLookup
from kerata.layers.preprocessing.strings import as_bytes, as_text


class StringLookup(IndexLookup):
    """Strings as integers: the place of each in a vocabulary, which is given or learned by `adapt(data)`.

    Indices stand in this order: `mask_token` (if there is one), `num_oov_indices` for unknown strings, the
    vocabulary. `adapt` puts the most frequent strings first.

    Args:
        max_tokens: integer: the greatest size of the vocabulary, with the special tokens; None for no bound.
        num_oov_indices: integer: how many indices unknown strings share, by a hash; with 0 they are an error;
            1 by default.
        mask_token: a string that stands for "nothing", at index 0, or for no entry in vectors; None for no
            such token.
        oov_token: the string that an unknown index becomes when `invert` is True; "[UNK]" by default.
        vocabulary: list or array of strings, or the path of a text file with one in each line; None to learn
            it.
        idf_weights: with "tf_idf" and `vocabulary`: a number for each token; None.
        invert: whether to map indices back to strings; False by default.
        output_mode: "int" (the default); "one_hot": a vector for each string; "multi_hot", "count", "tf_idf":
            a vector for the strings of the last axis: which occur, how often, or how often times
            `log(1 + documents / (1 + documents with it))`.
        pad_to_max_tokens: whether vectors have length `max_tokens`, though the vocabulary be smaller; False
            by default.
        sparse: whether encoded outputs are sparse tensors (backends tensorflow and jax); False by default.
        encoding: the encoding of the strings; "utf-8" by default.
        salt: integer or a pair of them: the key of the hash for unknown strings (SipHash); None for FarmHash.

    It computes on the host, also within `tf.data` pipelines.

    Input shape:
        Any, strings: arrays, lists or tensors; with `invert`, integers.
    Output shape:
        The input's, of int64 (with `invert`, of strings); or vectors.

    Raises:
        ValueError: if arguments do not go together, the vocabulary holds a token twice, there is none yet, or
            a string is unknown while `num_oov_indices` is 0.

    >>> from kerata import layers
    >>> layers.StringLookup(vocabulary=["a", "b"])([["a", "z"], ["b", "a"]])  # [[1, 0], [2, 1]]
    >>> layer = layers.StringLookup()
    >>> layer.adapt(["b", "a", "b"])
    >>> layer.get_vocabulary()
    ['[UNK]', 'b', 'a']
    """

    _token_dtype, _host_dtype = "string", object

    def __init__(self, max_tokens=None, num_oov_indices=1, mask_token=None, oov_token="[UNK]", vocabulary=None,
                 idf_weights=None, invert=False, output_mode="int", pad_to_max_tokens=False, sparse=False,
                 encoding="utf-8", name=None, salt=None, **kwargs):  # fmt: skip
        kwargs.pop("vocabulary_dtype", None)  # of configs of Keras 2
        self.encoding = encoding
        super().__init__(**{k: v for k, v in arguments(locals()).items() if k != "encoding"})

    def _read(self, values) -> list[str]:
        return as_text(np.asarray(_plain_list(values)), type(self).__name__)

    def _make_table(self) -> None:
        self._table = {t: i for i, t in enumerate(self._tokens)}
        if self.mask_token is not None:
            self._table[self.mask_token] = -2

    def _find(self, array):
        place = self._table.get
        return np.array([place(t, -1) for t in self._read(array)], "int64")

    def _bucket(self, array):
        return buckets(as_bytes(array), self.num_oov_indices, self.salt)


def _plain_list(values):
    from kerata.layers.preprocessing.host_layer import to_host

    values = to_host(values)
    return values.astype(object) if values.dtype.kind == "S" else values
