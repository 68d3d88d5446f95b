"""Larger work: each module has `measure(library, backend)`, which gives ms a step and what else is to be known."""

from __future__ import annotations

import os
import time

DRY = os.environ.get("KERATA_BENCH_DRY") == "1"


def fit_times(K, model, steps: int, epochs: int, *data, **options) -> dict:
    """ms a step of the best epoch after the first."""
    import worker

    clock = worker.Clock(K, least=epochs, most=epochs)
    begin = time.perf_counter()
    model.fit(*data, epochs=epochs, verbose=0, callbacks=[clock.callback], **options)
    times = clock.epochs or [clock.ends[0] - begin]
    return {"ms_per_step": min(times) / steps * 1e3, "first_epoch_s": clock.ends[0] - begin,
            "logs": {k: float(v) for k, v in clock.logs.items()}}  # fmt: skip


class Waiting:
    """The share of Kerata's training time in which the computation stands still and waits for a batch.

    On PyTorch and TensorFlow every moment spent in the data source counts. JAX computes while the source is asked for the
    next batch; there the time counts only if the last step was over before the batch came.
    """

    def __init__(self, model):
        self.model, self.waited, self.begin, self.end = model, 0.0, None, None

    def __enter__(self):
        from kerata.training import loop

        self._loop, self._make = loop, loop.make_source
        loop.make_source = self._watched
        return self

    def __exit__(self, *exc):
        self._loop.make_source = self._make

    def _watched(self, *args, **kwargs):
        source = self._make(*args, **kwargs)
        plain = source.epoch_from
        source.epoch_from = lambda *a: self._timed(iter(plain(*a)))
        return source

    def _timed(self, batches):
        while True:
            begin = time.perf_counter()
            batch = next(batches, None)
            end = time.perf_counter()
            if self.begin is None:
                self.begin = end  # the first batch fills the queue
            elif self._idle():
                self.waited += end - begin
            self.end = end
            if batch is None:
                return
            yield batch

    def _idle(self) -> bool:
        value = self.model.optimizer.iterations.value
        value = getattr(value, "_value", value)
        return value.is_ready() if hasattr(value, "is_ready") else True

    @property
    def share(self) -> float:
        return self.waited / max(self.end - self.begin, 1e-9)
