"""Estimators of scikit-learn that hold a model: for pipelines, cross-validation and searches over parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kerata.core.errors import need

need("sklearn.base", "`kerata.wrappers`", package="scikit-learn")

from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin  # noqa: E402
from sklearn.utils.multiclass import check_classification_targets  # noqa: E402
from sklearn.utils.validation import check_is_fitted, validate_data  # noqa: E402


class SKLBase(BaseEstimator):
    """What the wrappers share: making the model, training it, checking data.

    Args:
        model: a compiled model, of which each `fit` trains a copy with fresh weights; or a function
            `model(X, y, **model_kwargs)` that gives a compiled model, for which X and y have their final shapes.
        warm_start: whether `fit` goes on with the weights of the last one. (A model that was given is then not copied.)
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of `model.fit`; those that `fit` itself is given go first.
    """

    _targets_in_rows = False  # whether y may have several columns

    def __init__(self, model, warm_start=False, model_kwargs=None, fit_kwargs=None):
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        tags.target_tags.required = True
        return tags

    def fit(self, X, y, **kwargs):
        """Train the model.

        Args:
            X: array of shape (samples, features).
            y: the targets: an array of shape (samples,) or (samples, outputs).
            **kwargs: further arguments of `model.fit`, such as `sample_weight`.

        Returns:
            The estimator, with the trained model as `model_` and its `History` as `history_`.
        """
        X, y = validate_data(self, X, y, multi_output=self._targets_in_rows)
        targets = self._encode(y)
        model = self._model_for(X, targets)
        self.history_ = model.fit(X, targets, **{**(self.fit_kwargs or {}), **kwargs})
        self.model_ = model
        return self

    @property
    def epoch_(self) -> int:
        """How many epochs the last `fit` took."""
        check_is_fitted(self, "history_")
        return len(self.history_.epoch)

    def _encode(self, y):
        return y

    def _model_for(self, X, y):
        from kerata.models import Model, clone_model

        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        model = self.model
        if isinstance(model, Model):
            self._check(model)
            return model if self.warm_start else _fresh(clone_model(model), model)
        if not isinstance(model, Callable):
            raise TypeError(
                f"{type(self).__name__}(model=...) takes a compiled model, or a function (X, y) that gives one; got {model!r}."
            )
        made = model(X, y, **(self.model_kwargs or {}))
        if not isinstance(made, Model):
            raise TypeError(f"The function `model` of {type(self).__name__} must give a compiled model; it gave {made!r}.")
        self._check(made)
        return made

    def _check(self, model) -> None:
        if not model.compiled or model.loss is None or model.optimizer is None:
            raise RuntimeError(
                f"{type(self).__name__} trains model {model.name!r}, which needs a loss and an optimizer: call "
                "model.compile(optimizer=..., loss=...) first."
            )

    def _raw_predict(self, X) -> np.ndarray:
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False)
        return self.model_.predict(X, verbose=(self.fit_kwargs or {}).get("verbose", "auto"))


def _fresh(copy, model):
    copy.compile_from_config(model.get_compile_config())
    return copy


class SKLearnClassifier(ClassifierMixin, SKLBase):
    """A model as a classifier of scikit-learn: labels of any kind come in and out, the model sees one column for each class.

    After `fit` there are `classes_`, `model_`, `history_` and `n_features_in_`.

    Args:
        model: a compiled model, of which each `fit` trains a copy with fresh weights; or a function
            `model(X, y, **model_kwargs)` that gives a compiled model, where y has shape (samples, classes).
        warm_start: whether `fit` goes on with the weights of the last one; False by default.
        model_kwargs: dictionary of further arguments of the function; None by default.
        fit_kwargs: dictionary of arguments of `model.fit`; None by default.

    Raises:
        RuntimeError: from `fit`, if the model is not compiled.
        TypeError: from `fit`, if `model` is neither.

    >>> def build(X, y):
    ...     model = kerata.Sequential([kerata.layers.Dense(y.shape[1], activation="softmax")])
    ...     model.compile(loss="categorical_crossentropy", optimizer="sgd")
    ...     return model
    >>> X, y = np.array([[0.0], [1.0]]), np.array(["low", "high"])
    >>> kerata.wrappers.SKLearnClassifier(build, fit_kwargs={"verbose": 0}).fit(X, y).classes_.tolist()
    ['high', 'low']
    """

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def _encode(self, y):
        check_classification_targets(y)
        classes, numbers = np.unique(y, return_inverse=True)
        if self.warm_start and hasattr(self, "model_") and not np.array_equal(classes, self.classes_):
            known = np.isin(classes, self.classes_)
            if not known.all():
                raise ValueError(
                    f"With warm_start=True, y can hold only the classes of the first fit, {self.classes_.tolist()}; "
                    f"got {classes[~known].tolist()} as well."
                )
            classes, numbers = self.classes_, np.searchsorted(self.classes_, y)
        self.classes_ = classes
        return np.eye(len(classes))[numbers]

    def predict(self, X) -> np.ndarray:
        """The label of the greatest output, for each row of X."""
        numbers = np.argmax(self._raw_predict(X), axis=-1)
        return self.classes_[numbers]

    def decision_function(self, X) -> np.ndarray:
        """The model's outputs, of shape (samples, classes).

        For two classes, as scikit-learn wants it: how far the second's are above the first's, of shape (samples,).
        """
        outputs = self._raw_predict(X)
        return outputs[:, 1] - outputs[:, 0] if len(self.classes_) == 2 else outputs


class SKLearnRegressor(RegressorMixin, SKLBase):
    """A model as a regressor of scikit-learn; predictions have the shape of the targets.

    Args:
        model: a compiled model, or a function that gives one; see `SKLearnClassifier`. For targets of shape (samples,)
            it sees y of shape (samples, 1).
        warm_start: whether `fit` goes on with the weights of the last one; False by default.
        model_kwargs: dictionary of further arguments of the function; None by default.
        fit_kwargs: dictionary of arguments of `model.fit`; None by default.

    >>> model = kerata.Sequential([kerata.Input((1,)), kerata.layers.Dense(1)])
    >>> model.compile(loss="mse", optimizer="sgd")
    >>> X = np.array([[0.0], [1.0]])
    >>> kerata.wrappers.SKLearnRegressor(model, fit_kwargs={"verbose": 0}).fit(X, X[:, 0]).predict(X).shape
    (2,)
    """

    _targets_in_rows = True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        return tags

    def _encode(self, y):
        self._flat = y.ndim == 1
        return np.asarray(y).reshape(len(y), -1)

    def predict(self, X) -> np.ndarray:
        """The model's outputs, of the shape that y had."""
        outputs = self._raw_predict(X).astype("float64")
        return outputs.reshape(len(outputs)) if self._flat and outputs[:1].size == 1 else outputs


class SKLearnTransformer(TransformerMixin, SKLBase):
    """A model as a transformer of scikit-learn: `transform` gives its outputs.

    Args:
        model: a compiled model, or a function that gives one; see `SKLearnClassifier`.
        warm_start: whether `fit` goes on with the weights of the last one; False by default.
        model_kwargs: dictionary of further arguments of the function; None by default.
        fit_kwargs: dictionary of arguments of `model.fit`; None by default.

    >>> model = kerata.Sequential([kerata.Input((1,)), kerata.layers.Dense(2)])
    >>> model.compile(loss="mse", optimizer="sgd")
    >>> X = np.array([[0.0], [1.0]])
    >>> kerata.wrappers.SKLearnTransformer(model, fit_kwargs={"verbose": 0}).fit(X, [[0, 1], [1, 0]]).transform(X).shape
    (2, 2)
    """

    _targets_in_rows = True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _encode(self, y):
        return np.asarray(y).reshape(len(y), -1)

    def transform(self, X) -> np.ndarray:
        """The model's outputs, of shape (samples, outputs)."""
        return self._raw_predict(X)

    def predict(self, X) -> np.ndarray:
        """The same as `transform`."""
        return self._raw_predict(X)
