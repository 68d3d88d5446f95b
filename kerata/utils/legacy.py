"""Serialisation in the form of Keras 2."""

from kerata.core.lazy import attach as _attach

_PLACES = dict.fromkeys(("deserialize_keras_object", "serialize_keras_object"), "kerata.legacy.saving")

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES)
