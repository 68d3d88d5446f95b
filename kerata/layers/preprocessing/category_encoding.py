"""CategoryEncoding."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.data_layer import DataLayer
from kerata.layers.preprocessing.encoding import MODES, as_sparse, check_mode, encode, padded


class CategoryEncoding(DataLayer):
    """Integers as vectors of length `num_tokens`.

    Args:
        num_tokens: integer above 0: how many numbers there are: inputs are from 0 to `num_tokens - 1`, and
            others count as nothing.
        output_mode: "multi_hot" (the default): one vector for a row, 1 at each number in it; "one_hot": a
            vector for each number; "count": as "multi_hot", with how often each occurs.
        sparse: whether outputs are sparse tensors (backends tensorflow and jax); False by default.

    A call takes `count_weights` too, in the inputs' shape: in mode "count", what each counts for.

    Input shape:
        `(batch, n)`, integers; or those of one sample, `(n,)` or `()`.
    Output shape:
        `(batch, num_tokens)` in the layer's `dtype`, `(num_tokens,)` for one sample; for "one_hot"
        `(batch, n, num_tokens)`, without the axis n if it is 1.

    Raises:
        ValueError: if `num_tokens` is missing or below 1, `output_mode` has another value, or weights come
            without "count".

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[0, 2, 2]])
    >>> layers.CategoryEncoding(3)(x)  # [[1, 0, 1]]
    >>> layers.CategoryEncoding(3, output_mode="count")(x)  # [[1, 0, 2]]
    """

    _config_skip = DataLayer._config_skip | {"sparse"}

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        if num_tokens is None:
            raise ValueError(
                "CategoryEncoding needs `num_tokens`. To find the tokens in the data, use IntegerLookup and its adapt()."
            )
        if num_tokens < 1:
            raise ValueError(f"`num_tokens` of CategoryEncoding is at least 1; got {num_tokens}.")
        super().__init__(**kwargs)
        self.num_tokens = num_tokens
        self.output_mode = check_mode("multi_hot" if output_mode == "binary" else output_mode, MODES, "CategoryEncoding")
        self.sparse = sparse

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"Layer {self.name!r} was given `count_weights`, which belong to output_mode='count'; "
                f"its output_mode is {self.output_mode!r}."
            )
        inputs = padded(ops.convert_to_tensor(inputs, sparse=False))
        out = encode(inputs, self.output_mode, self.num_tokens, self.dtype, count_weights)
        return as_sparse(out, f"Layer {self.name!r}") if self.sparse else out
