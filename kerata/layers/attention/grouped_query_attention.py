"""GroupQueryAttention."""

from __future__ import annotations

from kerata.core.names import auto_name
from kerata.layers.attention.heads import HeadAttention


class GroupQueryAttention(HeadAttention):
    """Attention by several heads of the query to each head of key and value (Ainslie et al., 2023).

    Args:
        head_dim: size of each head.
        num_query_heads: number of heads of the query; a multiple of `num_key_value_heads`.
        num_key_value_heads: number of heads of key and value.
        dropout, use_bias, sliding_window, flash_attention, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint, use_gate, seed, and the call:
            as in `MultiHeadAttention`.

    >>> import kerata
    >>> layer = kerata.layers.GroupQueryAttention(head_dim=3, num_query_heads=4, num_key_value_heads=2)
    >>> layer(kerata.ops.ones((1, 5, 8)), kerata.ops.ones((1, 7, 8))).shape[1]
    5
    """

    _masks_queries = True

    def __init__(self, head_dim, num_query_heads, num_key_value_heads, dropout=0.0, use_bias=True, sliding_window=None,
                 flash_attention=None, kernel_initializer="glorot_uniform", bias_initializer="zeros",
                 kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, use_gate=False, seed=None, **kwargs):  # fmt: skip
        if kwargs.get("name") is None:
            kwargs["name"] = auto_name("GroupedQueryAttention")  # as Keras names them
        super().__init__(**kwargs)
        self._positive(head_dim=head_dim, num_query_heads=num_query_heads, num_key_value_heads=num_key_value_heads)
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
