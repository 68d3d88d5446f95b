"""CategoryEncoding."""

from __future__ import annotations

from kerata import ops
from kerata.layers.preprocessing.data_layer import DataLayer
from kerata.layers.preprocessing.encoding import MODES, check_dense, check_mode, encode


class CategoryEncoding(DataLayer):
    """Integers as vectors of length `num_tokens`.

    Args:
        num_tokens: how many there are: inputs are from 0 to num_tokens - 1 (others count as nothing).
        output_mode: "multi_hot": one vector a row, 1 at each number that occurs; "one_hot": a vector for each
            number; "count": as "multi_hot", with how often each occurs.
        sparse: not available.

    A call takes `count_weights` too, in the inputs' shape: in mode "count", what each counts for.

    >>> import kerata, numpy as np
    >>> kerata.layers.CategoryEncoding(3)(np.array([[0, 2]])).shape
    (1, 3)
    """

    _config_skip = DataLayer._config_skip | {"sparse"}

    def __init__(self, num_tokens=None, output_mode="multi_hot", sparse=False, **kwargs):
        if num_tokens is None:
            raise ValueError(
                "CategoryEncoding needs `num_tokens`. To find the tokens in the data, use IntegerLookup and its adapt()."
            )
        if num_tokens < 1:
            raise ValueError(f"`num_tokens` of CategoryEncoding is at least 1; got {num_tokens}.")
        check_dense(sparse, "CategoryEncoding")
        super().__init__(**kwargs)
        self.num_tokens = num_tokens
        self.output_mode = check_mode("multi_hot" if output_mode == "binary" else output_mode, MODES, "CategoryEncoding")
        self.sparse = sparse
        self._allow_non_tensor_positional_args = True

    def call(self, inputs, count_weights=None):
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"Layer {self.name!r} was given `count_weights`, which belong to output_mode='count'; "
                f"its output_mode is {self.output_mode!r}."
            )
        inputs = ops.convert_to_tensor(inputs)
        return encode(inputs, self.output_mode, self.num_tokens, self.compute_dtype, count_weights)
