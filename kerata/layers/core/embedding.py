"""Embedding: vectors for integers."""

from __future__ import annotations

from kerata import backend, ops
from kerata.core.scopes import in_symbolic_scope
from kerata.layers._codecs import Grouped, PerOutput
from kerata.layers._contraction import Matmul
from kerata.layers._errors import positive_integer
from kerata.layers._quantization import Quantizable, read_config
from kerata.layers._weights import add, store_options
from kerata.layers.layer import Layer


class Embedding(Quantizable, Layer):
    """A trained vector for each integer: row `i` of a matrix for index `i`.

    Args:
        input_dim: integer above 0: the number of rows, the largest index plus one.
        output_dim: integer above 0: the length of a row.
        embeddings_initializer: first values of the matrix `(input_dim, output_dim)`; "uniform" by default.
        embeddings_regularizer, embeddings_constraint: its penalty and its projection after updates; None.
        mask_zero: whether index 0 is padding: later layers that take masks leave it out. False by default.
        weights: a matrix to start with; None for one from the initializer.
        lora_rank, lora_alpha: rank and scale of a low-rank adapter, as in `Dense`; None for no adapter.
        quantization_config: how `quantize` works on this layer; None for the mode's own.

    Input shape:
        `(batch, ...)`, integers from 0 to `input_dim - 1` (floats are cut to int32).
    Output shape:
        `(batch, ..., output_dim)`, in the compute dtype.

    Raises:
        ValueError: if `input_dim` or `output_dim` is no positive integer.
        IndexError: for an index that the matrix lacks, on backends that look (numpy, torch).

    >>> from kerata import layers, ops
    >>> layer = layers.Embedding(3, 2, weights=[ops.convert_to_tensor([[0, 0], [1, 2], [3, 4]])])
    >>> layer(ops.convert_to_tensor([[2, 1]]))  # [[[3, 4], [1, 2]]]
    """

    _config_skip = Layer._config_skip - {"activity_regularizer"} | {"weights"}
    _config_optional = frozenset(("lora_rank", "lora_alpha"))
    _adapted = "embeddings"

    def __init__(self, input_dim, output_dim, embeddings_initializer="uniform", embeddings_regularizer=None,
                 embeddings_constraint=None, mask_zero=False, weights=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **kwargs):  # fmt: skip
        length = kwargs.pop("input_length", None)
        if length is not None and "input_shape" not in kwargs and "batch_shape" not in kwargs:
            kwargs["input_shape"] = (length,) if isinstance(length, int) else tuple(length)
        super().__init__(**kwargs)
        self.input_dim = input_dim = positive_integer(input_dim, "input_dim", type(self).__name__)
        self.output_dim = output_dim = positive_integer(output_dim, "output_dim", type(self).__name__)
        store_options(self, locals())
        self.mask_zero = self.supports_masking = mask_zero
        self.autocast = False
        self.lora_rank, self.lora_alpha = lora_rank, lora_alpha if lora_alpha is not None else lora_rank
        self.quantization_config = read_config(quantization_config)
        if weights is not None:
            self.build()
            matrix = weights[0] if isinstance(weights, list | tuple) else weights
            self.embeddings.assign(matrix)

    def build(self, input_shape=None):
        if f"_{self._adapted}" in self.__dict__:
            return
        shape = (self.input_dim, self.output_dim)
        self._build_main(shape, lambda: add(self, "embeddings", shape))
        self._build_adapter()

    def call(self, inputs):
        dtype = ops.dtype(inputs)
        if dtype not in ("int32", "int64", "uint8", "uint16", "uint32", "int8", "int16"):
            inputs = ops.cast(inputs, "int32")
        if in_symbolic_scope():  # any size stands for an unknown one, so positions may lie beyond the matrix
            inputs = ops.zeros_like(inputs)
        try:
            rows = self._rows(inputs)
        except Exception as error:  # the backends that look at indices have errors of their own
            raise self._beyond(inputs, error) from error
        return ops.cast(rows, self.compute_dtype)

    def _rows(self, indices):
        if self.quantization_mode is None:
            return ops.take(self.embeddings, indices, axis=0)
        rows = self._codecs[0].rows(indices, self.compute_dtype)
        if not self.lora_enabled:
            return rows
        a, b = self._adapter_factors()
        return ops.add(rows, ops.multiply(ops.matmul(ops.take(a, indices, axis=0), b), self._adapter_scale()))

    def _make_codecs(self, mode: str, shape) -> tuple:
        if mode == "int8" or self._block_size() == -1:
            return (PerOutput(self, "embeddings", "ab", "a", packed=1 if mode == "int4" else None),)
        return (Grouped(self, "embeddings", "ab", "b", self._block_size(), pack_inputs=True, transposed=True),)

    def _beyond(self, inputs, error: Exception) -> Exception:
        """An IndexError that says so, where `error` came from an index that the matrix does not have."""
        words = str(error)
        if "out of range" not in words and "out of bounds" not in words and "is not in [0" not in words:
            return error
        values = backend.current().to_numpy(inputs)
        return IndexError(
            f"Layer {self.name!r} ({type(self).__name__}) was given the indices {values.min()} to {values.max()}, and it has "
            f"{self.input_dim} rows, for the indices 0 to {self.input_dim - 1}. Make `input_dim` larger, or correct the indices."
        )

    def compute_mask(self, inputs, mask=None):
        if not self.mask_zero:
            return None
        return ops.not_equal(inputs, 0)


