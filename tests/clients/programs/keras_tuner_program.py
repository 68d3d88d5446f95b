"""KerasTuner: each tuner searches, resumes, and gives back its best model."""

import keras
import keras_tuner
import numpy as np
import pytest

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 4)).astype("float32")
Y = (X.sum(1) > 0).astype("float32")


def build(hp):
    model = keras.Sequential([keras.Input((4,))])
    for i in range(hp.Int("layers", 1, 2)):
        model.add(keras.layers.Dense(hp.Choice(f"units_{i}", [4, 8]), activation=hp.Choice("activation", ["relu", "tanh"])))
    if hp.Boolean("dropout"):
        model.add(keras.layers.Dropout(hp.Float("rate", 0.1, 0.3)))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(keras.optimizers.Adam(hp.Float("rate_of_learning", 1e-3, 1e-1, sampling="log")), "binary_crossentropy",
                  metrics=["accuracy"])
    return model


@pytest.mark.parametrize("kind", ["RandomSearch", "BayesianOptimization", "GridSearch", "Hyperband"])
def test_search(kind, tmp_path):
    more = {"max_epochs": 3, "factor": 3} if kind == "Hyperband" else {"max_trials": 3}
    tuner = getattr(keras_tuner, kind)(
        build, objective="val_accuracy", directory=tmp_path, project_name="p", seed=1, **more)
    tuner.search(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=[keras.callbacks.EarlyStopping(patience=2)])
    model = tuner.get_best_models(1)[0]
    assert model.predict(X, verbose=0).shape == (64, 1)
    best = tuner.oracle.get_best_trials(1)[0]
    assert 0 <= best.score <= 1
    assert abs(model.evaluate(X, Y, verbose=0, return_dict=True)["accuracy"] - best.score) < 1e-6
    again = getattr(keras_tuner, kind)(
        build, objective="val_accuracy", directory=tmp_path, project_name="p", seed=1, overwrite=False, **more)
    assert len(again.oracle.trials) == len(tuner.oracle.trials)
    tuner.results_summary()


def test_hypermodel_with_its_own_fit(tmp_path):
    class Mine(keras_tuner.HyperModel):
        def build(self, hp):
            return build(hp)

        def fit(self, hp, model, *args, **kwargs):
            return model.fit(*args, batch_size=hp.Choice("batch", [16, 32]), shuffle=hp.Boolean("shuffle"), **kwargs)

    tuner = keras_tuner.RandomSearch(Mine(), objective=keras_tuner.Objective("val_loss", "min"), max_trials=2,
                                     executions_per_trial=2, directory=tmp_path, seed=3)
    tuner.search(X, Y, epochs=1, validation_split=0.25, verbose=0)
    hp = tuner.get_best_hyperparameters()[0]
    assert hp.get("batch") in (16, 32)
    model = tuner.hypermodel.build(hp)
    tuner.hypermodel.fit(hp, model, X, Y, epochs=1, verbose=0)


def test_custom_training_loop(tmp_path):
    class Tuner(keras_tuner.RandomSearch):
        def run_trial(self, trial, x, y):
            model = build(trial.hyperparameters)
            return {"loss": min(model.fit(x, y, epochs=2, verbose=0).history["loss"])}

    tuner = Tuner(objective=keras_tuner.Objective("loss", "min"), max_trials=2, directory=tmp_path, seed=5)
    tuner.search(X, Y)
    assert tuner.oracle.get_best_trials()[0].score > 0


def test_sklearn_tuner(tmp_path):
    from sklearn import linear_model, metrics, model_selection

    tuner = keras_tuner.SklearnTuner(
        oracle=keras_tuner.oracles.RandomSearchOracle(objective=keras_tuner.Objective("score", "max"), max_trials=2),
        hypermodel=lambda hp: linear_model.Ridge(alpha=hp.Float("alpha", 1e-3, 1, sampling="log")),
        scoring=metrics.make_scorer(metrics.r2_score), cv=model_selection.KFold(3), directory=tmp_path)
    tuner.search(X, Y)
    assert tuner.get_best_models(1)[0].predict(X).shape == (64,)


def test_ready_made_hypermodels():
    hp = keras_tuner.HyperParameters()
    augment = keras_tuner.applications.HyperImageAugment(input_shape=(8, 8, 3), augment_layers=2).build(hp)
    out = augment(rng.uniform(size=(2, 8, 8, 3)).astype("float32"), training=True)
    assert tuple(out.shape) == (2, 8, 8, 3)
    model = keras_tuner.applications.HyperXception(input_shape=(71, 71, 3), classes=2).build(keras_tuner.HyperParameters())
    assert model.output_shape == (None, 2)


def test_tensorboard_and_backup_callbacks(tmp_path):
    tuner = keras_tuner.RandomSearch(build, "val_loss", max_trials=1, directory=tmp_path / "t", seed=2)
    callbacks = [keras.callbacks.TensorBoard(tmp_path / "logs"), keras.callbacks.ReduceLROnPlateau(patience=1),
                 keras.callbacks.CSVLogger(tmp_path / "log.csv")]
    tuner.search(X, Y, epochs=2, validation_data=(X, Y), verbose=0, callbacks=callbacks)
    assert any((tmp_path / "logs").iterdir())
