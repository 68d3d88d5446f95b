"""Training with the same weights and data gives the same losses, metrics and weights as Keras's."""

import warnings

import numpy as np
import pytest
from twins import check_twins, labels, normal, start

X = normal(20, 5)
Y = labels(20, 3)


def mlp(K):
    model = K.Sequential([K.Input((5,)), K.layers.Dense(7, activation="relu"), K.layers.Dense(3, activation="softmax")])
    return start(model)


def trained(model, *args, **kwargs) -> dict:
    history = model.fit(*args, shuffle=False, verbose=0, **kwargs)
    return {"history": history.history, "epoch": history.epoch, "weights": model.get_weights()}


def plain_mlp(K):
    model = mlp(K)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, X, Y, batch_size=6, epochs=3, validation_data=(X[:7], Y[:7]))


def sgd_split(K):
    model = mlp(K)
    model.compile(K.optimizers.SGD(0.1, momentum=0.9), K.losses.SparseCategoricalCrossentropy(), metrics=["acc"])
    return trained(model, X, Y, batch_size=4, epochs=3, validation_split=0.3)


def weighted(K):
    model = mlp(K)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    w = np.linspace(0.1, 2, 20)
    return trained(model, X, Y, batch_size=6, epochs=2, sample_weight=w, validation_data=(X, Y, w))


