"""One measurement in a fresh process: `python worker.py PART LIBRARY BACKEND WHAT` prints a line of JSON."""

from __future__ import annotations

import itertools
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

DRY = os.environ.get("KERATA_BENCH_DRY") == "1"
# Epochs are repeated until they took so many seconds together, and at least three times.
ENOUGH = 0.1 if DRY else 3.0


def library(name: str):
    """Kerata or Keras."""
    return __import__(name)


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Clock:
    """A callback's function that notes when epochs end, and stops the training when there are enough."""

    def __init__(self, K, least: int = 4, most: int = 40):
        clock = self
        self.ends: list[float] = []
        self.logs: dict = {}

        class Callback(K.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                clock.ends.append(time.perf_counter())
                clock.logs = dict(logs or {})
                done = clock.ends[-1] - clock.ends[0]
                if (len(clock.ends) >= least and done > ENOUGH) or len(clock.ends) >= most:
                    self.model.stop_training = True

        self.callback = Callback()

    @property
    def epochs(self) -> list[float]:
        """Seconds of the epochs after the first."""
        return [b - a for a, b in zip(self.ends, self.ends[1:])]


def timed(fn, count: int = 50) -> float:
    """Milliseconds of a call: the median."""
    fn()
    found = []
    for _ in range(count):
        begin = time.perf_counter()
        fn()
        found.append(time.perf_counter() - begin)
    return sorted(found)[count // 2] * 1e3


def steps(name: str, backend: str, workload: str) -> dict:
    """A training of some epochs, and `predict` of one sample."""
    start = time.perf_counter()
    if name == "raw":
        import importlib

        module = importlib.import_module(f"raw.{backend}")
        imported = time.perf_counter()
        runner = module.Raw(workload)
        built, ends = time.perf_counter(), []
        while len(ends) < 4 or (ends[-1] - ends[0] < ENOUGH and len(ends) < 40):
            runner.epoch()
            ends.append(time.perf_counter())
        epochs, first, predict = [b - a for a, b in itertools.pairwise(ends)], ends[0], runner.predict_one
        count = runner.steps
    else:
        K = library(name)
        imported = time.perf_counter()
        import workloads

        x, y = workloads.data(workload)
        _, _, batch, count = workloads.shape(workload)
        model = workloads.model(workload, K)
        built, clock = time.perf_counter(), Clock(K)
        model.fit(x, y, batch_size=batch, epochs=40, verbose=0, callbacks=[clock.callback])
        epochs, first = clock.epochs, clock.ends[0]
        one = x[:1]
        predict = lambda: model.predict(one, verbose=0)
    found = {
        "import_s": imported - start, "start_s": built - start, "first_epoch_s": first - built,
        "ms_per_step": min(epochs) / count * 1e3, "peak_mb": peak_mb(),
    }  # fmt: skip
    found["predict_ms"] = timed(predict)
    if backend == "auto":
        found["chosen"] = model._backend.name
    return found


def start(name: str, backend: str, what: str) -> dict:
    """From before the import to the end of the first training step (of the MLP, on one batch)."""
    begin = time.perf_counter()
    K = library(name)
    imported = time.perf_counter()
    heavy = [m for m in ("jax", "torch", "tensorflow") if m in sys.modules]
    import numpy as np
    import workloads

    model = workloads.model("mlp", K)
    built = time.perf_counter()
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(128, 784)).astype("float32"), rng.integers(0, 10, 128).astype("int32")
    model.fit(x, y, batch_size=128, verbose=0)
    done = time.perf_counter()
    return {"import_s": imported - begin, "build_s": built - imported, "first_step_s": done - begin, "loaded": heavy}


def build(name: str, backend: str, what: str) -> dict:
    """Making a ResNet50 without pretrained weights."""
    K = library(name)
    K.layers.Dense(2)(K.Input((3,)))  # the backend is loaded before
    begin = time.perf_counter()
    model = K.applications.ResNet50(weights=None, input_shape=(64, 64, 3), classes=10)
    return {"build_s": time.perf_counter() - begin, "weights": model.count_params()}


def call(name: str, backend: str, what: str) -> dict:
    """A plain call of the MLP on one sample, without gradients: eagerly on PyTorch, under `jit` on JAX."""
    import numpy as np
    import workloads

    one = np.random.default_rng(0).normal(size=(1, 784)).astype("float32")
    if backend == "torch":
        import torch

        if name == "raw":
            import raw.torch as R

            inner, width = R.body("mlp", {})
            model = torch.nn.Sequential(inner, torch.nn.Linear(width, 10), torch.nn.Softmax(-1)).eval()
        else:
            model = workloads.model("mlp", library(name))
        x = torch.from_numpy(one)
        with torch.no_grad():
            return {"call_ms": timed(lambda: model(x), 2000)}
    import jax

    if name == "raw":
        import raw.jax as R

        rng = np.random.default_rng(0)
        p = {"body": R.make("mlp", rng)[0], "out": R.dense(rng, 256, 10)}
        one_call = jax.jit(
            lambda p, x: jax.nn.softmax(R.apply_dense(p["out"], R.forward("mlp", p["body"], x, None, {}, {"bits": 0})))
        )
        run = lambda x: one_call(p, x)
    else:
        model = workloads.model("mlp", library(name))
        values = [v.value for v in model.trainable_variables], [v.value for v in model.non_trainable_variables]
        one_call = jax.jit(lambda t, n, x: model.stateless_call(t, n, x, training=False)[0])
        run = lambda x: one_call(*values, x)
    x = jax.numpy.asarray(one)
    return {"call_ms": timed(lambda: run(x).block_until_ready(), 2000)}


def curve(name: str, backend: str, axis: str) -> dict:
    """Milliseconds a step at several points of an axis, in one process."""
    import curves

    return curves.measure(name, backend, axis)


def large(name: str, backend: str, what: str) -> dict:
    """Larger work; see `large/`."""
    import importlib

    if name == "raw":
        found = importlib.import_module("raw.large").measure(what, backend)
    else:
        found = importlib.import_module(f"large.{what}").measure(name, backend)
    return {**found, "peak_mb": peak_mb()}


def memory(name: str, backend: str, what: str) -> dict:
    """Peak memory and time with `remat`, or with a mixed-precision policy."""
    import saving_memory

    return saving_memory.measure(name, backend, what)


def variations(name: str, backend: str, group: str) -> dict:
    """Seconds of the first run and of the best later one of many small models."""
    import variations

    return {"cases": variations.measure(name, backend, group)}


if __name__ == "__main__":
    part, given, on, subject = sys.argv[1:5]
    os.environ["KERAS_BACKEND"] = os.environ["KERATA_BACKEND"] = on
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    result = globals()[part](given, on, subject)
    print("\n" + json.dumps(result))
