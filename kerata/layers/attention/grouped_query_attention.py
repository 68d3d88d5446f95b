"""GroupQueryAttention."""

from __future__ import annotations

from kerata.core.names import auto_name
from kerata.layers.attention.heads import Alias, HeadAttention


class GroupQueryAttention(HeadAttention):
    """Attention in which several heads of the query share one head of key and value.

    A head gives `softmax(q k^T / sqrt(head_dim)) v` as in `MultiHeadAttention`, with fewer projections of key
    and value, so that what is kept of them while text is generated is smaller.

    Args:
        head_dim: integer above 0: the size of a head.
        num_query_heads: integer: the query's heads; a multiple of `num_key_value_heads`.
        num_key_value_heads: integer above 0: the heads of key and value.
        dropout: number from 0 to 1: the part of the weights to drop in training; 0.0 by default.
        use_bias: whether projections add biases; True by default.
        sliding_window: integer: a target sees sources less than this many places away; None for all.
        flash_attention: True insists on a fused kernel, which never holds all scores; False forbids it; None
            lets the backend choose.
        kernel_initializer, bias_initializer: of each projection; "glorot_uniform" and "zeros".
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the projections; None.
        kernel_constraint, bias_constraint: projections of the weights after each update; None.
        use_gate: whether the heads' outputs are multiplied by a sigmoid projection of the query; False by
            default.
        seed: integer for the dropout; None for a draw from the global seed.

    Called as `MultiHeadAttention` is.

    Input shape:
        Query `(batch, targets, dim)`, value and key `(batch, sources, dim)`; float.
    Output shape:
        `(batch, targets, dim)`, in the compute dtype; with `return_attention_scores` a tuple with the weights
        `(batch, num_query_heads, targets, sources)`.

    Raises:
        ValueError: if a size is no positive integer, the heads cannot be shared evenly, or an input has no 3
            axes.

    Source: Ainslie et al. (2023), "GQA: Training Generalized Multi-Query Transformer Models from Multi-Head
    Checkpoints".

    >>> from kerata import layers, ops
    >>> layer = layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    >>> layer(ops.ones((1, 5, 8)), ops.ones((1, 7, 8))).shape  # (1, 5, 8)
    """

    def __init__(self, head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True, sliding_window=None,
                 flash_attention=None, kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, use_gate=False, seed=None, **kwargs):  # fmt: skip
        if kwargs.get("name") is None:
            kwargs["name"] = auto_name("GroupedQueryAttention")  # as Keras names them
        super().__init__(**kwargs)
        head_dim, num_query_heads, num_key_value_heads = self._positive(
            head_dim=head_dim, num_query_heads=num_query_heads, num_key_value_heads=num_key_value_heads
        )
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"`num_query_heads` of GroupQueryAttention is a multiple of `num_key_value_heads`; got {num_query_heads} "
                f"and {num_key_value_heads}."
            )
        self.head_dim, self.num_query_heads = head_dim, num_query_heads
        self.num_key_value_heads = num_key_value_heads
        self._set_up(dropout, use_bias, use_gate, sliding_window, flash_attention, seed, activity_regularizer, {
            "kernel_initializer": kernel_initializer, "bias_initializer": bias_initializer,
            "kernel_regularizer": kernel_regularizer, "bias_regularizer": bias_regularizer,
            "kernel_constraint": kernel_constraint, "bias_constraint": bias_constraint,
        })  # fmt: skip
        self.activity_regularizer = self._sublayer_regularizer  # of the output, too, as in Keras

    _head_size = Alias("head_dim")

    def _mask_of_queries(self, query, query_mask):
        return query_mask

    def build(self, query_shape, value_shape, key_shape=None):
        for name, shape in (("query", query_shape), ("value", value_shape)):
            if len(shape) != 3:
                raise ValueError(
                    f"Layer {self.name!r} (GroupQueryAttention) wants a {name} of shape (batch, time, dim); it is "
                    f"{tuple(shape)}."
                )
        heads = (self.num_query_heads, self.num_key_value_heads)
        self._build_heads(query_shape, value_shape, key_shape, heads, (self.head_dim, self.head_dim), None)


GroupedQueryAttention = GroupQueryAttention
