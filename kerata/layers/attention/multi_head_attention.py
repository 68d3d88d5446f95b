"""MultiHeadAttention."""

from __future__ import annotations

from kerata.layers.attention.heads import HeadAttention


class MultiHeadAttention(HeadAttention):
    """Attention by several heads, each with projections of its own (Vaswani et al., 2017).

    Args:
        num_heads: number of heads.
        key_dim: size of each head for query and key.
        value_dim: size of each head for the value; `key_dim` by default.
        dropout: fraction of the scores to drop in training.
        use_bias: whether the projections add biases.
        output_shape: sizes of the output's last axes; the query's last by default.
        attention_axes: the axes to attend over; all but the first and the last by default.
        sliding_window: targets see sources less than this many places away.
        flash_attention: True insists on a fused kernel without a matrix of scores, False forbids it.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint: of each projection.
        use_gate: multiply the heads' outputs by a sigmoid projection of the query (Qiu et al., 2025).
        seed: integer for the dropout.

    Called with query (batch, targets, dim), value (batch, sources, dim) and perhaps key (the value by default). Masks,
    True where to look: `value_mask`, `key_mask` (batch, sources), `attention_mask` (batch, targets, sources), or
    (batch, heads, targets, sources), `use_causal_mask`. Gives (batch, targets, dim), and with `return_attention_scores`
    the weights (batch, heads, targets, sources).

    >>> import kerata
    >>> layer = kerata.layers.MultiHeadAttention(num_heads=2, key_dim=3)
    >>> output, scores = layer(kerata.ops.ones((1, 5, 8)), kerata.ops.ones((1, 7, 8)), return_attention_scores=True)
    >>> output.shape[2], scores.shape[3]
    (8, 7)
    """

    def __init__(self, num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None,
                 attention_axes=None, sliding_window=None, flash_attention=None, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, use_gate=False, seed=None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        self.num_heads, self.key_dim = num_heads, key_dim
        self.value_dim = key_dim if value_dim is None else value_dim
        self._positive(num_heads=num_heads, key_dim=key_dim, value_dim=self.value_dim)
        self._output_shape = (output_shape,) if isinstance(output_shape, int) else output_shape
        if self._output_shape is not None:
            self._output_shape = tuple(self._output_shape)
            self._positive(**{f"output_shape[{i}]": n for i, n in enumerate(self._output_shape)})
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        if self.attention_axes is not None and not isinstance(self.attention_axes, list | tuple):
            raise ValueError(
                f"`attention_axes` of MultiHeadAttention is an integer or several; got {attention_axes!r}."
            )
        self._set_up(dropout, use_bias, use_gate, sliding_window, flash_attention, seed, activity_regularizer, {
            "kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer, "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint, "bias_constraint": bias_constraint,
        })  # fmt: skip

    query_dense = property(lambda self: self._query_dense)
    key_dense = property(lambda self: self._key_dense)
    value_dense = property(lambda self: self._value_dense)
    output_dense = property(lambda self: self._output_dense)

    def _attended_axes(self, rank):
        if self.attention_axes is None:
            self.attention_axes = super()._attended_axes(rank)
        axes = tuple(a + rank if a < 0 else a for a in self.attention_axes)
        if any(not 0 < a < rank - 1 for a in axes):
            raise ValueError(
                f"Layer {self.name!r} attends over axes {tuple(self.attention_axes)}; an input of {rank} axes has the axes "
                f"1 to {rank - 2} between batch and features."
            )
        return axes

    def build(self, query_shape, value_shape, key_shape=None):
        self._build_heads(
            query_shape, value_shape, key_shape, (self.num_heads, self.num_heads), (self.key_dim, self.value_dim),
            self._output_shape,
        )  # fmt: skip
