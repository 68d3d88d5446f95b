"""SciKeras: classifiers and regressors, their copies in memory, and searches."""

import pickle

import keras
import numpy as np
import pytest
from scikeras.wrappers import KerasClassifier, KerasRegressor
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype("float32")
Y = (X[:, 0] > 0).astype(int)


def network(meta, hidden=8):
    outputs = 1 if meta["target_type_"] in ("binary", "continuous") else meta["n_classes_"]
    last = {"binary": "sigmoid", "multiclass": "softmax"}.get(meta["target_type_"])
    return keras.Sequential(
        [keras.Input((meta["n_features_in_"],)), keras.layers.Dense(hidden, "relu"), keras.layers.Dense(outputs, last)])


def classifier(**kwargs):
    return KerasClassifier(network, loss="binary_crossentropy", optimizer="adam", optimizer__learning_rate=0.05, epochs=5,
                           verbose=0, random_state=1, **kwargs)


def test_classifier():
    model = make_pipeline(StandardScaler(), classifier(metrics=["accuracy"]))
    model.fit(X, Y)
    assert model.score(X, Y) > 0.6 and model.predict_proba(X).shape == (60, 2)
    assert len(model[-1].history_["accuracy"]) == 5


def test_several_classes():
    model = KerasClassifier(network, loss="sparse_categorical_crossentropy", epochs=2, verbose=0, random_state=0)
    model.fit(X, np.array(["a", "b", "c"])[np.arange(60) % 3])
    assert set(model.predict(X)) <= {"a", "b", "c"}
    model.partial_fit(X, np.array(["a", "b", "c"])[np.arange(60) % 3])
    assert model.current_epoch == 3


def test_regressor():
    model = KerasRegressor(network, loss="mse", metrics=["mae"], optimizer=keras.optimizers.SGD(0.01), epochs=3, verbose=0)
    model.fit(X, X.sum(1))
    assert model.predict(X).shape == (60,) and np.isfinite(model.score(X, X.sum(1)))


def test_same_results_with_a_seed():
    a, b = classifier().fit(X, Y), classifier().fit(X, Y)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), rtol=1e-5)


@pytest.mark.parametrize("copy", [pickle.dumps, None], ids=["pickle", "clone"])
def test_copies(copy):
    model = classifier().fit(X, Y)
    if copy is None:
        assert not hasattr(clone(model), "model_")
        return
    again = pickle.loads(copy(model))
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X), rtol=1e-5)
    again.partial_fit(X, Y)


def test_search():
    search = GridSearchCV(classifier(), {"model__hidden": [2, 8], "optimizer__learning_rate": [0.01, 0.1]}, cv=2)
    search.fit(X, Y)
    assert search.best_params_["model__hidden"] in (2, 8)


def test_callbacks_and_early_stopping():
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1)
    model = classifier(callbacks=stop, validation_split=0.25).fit(X, Y)
    assert "val_loss" in model.history_
