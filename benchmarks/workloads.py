"""The seven workloads, written once for Keras's API: `K` is `kerata` or `keras`."""

from __future__ import annotations

import os

import numpy as np

# name -> (input shape, classes, batch size, steps in an epoch)
SHAPES = {
    "mlp": ((784,), 10, 128, 100),
    "tiny_mlp": ((4,), 3, 32, 1000),
    "mnist_cnn": ((28, 28, 1), 10, 128, 20),
    "cifar_cnn": ((32, 32, 3), 10, 64, 12),
    "residual": ((32, 32, 64), 10, 32, 6),
    "lstm": ((100, 1), 10, 64, 40),
    "transformer": ((64, 128), 10, 32, 12),
}


def shape(name: str) -> tuple:
    """A row of SHAPES; `BENCH_STEPS` overrides its last part (for a dry run)."""
    inputs, classes, batch, steps = SHAPES[name]
    return inputs, classes, batch, int(os.environ.get("BENCH_STEPS", steps))


def data(name: str) -> tuple:
    """Inputs and labels for one epoch; the same on every call."""
    inputs, classes, batch, steps = shape(name)
    rng = np.random.default_rng(0)
    x = rng.standard_normal(size=(batch * steps, *inputs), dtype="float32")
    return x, rng.integers(0, classes, batch * steps).astype("int32")


def model(name: str, K):
    """The compiled model."""
    L = K.layers
    inputs = K.Input(SHAPES[name][0])
    x = BODIES[name](L, inputs)
    outputs = L.Dense(SHAPES[name][1], activation="softmax")(x)
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
