"""IndexLookup: the base of StringLookup and IntegerLookup."""

from __future__ import annotations

import collections
import math
import os
from collections.abc import Iterable

import numpy as np

from kerata.core.claims import claim
from kerata.core.errors import unknown_name
from kerata.layers.preprocessing.encoding import check_mode
from kerata.layers.preprocessing.host_layer import HostLayer, to_host

MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_ASSET, _WEIGHTS_ASSET = "vocabulary.txt", "idf_weights.txt"


class IndexLookup(HostLayer):
    """A table from tokens to their places in a vocabulary, which is given or learned by `adapt(data)`.

    The indices are, in this order: the mask token (mode "int" only), `num_oov_indices` for tokens that are not in the
    vocabulary, and the vocabulary. Subclasses say what a token is: `_read`, `_write`, `_find`, `_bucket`.
    """

    _config_skip = HostLayer._config_skip | {"vocabulary", "idf_weights"}

    def __init__(self, max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert, output_mode,
                 sparse, pad_to_max_tokens, oov_method="floormod", salt=None, **kwargs):  # fmt: skip
        kwargs = dict(kwargs)
        size = kwargs.pop("vocabulary_size", None)
        kwargs.pop("has_input_vocabulary", None)
        super().__init__(**kwargs)
        self.max_tokens, self.num_oov_indices = max_tokens, num_oov_indices
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert, self.sparse, self.pad_to_max_tokens = invert, sparse, pad_to_max_tokens
        who = type(self).__name__
        self.output_mode = check_mode("multi_hot" if output_mode == "binary" else output_mode, MODES, who)
        self.oov_method, self.salt = oov_method, _salt(salt, who)
        self._check_arguments(who, idf_weights)
        self._announced_size = size
        self._tokens: list | None = None
        self._table = None
        self.idf_weights: np.ndarray | None = None
        self.reset_state()
        self.input_vocabulary = self.input_idf_weights = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
            self.input_vocabulary, self.input_idf_weights = _as_given(vocabulary, self), _plain(idf_weights)

    def _check_arguments(self, who: str, idf_weights) -> None:
        if self.max_tokens is not None and self.max_tokens <= 1:
            raise ValueError(f"`max_tokens` of {who} is None or at least 2; got {self.max_tokens}.")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError(f"`pad_to_max_tokens=True` of {who} needs `max_tokens`, the size to pad to.")
        claim((self.num_oov_indices,), f"the unknown tokens of {who}", 64)
        if self.num_oov_indices < 0:
            raise ValueError(f"`num_oov_indices` of {who} is at least 0; got {self.num_oov_indices}.")
        if self.sparse and self.output_mode == "int":
            raise ValueError(f"`sparse=True` of {who} goes with the output modes {', '.join(MODES[1:])}; got 'int'.")
        if self.invert and self.output_mode != "int":
            raise ValueError(f"{who}(invert=True) gives tokens, so `output_mode` is 'int'; got {self.output_mode!r}.")
        if idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(f"`idf_weights` of {who} belong to output_mode='tf_idf'; got {self.output_mode!r}.")
        if self.oov_method not in ("floormod", "farmhash"):
            raise ValueError(unknown_name(f"`oov_method` of {who}", self.oov_method, ("floormod", "farmhash")))

    # -- what a subclass says ---------------------------------------------------------------------------------
    def _read(self, values) -> list:
        """Tokens, as Python values, from an array or list."""
        raise NotImplementedError

    def _find(self, array: np.ndarray) -> np.ndarray:
        """The place of each element in the vocabulary, flat; -1 where it has none, -2 for the mask token."""
        raise NotImplementedError

    def _bucket(self, array: np.ndarray) -> np.ndarray:
        """Which of the indices for unknown tokens each element gets."""
        raise NotImplementedError

    def _make_table(self) -> None:
        """Get ready for `_find`."""

    # -- the vocabulary ---------------------------------------------------------------------------------------
    @property
    def _has_mask(self) -> bool:
        return self.mask_token is not None and self.output_mode == "int"

    @property
    def _start(self) -> int:
        """The index of the first token of the vocabulary."""
        return self.num_oov_indices + self._has_mask

    def _specials(self) -> list:
        return [self.mask_token] * self._has_mask + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list:
        """The tokens in the order of their indices, with those for mask and unknown tokens if wanted."""
        tokens = list(self._tokens or ())
        return self._specials() + tokens if include_special_tokens else tokens

    def vocabulary_size(self) -> int:
        """How many indices there are, including those for mask and unknown tokens."""
        if self._tokens is None and self._announced_size is not None:
            return int(self._announced_size)
        return self._start + len(self._tokens or ())

    def set_vocabulary(self, vocabulary, idf_weights=None) -> None:
        """Set the vocabulary, instead of learning it.

        Args:
            vocabulary: array or list of tokens, without repetition, with or without the special ones in front; or the
                path of a text file with one token a line.
            idf_weights: (output_mode "tf_idf") for each token its inverse document frequency.
        """
        if isinstance(vocabulary, str | os.PathLike):
            vocabulary = self._from_file(vocabulary)
        given = self._read(vocabulary)
        if not given:
            raise ValueError(f"The vocabulary of layer {self.name!r} is empty: it needs at least one token.")
        specials = self._specials()
        complete = bool(specials) and given[: len(specials)] == specials
        tokens = given[len(specials) :] if complete else given
        self._check_tokens(tokens)
        weights = None
        if self.output_mode == "tf_idf":
            weights = self._read_weights(idf_weights, len(given), complete)
        self._set(tokens, weights)

    def _set(self, tokens: list, weights: np.ndarray | None) -> None:
        self._tokens, self.idf_weights = tokens, weights
        self._make_table()

    def _check_tokens(self, tokens: list) -> None:
        twice = [t for t, n in collections.Counter(tokens).items() if n > 1]
        if twice:
            raise ValueError(f"The vocabulary of layer {self.name!r} holds {_some(twice)} more than once.")
        for what, token, wrong in (("mask", self.mask_token, True), ("unknown", self.oov_token, self.invert)):
            if wrong and token is not None and token in tokens:
                raise ValueError(
                    f"The vocabulary of layer {self.name!r} holds {token!r}, the token for {what} values, at place "
                    f"{tokens.index(token)}. Leave special tokens out, or put them in front: {self._specials()}."
                )
        size = self._start + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"The vocabulary of layer {self.name!r} is larger than `max_tokens` ({self.max_tokens}): {len(tokens)} tokens "
                f"and {self._start} special ones."
            )

    def _read_weights(self, weights, count: int, complete: bool) -> np.ndarray:
        if weights is None:
            raise ValueError(f"With output_mode='tf_idf' the vocabulary of layer {self.name!r} needs its `idf_weights`.")
        weights = np.asarray(to_host(weights), "float32")
        if weights.shape != (count,):
            raise ValueError(
                f"`idf_weights` of layer {self.name!r} has one number for each of the {count} tokens of the vocabulary; got "
                f"shape {weights.shape}."
            )
        return weights if complete else np.pad(weights, (self._start, 0), constant_values=weights.mean())

    def _from_file(self, path) -> list:
        path = os.fspath(path)
        if not os.path.isfile(path):
            raise ValueError(f"`vocabulary` of layer {self.name!r} names the file {path!r}, which does not exist.")
        with open(path, encoding="utf-8") as f:
            return self._read(f.read().removesuffix("\n").split("\n"))

    # -- learning it ------------------------------------------------------------------------------------------
    def adapt(self, data, steps: int | None = None) -> None:
        """Learn the vocabulary: the most frequent tokens first, up to `max_tokens`.

        Args:
            data: array or list of tokens (rows are documents), or an iterable of batches, as a `tf.data.Dataset`.
            steps: how many batches to take; all by default.
        """
        self.reset_state()
        for batch in _batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data) -> None:
        """Count the tokens of a batch. An array with one axis is one document."""
        data = to_host(data)
        rows = data.reshape(1, -1) if data.ndim < 2 else data.reshape(-1, data.shape[-1])
        flat, width = self._read(rows), rows.shape[1]
        self.count_documents(flat[i * width : (i + 1) * width] for i in range(len(rows)))

    def count_documents(self, documents: Iterable[list]) -> None:
        """Count the tokens of documents, each a list of tokens."""
        if self.input_vocabulary is not None:
            raise ValueError(f"Layer {self.name!r} was given a `vocabulary`; it cannot adapt to data as well.")
        for tokens in documents:
            self._counts.update(tokens)
            self._documents += 1
            if self.output_mode == "tf_idf":
                self._document_counts.update(set(tokens))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self.input_vocabulary is not None or not self._documents:
            return
        found = [(n, t) for t, n in self._counts.items() if t not in (self.mask_token, self.oov_token)]
        found.sort(reverse=True)  # equally frequent ones: the greater first
        tokens = [t for _, t in found]
        if self.max_tokens is not None:
            tokens = tokens[: self.max_tokens - self._start]
        weights = None
        if self.output_mode == "tf_idf":
            seen = np.array([self._document_counts[t] for t in tokens], "float32")
            weights = np.log(1 + np.float32(self._documents) / (1 + seen))
            rest = weights.mean() if tokens else 0.0
            weights = np.pad(weights, (self._start, 0), constant_values=rest).astype("float32")
        self._set(tokens, weights)
        self.reset_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts, self._document_counts = collections.Counter(), collections.Counter()
        self._documents = 0

    # -- computing --------------------------------------------------------------------------------------------
    def _depth(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()

    def output_spec(self, shape):
        if self.invert:
            return shape, self._token_dtype
        return encoded_spec(shape, self.output_mode, self._depth(), "float32" if self.output_mode == "tf_idf" else "int64")

    def compute(self, array):
        if self._tokens is None:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) has no vocabulary yet: call adapt(data) or "
                "set_vocabulary(...), or give it `vocabulary`."
            )
        if self.invert:
            return self._tokens_of(array)
        indices = self.indices(array)
        if self.output_mode == "int":
            return indices
        return self.encode(indices)

    def indices(self, array: np.ndarray) -> np.ndarray:
        """The index of each element; -1 for mask tokens where they have none."""
        places = self._find(array)
        out = places + self._start
        out[places == -2] = 0 if self._has_mask else -1
        unknown = places == -1
        if unknown.any():
            if not self.num_oov_indices:
                wrong = self._read(array)
                raise ValueError(
                    f"Layer {self.name!r} with num_oov_indices=0 was given tokens that are not in its vocabulary: "
                    f"{_some([wrong[i] for i in np.flatnonzero(unknown)])}."
                )
            out[unknown] = int(self._has_mask)
            if self.num_oov_indices > 1:
                out[unknown] += self._bucket(array.ravel()[unknown])
        return out.reshape(array.shape)

    def encode(self, indices: np.ndarray) -> np.ndarray:
        """Indices as vectors, in the layer's mode."""
        if self.output_mode != "tf_idf":
            return encode(indices, self.output_mode, self._depth(), "int64")
        if self.idf_weights is None:
            raise ValueError(
                f"Layer {self.name!r} has no idf weights (its file holds none): call set_vocabulary(vocabulary, idf_weights), "
                "or adapt(data) again."
            )
        counts = encode(indices, "count", self._depth(), "float32")
        return counts * np.pad(self.idf_weights, (0, self._depth() - len(self.idf_weights)))

    def _tokens_of(self, array: np.ndarray) -> np.ndarray:
        table = np.array([*self.get_vocabulary(), self.oov_token], self._host_dtype)
        places = np.asarray(array, "int64")
        inside = (places >= 0) & (places < len(table) - 1)
        return table[np.where(inside, places, len(table) - 1)]

    # -- configs and files ------------------------------------------------------------------------------------
    def get_config(self) -> dict:
        vocabulary, weights = self.input_vocabulary, self.input_idf_weights
        if vocabulary is None and self._stands_in_config():
            vocabulary, weights = self.get_vocabulary(), _plain(self.idf_weights)
        return {
            **super().get_config(),
            "vocabulary": vocabulary,
            "idf_weights": weights,
            "vocabulary_size": None if self._tokens is None and self._announced_size is None else self.vocabulary_size(),
            "oov_method": self.oov_method,
        }

    def _stands_in_config(self) -> bool:
        """Whether the vocabulary is no asset: it was given, or has tokens with line breaks."""
        return self.input_vocabulary is not None or any("\n" in t for t in self._tokens or () if isinstance(t, str))

    @classmethod
    def from_config(cls, config: dict):
        refuse_path(config, cls.__name__)
        return super().from_config(config)

    def get_build_config(self) -> dict:
        return {}

    def build_from_config(self, config: dict) -> None:
        """Nothing to build."""

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary, one token a line, into a folder, unless it stands in the config."""
        if self._tokens is None or self._stands_in_config():
            return
        with open(os.path.join(dir_path, _ASSET), "w", encoding="utf-8", newline="\n") as f:
            f.write("\n".join(map(str, self.get_vocabulary())))

    def load_assets(self, dir_path: str) -> None:
        """Read what `save_assets` wrote."""
        path = os.path.join(dir_path, _ASSET)
        if self.input_vocabulary is not None or not os.path.isfile(path):
            return
        with open(path, encoding="utf-8", newline="") as f:
            given = self._read(f.read().split("\n"))
        specials = self._specials()
        tokens = given[len(specials) :] if given[: len(specials)] == specials else given
        self._check_tokens(tokens)
        self._set(tokens, _weights_asset(dir_path, self._start + len(tokens)))

    def save_own_variables(self, store) -> None:
        """Write the idf weights, if there are any.

        Args:
            store: a dictionary, or what behaves like one.
        """
        if self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store) -> None:
        """Read the idf weights of the vocabulary, which is an asset or stands in the config.

        Args:
            store: a dictionary, or what behaves like one.

        Raises:
            ValueError: if they are not one for each token.
        """
        if "idf_weights" not in store or self.output_mode != "tf_idf" or self._tokens is None:
            return
        weights, count = np.asarray(store["idf_weights"]), self._start + len(self._tokens)
        if weights.ndim != 1 or weights.dtype.kind != "f" or len(weights) < count or weights[count:].any():
            raise ValueError(
                f"The file holds idf weights of shape {weights.shape} and dtype {weights.dtype} for the {count} tokens of "
                f"layer {self.name!r}."
            )
        self.idf_weights = weights[:count].astype("float32")


def _weights_asset(folder: str, count: int) -> np.ndarray | None:
    """What the first versions of Kerata wrote beside the vocabulary."""
    path = os.path.join(folder, _WEIGHTS_ASSET)
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as f:
        weights = np.array([float(line) for line in f.read().split("\n")], "float32")
    if len(weights) != count:
        raise ValueError(f"The file holds {len(weights)} idf weights for a vocabulary of {count} tokens.")
    return weights


def encode(indices: np.ndarray, mode: str, depth: int, dtype: str) -> np.ndarray:
    """Indices as vectors of length `depth`: one each ("one_hot"), or one for the last axis ("multi_hot", "count").

    Indices out of range count as nothing.
    """
    indices = indices.reshape(1) if indices.ndim == 0 else indices
    if mode == "one_hot":
        if indices.ndim > 1 and indices.shape[-1] == 1:
            indices = indices[..., 0]
        indices = indices[..., None]
    rows = indices.reshape(math.prod(indices.shape[:-1]), indices.shape[-1])
    out = np.zeros((len(rows), depth), dtype)
    inside = (rows >= 0) & (rows < depth)
    at = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)[inside], rows[inside]
    if mode == "count":
        np.add.at(out, at, 1)
    else:
        out[at] = 1
    return out.reshape(*indices.shape[:-1], depth)


def encoded_spec(shape: tuple, mode: str, depth: int, dtype: str) -> tuple[tuple, str]:
    """Shape and dtype of what `encode` gives, and of indices themselves for mode "int"."""
    if mode == "int":
        return shape, "int64"
    if mode == "one_hot":
        shape = (1,) if not shape else shape[:-1] if len(shape) > 1 and shape[-1] == 1 else shape
        return (*shape, depth), dtype
    return (*shape[:-1], depth), dtype


def refuse_path(config: dict, who: str) -> None:
    """A ValueError for configs that name files: configs come from files of others."""
    for key in ("vocabulary", "idf_weights"):
        if isinstance(config.get(key), str | os.PathLike):
            raise ValueError(
                f"The config of a {who} names the file {config[key]!r} as its `{key}`. Files that a config names are not "
                f"read: put the tokens themselves there as a list, or call {who}({key}=path) yourself."
            )


def _salt(salt, who: str) -> list[int] | None:
    if salt is None:
        return None
    if isinstance(salt, int):
        return [salt, salt]
    if isinstance(salt, list | tuple) and len(salt) == 2 and all(isinstance(s, int) for s in salt):
        return list(salt)
    raise ValueError(f"`salt` of {who} is an integer, or a pair of integers; got {salt!r}.")


def _as_given(vocabulary, layer: IndexLookup) -> list:
    """The vocabulary for the config: a file's content stands in for its name."""
    if isinstance(vocabulary, str | os.PathLike):
        return layer.get_vocabulary(include_special_tokens=False)
    return layer._read(vocabulary)


def _plain(weights):
    return None if weights is None else np.asarray(to_host(weights), "float64").tolist()


def _some(tokens: list) -> str:
    return ", ".join(map(repr, tokens[:5])) + (f" and {len(tokens) - 5} more" if len(tokens) > 5 else "")


def _batches(data, steps: int | None):
    """Batches of documents: an array or list is one batch; of its elements, if it has one axis, each is a document."""
    if isinstance(data, list | tuple | str) or (hasattr(data, "__array__") and not hasattr(data, "__next__")):
        data = to_host(data)
        yield data[:, None] if data.ndim == 1 else data
        return
    for i, batch in enumerate(data):
        if steps is not None and i >= steps:
            return
        yield to_host(batch[0] if isinstance(batch, tuple) else batch)
