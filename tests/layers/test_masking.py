"""Masks from an Embedding or Masking to the loss, and what each layer does with them: as in Keras."""

import numpy as np
import pytest
from twins import check_twins, normal, start

IDS = np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0]])


def end_to_end(K):
    L = K.layers
    model = K.Sequential([
        K.Input((5,), dtype="int32"), L.Embedding(7, 3, mask_zero=True), L.LSTM(4, return_sequences=True),
        L.TimeDistributed(L.Dense(3)), L.Dense(2),
    ])  # fmt: skip
    start(model)
    y = normal(2, 5, 2)
    model.compile("sgd", "mse")
    out = [model(IDS), model.predict(IDS, verbose=0), model.evaluate(IDS, y, verbose=0)]
    return [*out, model.evaluate(IDS, y, sample_weight=np.arange(10.0).reshape(2, 5), verbose=0)]


def in_graphs(K):
    L = K.layers
    i = K.Input((5, 3))
    x = L.Masking(0.0)(i)
    y = L.LayerNormalization()(L.Activation("relu")(L.Dense(4)(x)))
    c = L.Concatenate()([y, L.Add()([y, y])])
    s = L.SimpleRNN(2, return_sequences=True)(c)
    a = L.Attention()([s, s])
    model = start(K.Model(i, [s, a, L.LSTM(2)(a), L.GlobalAveragePooling1D()(y), L.BatchNormalization()(y)]))
    data = normal(2, 5, 3)
    data[0, 3:] = data[1, 1] = 0
    return [model(data), model(data, training=True), model.predict(data, verbose=0)]


def nested(K):
    L = K.layers
    inner = K.Sequential([L.Embedding(7, 3, mask_zero=True), L.Dense(3)])
    outer = start(K.Sequential([K.Input((5,), dtype="int32"), inner, L.LSTM(2)]))
    i, j = K.Input((5, 3)), K.Input((5,), dtype="int32")
    last = K.Model(i, L.LSTM(2)(i))
    model = start(K.Model(j, last(L.Embedding(7, 3, mask_zero=True)(j))))
    by_hand = last(normal(2, 5, 3), mask=np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1]], bool))

    class Net(K.Model):
        def __init__(self):
            super().__init__()
            self.embedding, self.lstm = L.Embedding(7, 3, mask_zero=True), L.LSTM(2)

        def call(self, x):
            return self.lstm(self.embedding(x))

    net = Net()
    net(IDS)
    return [outer(IDS), model(IDS), by_hand, start(net)(IDS)]


def layers(K):
    """The mask that comes out of each layer."""
    L = K.layers

    class Shows(L.Layer):
        def call(self, x, mask=None):
            return x * 0 + (2.0 if mask is None else K.ops.cast(mask, "float32")[..., None])

    class Cuts(L.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, x):
            return x[:, 1:]

        def compute_mask(self, x, mask=None):
            return None if mask is None else mask[:, 1:]

    class Plain(L.Layer):
        def call(self, x):
            return x + 1

    class Pair(L.Layer):
        def call(self, a, b, a_mask=None, b_mask=None):
            marks = [0.0 if m is None else K.ops.cast(m, "float32")[..., None] for m in (a_mask, b_mask)]
            return (a + b) * 0 + marks[0] + 10 * marks[1]

    class Several(L.Layer):
        def call(self, xs, mask=None):
            return xs[0] * 0 + sum(0.0 if m is None else K.ops.cast(m, "float32")[..., None] for m in mask)

    embedding = L.Embedding(7, 3, mask_zero=True)
    x, bare = embedding(IDS), L.Embedding(7, 3)(IDS)
    through = [
        L.Dropout(0.5), L.Activation("relu"), L.LayerNormalization(), L.BatchNormalization(), L.PReLU(),
        L.Identity(), L.UnitNormalization(), L.SpatialDropout1D(0.2), L.GaussianNoise(0.1), L.Masking(),
        L.TimeDistributed(L.Dense(2)), L.LSTM(2, return_sequences=True), L.EinsumDense("btf,fk->btk", (None, 2)),
        L.Bidirectional(L.GRU(2, return_sequences=True)), L.Conv1D(2, 3, padding="same"),
        L.Lambda(lambda t: t + 1), L.ZeroPadding1D(1), Cuts(), Plain(),
    ]  # fmt: skip
    out = [Shows()(layer(x)) for layer in through]
    for merge in (L.Concatenate(axis=1), L.Concatenate(), L.Add(), L.Multiply()):
        out.append(Shows()(merge([x, x])))
    out += [Shows()(x, mask=np.ones((2, 5), bool)), embedding.compute_mask(IDS)]
    out += [Pair()(x, bare), Pair()(bare, b=x), Several()([x, bare]), Several()([bare, bare])]
    return out


