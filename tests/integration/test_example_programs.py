"""Small programs as Keras's examples have them, whole: with Kerata they give what they give with Keras."""

import numpy as np
import pytest
from twins import check_twins, labels, normal, start


def history(model, *data, **options):
    fitted = model.fit(*data, shuffle=False, verbose=0, **options)
    return {"keys": list(fitted.history), "epochs": fitted.epoch, **fitted.history}


def tagger(k):
    """Named entities: a subclassed model of subclassed layers, and a loss that leaves padding out."""
    layers, ops = k.layers, k.ops

    class Embedded(layers.Layer):
        def __init__(self):
            super().__init__()
            self.tokens, self.positions = layers.Embedding(12, 6), layers.Embedding(5, 6)

        def call(self, x):
            return self.tokens(x) + self.positions(ops.arange(0, ops.shape(x)[-1], 1))

    class Block(layers.Layer):
        def __init__(self):
            super().__init__()
            self.attention = layers.MultiHeadAttention(2, 3)
            self.dense = k.Sequential([layers.Dense(8, activation="relu"), layers.Dense(6)])
            self.first, self.second = layers.LayerNormalization(epsilon=1e-6), layers.LayerNormalization(epsilon=1e-6)

        def call(self, x):
            x = self.first(x + self.attention(x, x))
            return self.second(x + self.dense(x))

    class Tagger(k.Model):
        def __init__(self):
            super().__init__()
            self.embedded, self.block, self.head = Embedded(), Block(), layers.Dense(4, activation="softmax")

        def call(self, x, training=False):
            return self.head(self.block(self.embedded(x), training=training))

    class Unpadded(k.losses.Loss):
        def call(self, y_true, y_pred):
            loss = k.losses.SparseCategoricalCrossentropy(reduction=None)(y_true, y_pred)
            mask = ops.cast(y_true > 0, "float32")
            return ops.sum(loss * mask) / ops.sum(mask)

    x, y = labels(10 * 5, 12).reshape(10, 5), labels(10 * 5, 4, 1).reshape(10, 5)
    model = Tagger()
    model(x[:2])
    start(model)
    model.compile("sgd", Unpadded(name="unpadded"))
    found = history(model, x, y, batch_size=4, epochs=2)
    return found, model.predict(x, verbose=0), [w.path for w in model.weights], model.evaluate(x, y, verbose=0)


def questions(k):
    """Two outputs with a loss each, masked attention, a callback that predicts, and all ways to a loss."""
    layers = k.layers
    ids, given = k.Input((6,), dtype="int32", name="ids"), k.Input((6,), dtype="int32", name="given")
    x = layers.Embedding(9, 4)(ids)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 2)(x, x, attention_mask=k.ops.expand_dims(given, 1)))
    ends = [layers.Softmax(name=n)(layers.Flatten()(layers.Dense(1, use_bias=False)(x))) for n in ("first", "last")]
    model = start(k.Model([ids, given], ends))
    loss = k.losses.SparseCategoricalCrossentropy()
    model.compile(k.optimizers.SGD(0.1), [loss, loss], loss_weights=[0.5, 1.0], metrics=[["accuracy"], []])
    x = [labels(8 * 6, 9).reshape(8, 6), np.maximum(labels(8 * 6, 2).reshape(8, 6), np.eye(6, dtype=int)[0])]
    y = [labels(8, 6), labels(8, 6, 1)]
    seen = []

    class Matches(k.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append([epoch, list(logs), *(p.argmax(-1) for p in self.model.predict(x, verbose=0))])

    found = history(model, x, y, batch_size=4, epochs=2, callbacks=[Matches()], validation_split=0.25)
    return (found, seen, model.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0, return_dict=True),
            model.metrics_names, model.train_on_batch(x, y), model.test_on_batch(x, y, return_dict=True))  # fmt: skip


def translation(k):
    """Characters to characters: teacher forcing, then models for inference made of the trained layers."""
    layers = k.layers
    inputs, targets = k.Input((None, 5)), k.Input((None, 4))
    _, *states = layers.LSTM(3, return_state=True)(inputs)
    decoder, head = layers.LSTM(3, return_sequences=True, return_state=True), layers.Dense(4, activation="softmax")
    model = start(k.Model([inputs, targets], head(decoder(targets, initial_state=states)[0])))
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    x, y = np.eye(5, dtype="float32")[labels(30, 5).reshape(6, 5)], np.eye(4, dtype="float32")[labels(24, 4).reshape(6, 4)]
    found = history(model, [x, y], np.roll(y, -1, 1), batch_size=3, epochs=2)
    encode = k.Model(model.input[0], model.layers[2].output[1:])
    held = [k.Input((3,)), k.Input((3,))]
    out, *after = model.layers[3](model.input[1], initial_state=held)
    decode = k.Model([model.input[1], *held], [model.layers[4](out), *after])
    state, token, text = encode.predict(x[:1], verbose=0), np.eye(4)[None, :1], []
    for _ in range(3):
        out, *state = decode.predict([token, *state], verbose=0)
        text.append(int(out[0, -1].argmax()))
        token = np.eye(4)[[text[-1:]]]
    return found, text, state, out


