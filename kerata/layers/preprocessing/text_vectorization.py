"""TextVectorization."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence

import numpy as np

from kerata import backend
from kerata.core.errors import unknown_name
from kerata.layers.preprocessing.host_layer import Encoded, HostLayer, to_host
from kerata.layers.preprocessing.index_lookup import encoded_spec, refuse_path
from kerata.layers.preprocessing.string_lookup import StringLookup
from kerata.layers.preprocessing.strings import STANDARDIZE, as_text, ngrams, split_whitespace
from kerata.ops._composite import is_ragged

_SPLIT = {"whitespace": split_whitespace, "character": list}


class TextVectorization(HostLayer):
    """Texts as sequences of integers, or as one vector each: standardised, split, combined and looked up.

    Args:
        max_tokens: integer: the greatest size of the vocabulary, with "" (padding, index 0) and "[UNK]"
            (index 1); None for no bound.
        standardize: "lower_and_strip_punctuation" (the default), "lower" or "strip_punctuation", of ASCII
            letters and signs; None; or a function from an array of strings to one (TensorFlow's functions of
            strings will do).
        split: "whitespace" (the default), "character", None, or a function from a vector of strings to a list
            of tokens for each.
        ngrams: integer n: runs of 1 to n tokens are tokens; or a tuple of the lengths of runs; None for
            single tokens.
        output_mode: "int" (the default): a row of indices; "multi_hot", "count" or "tf_idf": a vector for
            each text, as in `StringLookup`.
        output_sequence_length: with "int": integer: the length to which rows are padded or cut; None for the
            longest of the batch.
        pad_to_max_tokens: whether vectors have length `max_tokens`, though the vocabulary be smaller; False
            by default.
        vocabulary: list of tokens, or the path of a text file with one in each line; None to learn it by
            `adapt(data)`.
        idf_weights: with "tf_idf" and `vocabulary`: a number for each token; None.
        sparse: whether vectors are sparse tensors (backends tensorflow and jax); False by default.
        ragged: with "int": whether rows are not padded: a ragged tensor of TensorFlow; False by default.
        encoding: the encoding of the strings; "utf-8" by default.

    Input shape:
        `(batch,)` or `(batch, 1)`, strings; or one string.
    Output shape:
        `(batch, tokens)` of int64, or `(batch, vocabulary)` in the compute dtype.

    Raises:
        ValueError: if arguments do not go together or have unknown values, or there is no vocabulary yet.

    >>> from kerata import layers
    >>> layer = layers.TextVectorization(vocabulary=["earth", "wind", "and", "fire"])
    >>> layer(["Earth, wind and rain!", "fire"])  # [[2, 3, 4, 1], [5, 0, 0, 0]]
    """

    def __init__(self, max_tokens=None, standardize="lower_and_strip_punctuation", split="whitespace", ngrams=None,
                 output_mode="int", output_sequence_length=None, pad_to_max_tokens=False, vocabulary=None,
                 idf_weights=None, sparse=False, ragged=False, encoding="utf-8", name=None, **kwargs):  # fmt: skip
        size = kwargs.pop("vocabulary_size", None)
        for key in ("has_input_vocabulary", "vocabulary_dtype"):
            kwargs.pop(key, None)
        super().__init__(name=name, **kwargs)
        if ragged and output_mode not in ("int", None):
            raise ValueError(f"`ragged=True` of TextVectorization goes with output_mode='int'; got {output_mode!r}.")
        if sparse and output_mode in ("int", None):
            raise ValueError("`sparse=True` of TextVectorization does not go with output_mode='int'.")
        self.standardize, self.split = _mode(standardize, STANDARDIZE, "standardize"), _mode(split, _SPLIT, "split")
        self.ngrams, self._sizes = ngrams, _sizes(ngrams)
        self.output_mode = "int" if output_mode is None else output_mode
        if output_sequence_length is not None and (self.output_mode != "int" or output_sequence_length < 0):
            raise ValueError(
                "`output_sequence_length` of TextVectorization is a size, for output_mode='int'; got "
                f"{output_sequence_length} with output_mode={output_mode!r}."
            )
        self.max_tokens, self.output_sequence_length = max_tokens, output_sequence_length
        self.pad_to_max_tokens, self.sparse, self.ragged, self.encoding = pad_to_max_tokens, sparse, ragged, encoding
        self._lookup_layer = StringLookup(
            max_tokens, mask_token="", vocabulary=vocabulary, idf_weights=idf_weights, output_mode=self.output_mode,
            pad_to_max_tokens=pad_to_max_tokens, encoding=encoding, vocabulary_size=size,
        )  # fmt: skip

    # -- the vocabulary ---------------------------------------------------------------------------------------
    def build(self, input_shape=None):
        """Nothing to make: texts may have any shape.

        Args:
            input_shape: not used.
        """

    def adapt(self, data, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learn the vocabulary of texts: the most frequent tokens first, up to `max_tokens`.

        Args:
            data: array or list of strings, or an iterable of batches of them, as a `tf.data.Dataset`.
            batch_size: of no effect.
            steps: how many batches to take; all by default.
        """
        self.reset_state()
        whole = isinstance(data, list | tuple | str) or (hasattr(data, "__array__") and not hasattr(data, "__next__"))
        for batch in [data] if whole else itertools.islice(data, steps):
            self.update_state(batch[0] if isinstance(batch, tuple) and not whole else batch)
        self.finalize_state()

    def update_state(self, data) -> None:
        """Count the tokens of a batch of texts.

        Args:
            data: array of strings, of shape (batch,) or (batch, 1).
        """
        array = to_host(data)
        rows = array.reshape(-1, 1) if array.ndim < 2 else array
        self._lookup_layer.count_documents(self._tokens_of(rows)[0])

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens in the order of their indices.

        Args:
            include_special_tokens: whether "" (padding) and "[UNK]" are among them; True by default.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many indices there are."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Set the vocabulary, instead of learning it; see `StringLookup.set_vocabulary`.

        Args:
            vocabulary: list of tokens, or name of a file with one a line.
            idf_weights: a weight for each, for `output_mode="tf_idf"`; None by default.
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # -- computing --------------------------------------------------------------------------------------------
    def output_spec(self, shape):
        if self.split is not None:
            if len(shape) > 1 and shape[-1] not in (1, None):
                raise ValueError(
                    f"Layer {self.name!r} (TextVectorization) splits strings of shape (batch,) or (batch, 1); got {shape}. "
                    "With split=None it takes texts that are split already."
                )
            shape = (*(shape[:-1] if len(shape) > 1 else shape), None)
        elif self._sizes:
            shape = (*shape[:-1], None)
        if self.output_mode == "int":
            return (shape if self.output_sequence_length is None else (*shape[:-1], self.output_sequence_length)), "int64"
        lookup = self._lookup_layer
        return encoded_spec(shape, self.output_mode, lookup._depth(), lookup.output_spec(())[1])

    def compute_output_spec(self, inputs, **kwargs):
        out = super().compute_output_spec(inputs, **kwargs)
        out._ragged = self.ragged
        return out

    def call(self, inputs):
        if not self.ragged:
            return super().call(inputs)
        if backend.current().name != "tensorflow":
            raise ValueError(
                f"Layer {self.name!r} (TextVectorization) was made with ragged=True, and the backend "
                f"{backend.current().name!r} has no ragged tensors. Leave `ragged` out: rows are padded then."
            )
        if is_ragged(inputs):
            return super().call(inputs)
        tf = sys.modules["tensorflow"]
        return tf.RaggedTensor.from_tensor(_Unpadded(self).call(inputs), padding=-1)

    def of_ragged(self, tensor):
        if self.split is not None or self._sizes or tensor.ragged_rank != 1:
            raise ValueError(f"Layer {self.name!r} (TextVectorization) takes ragged tensors of tokens, with split=None, alone.")
        lookup = self._lookup_layer
        if self.output_mode != "int":
            return Encoded(self).call([tensor.flat_values, tensor.row_splits])
        out = tensor.with_flat_values(lookup.call(tensor.flat_values) if self.standardize is None else _Tokens(self).call(tensor.flat_values))
        length = self.output_sequence_length
        if self.ragged:
            return out if length is None else out[:, :length]
        return out.to_tensor(shape=None if length is None else (None, length))

    def indices(self, array):
        """The index of each token of an array."""
        return self._lookup_layer.indices(self._standardized(array))

    def encode(self, indices):
        """Indices as vectors, in the layer's mode."""
        return self._lookup_layer.encode(indices)

    def compute(self, array):
        self.output_spec(array.shape)
        lookup = self._lookup_layer
        if self.split is None and not self._sizes:
            out = lookup.compute(self._standardized(array))
            return out if self.output_mode != "int" or not out.ndim else _fit(out, self.output_sequence_length)
        rows, shape = self._tokens_of(array)
        length = max(map(len, rows), default=0)
        padded = np.array([row + [""] * (length - len(row)) for row in rows], object).reshape(len(rows), length)
        out = lookup.compute(padded)
        if self.output_mode == "int":
            out = _fit(out, self.output_sequence_length)
        return out.reshape(*shape, *out.shape[1:])

    def _standardized(self, array):
        if self.standardize is None:
            return array
        if callable(self.standardize):
            text = np.array(as_text(array, self.name), str).reshape(array.shape)
            return to_host(self.standardize(text))
        table = STANDARDIZE[self.standardize]
        out = np.empty(array.size, object)
        out[:] = [t.translate(table) for t in as_text(array, f"Layer {self.name!r} (TextVectorization)")]
        return out.reshape(array.shape)

    def _tokens_of(self, array) -> tuple[list[list[str]], tuple]:
        """The tokens of each text as lists, and the shape that the texts have."""
        array = self._standardized(array)
        if self.split is None:
            width, flat = array.shape[-1], as_text(array)
            rows, shape = [flat[i : i + width] for i in range(0, len(flat), width)], array.shape[:-1]
        else:
            shape = array.shape[:-1] if array.ndim > 1 else array.shape
            rows = self._split(array.reshape(-1))
        if self._sizes:
            rows = [ngrams(row, self._sizes) for row in rows]
        return rows, shape

    def _split(self, array) -> list[list[str]]:
        if not callable(self.split):
            return [_SPLIT[self.split](t) for t in as_text(array)]
        rows = self.split(np.array(as_text(array), str))
        rows = rows.to_list() if hasattr(rows, "to_list") else to_host(rows).tolist() if hasattr(rows, "shape") else rows
        return [as_text(np.array(list(row), object)) for row in rows]

    # -- configs and files ------------------------------------------------------------------------------------
    def get_config(self) -> dict:
        looked = self._lookup_layer.get_config()
        own = {"vocabulary": looked["vocabulary"], "idf_weights": looked["idf_weights"]}
        return {**super().get_config(), **own, "vocabulary_size": self.vocabulary_size()}

    @classmethod
    def from_config(cls, config: dict):
        from kerata.saving.serialization import deserialize_keras_object

        refuse_path(config, cls.__name__)
        config = dict(config)
        for key in ("standardize", "split"):
            if isinstance(config.get(key), dict):
                config[key] = deserialize_keras_object(config[key])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return super().from_config(config)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary into a folder, unless it stands in the config.

        Args:
            dir_path: the folder.
        """
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read what `save_assets` wrote.

        Args:
            dir_path: the folder.
        """
        self._lookup_layer.load_assets(dir_path)

    def save_own_variables(self, store) -> None:
        """Write the idf weights, which stand here and at the lookup in Keras's files.

        Args:
            store: a dictionary, or what behaves like one.
        """
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store) -> None:
        """Read what `save_own_variables` wrote.

        Args:
            store: a dictionary, or what behaves like one.
        """
        self._lookup_layer.load_own_variables(store)


