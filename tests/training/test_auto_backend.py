"""backend="auto": the fastest backend is found, remembered, and the trial leaves no trace in the model."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import kerata
from kerata import backend as backends
from kerata.training import auto
from kerata.training.loop import Runner

x = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
y = np.random.default_rng(1).normal(size=(24, 2)).astype("float32")
REPOSITORY = pathlib.Path(__file__).parents[2]
TRAINING = [n for n in backends.installed() if n != "numpy"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    before = backends.current().name
    monkeypatch.setattr(backends._Auto, "budget", 20.0)
    yield tmp_path
    backends.set_backend(before)


def make(**arguments):
    kerata.utils.set_random_seed(3)
    layers = kerata.layers
    model = kerata.Sequential([layers.Input((3,)), layers.Dense(4, "relu"), layers.Dropout(0.5), layers.Dense(2)])
    model.compile("adam", "mse", **arguments)
    return model


@pytest.fixture
def speeds(monkeypatch):
    """Trials whose steps are run, and whose times are given."""
    seconds = dict.fromkeys(TRAINING, 1.0)
    run = auto._Trials._time

    def timed(self):
        run(self)
        value = seconds[self.model._backend.name]
        if isinstance(value, Exception):
            raise value
        return value, 0.0

    monkeypatch.setattr(auto._Trials, "_time", timed)
    monkeypatch.setattr(auto, "_LONG_ENOUGH", 0)
    return seconds


@pytest.mark.parametrize("best", TRAINING)
def test_the_fastest_is_taken_and_the_trial_leaves_no_trace(best, speeds, capsys, home):
    speeds[best] = 0.5
    model = make(backend="auto")
    found = model.fit(x, y, epochs=3, batch_size=8, verbose=0).history["loss"]
    assert model._backend.name == best
    assert f"trains on {best} (ms a step:" in capsys.readouterr().out
    by_hand = make()
    by_hand.to_backend(best)
    assert int(model.optimizer.iterations.numpy()) == 9
    np.testing.assert_array_equal(found, by_hand.fit(x, y, epochs=3, batch_size=8, verbose=0).history["loss"])
    assert list(json.loads((home / "backend_choices.json").read_text()).values()) == [best]


def test_a_choice_is_remembered_for_the_model_and_the_batch(speeds, capsys):
    best = TRAINING[-1]
    speeds[best] = 0.5
    make(backend="auto").fit(x, y, batch_size=8, verbose=0, epochs=5)
    speeds[best] = 2.0
    again = make(backend="auto")
    again.fit(x, y, batch_size=8, verbose=0, epochs=5)
    assert again._backend.name == best and "measured before" in capsys.readouterr().out
    other = make(backend="auto")
    other.fit(x, y, batch_size=4, verbose=0, epochs=5)
    assert "ms a step" in capsys.readouterr().out


@pytest.mark.skipif(len(TRAINING) < 2, reason="needs two backends")
def test_backends_where_the_model_fails_are_named(speeds, capsys):
    second = TRAINING[1]
    speeds[second] = NotImplementedError("no such op here")
    make(backend="auto").fit(x, y, batch_size=8, verbose=0)
    assert f"not on {second}: NotImplementedError: no such op here" in capsys.readouterr().out


def test_where_it_trains_nowhere_the_error_is_fits(capsys):
    class Broken(kerata.layers.Layer):
        def call(self, x):
            if not kerata.backend.is_keras_tensor(x):
                raise RuntimeError("broken layer")
            return x

    model = kerata.Sequential([kerata.layers.Dense(2), Broken()])
    model.compile("sgd", "mse", backend="auto", run_eagerly=True)
    before = model._backend.name
    with pytest.raises(RuntimeError, match="broken layer"):
        model.fit(x, y, verbose=0)
    assert model._backend.name == before


@pytest.mark.skipif(len(TRAINING) < 2, reason="needs two backends")
def test_short_trainings_stay_where_they_are_until_they_took_as_long_as_a_trial(monkeypatch, speeds, capsys, home):
    monkeypatch.setattr(backends._Auto, "budget", None)
    monkeypatch.setattr(auto, "_cost", lambda names: 8.0)
    best = next(n for n in TRAINING if n != backends.current().name)
    speeds[best] = 0.5
    model = make(backend="auto")
    before = model._backend.name
    model.fit(x, y, verbose=0, batch_size=8)
    assert model._backend.name == before and "3 s in all are too few to try others" in capsys.readouterr().out
    model.fit(x, y, verbose=0, batch_size=8)  # no new trial: a step's time is known
    assert model._backend.name == before and not capsys.readouterr().out
    assert list(json.loads((home / "backend_choices.json").read_text()).values()) == [6.0]
    again = make(backend="auto")  # as in another run
    again.fit(x, y, verbose=0, batch_size=8)
    assert again._backend.name == best and f"trains on {best} (ms a step" in capsys.readouterr().out
    by_hand = make()
    by_hand.to_backend(best)
    by_hand.fit(x, y, verbose=0, batch_size=8)
    for a, b in zip(again.get_weights(), by_hand.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(len(TRAINING) < 2, reason="needs two backends")
def test_a_long_training_is_worth_a_trial(monkeypatch, speeds):
    monkeypatch.setattr(backends._Auto, "budget", None)
    monkeypatch.setattr(auto, "_cost", lambda names: 8.0)
    best = next(n for n in TRAINING if n != backends.current().name)
    speeds[best] = 0.5
    model = make(backend="auto")
    model.fit(x, y, verbose=0, batch_size=8, epochs=3)
    assert model._backend.name == best


def test_for_the_whole_process():
    backends.set_backend("auto", budget=7)
    assert backends.current().name == backends.installed()[0] and backends.auto_budget() == 7
    assert make()._finds_backend and not make(backend=TRAINING[-1])._finds_backend
    backends.set_backend(TRAINING[-1])
    assert not make()._finds_backend
    with pytest.raises(ValueError, match="budget"):
        backends.set_backend("auto", budget=0)


def test_compile_moves_a_model():
    model = make(backend=TRAINING[-1])
    assert model._backend.name == TRAINING[-1]
    with pytest.raises(ValueError, match="Did you mean 'torch'"):
        make(backend="torhc")


PROGRAM = """
import sys
import numpy as np
import kerata
from kerata import backend
from kerata.training import auto
backend.installed = lambda: ["jax", "torch", "numpy"]
auto._Trials._time = lambda self: ({"jax": 1.0, "torch": 0.5}[self.model._backend.name], 0.0)
kerata.config.set_backend("auto", budget=60)
begun = backend.backend()
kerata.utils.set_random_seed(1)
model = kerata.Sequential([kerata.Input((3,)), kerata.layers.Dropout(0.5), kerata.layers.Dense(2)])
model.compile("adam", "mse")
history = model.fit(np.ones((24, 3), "float32"), np.ones((24, 2), "float32"), epochs=2, batch_size=8, verbose=0)
print(begun, model._backend.name, "jax" in sys.modules, history.history["loss"])
"""


@pytest.mark.skipif(not {"jax", "torch"} <= set(TRAINING), reason="needs both")
def test_a_program_that_runs_again_begins_where_it_went(home):
    path = home / "program.py"
    path.write_text(PROGRAM)

    def run(*arguments):
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=REPOSITORY)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1].split(" ", 3)

    first, again, otherwise = run(str(path)), run(str(path)), run("-c", PROGRAM)
    assert first[:3] == ["jax", "torch", "True"]
    assert again[:3] == ["torch", "torch", "False"]
    assert otherwise[:2] == ["jax", "torch"]  # a program without a file
    assert first[3] == again[3] == otherwise[3]  # the losses
    assert run(str(path), "argument")[0] == "jax"


@pytest.mark.skipif("jax" not in TRAINING, reason="a backend that compiles for the shapes of the data")
def test_what_a_trial_compiles_serves_the_training(speeds, monkeypatch):
    seen = []
    over_arrays = Runner._over_arrays

    def watched(self, number):
        out = over_arrays(self, number)
        seen.append((self.backend.name, [a.shape for a in kerata.tree.flatten(self._data)], id(self.model._compiled("train", 8, True))))
        return out

    monkeypatch.setattr(Runner, "_over_arrays", watched)
    monkeypatch.setattr(backends._Auto, "budget", None)
    speeds["jax"] = 1e-3  # of so short a training, no other backend is tried
    backends.set_backend("jax")
    make(backend="auto").fit(x, y, epochs=2, batch_size=8, verbose=0)
    assert len(seen) > 2 and all(each == seen[0] for each in seen) and seen[0][:2] == ("jax", [(24, 3), (24, 2)])
