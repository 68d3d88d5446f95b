"""What `remat` and mixed precision save: peak memory and ms a step of a deep MLP with wide batches."""

from __future__ import annotations

import os
import time

import numpy as np

DRY = os.environ.get("KERATA_BENCH_DRY") == "1"
LAYERS, WIDTH, BATCH = (4, 64, 64) if DRY else (24, 512, 8192)


def measure(library: str, backend: str, what: str) -> dict:
    """`what`: "plain", "remat" or "mixed" (the policy mixed_bfloat16)."""
    import worker

    K = __import__(library)
    if what == "mixed":
        K.config.set_dtype_policy("mixed_bfloat16")
    group = 6  # layers that are recomputed together

    @K.saving.register_keras_serializable("benchmarks")
    class Block(K.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.parts = [K.layers.Dense(WIDTH, activation="gelu") for _ in range(group)]

        def build(self, shape):
            for part in self.parts:
                part.build(shape)

        def call(self, x):
            for part in self.parts:
                x = part(x)
            return x

    x = inputs = K.Input((WIDTH,))
    scope = K.RematScope("full") if what == "remat" else None
    if scope:
        scope.__enter__()
    for _ in range(max(1, LAYERS // group)):
        x = Block()(x)
    outputs = K.layers.Dense(1, dtype="float32")(x)
    model = K.Model(inputs, outputs)
    model.compile(optimizer="sgd", loss="mse")
    if scope:
        scope.__exit__(None, None, None)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((BATCH, WIDTH), dtype="float32"), rng.standard_normal((BATCH, 1), dtype="float32")
    before = worker.peak_mb()
    model.train_on_batch(x, y)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        float(model.train_on_batch(x, y))
        times.append(time.perf_counter() - begin)
    return {"ms_per_step": min(times) * 1e3, "rise_mb": worker.peak_mb() - before, "peak_mb": worker.peak_mb()}
