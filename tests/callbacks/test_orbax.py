"""OrbaxCheckpoint, with a stand-in for the Orbax library that keeps what it is given."""

import json
import sys
import types

import numpy as np
import pytest
from twins import normal

import kerata
from kerata import layers

NAME = "orbax.checkpoint.v1"


@pytest.fixture
def saved(monkeypatch):
    """The checkpoints, by step."""
    found: dict = {}

    class Checkpointer:
        def __init__(self, directory, save_decision_policy, preservation_policy):
            self.keep = preservation_policy

        def save_checkpointables(self, step, parts):
            found[step] = parts
            while self.keep is not None and len(found) > self.keep:
                del found[min(found)]

        def save_checkpointables_async(self, step, parts):
            return types.SimpleNamespace(result=lambda: self.save_checkpointables(step, parts))

        def close(self):
            found["closed"] = True

    training = types.SimpleNamespace(
        Checkpointer=Checkpointer, preservation_policies=types.SimpleNamespace(LatestN=lambda n: n),
        save_decision_policies=types.SimpleNamespace(FixedIntervalPolicy=lambda n: n),
    )  # fmt: skip
    for name in ("orbax", "orbax.checkpoint", NAME):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules[NAME].training = training
    sys.modules["orbax.checkpoint"].v1 = sys.modules[NAME]
    with kerata.backend_scope("torch"):
        yield found


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
