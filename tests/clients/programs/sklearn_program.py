"""scikit-learn's pipelines, searches and checks around `keras.wrappers`."""

import pickle

import keras
import numpy as np
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)


def network(X, y, units=8, loss="categorical_crossentropy", activation="softmax"):
    outputs = y.shape[1] if y.ndim > 1 else 1
    inputs = x = keras.Input((X.shape[1],))
    x = keras.layers.Dense(units, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(outputs, activation=activation)(x))
    model.compile(keras.optimizers.Adam(0.05), loss)
    return model


def classifier(**kwargs):
    return keras.wrappers.SKLearnClassifier(
        network, model_kwargs=kwargs, fit_kwargs={"epochs": 10, "batch_size": 20, "verbose": 0})


def regressor(**kwargs):
    return keras.wrappers.SKLearnRegressor(
        network, model_kwargs={"loss": "mse", "activation": "linear", **kwargs}, fit_kwargs={"epochs": 10, "verbose": 0})


def test_pipeline_and_cross_validation():
    keras.utils.set_random_seed(1)
    pipeline = make_pipeline(StandardScaler(), classifier())
    assert cross_val_score(pipeline, X, Y, cv=2).mean() > 0.6
    assert cross_val_predict(pipeline, X, np.array(["no", "yes"])[Y], cv=2).dtype.kind in "UO"
    pipeline.fit(X, Y)
    assert pipeline.score(X, Y) > 0.6


def test_search_over_arguments_of_the_model():
    search = GridSearchCV(classifier(), {"model_kwargs": [{"units": 2}, {"units": 16}]}, cv=2)
    search.fit(X, Y)
    assert search.best_params_["model_kwargs"]["units"] in (2, 16)


def test_regressors():
    keras.utils.set_random_seed(1)
    y = X @ [1.0, 2.0, 0.0, -1.0]
    model = TransformedTargetRegressor(regressor(units=16), transformer=MinMaxScaler())
    model.fit(X, y)
    assert model.predict(X).shape == (60,)
    several = MultiOutputRegressor(regressor()).fit(X, X[:, :2])
    assert several.predict(X).shape == (60, 2)
    both = regressor().fit(X, X[:, :2])
    assert both.predict(X).shape == (60, 2) and np.isfinite(both.score(X, X[:, :2]))


def test_ensembles_and_copies():
    voting = VotingClassifier([("net", classifier()), ("line", LogisticRegression())]).fit(X, Y)
    assert set(voting.predict(X)) <= {0, 1}
    bag = BaggingClassifier(classifier(), n_estimators=2, random_state=0).fit(X, Y)
    assert bag.predict(X).shape == (60,)
    fitted = classifier().fit(X, Y)
    assert not hasattr(clone(fitted), "model_")
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))


def test_transformer_in_a_union():
    def build(X, y):
        model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(3)])
        model.compile("sgd", "mse")
        return model

    union = make_union(StandardScaler(), keras.wrappers.SKLearnTransformer(build, fit_kwargs={"verbose": 0}))
    assert union.fit_transform(X, Y).shape == (60, 7)


EXPECTED = {
    "SKLearnClassifier": {
        "check_classifiers_regression_target": "not implemented by the wrapper",
        "check_parameters_default_constructible": "a wrapper has a required argument",
        "check_classifiers_one_label_sample_weights": "0 sample weights",
        "check_classifiers_classes": "with a batch size", "check_classifier_data_not_an_array": "with a batch size",
    },
    "SKLearnRegressor": {"check_parameters_default_constructible": "a wrapper has a required argument"},
    "SKLearnTransformer": {"check_parameters_default_constructible": "a wrapper has a required argument"},
}


def _transformer(X, y):
    model = keras.Sequential([keras.Input((X.shape[1],)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@parametrize_with_checks(
    [
        keras.wrappers.SKLearnClassifier(network, model_kwargs={}, fit_kwargs={"epochs": 5, "verbose": 0}),
        keras.wrappers.SKLearnRegressor(
            network, model_kwargs={"loss": "mse", "activation": "linear"}, fit_kwargs={"verbose": 0}),
        keras.wrappers.SKLearnTransformer(_transformer, fit_kwargs={"verbose": 0}),
    ],
    expected_failed_checks=lambda estimator: EXPECTED[type(estimator).__name__],
)
def test_estimator_checks(estimator, check):
    keras.utils.set_random_seed(0)
    check(estimator)
