"""Images between files, PIL and arrays."""

from kerata.core.lazy import attach as _attach

_PLACES = dict.fromkeys(("array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"), "kerata.utils.images")

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES)
