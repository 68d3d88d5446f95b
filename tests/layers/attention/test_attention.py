"""Attention layers against Keras: outputs, scores, masks, gradients, configs, on every backend."""

import numpy as np
import pytest
from common import check_layer

import kerata
from kerata import layers

Q, V = (2, 3, 4), (2, 5, 4)
RNG = np.random.default_rng(0)
Q_MASK = np.array([[1, 1, 0], [1, 0, 1]], bool)
V_MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0]], bool)
NOTHING = np.array([[0, 0, 0, 0, 0], [1, 1, 0, 0, 0]], bool)  # a sequence of padding alone
VALUE = RNG.normal(size=V).astype("float32")
KEY = RNG.normal(size=V).astype("float32")


@pytest.mark.parametrize("kind, arguments, keyed", [
    ("Attention", {}, False), ("Attention", {"use_scale": True, "score_mode": "concat"}, True),
    ("AdditiveAttention", {}, False), ("AdditiveAttention", {"use_scale": False}, True),
])  # fmt: skip
def test_single_headed_as_keras(backend, kind, arguments, keyed):
    check_layer(kind, arguments, [Q, V, V] if keyed else [Q, V])


@pytest.mark.parametrize("kind", ["Attention", "AdditiveAttention"])
@pytest.mark.parametrize("call", [{"return_attention_scores": True}, {"use_causal_mask": True}], ids=repr)
def test_masked_single_headed_as_keras(backend, kind, call):
    check_layer(kind, {}, [Q, V], masks=[Q_MASK, V_MASK], call=call, symbolic=False)


@pytest.mark.parametrize("arguments, call", [
    ({}, {}), ({"use_gate": True}, {"key": KEY}),
    ({"use_gate": True, "value_dim": 5}, {"return_attention_scores": True}), ({"output_shape": (2, 3), "use_bias": False}, {}),
    ({"sliding_window": 2}, {}), ({"dropout": 0.3}, {"return_attention_scores": True}),
    ({}, {"value_mask": V_MASK, "query_mask": Q_MASK}), ({}, {"value_mask": NOTHING}),
    ({}, {"value_mask": V_MASK, "use_causal_mask": True}), ({}, {"use_causal_mask": True}),
    ({}, {"attention_mask": np.tril(np.ones((2, 3, 5), bool)), "value_mask": V_MASK[::-1] | True}),
    ({"kernel_regularizer": "l2", "bias_regularizer": "l2", "kernel_constraint": "max_norm", "bias_constraint": "non_neg", "seed": 3}, {}),
    ({}, {"attention_mask": RNG.random((2, 2, 3, 5)) > 0.3}),
])  # fmt: skip
def test_multi_head_as_keras(backend, arguments, call):
    check_layer(
        "MultiHeadAttention", {"num_heads": 2, "key_dim": 3, **arguments}, Q, call={"value": VALUE, **call},
        symbolic=False, random="dropout" in arguments, atol=2e-5,
    )  # fmt: skip


@pytest.mark.parametrize("axes", [(1, 2), (2,)])
def test_attention_axes_as_keras(backend, axes):
    value = RNG.normal(size=(2, 3, 5, 4)).astype("float32")
    check_layer("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "attention_axes": axes}, (2, 3, 6, 4),
                call={"value": value, "return_attention_scores": True}, symbolic=False, atol=2e-5)  # fmt: skip


@pytest.mark.parametrize("arguments, call", [
    ({}, {}), ({"use_gate": True}, {"return_attention_scores": True}), ({"use_bias": False}, {"use_causal_mask": True}),
    ({"sliding_window": 2, "dropout": 0.2}, {"value_mask": V_MASK}), ({}, {"key": KEY}),
    ({"kernel_regularizer": "l2", "bias_regularizer": "l2", "kernel_constraint": "non_neg", "bias_constraint": "max_norm",
      "seed": 3, "flash_attention": False}, {"query_mask": Q_MASK, "value_mask": V_MASK}),
])  # fmt: skip
def test_grouped_as_keras(backend, arguments, call):
    arguments = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, **arguments}
    check_layer("GroupQueryAttention", arguments, Q, call={"value": VALUE, **call}, symbolic=False,
                random="dropout" in arguments, atol=2e-5)  # fmt: skip


