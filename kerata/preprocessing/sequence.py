"""Sequences of different lengths as one array."""

from kerata.core.lazy import attach as _attach

__getattr__, __dir__, __all__ = _attach(__name__, {"pad_sequences": "kerata.utils.sequences"})
