"""Models as estimators of scikit-learn."""

from kerata.core.lazy import attach as _attach

_PLACES = dict.fromkeys(("SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"), "kerata.wrappers.sklearn")

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES, kind="wrapper")