def class_weighted(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    return trained(model, X, Y, batch_size=6, epochs=2, class_weight={0: 1.0, 1: 0.5, 2: 3.0})


def cnn(K):
    L = K.layers
    model = K.Sequential([
        K.Input((8, 8, 2)), L.Conv2D(4, 3, padding="same"), L.BatchNormalization(), L.ReLU(), L.MaxPooling2D(),
        L.Conv2D(3, 3, strides=2, padding="same", activation="tanh"), L.GlobalAveragePooling2D(),
        L.Dense(3, activation="softmax"),
    ])  # fmt: skip
    start(model)
    model.compile(K.optimizers.SGD(0.1, momentum=0.9, nesterov=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
    out = trained(model, normal(20, 8, 8, 2), Y, batch_size=8, epochs=2, validation_data=(normal(6, 8, 8, 2), Y[:6]))
    return {**out, "predictions": model.predict(normal(9, 8, 8, 2), batch_size=4, verbose=0)}


def lstm(K):
    model = K.Sequential([
        K.Input((6,), dtype="int32"), K.layers.Embedding(10, 4, mask_zero=True), K.layers.LSTM(5), K.layers.Dense(1),
    ])  # fmt: skip
    start(model)
    model.compile("adam", "mse", metrics=["mae"])
    tokens = np.random.default_rng(1).integers(0, 10, (20, 6))
    tokens[:, 4:] = 0
    return trained(model, tokens, normal(20, 1), batch_size=8, epochs=2)


def two_outputs(K):
    a, b = K.Input((5,), name="a"), K.Input((2,), name="b")
    x = K.layers.Concatenate()([K.layers.Dense(4, activation="tanh", name="da")(a), b])
    p = K.layers.Dense(3, activation="softmax", name="p")(x)
    q = K.layers.Dense(1, name="q")(x)
    model = start(K.Model([a, b], [p, q]))
    model.compile(
        "sgd", loss={"p": "sparse_categorical_crossentropy", "q": "mse"}, loss_weights={"p": 1.0, "q": 0.3},
        metrics={"p": ["accuracy"], "q": ["mae", "mse"]},
    )  # fmt: skip
    data = ({"a": X, "b": normal(20, 2)}, {"p": Y, "q": normal(20, 1)})
    out = trained(model, *data, batch_size=6, epochs=2, validation_data=data)
    return {**out, "evaluate": model.evaluate(*data, verbose=0, batch_size=7),
            "dict": model.evaluate(*data, verbose=0, batch_size=7, return_dict=True), "names": model.metrics_names}


def list_outputs(K):
    x = K.Input((5,))
    model = start(K.Model(x, [K.layers.Dense(3, name="one")(x), K.layers.Dense(1, name="two")(x)]))
    model.compile("sgd", loss=["mse", "mae"], loss_weights=[0.5, 2.0], metrics=[["mae"], ["mse"]])
    return trained(model, X, [normal(20, 3), normal(20, 1)], batch_size=6, epochs=2)


def one_loss_for_two(K):
    x = K.Input((5,))
    model = start(K.Model(x, [K.layers.Dense(3, name="one")(x), K.layers.Dense(1, name="two")(x)]))
    model.compile("sgd", loss="mse")
    return trained(model, X, [normal(20, 3), normal(20, 1)], batch_size=6, epochs=2)


def dict_outputs(K):
    x = K.Input((5,), name="x")
    model = start(K.Model({"x": x}, {"one": K.layers.Dense(3)(x), "two": K.layers.Dense(1)(x)}))
    model.compile("sgd", loss={"one": "mse", "two": "mae"}, metrics={"two": ["mse"]})
    return trained(model, {"x": X}, {"one": normal(20, 3), "two": normal(20, 1)}, batch_size=6, epochs=2)


def regularized(K):
    L = K.layers
    model = K.Sequential([
        K.Input((5,)), L.Dense(6, activation="relu", kernel_regularizer="l2", bias_regularizer=K.regularizers.L1(0.1)),
        L.Dense(4, activity_regularizer=K.regularizers.L2(0.05), kernel_constraint="max_norm"), L.Dense(1),
    ])  # fmt: skip
    start(model)
    model.compile("adam", "mse", metrics=["mae"])
    return trained(model, X, normal(20, 1), batch_size=8, epochs=2, validation_data=(X, normal(20, 1)))


def added_losses(K):
    class Penalty(K.layers.Layer):
        def call(self, x):
            self.add_loss(0.1 * K.ops.mean(K.ops.square(x)))
            return x * 2

    model = start(K.Sequential([K.Input((5,)), K.layers.Dense(4), Penalty(), K.layers.Dense(1)]))
    model.compile("sgd", "mse")
    return trained(model, X, normal(20, 1), batch_size=8, epochs=2)


def loss_of_layers_only(K):
    class Penalty(K.layers.Layer):
        def call(self, x):
            self.add_loss(K.ops.mean(K.ops.square(x)))
            return x

    model = start(K.Sequential([K.Input((5,)), K.layers.Dense(4), Penalty()]))
    model.compile("sgd")
    return trained(model, X, batch_size=8, epochs=2)


def frozen(K):
    model = mlp(K)
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    out = trained(model, X, Y, batch_size=8, epochs=1)
    return {**out, "trainable": [w.shape for w in model.trainable_weights]}


def all_frozen(K):
    model = mlp(K)
    model.trainable = False
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return trained(model, X, Y, batch_size=8, epochs=2)


def frozen_batch_norm(K):
    L = K.layers
    model = start(K.Sequential([K.Input((5,)), L.Dense(4), L.BatchNormalization(), L.Dense(1)]))
    model.layers[1].trainable = False
    model.compile("sgd", "mse")
    return trained(model, X, normal(20, 1), batch_size=8, epochs=2)


def subclassed(K):
    class Net(K.Model):
        def __init__(self):
            super().__init__()
            self.hidden = K.layers.Dense(6, activation="relu")
            self.norm = K.layers.BatchNormalization()
            self.out = K.layers.Dense(3, activation="softmax")

        def call(self, x, training=None):
            return self.out(self.norm(self.hidden(x), training=training))

    model = Net()
    model(X[:2])
    start(model)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, X, Y, batch_size=8, epochs=2)


def own_metric(K):
    def biggest(y, p):
        return K.ops.max(p, axis=-1)

    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[biggest, K.metrics.SparseTopKCategoricalAccuracy(2)])
    return trained(model, X, Y, batch_size=8, epochs=2)


def own_loss(K):
    def cubic(y, p):
        return K.ops.mean(K.ops.abs(y - p) ** 3, axis=-1)

    model = start(K.Sequential([K.Input((5,)), K.layers.Dense(2)]))
    model.compile(K.optimizers.Adam(K.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)), cubic)
    return trained(model, X, normal(20, 2), batch_size=8, epochs=3)


