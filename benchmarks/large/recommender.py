"""A recommender: tables of 1 million users and 100,000 things, 32 wide, and an MLP; 512 pairs in a batch."""

from __future__ import annotations

import numpy as np

from large import DRY, fit_times

USERS, THINGS, WIDTH, BATCH = (1000, 100, 8, 64) if DRY else (1_000_000, 100_000, 32, 512)


def model(K):
    L = K.layers
    user, thing = K.Input((1,), dtype="int32", name="user"), K.Input((1,), dtype="int32", name="thing")
    x = L.Concatenate()([L.Flatten()(L.Embedding(USERS, WIDTH)(user)), L.Flatten()(L.Embedding(THINGS, WIDTH)(thing))])
    x = L.Dense(64, activation="relu")(L.Dense(128, activation="relu")(x))
    m = K.Model([user, thing], L.Dense(1, activation="sigmoid")(x))
    m.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return m


def measure(library: str, backend: str) -> dict:
    K = __import__(library)
    m, steps = model(K), 5 if DRY else 20
    rng = np.random.default_rng(0)
    n = BATCH * steps
    x = [rng.integers(0, k, (n, 1)).astype("int32") for k in (USERS, THINGS)]
    y = rng.integers(0, 2, n).astype("float32")
    return fit_times(K, m, steps, 3, x, y, batch_size=BATCH)
