"""How many steps run in one call: found by the clock, and kept for the next training."""

import itertools

import numpy as np
import pytest

import kerata
from kerata.training import loop


@pytest.mark.parametrize("kind", ["train", "test"])
def test_a_later_run_goes_on_at_the_pace_of_the_one_before(train_backend, kind, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(loop.time, "perf_counter", lambda: next(clock) * 1e-6)
    asked = []
    measured = loop._Pace.measured
    monkeypatch.setattr(loop._Pace, "measured", lambda self, n, seconds: (asked.append(n), measured(self, n, seconds)))
    model = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((80, 2), "float32"), np.ones((80, 1), "float32")
    run = {"train": model.fit, "test": model.evaluate}[kind]
    run(x, y, batch_size=4, verbose=0)
    assert asked == [1, 1, 16, 2]
    run(x, y, batch_size=4, verbose=0)
    assert asked[4:] == [20]
    del asked[:]
    model.compile("sgd", "mse")  # another program, whose first call compiles
    run(x, y, batch_size=4, verbose=0)
    assert asked[0] == 1