class ReversibleEmbedding(Embedding):
    """An Embedding that also maps vectors back to logits over the indices, with `layer(x, reverse=True)`.

    Args:
        input_dim, output_dim: rows and their length, as in `Embedding`.
        tie_weights: whether the way back is a product with the same matrix, transposed (the default), or with
            one of its own.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the matrix, as in
            `Embedding`.
        mask_zero: whether index 0 is padding; False by default.
        reverse_dtype: the dtype in which logits are computed; None for the layer's.
        logit_soft_cap: a positive number that bounds logits, as `cap * tanh(logits / cap)`; None for no
            bound.

    Input shape:
        `(batch, ...)`, integers; with `reverse=True`, `(batch, ..., output_dim)`, float.
    Output shape:
        `(batch, ..., output_dim)`; with `reverse=True`, `(batch, ..., input_dim)`.

    >>> from kerata import layers, ops
    >>> layer = layers.ReversibleEmbedding(10, 4)
    >>> vectors = layer(ops.convert_to_tensor([[1, 2, 3]]))
    >>> layer(vectors, reverse=True).shape  # (1, 3, 10)
    """

    def __init__(self, input_dim, output_dim, tie_weights=True, embeddings_initializer="uniform",
                 embeddings_regularizer=None, embeddings_constraint=None, mask_zero=False, reverse_dtype=None,
                 logit_soft_cap=None, **kwargs):  # fmt: skip
        super().__init__(
            input_dim, output_dim, embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer, embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero, **kwargs,
        )  # fmt: skip
        self.tie_weights, self.reverse_dtype, self.logit_soft_cap = tie_weights, reverse_dtype, logit_soft_cap

    def get_config(self):
        return {"activity_regularizer": None, **super().get_config()}

    _contraction = Matmul()

    def build(self, input_shape=None):
        if f"_{self._adapted}" in self.__dict__:
            return
        super().build(input_shape)
        if not self.tie_weights and self.quantization_mode is None:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings", shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
            )  # fmt: skip

    def _make_codecs(self, mode: str, shape) -> tuple:
        codecs = super()._make_codecs(mode, shape)
        if self.tie_weights:
            return codecs
        name = "reverse_embeddings"
        if mode == "int8" or self._block_size() == -1:
            return *codecs, PerOutput(self, name, "ab", "b", packed=0 if mode == "int4" else None, attribute=name)
        more = {"pack_inputs": True, "zero_dtype": None, "attribute": name, "own_groups": False}
        return *codecs, Grouped(self, name, "ab", "a", self._block_size(), **more)

    def _coded_shapes(self) -> list:
        return [self._main_shape, self._main_shape[::-1]][: len(self._codecs)]

    def _coded_weights(self) -> list:
        return [self._main()] if self.tie_weights else [self._main(), self.reverse_embeddings]

    def call(self, inputs, reverse=False):
        if not reverse:
            return super().call(inputs)
        logits = self._logits(inputs)
        if self.logit_soft_cap is not None:
            logits = ops.tanh(logits / self.logit_soft_cap) * self.logit_soft_cap
        return logits

    def _logits(self, inputs):
        if self.quantization_mode is not None:
            adapter = self._adapter_product() if self.tie_weights else None
            return self._coded_product(self._contraction, self._codecs[-1], inputs, adapter, turned=self.tie_weights)
        kernel = ops.transpose(ops.convert_to_tensor(self.embeddings)) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = ops.cast(inputs, self.reverse_dtype), ops.cast(kernel, self.reverse_dtype)
        return ops.matmul(inputs, kernel)