def own_layers(K):
    """Layers that make, change and need masks, by symbols and with numbers; `compute_mask` alone says that a layer knows of them."""
    L, ops = K.layers, K.ops

    class Halves(L.Layer):
        def call(self, x):
            return ops.split(x, 2, axis=1)

        def compute_mask(self, x, mask=None):
            return None if mask is None else ops.split(mask, 2, axis=1)

    class Makes(L.Layer):
        def call(self, x):
            return ops.cast(x, "float32")[..., None] * ops.ones((3,))

        def compute_mask(self, x, mask=None):
            return ops.not_equal(x, 0)

    class Needs(L.Layer):
        def call(self, x, mask=None):  # fails without a mask
            weights = ops.exp(x) * ops.expand_dims(ops.cast(mask, "float32"), -1)
            return weights / ops.sum(weights, axis=1, keepdims=True)

    class Within(L.Layer):
        def __init__(self):
            super().__init__()
            self.needs = Needs()

        def call(self, x):
            return self.needs(x) + 1

    x = L.Embedding(7, 4, mask_zero=True, embeddings_initializer="ones")(IDS[:, :4])
    out = [*Halves()(x), Needs()(Halves()(x)[0]), Needs()(Makes()(IDS)), Within()(x)]
    marks = [K.src.backend.get_keras_mask(h) for h in Halves()(x)] if hasattr(K, "src") else [h._keras_mask for h in Halves()(x)]
    i = K.Input((None,), dtype="int32")
    x = L.Dense(2)(L.Embedding(7, 4, mask_zero=True)(i))
    model = start(K.Model(i, [Needs()(x), Needs()(Makes()(i)), L.LSTM(2)(Makes()(i)), ops.cast(x._keras_mask, "int32")]))
    return [*out, *marks, *model(IDS)]


def own_masks(K):
    """A layer with a `compute_mask` of its own supports masking; attention closes the targets that its query masks."""
    L = K.layers

    class Positions(L.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.tokens, self.places = L.Embedding(7, 4), L.Embedding(5, 4)

        def call(self, ids):
            return self.tokens(ids) + self.places(K.ops.arange(0, K.ops.shape(ids)[-1], 1))

        def compute_mask(self, ids, mask=None):
            return K.ops.not_equal(ids, 0)

    class Attends(L.Layer):
        def __init__(self, dropout, **kwargs):
            super().__init__(**kwargs)
            self.attention = L.MultiHeadAttention(2, 4, dropout=dropout)
            self.supports_masking = True

        def call(self, x, mask=None):
            narrow = None if mask is None else K.ops.cast(mask[:, None, :], "int32")
            return self.attention(query=x, value=x, key=x, attention_mask=narrow)

    out = [L.Layer().supports_masking, Positions().supports_masking]
    for dropout in (0.0, 0.5):
        ids = K.Input((None,), dtype="int32")
        x = Attends(dropout)(Positions()(ids))
        model = start(K.Model(ids, x))
        out += [model.predict(IDS, verbose=0), start(K.Model(ids, L.GlobalAveragePooling1D()(x))).predict(IDS, verbose=0)]
    return out


@pytest.mark.parametrize("program", [end_to_end, in_graphs, nested, layers, own_layers, own_masks], ids=lambda p: p.__name__)
def test_masks(program, backend):
    if program is end_to_end and backend == "numpy":
        pytest.skip("NumPy does not evaluate losses")
    check_twins(program)
