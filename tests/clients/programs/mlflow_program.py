"""MLflow's callback, autologging, and model store for Keras."""

import keras
import mlflow
import mlflow.keras
import numpy as np
import pytest

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


@pytest.fixture(autouse=True)
def tracking(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("kept")
    yield
    mlflow.set_tracking_uri(None)


def make():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(4, "relu"), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    return model


def history(run, name):
    return [m.value for m in mlflow.MlflowClient().get_metric_history(run.info.run_id, name)]


def test_callback_by_epoch():
    with mlflow.start_run() as run:
        done = make().fit(X, Y, epochs=3, validation_data=(X, Y), verbose=0, callbacks=[mlflow.keras.MlflowCallback()])
    for name in ("loss", "accuracy"):
        np.testing.assert_allclose(history(run, name), done.history[name], rtol=1e-6)
    logged = mlflow.get_run(run.info.run_id).data.params
    assert float(logged["optimizer_learning_rate"]) == pytest.approx(0.01) and "optimizer_name" in logged


def test_callback_by_steps():
    with mlflow.start_run() as run:
        callback = mlflow.keras.MlflowCallback(log_every_epoch=False, log_every_n_steps=2)
        make().fit(X, Y, epochs=2, batch_size=16, verbose=0, callbacks=[callback])
    assert len(history(run, "loss")) == 4


def test_autolog():
    mlflow.keras.autolog(log_models=False, log_datasets=False)
    try:
        with mlflow.start_run() as run:
            make().fit(X, Y, epochs=2, verbose=0)
    finally:
        mlflow.keras.autolog(disable=True)
    assert len(history(run, "loss")) == 2
    assert mlflow.get_run(run.info.run_id).data.params["epochs"] == "2"


def test_models_are_stored_and_loaded(tmp_path):
    model = make()
    model.fit(X, Y, verbose=0)
    mlflow.keras.save_model(model, str(tmp_path / "model"))
    again = mlflow.keras.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(again.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    served = mlflow.pyfunc.load_model(str(tmp_path / "model"))
    np.testing.assert_allclose(served.predict(X), model.predict(X, verbose=0), rtol=1e-5)
