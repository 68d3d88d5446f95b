"""OrbaxCheckpoint, with a stand-in for the Orbax library that keeps what it is given."""

import contextlib
import functools
import json
import sys
import types

import numpy as np
import pytest
from twins import check_twins, normal, plain, start

import kerata
from kerata import layers

NAME = "orbax.checkpoint.v1"
FOUND: dict = {}


@pytest.fixture
def saved(monkeypatch, train_backend):
    """The checkpoints, by step."""
    found = FOUND
    found.clear()

    class Checkpointer:
        def __init__(self, directory, save_decision_policy, preservation_policy):
            self.keep, self.pending = preservation_policy, []

        def save_checkpointables(self, step, parts):
            self.pending.append((step, plain(parts)))
            self.write()

        def save_checkpointables_async(self, step, parts):
            self.pending.append((step, plain(parts)))  # a copy: the training goes on and changes its arrays
            return types.SimpleNamespace(result=self.write)

        def write(self):
            found.update(self.pending)
            self.pending.clear()
            while self.keep is not None and len(found) > self.keep:
                del found[min(found)]

        def close(self):
            self.write()
            found["closed"] = True

    training = types.SimpleNamespace(
        Checkpointer=Checkpointer, preservation_policies=types.SimpleNamespace(LatestN=lambda n: n),
        save_decision_policies=types.SimpleNamespace(FixedIntervalPolicy=lambda n: n),
    )  # fmt: skip
    for name in ("orbax", "orbax.checkpoint", NAME):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[NAME].training = training
    sys.modules[NAME].Context = contextlib.nullcontext
    sys.modules["orbax.checkpoint"].v1 = sys.modules[NAME]
    sys.modules["orbax.checkpoint"].multihost = types.SimpleNamespace(is_jax_distributed_client_initialized=lambda: False)
    return found


def fitted(path, **kwargs):
    model = kerata.Sequential([kerata.Input((4,)), layers.Dense(1)])
    model.compile("adam", "mse")
    checkpoint = kerata.callbacks.OrbaxCheckpoint(path, **kwargs)
    model.fit(normal(10, 4), normal(10, 1), batch_size=4, epochs=3, verbose=0, callbacks=[checkpoint])
    return model


@pytest.mark.parametrize("background", [True, False])
def test_epochs(saved, tmp_path, background):
    model = fitted(tmp_path, max_to_keep=2, save_on_background=background)
    assert saved.pop("closed") and sorted(saved) == [1, 2]
    state = saved[2]["pytree"]
    assert sorted(state) == ["metrics_variables", "non_trainable_variables", "optimizer_variables", "trainable_variables"]
    config = json.loads(saved[2]["model_config"]["config"])
    assert config["class_name"] == "Sequential"
    before = model.get_weights()
    model.set_weights([0 * w for w in before])
    model.set_state_tree(state)
    for found, wanted in zip(model.get_weights(), before):
        np.testing.assert_array_equal(found, wanted)


def test_batches_and_the_best(saved, tmp_path):
    fitted(tmp_path, save_freq=2, max_to_keep=None, save_weights_only=True)
    assert saved.pop("closed") and sorted(saved) == [2, 4, 6, 8]
    assert list(saved[2]) == ["pytree"] and "optimizer_variables" not in saved[2]["pytree"]
    saved.clear()
    fitted(tmp_path, monitor="loss", mode="max", save_best_only=True, initial_value_threshold=1e9)
    assert not saved
    with pytest.raises(ValueError, match="save_freq"):
        kerata.callbacks.OrbaxCheckpoint(tmp_path, save_freq="x")


SAVES = {
    "epochs": {"max_to_keep": None},
    "the_latest": {"max_to_keep": 2, "save_on_background": False},
    "batches": {"save_freq": 2, "max_to_keep": None, "save_weights_only": True},
    "the_best": {"monitor": "loss", "save_best_only": True, "max_to_keep": None},
    "the_worst": {"monitor": "loss", "mode": "max", "save_best_only": True, "max_to_keep": None},
    "better_than": {"monitor": "loss", "mode": "min", "save_best_only": True, "initial_value_threshold": 1.5},
}


def checkpoints(case, framework):
    """What is saved in two trainings of a model, the second with a callback of its own."""
    model = start(framework.Sequential([framework.Input((4,)), framework.layers.Dense(1, name="dense")]))
    model.compile(framework.optimizers.SGD(0.1, momentum=0.9), "mse")
    out = []
    for seed in (0, 1):
        FOUND.clear()
        save = framework.callbacks.OrbaxCheckpoint("folder", **SAVES[case])
        x, y = normal(10, 4, seed=seed), normal(10, 1, seed=seed)
        model.fit(x, y, batch_size=4, epochs=3, shuffle=False, verbose=0, callbacks=[save])
        assert FOUND.pop("closed", None) or not FOUND
        out.append({str(step): [parts["pytree"], sorted(parts)] for step, parts in FOUND.items()})
    return out


@pytest.mark.parametrize("case", SAVES)
def test_as_keras(saved, monkeypatch, case):
    import keras.src.utils.module_utils

    monkeypatch.setattr(keras.src.utils.module_utils.ocp, "module", None)
    check_twins(functools.partial(checkpoints, case))
