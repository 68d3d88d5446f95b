"""Models as estimators: scikit-learn's own checks, and what they do not ask."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import kerata
from kerata.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

QUIET = {"epochs": 1, "verbose": 0}


def build(X, y, loss="mse", activation=None, units=3):
    kerata.utils.set_random_seed(0)  # some checks fit twice and compare
    model = kerata.Sequential([
        kerata.Input((X.shape[1],)), kerata.layers.Dense(units), kerata.layers.Dense(y.shape[1], activation=activation)
    ])  # fmt: skip
    model.compile(kerata.optimizers.Adam(0.05), loss, run_eagerly=True)
    return model


CLASSES = {"loss": "categorical_crossentropy", "activation": "softmax"}


class Seeded:
    """With a model that starts from a seed an estimator does the same each time, and more checks apply."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = False
        return tags


class Classifier(Seeded, SKLearnClassifier): ...


class Regressor(Seeded, SKLearnRegressor): ...


class Transformer(Seeded, SKLearnTransformer): ...


ESTIMATORS = [
    Classifier(build, model_kwargs=CLASSES, fit_kwargs=QUIET),
    Regressor(build, fit_kwargs=QUIET),
    Transformer(build, fit_kwargs=QUIET),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(len(ESTIMATORS)))
def test_scikit_learns_checks(number):
    with kerata.backend_scope("torch"):
        results = check_estimator(ESTIMATORS[number])
    other = {c["check_name"] for c in results if c["status"] != "passed"}
    assert len(results) > 40 and other <= {"check_array_api_input"}  # this one wants a package


def data(n=40):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 2)) + np.repeat([[3.0, 0.0], [-3.0, 0.0]], n // 2, axis=0)
    return X, np.repeat(["right", "left"], n // 2)


def test_labels_pipelines_and_searches():
    with kerata.backend_scope("torch"):
        check_pipelines(*data())


def test_what_estimators_learn(train_backend):
    """A line, two groups and a projection, each in closed form."""
    X, _ = data()
    labels = np.where(X[:, 0] > 0, "right", "left")
    classifier = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs={**QUIET, "epochs": 40, "batch_size": 8}).fit(X, labels)
    assert classifier.score(X, labels) > 0.9 and list(classifier.classes_) == ["left", "right"]
    line = X @ [[0.5], [-0.25]] + 1.0
    regressor = SKLearnRegressor(linear, fit_kwargs=QUIET).fit(X, line[:, 0])
    np.testing.assert_allclose(regressor.predict(X), line[:, 0], rtol=1e-4, atol=1e-4)
    transformer = SKLearnTransformer(linear, fit_kwargs=QUIET).fit(X, line)
    np.testing.assert_allclose(transformer.transform(X), line, rtol=1e-4, atol=1e-4)


def linear(X, y):
    """It knows the answer; training leaves it as it is."""
    model = kerata.Sequential([kerata.layers.Input((2,)), kerata.layers.Dense(1)])
    model.set_weights([np.array([[0.5], [-0.25]]), np.array([1.0])])
    model.compile("sgd", "mse")
    return model


def check_pipelines(X, y):
    learner = SKLearnClassifier(build, model_kwargs=CLASSES, fit_kwargs={**QUIET, "epochs": 12, "batch_size": 8})
    pipeline = make_pipeline(StandardScaler(), learner).fit(X, y)
    assert pipeline.score(X, y) > 0.9 and set(pipeline.predict(X)) == {"left", "right"}
    assert pipeline.decision_function(X).shape == (len(X),) and pipeline[-1].epoch_ == 12
    again = pickle.loads(pickle.dumps(pipeline))
    np.testing.assert_allclose(again.decision_function(X), pipeline.decision_function(X), rtol=1e-5)
    search = GridSearchCV(learner, {"model_kwargs": [{**CLASSES, "units": n} for n in (2, 4)]}, cv=2).fit(X, y)
    assert search.best_params_["model_kwargs"]["units"] in (2, 4)


def test_a_model_is_copied_and_a_warm_start_goes_on():
    X, _ = data()
    with kerata.backend_scope("torch"):
        model = build(X, X[:, :1])
        before = [w.numpy().copy() for w in model.weights]
        cold = SKLearnRegressor(model, fit_kwargs=QUIET).fit(X, X[:, 0])
        assert cold.model_ is not model and all(np.array_equal(a, b) for a, b in zip(before, model.weights))
        assert cold.predict(X).shape == (40,) and clone(cold).model is not None
        warm = SKLearnRegressor(build, warm_start=True, fit_kwargs=QUIET).fit(X, X[:, 0])
        first = warm.model_
        assert warm.fit(X, X[:, 0]).model_ is first and warm.model_.optimizer.iterations == 4
        both = SKLearnRegressor(build, fit_kwargs=QUIET).fit(X, X, sample_weight=np.ones(40))
        assert both.predict(X).shape == (40, 2) and np.isfinite(both.score(X, X))
        assert SKLearnTransformer(build, fit_kwargs=QUIET).fit_transform(X, X).shape == (40, 2)
        labels = np.array([0, 1, 2, 1] * 10)
        again = SKLearnClassifier(build, True, CLASSES, QUIET).fit(X, labels)
        assert again.fit(X[:2], [2, 1]).classes_.tolist() == [0, 1, 2] and again.decision_function(X).shape == (40, 3)
        with pytest.raises(ValueError, match=r"only the classes of the first fit, \[0, 1, 2\]; got \[7\]"):
            again.fit(X[:2], [7, 1])


def test_mistakes():
    X, _ = data()
    uncompiled = kerata.Sequential([kerata.Input((2,)), kerata.layers.Dense(1)])
    with pytest.raises(RuntimeError, match="needs a loss and an optimizer"):
        SKLearnRegressor(uncompiled).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="a compiled model, or a function"):
        SKLearnRegressor(3).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="must give a compiled model; it gave None"):
        SKLearnRegressor(lambda X, y: None).fit(X, X[:, 0])
    with pytest.raises(NotFittedError):
        SKLearnClassifier(build).predict(X)
    with pytest.raises(ValueError, match="Unknown label type"):
        SKLearnClassifier(build, model_kwargs=CLASSES).fit(X, X[:, 0])
