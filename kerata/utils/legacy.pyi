# Made by tools/stubs.py.
from kerata.legacy.saving import deserialize_keras_object as deserialize_keras_object
from kerata.legacy.saving import serialize_keras_object as serialize_keras_object
