"""What attention layers with several heads share: projections, masks, and the attention itself."""

from __future__ import annotations

import math
import string

from kerata import constraints, initializers, ops, regularizers
from kerata.core.masks import get_mask
from kerata.core.names import auto_name
from kerata.layers._errors import positive_integer
from kerata.layers.attention.attention import causal_mask
from kerata.layers.core.einsum_dense import EinsumDense
from kerata.layers.layer import Layer
from kerata.layers.regularization.dropout import Dropout


class HeadAttention(Layer):
    """Base: `output(softmax(query(x) key(y)^T / sqrt(dim)) value(y))`, each head for itself.

    The attention is `ops.dot_product_attention`, a fused kernel where the backend has one, unless the weights are
    asked for, or dropped, or there are several attention axes.
    """

    # In Keras's files these layers have `activity_regularizer` always.
    _config_skip = (Layer._config_skip - {"activity_regularizer"}) | {"flash_attention"}

    def _set_up(self, dropout, use_bias, use_gate, sliding_window, flash_attention, seed, activity_regularizer,
                weights: dict) -> None:  # fmt: skip
        who = type(self).__name__
        if sliding_window is not None and (not isinstance(sliding_window, int) or sliding_window < 1):
            raise ValueError(f"`sliding_window` of {who} is a positive integer or None; got {sliding_window!r}.")
        if flash_attention and dropout > 0:
            raise ValueError(f"{who} cannot drop scores in flash attention: give dropout=0.0 or flash_attention=None.")
        self.dropout, self.use_bias, self.use_gate, self.seed = dropout, use_bias, use_gate, seed
        self.sliding_window, self._flash_attention = sliding_window, flash_attention
        self._sublayer_regularizer = regularizers.get(activity_regularizer)
        packages = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
        for name, value in weights.items():
            setattr(self, name, packages[name.rpartition("_")[2]].get(value))
        self.supports_masking = True

    def _positive(self, **values) -> list[int]:
        return [positive_integer(value, name, type(self).__name__) for name, value in values.items()]

    # -- weights ----------------------------------------------------------------------------------------------
    def _dense(self, name: str, equation: str, output_shape, bias_axes: str, activation=None) -> EinsumDense:
        dense = EinsumDense(
            equation, output_shape, bias_axes=bias_axes if self.use_bias else None, activation=activation, name=name,
            **self._get_common_kwargs_for_sublayer(),
        )  # fmt: skip
        dense.supports_masking = True  # the axes that masks are of stay as they are
        return dense

    def _get_common_kwargs_for_sublayer(self) -> dict:
        """Arguments of every projection; subclasses that make projections of their own use it too."""
        return {
            "kernel_initializer": _fresh(self.kernel_initializer), "bias_initializer": _fresh(self.bias_initializer),
            "kernel_regularizer": self.kernel_regularizer, "bias_regularizer": self.bias_regularizer,
            "kernel_constraint": self.kernel_constraint, "bias_constraint": self.bias_constraint,
            "activity_regularizer": self._sublayer_regularizer, "dtype": self.dtype_policy,
        }  # fmt: skip

    def _projection(self, name: str, shape, heads: int, size: int, activation=None) -> EinsumDense:
        """(..., features) to (..., heads, size), built."""
        axes = string.ascii_lowercase[: len(shape) + 2]
        last, head, out = axes[-3], axes[-2], axes[-1]
        equation = f"{axes[:-2]},{last}{head}{out}->{axes[:-3]}{head}{out}"
        free = [None] * (len(shape) - 2)
        layer = self._dense(name, equation, (*free, heads, size), head + out, activation)
        layer.build(shape)
        return layer

    def _output_projection(self, shape, heads: int, size: int, output_shape: tuple) -> EinsumDense:
        """(..., heads, size) to (..., *output_shape), built."""
        axes = string.ascii_lowercase[: len(shape) + 1]
        new = string.ascii_lowercase[len(axes) : len(axes) + len(output_shape)]
        equation = f"{axes},{axes[-2:]}{new}->{axes[:-2]}{new}"
        layer = self._dense("attention_output", equation, (*[None] * (len(shape) - 2), *output_shape), new)
        layer.build((*shape[:-1], heads, size))
        return layer

    def _build_heads(self, query, value, key, heads: tuple, sizes: tuple, output_shape) -> None:
        """Make the projections. `heads`: of the query, of key and value; `sizes`: of key, of value."""
        key = value if key is None else key
        if tuple(value[1:-1]) != tuple(key[1:-1]):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}): `value` and `key` have equal shapes but for the last axis; "
                f"they are {tuple(value)} and {tuple(key)}."
            )
        self._query_dense = self._projection("query", query, heads[0], sizes[0])
        self._key_dense = self._projection("key", key, heads[1], sizes[0])
        if self.use_gate:
            self._gate_dense = self._projection("gate", query, heads[0], sizes[1], "sigmoid")
        self._value_dense = self._projection("value", value, heads[1], sizes[1])
        self._build_attention(len(query) + 1)
        self._output_dense = self._output_projection(query, heads[0], sizes[1], output_shape or (query[-1],))

    def _build_attention(self, rank: int) -> None:
        """What is needed besides projections; `rank`: of projected tensors, (batch, ..., heads, size)."""
        if self.dropout > 0:
            self._dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        else:
            auto_name("Dropout")
        auto_name("Softmax")  # Keras has a layer of either kind here, and numbers them
        self._scale = 1.0 / math.sqrt(self._head_size)
        self._make_equations(rank - 1)

    def _attended_axes(self, rank: int) -> tuple[int, ...]:
        return tuple(range(1, rank - 1))

    def _make_equations(self, rank: int) -> None:
        """Einsum equations of scores (..., heads, *targets, *sources) and of the weighted sum."""
        attended = self._attended_axes(rank)
        query = string.ascii_lowercase[: rank + 1]
        fresh = iter(string.ascii_lowercase[rank + 1 :])
        key = "".join(next(fresh) if i in attended else letter for i, letter in enumerate(query))
        batch = "".join(query[i] for i in range(rank) if i not in attended)
        scores = batch + "".join(query[i] for i in attended) + "".join(key[i] for i in attended)
        self._dot_product_equation = f"{key},{query}->{scores}"
        self._combine_equation = f"{scores},{key}->{query}"
        self._score_axes = tuple(range(-len(attended), 0))

    # -- computing --------------------------------------------------------------------------------------------
    def call(self, query, value, key=None, query_mask=None, value_mask=None, key_mask=None, attention_mask=None,
             return_attention_scores=False, training=None, use_causal_mask=False):  # fmt: skip
        key = value if key is None else key
        mask = self._compute_attention_mask(
            query, value, self._mask_of_queries(query, query_mask), value_mask, key_mask, attention_mask, use_causal_mask
        )
        gate = self._gate_dense(query) if self.use_gate else None
        output, scores = self._compute_attention(
            self._query_dense(query), self._key_dense(key), self._value_dense(value), mask, training,
            return_attention_scores,
        )  # fmt: skip
        output = self._output_dense(output if gate is None else output * gate)
        return (output, scores) if return_attention_scores else output

    def _mask_of_queries(self, query, query_mask):
        """Which targets look anywhere at all. As in Keras it is the mask that the query carries; one given by name only travels on."""
        return get_mask(query)

    def _compute_attention_mask(self, query, value, query_mask=None, value_mask=None, key_mask=None,
                                attention_mask=None, use_causal_mask=False):  # fmt: skip
        """Where targets may look, (batch, targets, sources) or what broadcasts to it; None for everywhere."""
        masks = [ops.expand_dims(ops.cast(m, "bool"), -2) for m in (value_mask, key_mask) if m is not None]
        if query_mask is not None:
            masks.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        targets, sources = ops.shape(query)[1], ops.shape(value)[1]
        if use_causal_mask:
            masks.append(causal_mask(targets, sources))
        if self.sliding_window is not None:
            rows, columns = ops.arange(targets, dtype="int32"), ops.arange(sources, dtype="int32")
            distance = ops.absolute(ops.expand_dims(rows, 1) - ops.expand_dims(columns, 0))
            masks.append(ops.expand_dims(distance < self.sliding_window, 0))
        if attention_mask is not None:
            masks.append(ops.cast(attention_mask, "bool"))
        if not masks:
            return None
        # Rank by rank: a mask for each head has one axis more.
        mask = masks[-1]
        for other in masks[:-1]:
            mask = ops.logical_and(mask, self._spread(other, len(mask.shape)))
        return mask

    def _spread(self, mask, rank: int):
        """The mask with axes for the heads (and other batch axes), up to `rank`."""
        while len(mask.shape) < rank:
            mask = ops.expand_dims(mask, -2 * len(self._score_axes) - 1)
        return mask

    def _compute_attention(self, query, key, value, attention_mask=None, training=None, return_attention_scores=False):
        """The heads' outputs from the projected tensors, and the weights if they are asked for."""
        if self._flash_attention and return_attention_scores:
            raise ValueError(
                f"Layer {self.name!r}: flash attention never holds all scores, so they cannot be returned. Make the layer "
                "with flash_attention=None to see them."
            )
        drops = training and self.dropout > 0
        if drops or return_attention_scores or len(query.shape) != 4:
            return self._compute_scores(query, key, value, attention_mask, drops)
        mask = None if attention_mask is None else self._spread(attention_mask, 4)
        output = ops.dot_product_attention(
            query, key, value, mask=mask, scale=self._scale, flash_attention=self._flash_attention
        )
        if mask is not None and self.dropout > 0:  # as in training: a target that sees nothing gets nothing
            sees = ops.swapaxes(ops.any(mask, axis=-1), 1, 2)  # (batch, targets, heads)
            output = output * ops.cast(ops.expand_dims(sees, -1), output.dtype)
        return output, None

    def _compute_scores(self, query, key, value, mask, drops):
        repeats = query.shape[-2] // key.shape[-2]
        if repeats > 1:
            key, value = ops.repeat(key, repeats, axis=-2), ops.repeat(value, repeats, axis=-2)
        weights = self._masked_softmax(ops.einsum(self._dot_product_equation, key, query * self._scale), mask)
        dropped = self._dropout_layer(weights, training=True) if drops else weights
        return ops.einsum(self._combine_equation, dropped, value), weights

    def _masked_softmax(self, scores, mask=None):
        """Weights from scores, over the sources that the mask leaves."""
        if mask is not None:
            mask = self._spread(mask, len(scores.shape))
            lowest = -3e4 if self.compute_dtype == "float16" else -1e9
            scores = ops.where(mask, scores, ops.cast(lowest, scores.dtype))
        weights = ops.softmax(scores, axis=self._score_axes if len(self._score_axes) > 1 else -1)
        # A target that sees nothing gets nothing.
        return weights if mask is None else weights * ops.cast(mask, weights.dtype)

    def get_config(self) -> dict:
        from kerata.saving.serialization import serialize_value

        return {**super().get_config(), "activity_regularizer": serialize_value(self._sublayer_regularizer)}


class Alias:
    """Another name of an attribute, under which subclasses written for Keras read it; setting it is free."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, instance, cls):
        return self if instance is None else getattr(instance, self.name)


def _fresh(initializer):
    """Another initializer of the same kind, so that weights of equal shape differ."""
    clone = getattr(initializer, "clone", None)
    return initializer if clone is None else clone()
