"""IntegerLookup."""

from __future__ import annotations

import numpy as np

from kerata.core.configurable import arguments
from kerata.layers.preprocessing.fingerprints import buckets
from kerata.layers.preprocessing.host_layer import to_host
from kerata.layers.preprocessing.index_lookup import IndexLookup
from kerata.layers.preprocessing.strings import as_bytes


class IntegerLookup(IndexLookup):
    """Integers of any size as small indices: the place of each in a vocabulary, which is given or learned.

    Indices stand in this order: `mask_token` (if there is one), `num_oov_indices` for unknown integers, the
    vocabulary. `adapt(data)` puts the most frequent integers first.

    Args:
        max_tokens: integer: the greatest size of the vocabulary, with the special tokens; None for no bound.
        num_oov_indices: integer: how many indices unknown integers share; with 0 they are an error; 1 by
            default.
        mask_token: an integer that stands for "nothing", at index 0, or for no entry in vectors; None for no
            such token.
        oov_token: what an unknown index becomes when `invert` is True; -1 by default.
        vocabulary: list or array of integers, or the path of a text file with one in each line; None to learn
            it.
        vocabulary_dtype: "int64".
        idf_weights: with "tf_idf" and `vocabulary`: a number for each token; None.
        invert: whether to map indices back to integers; False by default.
        output_mode: "int" (the default), "one_hot", "multi_hot", "count" or "tf_idf", as in `StringLookup`.
        sparse: whether encoded outputs are sparse tensors (backends tensorflow and jax); False by default.
        pad_to_max_tokens: whether vectors have length `max_tokens`, though the vocabulary be smaller; False
            by default.
        oov_method: which of the `num_oov_indices` an unknown n gets: "floormod" (the default), the remainder
            of its division by their number, or "farmhash", by a hash of its decimals.
        salt: with "farmhash": integer or a pair of them: the key of the hash (SipHash); None for none.

    Input shape:
        Any, integers.
    Output shape:
        The input's, of int64; or vectors.

    Raises:
        ValueError: if arguments do not go together, the vocabulary holds a token twice, there is none yet, or
            an integer is unknown while `num_oov_indices` is 0.

    >>> from kerata import layers
    >>> layers.IntegerLookup(vocabulary=[12, 36])(np.array([[12, 7], [36, 12]]))  # [[1, 0], [2, 1]]
    """

    _token_dtype, _host_dtype = "int64", "int64"

    def __init__(self, max_tokens=None, num_oov_indices=1, mask_token=None, oov_token=-1, vocabulary=None,
                 vocabulary_dtype="int64", idf_weights=None, invert=False, output_mode="int", sparse=False,
                 pad_to_max_tokens=False, oov_method="floormod", salt=None, name=None, **kwargs):  # fmt: skip
        if vocabulary_dtype != "int64":
            raise ValueError(f"`vocabulary_dtype` of IntegerLookup is 'int64'; got {vocabulary_dtype!r}.")
        if salt is not None and oov_method != "farmhash":
            raise ValueError(f"`salt` of IntegerLookup belongs to oov_method='farmhash'; got {oov_method!r}.")
        self.vocabulary_dtype = vocabulary_dtype
        super().__init__(**{k: v for k, v in arguments(locals()).items() if k != "vocabulary_dtype"})

    def _read(self, values) -> list[int]:
        array = to_host(values)
        if array.dtype.kind in "USO" and not all(isinstance(x, int) for x in array.ravel().tolist()):
            return [self._parse(x) for x in array.ravel().tolist()]
        return array.ravel().astype("int64").tolist()

    def _parse(self, text) -> int:
        try:
            return int(text)
        except (TypeError, ValueError):
            raise ValueError(f"Layer {self.name!r} (IntegerLookup) takes integers; got {text!r}.") from None

    def _make_table(self) -> None:
        known = [*self._tokens, *([] if self.mask_token is None else [self.mask_token])]
        places = [*range(len(self._tokens)), *([] if self.mask_token is None else [-2])]
        order = np.argsort(np.array(known, "int64"), kind="stable")
        self._table = np.array(known, "int64")[order], np.array(places, "int64")[order]

    def _find(self, array):
        keys, places = self._table
        wanted = np.array(self._read(array) if array.dtype.kind in "USO" else array.ravel(), "int64")
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, places[at], -1)

    def _bucket(self, array):
        array = np.asarray(array, "int64")
        if self.oov_method == "floormod":
            return array % self.num_oov_indices
        return buckets(as_bytes(array), self.num_oov_indices, self.salt)
