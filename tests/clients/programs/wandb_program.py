"""Weights & Biases' callbacks for Keras, offline: metrics by epochs and batches, the learning rate, checkpoints, tables."""

import keras
import numpy as np
import pytest
import wandb
from values import fill, same
from wandb.integration.keras import WandbEvalCallback, WandbMetricsLogger, WandbModelCheckpoint

rng = np.random.default_rng(0)
X = rng.normal(size=(32, 4)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5], [0.0]])).astype("float32")


@pytest.fixture
def logged(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_SILENT", "true")
    rows = []
    with wandb.init(mode="offline", dir=tmp_path, project="clients", settings=wandb.Settings(x_disable_stats=True)) as run:
        log = run.log

        def note(data, *args, **kwargs):
            rows.append(dict(data))
            return log(data, *args, **kwargs)

        monkeypatch.setattr(run, "log", note)
        monkeypatch.setattr(wandb, "log", note)
        yield rows


def model(schedule=False):
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1)])
    fill(net)
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5) if schedule else 0.1
    net.compile(keras.optimizers.SGD(rate), "mse", metrics=["mae"])
    return net


def fit(net, *callbacks):
    return net.fit(X, Y, validation_data=(X, Y), batch_size=8, epochs=2, shuffle=False, verbose=0, callbacks=list(callbacks))


@pytest.mark.parametrize("schedule", [False, True])
def test_metrics_by_epochs(logged, schedule):
    fit(model(schedule), WandbMetricsLogger())
    epochs = [row for row in logged if "epoch/loss" in row]
    assert [row["epoch/epoch"] for row in epochs] == [0, 1]
    for name in ("epoch/loss", "epoch/mae", "epoch/val_loss", "epoch/learning_rate"):
        same(f"{name} {schedule}", np.array([float(row[name]) for row in epochs]))


def test_metrics_by_batches(logged):
    fit(model(), WandbMetricsLogger(log_freq=2))
    rows = [row for row in logged if "batch/loss" in row]
    same("steps", np.array([row["batch/batch_step"] for row in rows]))
    same("batch losses", np.array([float(row["batch/loss"]) for row in rows]))


@pytest.mark.parametrize("frequency", ["epoch", 3])
def test_checkpoints_become_artifacts(logged, tmp_path, frequency, monkeypatch):
    told = []
    monkeypatch.setattr(wandb, "log_artifact", lambda artifact, aliases: told.append((sorted(artifact.manifest.entries), aliases)))
    net = model()
    fit(net, WandbModelCheckpoint(str(tmp_path / "net.weights.h5"), save_weights_only=True, save_freq=frequency))
    assert [files for files, _ in told] == [["net.weights.h5"]] * 2
    same(f"aliases {frequency}", np.array([[ord(c) for c in alias.ljust(20)] for _, names in told for alias in names]))
    other = model()
    other.load_weights(tmp_path / "net.weights.h5")
    if frequency == "epoch":
        np.testing.assert_array_equal(other.get_weights()[0], net.get_weights()[0])


def test_tables_of_predictions(logged):
    class Tables(WandbEvalCallback):
        def log_data_table(self, *args, **kwargs):
            """It asks the server for the table back; there is none."""

        def add_ground_truth(self, logs=None):
            for i in range(3):
                self.data_table.add_data(i, float(Y[i, 0]))

        def add_model_predictions(self, epoch, logs=None):
            predicted = self.model.predict(X[:3], verbose=0)
            for i, value in enumerate(predicted[:, 0]):
                self.pred_table.add_data(epoch, i, float(value))
            same(f"predictions {epoch}", predicted)

    fit(model(), Tables(["id", "truth"], ["epoch", "id", "value"]))