class _Tokens(HostLayer):
    """The indices of the tokens that a TextVectorization layer would give, one by one."""

    def __init__(self, layer):
        super().__init__(name=f"{layer.name}_tokens")
        self.layer = layer

    def output_spec(self, shape):
        return shape, "int64"

    def compute(self, array):
        return self.layer.indices(array)


class _Unpadded(_Tokens):
    """Rows of indices of a TextVectorization layer, with -1 after the end of each."""

    def output_spec(self, shape):
        return self.layer.output_spec(shape)

    def compute(self, array):
        layer = self.layer
        if layer.split is None and not layer._sizes:
            return _fit(layer.indices(array), layer.output_sequence_length)
        rows = [row[: layer.output_sequence_length] for row in layer._tokens_of(array)[0]]
        lengths = np.array([len(row) for row in rows], "int64")
        out = np.full((len(rows), max(lengths, default=0)), -1, "int64")
        tokens = np.array([token for row in rows for token in row], object)
        out[np.arange(out.shape[1]) < lengths[:, None]] = layer._lookup_layer.compute(tokens)
        return out


def _fit(indices: np.ndarray, length: int | None) -> np.ndarray:
    """Rows cut or padded with zeros to a length."""
    if length is None:
        return indices
    indices = indices[..., :length]
    return np.pad(indices, [(0, 0)] * (indices.ndim - 1) + [(0, length - indices.shape[-1])])


def _mode(value, known, what: str):
    if value is None or callable(value) or value in known:
        return value
    raise ValueError(unknown_name(f"`{what}` of TextVectorization", value, known))


def _sizes(value) -> Sequence[int]:
    """The lengths of the runs of tokens that count as tokens."""
    if value is None:
        return ()
    if isinstance(value, int) and value > 0:
        return range(1, value + 1)
    sizes = value
    if not isinstance(sizes, tuple | list) or not sizes or not all(isinstance(n, int) and n > 0 for n in sizes):
        raise ValueError(f"`ngrams` of TextVectorization is a positive integer, or a tuple of such; got {value!r}.")
    return tuple(sizes)
