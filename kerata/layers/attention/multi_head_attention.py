"""MultiHeadAttention."""

from __future__ import annotations

from kerata.layers.attention.heads import Alias, HeadAttention


class MultiHeadAttention(HeadAttention):
    """Attention by several heads, each with projections of its own.

    A head gives `softmax(q k^T / sqrt(key_dim)) v`, where q, k and v are projections of query, key and value;
    the heads' outputs, side by side, are projected to the output.

    Args:
        num_heads: integer above 0: the number of heads.
        key_dim: integer above 0: the size of a head's query and key.
        value_dim: the size of a head's value; `key_dim` if None.
        dropout: number from 0 to 1: the part of the weights to drop in training; 0.0 by default.
        use_bias: whether projections add biases; True by default.
        output_shape: integer or tuple: the sizes of the output's last axes; the query's last size if None.
        attention_axes: integer or several: the axes to attend over; all but the first and the last if None.
        sliding_window: integer: a target sees sources less than this many places away; None for all.
        flash_attention: True insists on a fused kernel, which never holds all scores; False forbids it; None
            lets the backend choose.
        kernel_initializer, bias_initializer: of each projection; "glorot_uniform" and "zeros".
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the projections; None.
        kernel_constraint, bias_constraint: projections of the weights after each update; None.
        use_gate: whether the heads' outputs are multiplied by a sigmoid projection of the query; False by
            default.
        seed: integer for the dropout; None for a draw from the global seed.

    Called with query and value, perhaps key (the value if it is not given), and masks, True where to look:
    `query_mask` `(batch, targets)`, `value_mask` and `key_mask` `(batch, sources)`, `attention_mask`
    `(batch, targets, sources)` or `(batch, heads, targets, sources)`, `use_causal_mask`; also `training` and
    `return_attention_scores`.

    Input shape:
        Query `(batch, targets, dim)`, value and key `(batch, sources, dim)`; float. There may be more axes to
        attend over.
    Output shape:
        `(batch, targets, *output_shape)`, in the compute dtype; with `return_attention_scores` a tuple with
        the weights `(batch, heads, targets, sources)`.

    Raises:
        ValueError: if a size is no positive integer, `attention_axes` names an axis that cannot be attended
            over, `flash_attention` comes with dropout or scores are asked of it, or value and key differ
            before their last axis.

    Source: Vaswani et al. (2017), "Attention Is All You Need"; for `use_gate` Qiu et al. (2025), "Gated
    Attention for Large Language Models".

    >>> from kerata import layers, ops
    >>> layer = layers.MultiHeadAttention(num_heads=2, key_dim=3)
    >>> query, value = ops.ones((1, 5, 8)), ops.ones((1, 7, 8))
    >>> output, weights = layer(query, value, return_attention_scores=True)
    >>> weights.shape  # (1, 2, 5, 7)
    >>> layer(query, query, use_causal_mask=True).shape  # (1, 5, 8)
    """

    def __init__(self, num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None,
                 attention_axes=None, sliding_window=None, flash_attention=None, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, use_gate=False, seed=None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        value_dim = key_dim if value_dim is None else value_dim
        self.num_heads, self.key_dim, self.value_dim = self._positive(num_heads=num_heads, key_dim=key_dim, value_dim=value_dim)
        self._output_shape = (output_shape,) if isinstance(output_shape, int) else output_shape
        if self._output_shape is not None:
            self._output_shape = tuple(self._positive(**{f"output_shape[{i}]": n for i, n in enumerate(self._output_shape)}))
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

    _num_heads, _key_dim, _value_dim = Alias("num_heads"), Alias("key_dim"), Alias("value_dim")
    _dropout, _use_bias, _head_size = Alias("dropout"), Alias("use_bias"), Alias("key_dim")
    _kernel_initializer, _bias_initializer = Alias("kernel_initializer"), Alias("bias_initializer")
    _kernel_regularizer, _bias_regularizer = Alias("kernel_regularizer"), Alias("bias_regularizer")
    _kernel_constraint, _bias_constraint = Alias("kernel_constraint"), Alias("bias_constraint")
    _attention_axes, _inverse_sqrt_key_dim = Alias("attention_axes"), Alias("_scale")
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