def traffic(k):
    """A graph convolution with a graph that the layer holds, and an LSTM over the time of each node."""
    layers, ops = k.layers, k.ops
    to, of = np.array([0, 0, 1, 2, 2, 3]), np.array([1, 2, 0, 3, 1, 2])

    class Convolution(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.weight = self.add_weight(shape=(1, 3), initializer=k.initializers.GlorotUniform())

        def call(self, x):
            near = ops.segment_sum(ops.take(x, ops.convert_to_tensor(of), axis=0), ops.convert_to_tensor(to), num_segments=4)
            return ops.relu(ops.concatenate([ops.matmul(x, self.weight), ops.matmul(near, self.weight)], axis=-1))

    class Network(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.convolution, self.lstm, self.dense = Convolution(), layers.LSTM(4), layers.Dense(2)

        def call(self, x):
            x = self.convolution(ops.transpose(x, [2, 0, 1, 3]))
            nodes, rows, steps, width = ops.shape(x)
            x = self.dense(self.lstm(ops.reshape(x, (rows * nodes, steps, width))))
            return ops.transpose(ops.reshape(x, (nodes, rows, 2)), [1, 2, 0])

    inputs = k.Input((5, 4, 1))
    model = start(k.Model(inputs, Network()(inputs)))
    model.compile(k.optimizers.RMSprop(0.01), "mse")
    x, y = normal(7, 5, 4, 1), normal(7, 2, 4)
    return history(model, x, y, batch_size=3, epochs=2), model.predict(x, verbose=0), tuple(model.output_shape)


def citations(k):
    """Nodes of one graph by number; a `call` without `training`, so that normalization keeps its statistics."""
    layers, ops = k.layers, k.ops

    class Graph(k.Model):
        def __init__(self):
            super().__init__()
            self.nodes = ops.convert_to_tensor(normal(6, 3))
            self.prepare = k.Sequential([layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(4, activation="gelu")])
            self.head = layers.Dense(3)

        def call(self, numbers):
            x = self.prepare(self.nodes)
            x = x + ops.segment_max(ops.take(x, ops.array([1, 2, 3, 4, 5, 0]), axis=0), ops.arange(6), num_segments=6)
            return self.head(ops.take(x, numbers, axis=0))

    model = Graph()
    model(np.arange(2))
    start(model)
    model.compile("sgd", k.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    found = history(model, np.arange(6), labels(6, 3), batch_size=4, epochs=2)
    return found, model.get_weights(), model.predict(np.arange(6), verbose=0)


def tuning(k):
    """A trained model is cut, frozen, given another head, and compiled again with less said."""
    layers = k.layers
    body = start(k.Sequential([k.Input((4,)), layers.Dense(5, "relu", name="a"), layers.Dense(3, "softmax", name="b")]))
    x, y = normal(10, 4), labels(10, 3)
    body.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    found = [history(body, x, y, batch_size=4, initial_epoch=1, epochs=3, validation_split=0.2, validation_freq=2)]
    body.compile(k.optimizers.SGD(k.optimizers.schedules.CosineDecay(0.1, 4), momentum=0.9))
    found.append(history(body, x, y, batch_size=4, sample_weight=np.linspace(0, 1, 10)))
    found.append(body.get_compile_config()["optimizer"]["config"]["momentum"])
    body.pop()
    body.layers[0].trainable = False
    body.add(layers.Dense(3, "softmax", name="c", kernel_initializer="ones"))
    body.compile("sgd", "sparse_categorical_crossentropy")
    found.append(history(body, x, y, batch_size=4, class_weight={0: 1.0, 1: 2.0, 2: 0.5}))
    inner = k.Model(body.inputs, [layer.output for layer in body.layers])
    return found, body.get_weights(), inner.predict(x, verbose=0), [w.path for w in body.trainable_weights]


@pytest.mark.parametrize("program", [tagger, questions, translation, traffic, citations, tuning], ids=lambda p: p.__name__)
def test_as_keras(program, train_backend):
    check_twins(program)
