"""`train_on_batch`, `test_on_batch`: the metrics are those of the batch alone."""

import numpy as np
import pytest

import kerata


def _model(cls=kerata.Sequential):
    model = cls([kerata.Input((2,)), kerata.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


@pytest.mark.parametrize("kind", ["train", "test"])
@pytest.mark.parametrize("eagerly", [False, True])
def test_metrics_are_those_of_the_batch(train_backend, kind, eagerly):
    model = _model()
    model.compile(kerata.optimizers.SGD(0.0), "mse", metrics=["mae"], run_eagerly=eagerly)
    run = getattr(model, f"{kind}_on_batch")
    x = np.ones((4, 2), "float32")
    for target in (1.0, 3.0, 2.0):
        assert run(x, np.full((4, 1), target, "float32")) == pytest.approx([target**2, target])
    assert float(model.get_metrics_result()["mae"]) == pytest.approx(2.0)  # as after the call, for who reads it later


def test_a_reset_of_ones_own_runs_on_each_batch(train_backend):
    class Counting(kerata.Sequential):
        resets = 0

        def reset_metrics(self):
            Counting.resets += 1
            super().reset_metrics()

    model = _model(Counting)
    for target in (1.0, 3.0):
        logs = model.test_on_batch(np.ones((4, 2), "float32"), np.full((4, 1), target, "float32"), return_dict=True)
        assert float(logs["mae"]) == pytest.approx(target)
    assert Counting.resets == 2


def test_logs_keep_their_order(train_backend):
    model = _model()
    model.compile("sgd", "mse", metrics=["mse", "mae"])
    x, y = np.ones((4, 2), "float32"), np.full((4, 1), 3.0, "float32")
    first, second = model.test_on_batch(x, y), model.test_on_batch(x, y)
    assert first == pytest.approx([9.0, 9.0, 3.0]) and second == pytest.approx(first)
    model.compile("sgd", "mae", metrics=["mse"])
    assert model.test_on_batch(x, y) == pytest.approx([3.0, 9.0])
