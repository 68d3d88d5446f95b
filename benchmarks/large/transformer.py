"""A causal transformer of 6 layers, 256 wide, on 512 tokens, 4 sequences in a batch."""

from __future__ import annotations

import numpy as np

from large import DRY, fit_times

LAYERS, WIDTH, TOKENS, WORDS, BATCH = (1, 32, 16, 50, 2) if DRY else (6, 256, 512, 1000, 4)
STEPS, EPOCHS = 2 if DRY else 4, 3


def model(K):
    L = K.layers
    inputs = K.Input((TOKENS,), dtype="int32")
    x = L.Embedding(WORDS, WIDTH)(inputs)
    for _ in range(LAYERS):
        y = L.LayerNormalization()(x)
        x = L.Add()([x, L.MultiHeadAttention(8, WIDTH // 8)(y, y, use_causal_mask=True)])
        y = L.LayerNormalization()(x)
        x = L.Add()([x, L.Dense(WIDTH)(L.Dense(4 * WIDTH, activation="gelu")(y))])
    m = K.Model(inputs, L.Dense(WORDS)(L.LayerNormalization()(x)))
    m.compile(optimizer="adam", loss=K.losses.SparseCategoricalCrossentropy(from_logits=True))
    return m


def data() -> tuple:
    """Tokens and those that follow them."""
    x = np.random.default_rng(0).integers(0, WORDS, (BATCH * STEPS, TOKENS)).astype("int32")
    return x, np.roll(x, -1, 1)


def measure(library: str, backend: str) -> dict:
    K = __import__(library)
    return fit_times(K, model(K), STEPS, EPOCHS, *data(), batch_size=BATCH)
