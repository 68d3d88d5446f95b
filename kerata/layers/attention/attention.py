"""Attention and AdditiveAttention: attention without weights for the projections."""

from __future__ import annotations

from kerata import ops, random
from kerata.layers.layer import Layer
from kerata.random.seed_generator import SeedGenerator


class Attention(Layer):
    """Means of values, weighted by how well the query fits their keys: `softmax(query key^T) value`.

    Args:
        use_scale: whether scores are multiplied by a trained number; False by default.
        score_mode: "dot" (`query . key`, the default) or "concat": `w sum(tanh(scale (query + key)))` with a
            trained w.
        dropout: number from 0 to 1: the part of the weights to drop in training; 0.0 by default.
        seed: integer for the dropout; None for a draw from the global seed.

    Called with `[query, value]` or `[query, value, key]`; the key is the value if it is not given. More
    arguments: `mask`, a list `[query_mask, value_mask]` of booleans `(batch, targets)` and `(batch, sources)`
    (or None): masked values get no weight, masked queries the output 0; `use_causal_mask`: whether target i
    sees the sources 0 to i only; `training`; `return_attention_scores`.
    Input shape:
        A list of `(batch, targets, dim)`, `(batch, sources, dim)` and perhaps `(batch, sources, dim)`, float.
    Output shape:
        `(batch, targets, dim)`, in the compute dtype; with `return_attention_scores` a tuple with the weights
        `(batch, targets, sources)`.
    Raises:
        ValueError: if the inputs or masks are no list of two or three.

    Source: Luong et al. (2015), "Effective Approaches to Attention-based Neural Machine Translation".

    >>> from kerata import layers, ops
    >>> query, value = ops.ones((1, 2, 4)), ops.ones((1, 5, 4))
    >>> output, weights = layers.Attention()([query, value], return_attention_scores=True)
    >>> output.shape  # (1, 2, 4)
    >>> weights[0, 0]  # [0.2, 0.2, 0.2, 0.2, 0.2]
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"`score_mode` of {type(self).__name__} is 'dot' or 'concat'; got {score_mode!r}.")
        self.use_scale, self.score_mode, self.dropout, self.seed = use_scale, score_mode, dropout, seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True
        self.scale = self.concat_score_weight = None

    def build(self, input_shape):
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def _check(self, inputs) -> None:
        if not isinstance(inputs, list | tuple) or not 2 <= len(inputs) <= 3 or isinstance(inputs[0], int | None):
            what = f"{len(inputs)} of them" if isinstance(inputs, list) else getattr(inputs, "shape", inputs)
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) attends with a query to values: give both (and perhaps "
                f"keys) in one list, [query, value] or [query, value, key]; got {what}."
            )

    def _scores(self, query, key):
        """The scores (batch, targets, sources) before the softmax."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        both = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        both = both if self.scale is None else self.scale * both
        return self.concat_score_weight * ops.sum(ops.tanh(both), axis=-1)

    def _to_weights(self, scores, mask, training):
        if mask is not None:
            lowest = 65504.0 if self.compute_dtype == "float16" else 1e9
            scores = scores - lowest * ops.cast(ops.logical_not(mask), scores.dtype)
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        return weights

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        self._check(inputs)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = self._masks(mask)
        scores = self._scores(query, key)
        weights = self._to_weights(scores, score_mask(scores, value_mask, use_causal_mask), training)
        result = ops.matmul(weights, value)
        if query_mask is not None:
            result = result * ops.cast(ops.expand_dims(query_mask, -1), result.dtype)
        return (result, weights) if return_attention_scores else result

    def _masks(self, mask) -> tuple:
        if mask is None:
            return None, None
        if not isinstance(mask, list | tuple) or not 2 <= len(mask) <= 3:
            what = f"{len(mask)} of them" if isinstance(mask, list | tuple) else f"one of shape {tuple(mask.shape)}"
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) wants masks as a list, [query_mask, value_mask] (None for "
                f"no mask); got {what}."
            )
        return mask[0], mask[1]

    def compute_mask(self, inputs, mask=None):
        """The query's mask."""
        self._check(inputs)
        return None if mask is None or mask[0] is None else mask[0]


def score_mask(scores, value_mask, causal: bool):
    """Where (batch, targets, sources) a score counts, or None for everywhere."""
    mask = None if value_mask is None else ops.expand_dims(ops.cast(value_mask, "bool"), -2)
    if causal:
        earlier = causal_mask(*ops.shape(scores)[-2:])
        mask = earlier if mask is None else ops.logical_and(mask, earlier)
    return mask


def causal_mask(targets, sources):
    """(1, targets, sources), True where the source is no later than the target."""
    rows, columns = ops.arange(targets, dtype="int32"), ops.arange(sources, dtype="int32")
    return ops.expand_dims(ops.expand_dims(rows, 1) >= ops.expand_dims(columns, 0), 0)


class AdditiveAttention(Attention):
    """Means of values, weighted by `softmax(sum(scale tanh(query + key)))`.

    Args:
        use_scale: whether `scale`, a vector `(dim,)`, is trained (True, the default) or 1.
        dropout: number from 0 to 1: the part of the weights to drop in training; 0.0 by default.

    Called with `[query, value]` or `[query, value, key]`; the key is the value if it is not given. More
    arguments: `mask`, a list `[query_mask, value_mask]` of booleans `(batch, targets)` and `(batch, sources)`
    (or None): masked values get no weight, masked queries the output 0; `use_causal_mask`: whether target i
    sees the sources 0 to i only; `training`; `return_attention_scores`.
    Input shape:
        A list of `(batch, targets, dim)`, `(batch, sources, dim)` and perhaps `(batch, sources, dim)`, float.
    Output shape:
        `(batch, targets, dim)`, in the compute dtype; with `return_attention_scores` a tuple with the weights
        `(batch, targets, sources)`.
    Raises:
        ValueError: if the inputs or masks are no list of two or three.

    Source: Bahdanau et al. (2015), "Neural Machine Translation by Jointly Learning to Align and Translate".

    >>> from kerata import layers, ops
    >>> query, value = ops.ones((1, 2, 4)), ops.ones((1, 5, 4))
    >>> layers.AdditiveAttention()([query, value]).shape  # (1, 2, 4)
    """

    _config_skip = Attention._config_skip | {"score_mode"}

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape):
        self._check(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform")

    def _scores(self, query, key):
        both = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(both if self.scale is None else self.scale * both, axis=-1)
