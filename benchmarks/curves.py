"""Time a step against batch size, width, depth, number of samples and sequence length."""

from __future__ import annotations

import os
import time

import numpy as np

DRY = os.environ.get("KERATA_BENCH_DRY") == "1"
# axis -> (its name in the plots, points)
AXES = {
    "batch": ("batch size of the MLP 784-512-256-10", (8, 32, 128, 512)),
    "width": ("width of the two hidden layers of an MLP (batch 128)", (16, 64, 256, 1024)),
    "depth": ("hidden layers of 128 units in an MLP (batch 128)", (1, 4, 16, 32)),
    "samples": ("samples in memory for the MLP 784-512-256-10 (batch 128)", (1280, 5120, 20480, 61440)),
    "length": ("time steps of an LSTM of 64 units (batch 64)", (10, 50, 200, 500)),
}


def setting(axis: str, point: int) -> dict:
    """What to measure at a point: hidden layers, batch, steps of an epoch; or the length of a sequence."""
    base = {"hidden": (512, 256), "batch": 128, "steps": 20, "length": None}
    if axis == "batch":
        return {**base, "batch": point, "steps": max(5, min(100, 2560 // point))}
    if axis == "width":
        return {**base, "hidden": (point, point)}
    if axis == "depth":
        return {**base, "hidden": (128,) * point}
    if axis == "samples":
        return {**base, "steps": point // 128}
    return {**base, "batch": 64, "length": point, "steps": 6}


def data(s: dict) -> tuple:
    rng = np.random.default_rng(0)
    n = s["batch"] * s["steps"]
    shape = (s["length"], 1) if s["length"] else (784,)
    return rng.standard_normal((n, *shape), dtype="float32"), rng.integers(0, 10, n).astype("int32")


def model(s: dict, K):
    x = inputs = K.Input((s["length"], 1) if s["length"] else (784,))
    if s["length"]:
        x = K.layers.LSTM(64)(x)
    else:
        for units in s["hidden"]:
            x = K.layers.Dense(units, activation="relu")(x)
    m = K.Model(inputs, K.layers.Dense(10, activation="softmax")(x))
    m.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return m


def measure(library: str, backend: str, axis: str) -> dict:
    """ms a step at each point: the best of some epochs after the first."""
    found = {}
    for point in AXES[axis][1]:
        s = setting(axis, point)
        if DRY:
            s = {**s, "steps": 2}
        x, y = data(s)
        found[str(point)] = min(_epochs(library, backend, s, x, y)) / s["steps"] * 1e3
    return found


def _epochs(library: str, backend: str, s: dict, x, y) -> list[float]:
    enough = 0.05 if DRY else 0.4
    if library == "raw":
        import importlib

        epoch = importlib.import_module(f"raw.{backend}").curve(s, x, y).epoch
        times: list[float] = []
        while len(times) < 4 or (sum(times[1:]) < enough and len(times) < 20):
            begin = time.perf_counter()
            epoch()
            times.append(time.perf_counter() - begin)
        return times[1:]
    import worker

    K = __import__(library)
    worker.ENOUGH = enough
    clock = worker.Clock(K)
    model(s, K).fit(x, y, batch_size=s["batch"], epochs=20, verbose=0, callbacks=[clock.callback])
    return clock.epochs