@pytest.mark.parametrize("kind, arguments", [
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
    ("GroupQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}),
])  # fmt: skip
def test_activity_regularizer_as_keras(backend, kind, arguments):
    check_layer(kind, {"activity_regularizer": "l2", **arguments}, Q, call={"value": VALUE}, symbolic=False,
                gradients=False, atol=2e-5)  # fmt: skip


def numpy(x):
    return np.asarray(kerata.ops.convert_to_numpy(x))


def test_fused_and_explicit_attention_agree(backend):
    layer = layers.MultiHeadAttention(2, 3)
    for call in ({}, {"value_mask": V_MASK}, {"use_causal_mask": True}):
        fused = layer(np.ones(Q, "float32") * VALUE[:, :3], VALUE, **call)
        explicit, _ = layer(np.ones(Q, "float32") * VALUE[:, :3], VALUE, return_attention_scores=True, **call)
        np.testing.assert_allclose(numpy(fused), numpy(explicit), rtol=1e-4, atol=1e-5)


def test_unknown_lengths(backend):
    for layer in (layers.MultiHeadAttention(2, 3), layers.GroupQueryAttention(3, 4, 2)):
        out, scores = layer(kerata.Input((None, 4)), kerata.Input((None, 4)), return_attention_scores=True)
        assert out.shape == (None, None, 4)
        assert scores.shape == (None, layer._query_dense.output_shape[-2], None, None)


def test_initial_kernels_differ():
    layer = layers.MultiHeadAttention(2, 3)
    layer.build((2, 3, 6), (2, 3, 6))
    assert not np.allclose(layer.query_dense.kernel.numpy(), layer.key_dense.kernel.numpy())


def test_names_of_the_grouped_layer():
    layer = layers.GroupQueryAttention(3, 4, 2)
    assert layer.name.startswith("grouped_query_attention")
    assert kerata.saving.serialize_keras_object(layer)["class_name"] == "GroupQueryAttention"
    assert layers.GroupedQueryAttention is layers.GroupQueryAttention


def test_dropout_is_drawn_in_training_only(backend):
    x = VALUE
    for layer in (layers.MultiHeadAttention(2, 3, dropout=0.5), layers.GroupQueryAttention(3, 2, 1, dropout=0.5)):
        np.testing.assert_allclose(numpy(layer(x, x)), numpy(layer(x, x)), rtol=1e-6)
        assert not np.allclose(numpy(layer(x, x, training=True)), numpy(layer(x, x, training=True)))
    layer = layers.Attention(dropout=0.5)
    assert not np.allclose(numpy(layer([x, x], training=True)), numpy(layer([x, x], training=True)))


@pytest.mark.parametrize("make, words", [
    (lambda: layers.Attention(score_mode="sum"), "score_mode"),
    (lambda: layers.Attention()(VALUE), "query, value"),
    (lambda: layers.Attention()([VALUE]), "query, value"),
    (lambda: layers.Attention()([VALUE, VALUE], mask=V_MASK), "query_mask, value_mask"),
    (lambda: layers.MultiHeadAttention(0, 3), "num_heads"),
    (lambda: layers.MultiHeadAttention(2, 0), "key_dim"),
    (lambda: layers.MultiHeadAttention(2, 3, sliding_window=0), "sliding_window"),
    (lambda: layers.MultiHeadAttention(2, 3, attention_axes="a"), "attention_axes"),
    (lambda: layers.MultiHeadAttention(2, 3, attention_axes=3)(VALUE, VALUE), "axes"),
    (lambda: layers.MultiHeadAttention(2, 3, output_shape="a"), "output_shape"),
    (lambda: layers.MultiHeadAttention(2, 3, flash_attention=True, dropout=0.1), "flash"),
    (lambda: layers.MultiHeadAttention(2, 3, flash_attention=True)(VALUE, VALUE, return_attention_scores=True), "flash"),
    (lambda: layers.MultiHeadAttention(2, 3)(VALUE, VALUE, key=VALUE[:, :2]), "equal shapes"),
    (lambda: layers.GroupQueryAttention(3, 4, 3), "multiple"),
    (lambda: layers.GroupQueryAttention(3, 4, 2)(VALUE[None], VALUE[None]), "batch, time, dim"),
])  # fmt: skip
def test_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_subclasses_that_make_their_own_projections():
    """As programs written for Keras do: without a bias in the key's projection, over the names that Keras has."""
    from kerata.layers import EinsumDense, MultiHeadAttention

    class Mine(MultiHeadAttention):
        def build(self, query_shape, value_shape, key_shape=None):
            def dense(name, bias):
                out = (None, self._num_heads, self._key_dim)
                layer = EinsumDense("abc,cde->abde", out, bias_axes="de" if bias else None, name=name,
                                    **self._get_common_kwargs_for_sublayer())
                layer.build(query_shape)
                return layer

            self._query_dense, self._key_dense, self._value_dense = dense("query", self._use_bias), dense("key", False), dense("value", True)
            self._build_attention(4)
            self._output_dense = EinsumDense("abcd,cde->abe", (None, query_shape[-1]), bias_axes="e",
                                             **self._get_common_kwargs_for_sublayer())
            self._output_dense.build((*query_shape[:2], self._num_heads, self._value_dim))

    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    mine, plain = Mine(2, 5), MultiHeadAttention(2, 5)
    plain(x, x)
    mine(x, x)
    assert len(mine.weights) == 7
    values = dict(zip([w.path.split("/", 1)[1] for w in plain.weights], plain.get_weights()))
    mine.set_weights([v for k, v in values.items() if k != "key/bias"])
    np.testing.assert_allclose(mine(x, x), plain(x, x), rtol=1e-5, atol=1e-6)  # a key's bias of zeros
    scores = mine._masked_softmax(np.zeros((1, 2, 3, 3), "float32"), np.tri(3, dtype=bool)[None])
    np.testing.assert_allclose(np.asarray(scores)[0, 0, 1], [0.5, 0.5, 0])
    mine._num_heads = 3  # subclasses may keep their own
    assert mine._num_heads == 3 and mine.num_heads == 2


def test_attention_with_other_ranks(backend):
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype("float32")
    layer = kerata.layers.Attention()
    found = kerata.ops.convert_to_numpy(layer([x, x]))
    for i in range(2):
        one = kerata.ops.convert_to_numpy(kerata.layers.Attention()([x[i], x[i]]))
        np.testing.assert_allclose(found[i], one, rtol=1e-5)
    np.testing.assert_allclose(kerata.ops.convert_to_numpy(kerata.layers.Attention()([x[0, 0], x[0, 0]])), found[0, 0], rtol=1e-5)


def test_masks_in_float64(backend):
    x = np.ones((2, 3, 4))
    layer = kerata.layers.GroupQueryAttention(3, 4, 2, dtype="float64")
    assert np.isfinite(kerata.ops.convert_to_numpy(layer(x, x, use_causal_mask=True))).all()
