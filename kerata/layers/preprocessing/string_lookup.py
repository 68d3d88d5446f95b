"""StringLookup."""

from __future__ import annotations

import numpy as np

from kerata.core.configurable import arguments
from kerata.layers.preprocessing.fingerprints import buckets
from kerata.layers.preprocessing.index_lookup import IndexLookup
from kerata.layers.preprocessing.strings import as_bytes, as_text


class StringLookup(IndexLookup):
    """Strings as integers: the place of each in a vocabulary, which is given or learned by `adapt(data)`.

    Args:
        max_tokens: the greatest size of the vocabulary, with the special tokens.
        num_oov_indices: how many indices strings share that are not in the vocabulary, chosen by a hash; with 0 such
            strings are an error.
        mask_token: a string that stands for "nothing": index 0, or no entry in vectors.
        oov_token: what an unknown index becomes when `invert` is True.
        vocabulary: list or array of strings, or the path of a text file with one in each line.
        idf_weights: (with "tf_idf" and `vocabulary`) a number for each token.
        invert: whether to map indices back to strings.
        output_mode: "int"; "one_hot": a vector for each string; "multi_hot", "count", "tf_idf": a vector for the
            strings of the last axis: which occur, how often, or how often times the token's inverse document
            frequency, `log(1 + documents / (1 + documents with it))`.
        pad_to_max_tokens: whether vectors have length `max_tokens`, though the vocabulary be smaller.
        sparse: not available.
        encoding: the encoding of the strings.
        salt: an integer or a pair: the key of the hash for unknown strings (SipHash; without it FarmHash).

    Input: arrays, lists or tensors of strings, of any shape. Output: integers of that shape, or vectors.
    It computes on the host, and also in `tf.data` pipelines.

    >>> import kerata
    >>> lookup = kerata.layers.StringLookup(vocabulary=["a", "b"])
    >>> kerata.ops.convert_to_numpy(lookup([["a", "z"], ["b", "a"]])).tolist()
    [[1, 0], [2, 1]]
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
