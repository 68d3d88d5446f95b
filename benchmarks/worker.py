"""One measurement in a fresh process: `python worker.py LIBRARY BACKEND WORKLOAD` prints a line of JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main(library: str, backend: str, workload: str) -> dict:
    os.environ["KERAS_BACKEND"] = os.environ["KERATA_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    start = time.perf_counter()
    if library == "raw":
        run = __import__(f"raw_{backend}").Raw
        imported = time.perf_counter()
        runner = run(workload)
    else:
        K = __import__(library)
        imported = time.perf_counter()
        runner = Fit(workload, K)
    built = time.perf_counter()
    runner.epoch()
    first = time.perf_counter()
    steps = runner.steps
    epochs = []
    while len(epochs) < 3 or (sum(epochs) < 4.0 and len(epochs) < 10):
        begin = time.perf_counter()
        runner.epoch()
        epochs.append(time.perf_counter() - begin)
    runner.predict_one()
    latencies = []
    for _ in range(20):
        begin = time.perf_counter()
        runner.predict_one()
        latencies.append(time.perf_counter() - begin)
    return {
        "import_s": imported - start, "start_s": built - start, "first_epoch_s": first - built,
        "ms_per_step": min(epochs) / steps * 1e3, "predict_ms": sorted(latencies)[10] * 1e3,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }  # fmt: skip


class Fit:
    """`fit` and `predict` of Kerata or Keras."""

    def __init__(self, workload: str, K):
        import workloads

        self.x, self.y = workloads.data(workload)
        _, _, self.batch, self.steps = workloads.SHAPES[workload]
        self.model = workloads.model(workload, K)

    def epoch(self):
        self.model.fit(self.x, self.y, batch_size=self.batch, epochs=1, verbose=0)

    def predict_one(self):
        self.model.predict(self.x[:1], verbose=0)


if __name__ == "__main__":
    print("\n" + json.dumps(main(*sys.argv[1:4])))
