"""Optuna's pruning callback, and a study over a model."""

import keras
import numpy as np
import optuna
import pytest
from optuna_integration import KerasPruningCallback

optuna.logging.set_verbosity(optuna.logging.ERROR)
rng = np.random.default_rng(0)
X = rng.normal(size=(64, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def make(units=4, rate=0.05):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units, "relu"), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.SGD(rate), "binary_crossentropy", metrics=["accuracy"])
    return model


def test_study_with_pruning():
    def objective(trial):
        model = make(trial.suggest_int("units", 2, 8), trial.suggest_float("rate", 1e-3, 1e-1, log=True))
        history = model.fit(X, Y, epochs=3, validation_data=(X, Y), verbose=0,
                            callbacks=[KerasPruningCallback(trial, "val_accuracy")])
        assert len(history.history["val_accuracy"]) == 3
        return history.history["val_accuracy"][-1]

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1),
                                pruner=optuna.pruners.MedianPruner(n_startup_trials=1))
    study.optimize(objective, n_trials=5)
    assert 0 <= study.best_value <= 1
    states = {t.state.name for t in study.trials}
    assert states <= {"COMPLETE", "PRUNED"}


@pytest.mark.parametrize("interval, epoch", [(1, 0), (2, 1)])
def test_pruned_at(interval, epoch):
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=-1.0))
    trial = study.ask()
    with pytest.raises(optuna.TrialPruned, match=f"epoch {epoch}"):
        make().fit(X, Y, epochs=4, verbose=0, callbacks=[KerasPruningCallback(trial, "loss", interval)])
    assert list(study.trials[0].intermediate_values) == [epoch]
    assert isinstance(study.trials[0].intermediate_values[epoch], float)


def test_a_metric_that_is_not_there():
    trial = optuna.create_study().ask()
    with pytest.warns(UserWarning, match="not in the evaluation logs"):
        make().fit(X, Y, epochs=1, verbose=0, callbacks=[KerasPruningCallback(trial, "val_auc")])
