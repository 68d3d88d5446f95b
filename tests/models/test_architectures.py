"""Weights, names, paths, layers, summaries, configs and outputs of models are Keras's."""

import numpy as np
import pytest
from twins import check_twins, normal, start


def described(model, *inputs) -> dict:
    """Everything that is compared, for a model without weights of its own choosing."""
    start(model)
    out = {
        "weights": [[w.path, w.name, list(w.shape), bool(w.trainable)] for w in model.weights],
        "trainable": [w.path for w in model.trainable_weights],
        "non_trainable": [w.path for w in model.non_trainable_weights],
        "layers": [[x.name, type(x).__name__] for x in model.layers],
        "count": model.count_params(),
        "call": model(inputs[0] if len(inputs) == 1 else list(inputs)),
        "training": model(inputs[0] if len(inputs) == 1 else list(inputs), training=True),
        "values": model.get_weights(),
    }
    lines = []
    model.summary(print_fn=lines.append)
    model.summary(print_fn=lines.append, expand_nested=True, show_trainable=True)
    return {**out, "summary": "\n".join(lines)}


def mlp(K):
    return described(K.Sequential([K.Input((5,)), K.layers.Dense(4, activation="relu"), K.layers.Dense(2)]), normal(3, 5))


def deferred(K):
    model = K.Sequential([K.layers.Dense(4), K.layers.BatchNormalization(), K.layers.Dense(2)])
    model(normal(3, 5))
    return described(model, normal(3, 5))


def built_by_shape(K):
    model = K.Sequential([K.layers.Dense(4), K.layers.Dense(2)], name="named")
    model.build((None, 5))
    return described(model, normal(3, 5))


def convolutional(K):
    L = K.layers
    model = K.Sequential([
        K.Input((8, 8, 3)), L.Conv2D(4, 3, padding="same", use_bias=False), L.BatchNormalization(), L.Activation("relu"),
        L.DepthwiseConv2D(3), L.SeparableConv2D(5, 3), L.MaxPooling2D(), L.Flatten(), L.Dense(2),
    ])  # fmt: skip
    return described(model, normal(2, 8, 8, 3))


def recurrent(K):
    L = K.layers
    model = K.Sequential([
        K.Input((6, 3)), L.Bidirectional(L.LSTM(4, return_sequences=True)), L.GRU(3, return_sequences=True),
        L.TimeDistributed(L.Dense(2)), L.SimpleRNN(2),
    ])  # fmt: skip
    return described(model, normal(2, 6, 3))


def branches(K):
    L = K.layers
    a, b = K.Input((5,), name="a"), K.Input((3,), name="b")
    x = L.Dense(4)(a)
    y = L.Dense(4, activation="tanh")(b)
    z = L.Add()([x, y])
    z = L.BatchNormalization()(z)
    skip = L.Dense(4)(x)
    z = L.Concatenate()([z, skip, y])
    return described(K.Model([a, b], [L.Dense(2, name="p")(z), L.Dense(1, name="q")(x)]), normal(2, 5), normal(2, 3))


def residual(K):
    L = K.layers
    inputs = K.Input((6, 6, 3))
    x = L.Conv2D(4, 3, padding="same")(inputs)
    for _ in range(2):
        y = L.Conv2D(4, 3, padding="same")(x)
        y = L.BatchNormalization()(y)
        y = L.ReLU()(y)
        x = L.Add()([x, y])
    x = L.GlobalAveragePooling2D()(x)
    return described(K.Model(inputs, L.Dense(2)(x), name="residual"), normal(2, 6, 6, 3))


def shared(K):
    L = K.layers
    a, b = K.Input((4,)), K.Input((4,))
    twin = K.Sequential([K.Input((4,)), L.Dense(3), L.Dense(2)], name="twin")
    dense = L.Dense(4)
    x, y = twin(dense(a)), twin(dense(b))
    return described(K.Model([a, b], L.Subtract()([x, y])), normal(2, 4), normal(2, 4))


def nested(K):
    L = K.layers
    i = K.Input((4,))
    inner = K.Model(i, L.Dense(3)(L.LayerNormalization()(i)), name="inner")
    j = K.Input((4,))
    middle = K.Model(j, L.Dense(4)(inner(j)), name="middle")
    k = K.Input((4,))
    return described(K.Model(k, L.Dense(2)(middle(k)) + L.Dense(3)(k)[:, :2]), normal(2, 4))


def with_ops(K):
    i = K.Input((4, 3))
    x = K.layers.Dense(5)(i)
    x = K.ops.relu(x) * 2.0 + 1.0
    x = K.ops.concatenate([x, K.ops.sum(x, axis=-1, keepdims=True)], axis=-1)
    x = K.ops.reshape(x, (-1, 24)) / 3.0
    x = x[:, ::2] - K.ops.mean(x, axis=1, keepdims=True)
    return described(K.Model(i, K.layers.Dense(2)(x)), normal(2, 4, 3))


def attention(K):
    L = K.layers
    i = K.Input((6, 4))
    x = L.MultiHeadAttention(2, 3)(i, i)
    x = L.LayerNormalization()(x + i)
    y = L.Dense(8, activation="gelu")(x)
    y = L.Dense(4)(y)
    return described(K.Model(i, L.GlobalAveragePooling1D()(L.LayerNormalization()(x + y))), normal(2, 6, 4))


def frozen(K):
    L = K.layers
    model = K.Sequential([K.Input((5,)), L.Dense(4, trainable=False), L.BatchNormalization(), L.Dense(2)])
    model.layers[1].trainable = False
    return described(model, normal(3, 5))


