"""Attention and AdditiveAttention: attention without weights for the projections."""

from __future__ import annotations

from kerata import ops, random
from kerata.layers.layer import Layer
from kerata.random.seed_generator import SeedGenerator


class Attention(Layer):
    """Dot-product attention: `softmax(score(query, key)) value` (Luong et al., 2015).

    Args:
        use_scale: whether the scores are multiplied by a trained scalar.
        score_mode: "dot" (`query . key`) or "concat" (`w * sum(tanh(scale * (query + key)))`, w trained).
        dropout: fraction of the scores to drop in training.
        seed: integer for the dropout.

    Called with `[query, value]` or `[query, value, key]`, of shapes (batch, targets, dim), (batch, sources, dim) twice;
    the key is the value by default. `mask` is `[query_mask, value_mask]`: where a query is masked the output is 0,
    masked values get no weight. `use_causal_mask` keeps each target from later sources. Gives (batch, targets, dim),
    and with `return_attention_scores` the weights (batch, targets, sources).

    >>> import kerata
    >>> query, value = kerata.ops.ones((2, 3, 4)), kerata.ops.ones((2, 5, 4))
    >>> kerata.layers.Attention()([query, value]).shape[1]
    3
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
            scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
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
    """Additive attention: the score is `sum(scale * tanh(query + key))` (Bahdanau et al., 2015).

    Args:
        use_scale: whether `scale` (dim,) is trained; else it is 1.
        dropout: fraction of the scores to drop in training.
        seed: integer for the dropout.

    Inputs, masks and outputs: see `Attention`.

    >>> import kerata
    >>> kerata.layers.AdditiveAttention()([kerata.ops.ones((2, 3, 4)), kerata.ops.ones((2, 5, 4))]).shape[1]
    3
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
