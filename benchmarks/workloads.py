"""The seven workloads, written once for Keras's API: `K` is `kerata` or `keras`."""

from __future__ import annotations

import numpy as np

# name -> (input shape, classes, batch size, steps in an epoch)
SHAPES = {
    "mlp": ((784,), 10, 128, 100),
    "tiny_mlp": ((4,), 3, 32, 300),
    "mnist_cnn": ((28, 28, 1), 10, 128, 30),
    "cifar_cnn": ((32, 32, 3), 10, 64, 20),
    "residual": ((32, 32, 64), 10, 32, 10),
    "lstm": ((100, 1), 10, 64, 40),
    "transformer": ((64, 128), 10, 32, 20),
}


def data(name: str):
    """Inputs and labels for one epoch; the same on every call."""
    shape, classes, batch, steps = SHAPES[name]
    rng = np.random.default_rng(0)
    return rng.normal(size=(batch * steps, *shape)).astype("float32"), rng.integers(0, classes, batch * steps).astype("int32")


def model(name: str, K):
    """The compiled model."""
    L = K.layers
    shape, classes, _, _ = SHAPES[name]
    inputs = K.Input(shape)
    x = BODIES[name](L, inputs)
    outputs = L.Dense(classes, activation="softmax")(x)
    m = K.Model(inputs, outputs)
    m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m


def mlp(L, x):
    x = L.Dropout(0.2)(L.Dense(512, activation="relu")(x))
    return L.Dropout(0.2)(L.Dense(256, activation="relu")(x))


def tiny_mlp(L, x):
    return L.Dense(16, activation="relu")(x)


def mnist_cnn(L, x):
    x = L.MaxPooling2D(2)(L.Conv2D(32, 3, activation="relu")(x))
    x = L.MaxPooling2D(2)(L.Conv2D(64, 3, activation="relu")(x))
    return L.Dropout(0.5)(L.Flatten()(x))


def cifar_cnn(L, x):
    for filters in (64, 64):
        x = L.MaxPooling2D(2)(L.BatchNormalization()(L.Conv2D(filters, 3, activation="relu")(x)))
    return L.Dropout(0.25)(L.Dense(64, activation="relu")(L.Flatten()(x)))


def residual(L, x):
    y = L.Activation("relu")(L.BatchNormalization()(L.Conv2D(64, 3, padding="same")(x)))
    y = L.BatchNormalization()(L.Conv2D(64, 3, padding="same")(y))
    return L.GlobalAveragePooling2D()(L.Activation("relu")(L.Add()([y, x])))


def lstm(L, x):
    return L.LSTM(64)(x)


def transformer(L, x):
    for _ in range(2):
        y = L.LayerNormalization()(x)
        x = L.Add()([x, L.MultiHeadAttention(4, 32)(y, y)])
        y = L.LayerNormalization()(x)
        x = L.Add()([x, L.Dense(128)(L.Dense(512, activation="relu")(y))])
    return L.GlobalAveragePooling1D()(x)


BODIES = {n: globals()[n] for n in SHAPES}
