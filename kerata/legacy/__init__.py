"""What earlier versions of Keras had, in their form."""

from kerata.core.lazy import attach as _attach

_PLACES: dict[str, str] = {}
_SUBMODULES = ("saving",)

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES, _SUBMODULES)
