"""Sequences of different lengths as one array."""

from kerata.core.lazy import attach as _attach

_PLACES = {"pad_sequences": "kerata.utils.sequences"}

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES)