def clipped_with_ema(K):
    model = mlp(K)
    optimizer = K.optimizers.Adam(0.05, clipnorm=0.3, use_ema=True, ema_momentum=0.8, weight_decay=0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return trained(model, X, Y, batch_size=6, epochs=2)


def accumulated(K):
    model = mlp(K)
    model.compile(K.optimizers.SGD(0.1, gradient_accumulation_steps=3), "sparse_categorical_crossentropy")
    return trained(model, X, Y, batch_size=5, epochs=3)


def steps(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])

    def forever():
        i = 0
        while True:
            yield X[i : i + 4], Y[i : i + 4]
            i = (i + 4) % 20

    return trained(
        model, forever(), steps_per_epoch=3, epochs=3, validation_data=(X, Y), validation_steps=2, validation_batch_size=4
    )


def validated_sometimes(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy")
    out = trained(model, X, Y, batch_size=8, epochs=5, validation_data=(X, Y), validation_freq=2)
    return {**out, "more": trained(model, X, Y, epochs=8, initial_epoch=5, validation_data=(X, Y), validation_freq=[6, 8])}


def tiny(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, X[:3], Y[:3], batch_size=32, epochs=2)


def finite_generator(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy")
    batches = [(X[i : i + 7], Y[i : i + 7]) for i in range(0, 20, 7)]
    return trained(model, (b for b in batches), epochs=1)


def weighted_generator(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    parts = [slice(i, i + 7) for i in range(0, 20, 7)]
    return trained(model, ((X[p], Y[p], np.full(len(Y[p]), p.start + 1.0)) for p in parts), epochs=1)


def py_dataset(K):
    class Data(K.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[7 * i : 7 * i + 7], Y[7 * i : 7 * i + 7]

    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return {**trained(model, Data(), epochs=2), "predictions": model.predict(Data(), verbose=0),
            "loss": model.evaluate(Data(), verbose=0)}


def on_batches(K):
    model = mlp(K)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    return {
        "train": model.train_on_batch(X, Y, return_dict=True),
        "again": model.train_on_batch(X[:5], Y[:5], sample_weight=np.arange(5.0), return_dict=True),
        "classes": model.train_on_batch(X[:5], Y[:5], class_weight={0: 1.0, 1: 2.0, 2: 3.0}, return_dict=True),
        "test": model.test_on_batch(X, Y, return_dict=True),
        "test dict": model.test_on_batch(X[:3], Y[:3], return_dict=True),
        "reset": model.reset_metrics(),
        "fresh": model.test_on_batch(X[:3], Y[:3], sample_weight=np.array([0.0, 1.0, 0.0]), return_dict=True),
        "predict": model.predict_on_batch(X[:3]),
        "weights": model.get_weights(),
    }


def loss_only(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return {"train": model.train_on_batch(X, Y), "test": model.test_on_batch(X, Y), "eval": model.evaluate(X, Y, verbose=0),
            "dict": model.evaluate(X, Y, verbose=0, return_dict=True), "steps": model.evaluate(X, Y, batch_size=4, steps=2, verbose=0),
            "weighted": model.evaluate(X, Y, sample_weight=np.arange(20.0), verbose=0)}


def predictions(K):
    a, b = K.Input((5,), name="a"), K.Input((5,), name="b")
    model = start(K.Model([a, b], {"sum": K.layers.Dense(2)(a + b), "product": [K.layers.Dense(1)(a * b), a]}))
    return {"list": model.predict([X, X + 1], batch_size=6, verbose=0), "steps": model.predict([X, X], batch_size=6, steps=2, verbose=0),
            "dict": model.predict({"a": X, "b": X + 1}, verbose=0), "one": model.predict([X[:1], X[:1]], verbose=0)}


def steps_per_execution(K):
    model = mlp(K)
    seen = []
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"], steps_per_execution=2)
    out = trained(
        model, X, Y, batch_size=4, epochs=2,
        callbacks=[K.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))],
    )  # fmt: skip
    return {**out, "last": seen[-1]}


def every_batch(K):
    model, seen = mlp(K), []

    class Log(K.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append({"batch": batch, **logs})

        def on_epoch_end(self, epoch, logs=None):
            seen.append({"epoch": epoch, **logs})

        def on_test_batch_end(self, batch, logs=None):
            seen.append({"test": batch, **logs})

    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    out = trained(model, X, Y, batch_size=8, epochs=2, callbacks=[Log()], validation_data=(X[:9], Y[:9]), validation_batch_size=5)
    return {**out, "seen": seen}


def metrics_of_every_kind(K):
    model = start(K.Sequential([K.Input((5,)), K.layers.Dense(1, activation="sigmoid")]))
    m = K.metrics
    model.compile(
        "sgd", "binary_crossentropy",
        metrics=["accuracy", m.AUC(), m.Precision(), m.Recall(), "mse", m.F1Score(threshold=0.5, average="micro"), m.AUC(name="pr", curve="PR")],
    )  # fmt: skip
    return trained(model, X, (Y > 0).astype("float32")[:, None], batch_size=6, epochs=2)


def steps_counted_from_arrays(K):
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy")
    return trained(model, X, Y, batch_size=4, epochs=2, steps_per_epoch=5)


def lists_of_one(K):
    x = K.Input((5,))
    model = start(K.Model([x], [K.layers.Dense(1, name="q")(x)]))
    model.compile("sgd", ["mse"], metrics=[["mae"]])
    out = trained(model, [X], [normal(20, 1)], batch_size=6, epochs=2, validation_split=0.2)
    return {**out, "evaluate": model.evaluate([X], [normal(20, 1)], verbose=0), "predict": model.predict([X], verbose=0)}


def parts_of_the_data(K):
    """Epochs of two of the six batches, the last of which is smaller."""
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, normal(22, 5), labels(22, 3), batch_size=4, epochs=4, steps_per_epoch=2)


def parts_that_do_not_divide_the_data(K):
    """Epochs of four and of two batches in turn."""
    model = mlp(K)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return trained(model, normal(22, 5), labels(22, 3), batch_size=4, epochs=5, steps_per_epoch=4)


def batch_sizes_from_steps(K):
    """All the data in so many steps."""
    model, x, y = mlp(K), normal(22, 5), labels(22, 3)
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    out = trained(model, x, y, epochs=2, steps_per_epoch=4, validation_data=(x, y), validation_steps=3)
    return {**out, "evaluate": model.evaluate(x, y, steps=5, verbose=0), "predict": model.predict(x, steps=5, verbose=0)}


def regularized_activities(K):
    """Also where the last batch is smaller, so that the batch's size is not known while a step is compiled."""
    L = K.layers
    model = K.Sequential([K.Input((5,)), L.Dense(4, activity_regularizer=K.regularizers.L1L2(0.1, 0.2)), L.Dense(1)])
    start(model)
    model.compile("sgd", "mse")
    out = trained(model, X, X[:, :1], batch_size=8, epochs=2, validation_data=(X[:7], X[:7, :1]))
    return {**out, "evaluate": model.evaluate(X, X[:, :1], batch_size=8, verbose=0)}


def one_target_for_two_outputs(K):
    """Where but one output has a loss, its target needs no list."""
    x = K.Input((5, 2))
    hidden = K.layers.Dense(4, activation="tanh", name="hidden")(x)
    model = start(K.Model(x, [K.layers.Dense(3, activation="softmax", name="label")(hidden), hidden]))
    model.compile("adam", ["sparse_categorical_crossentropy", None])
    x, y = normal(20, 5, 2), np.stack([labels(20, 3, seed=i) for i in range(5)], axis=1)
    out = trained(model, x, y, batch_size=5, epochs=2, validation_data=(x[:10], y[:10]))
    return {**out, "evaluate": model.evaluate(x, y, verbose=0), "batch": model.train_on_batch(x, y)}


PROGRAMS = [
    regularized_activities, one_target_for_two_outputs,
    lists_of_one, parts_of_the_data, parts_that_do_not_divide_the_data, batch_sizes_from_steps,
    plain_mlp, sgd_split, weighted, class_weighted, cnn, lstm, two_outputs, list_outputs,
    one_loss_for_two, dict_outputs, regularized, added_losses, loss_of_layers_only, frozen, all_frozen, frozen_batch_norm,
    subclassed, own_metric, own_loss, clipped_with_ema, accumulated, steps, validated_sometimes, tiny,
    finite_generator, weighted_generator, py_dataset, on_batches, loss_only, predictions, steps_per_execution,
    every_batch, metrics_of_every_kind, steps_counted_from_arrays,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_training(program, train_backend):
    check_twins(program)