def subclassed(K):
    class Block(K.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.first = K.layers.Dense(units)
            self.rest = [K.layers.Dense(units, name=f"rest_{i}") for i in range(2)]

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, x):
            x = self.first(x * self.scale)
            for layer in self.rest:
                x = layer(x)
            return x + self.count

        def compute_output_shape(self, input_shape):  # else Keras does not know it
            return (*input_shape[:-1], self.first.units)

    class Net(K.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.blocks = {"a": Block(4), "b": Block(3, name="second")}
            self.norm = K.layers.BatchNormalization()
            self.head = K.layers.Dense(2)

        def call(self, x, training=None):
            for block in self.blocks.values():
                x = block(x)
            return self.head(self.norm(x, training=training))

    model = Net(name="net")
    model(normal(3, 5))
    return described(model, normal(3, 5))


def subclass_with_functional_init(K):
    class Net(K.Model):
        def __init__(self, units=3, **kwargs):
            i = K.Input((4,))
            hidden = K.layers.Dense(units)(i)
            super().__init__(inputs=i, outputs=K.layers.Dense(2)(hidden), **kwargs)
            self.units = units

        def extra(self):
            return self.units

    model = Net(name="net")
    assert model.extra() == 3
    return described(model, normal(3, 4))


def added_and_popped(K):
    model = K.Sequential(name="s")
    model.add(K.Input((4,)))
    model.add(K.layers.Dense(3))
    model.add(K.layers.Dense(7))
    popped = model.pop()
    model.add(K.layers.Dense(2))
    assert len(popped.weights) == 2
    return described(model, normal(3, 4))


def model_in_sequential(K):
    i = K.Input((4,))
    inner = K.Model(i, K.layers.Dense(3)(i), name="inner")
    model = K.Sequential([inner, K.layers.Dense(2), K.Sequential([K.layers.Dense(2), K.layers.ReLU()])])
    return described(model, normal(2, 4))


def unused_input(K):
    a, b = K.Input((4,), name="a"), K.Input((3,), name="b")
    return described(K.Model([a, b], K.layers.Dense(2)(a)), normal(2, 4), normal(2, 3))


def inner_tensor_as_input(K):
    i = K.Input((4,))
    x = K.layers.Dense(3)(i)
    y = K.layers.Dense(2)(x)
    K.Model(i, y)
    out = described(K.Model(x, y), normal(2, 3))
    return {k: v for k, v in out.items() if k not in ("layers", "summary")}  # Keras calls the new input "..CLONE"


def features_of_a_layer(K):
    model = K.Sequential([K.Input((4,)), K.layers.Dense(3, name="f"), K.layers.Dense(2)])
    return described(K.Model(model.inputs, [model.get_layer("f").output, model.outputs[0]]), normal(2, 4))


def embedded(K):
    L = K.layers
    i = K.Input((5,), dtype="int32")
    x = L.Embedding(7, 3, mask_zero=True)(i)
    out = described(K.Model(i, L.LSTM(4)(x)), np.array([[1, 2, 0, 0, 0], [3, 4, 5, 6, 0]]))
    # Keras lists the computation of the mask as well: "not_equal (NotEqual)".
    return {k: v for k, v in out.items() if k not in ("layers", "summary")}


def unknown_sizes(K):
    L = K.layers
    i = K.Input((None, None, 3))
    x = L.Conv2D(4, 3, padding="same")(i)
    return described(K.Model(i, L.Dense(2)(L.GlobalMaxPooling2D()(x))), normal(2, 5, 4, 3))


def arguments_in_order(K):
    """Layers stand in the order of the arguments that were given by place; those given by name in the order of their names."""
    L = K.layers

    class Apart(L.Layer):
        def call(self, one, other, last):
            return one - other, one * last

    ends = [K.Input((3,), name=n) for n in ("a", "p", "n")]
    branches = [L.Dense(2, name=n)(x) for n, x in zip(("z", "y", "x"), ends)]
    names = []
    for out in (Apart()(*branches), Apart()(branches[0], last=branches[1], other=branches[2]),
                Apart()(one=branches[0], last=branches[1], other=branches[2])):  # fmt: skip
        names.append([layer.name for layer in K.Model(ends, out).layers])
    return names, described(K.Model(ends, Apart()(*branches)), normal(2, 3), normal(3, 3)[:2], normal(4, 3)[:2])


def stacks_of_any_length(K):
    """A stack without an Input takes what its layers take, also within a layer that sees unknown lengths."""
    L = K.layers

    class Projected(L.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.stack = K.Sequential([L.Dense(4, activation="relu"), K.Sequential([L.Dense(3)]), L.Dense(2)])

        def call(self, x):
            return self.stack(x)

    inputs = K.Input((None, 3))
    model = start(K.Model(inputs, Projected()(inputs)))
    bare = K.Sequential([L.Dense(4), L.Dense(2)])
    start(bare.build((2, 6, 3)) or bare)
    images = K.Sequential([L.Conv2D(2, 3), L.GlobalAveragePooling2D()])
    images(normal(1, 8, 8, 1))
    start(images)
    return [
        [m.predict(normal(4, n, 3), verbose=0) for n in (6, 5)] + [m(normal(2, 7, 3))] for m in (model, bare)
    ] + [images(normal(2, 6, 9, 1)), model.output_shape]  # fmt: skip


PROGRAMS = [
    arguments_in_order, stacks_of_any_length,
    mlp, deferred, built_by_shape, convolutional, recurrent, branches, residual, shared, nested, with_ops, attention,
    frozen, subclassed, subclass_with_functional_init, added_and_popped, model_in_sequential, unused_input,
    inner_tensor_as_input, features_of_a_layer, embedded, unknown_sizes,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_architecture(program, backend):
    check_twins(program, rtol=1e-5, atol=1e-5)
