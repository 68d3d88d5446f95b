# Made by tools/stubs.py.
from kerata.wrappers.sklearn import SKLearnClassifier as SKLearnClassifier
from kerata.wrappers.sklearn import SKLearnRegressor as SKLearnRegressor
from kerata.wrappers.sklearn import SKLearnTransformer as SKLearnTransformer
