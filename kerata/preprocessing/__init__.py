"""Data sets from files and series, and the older homes of image and sequence utilities."""

from kerata.core.lazy import attach as _attach

_PLACES = {
    "image_dataset_from_directory": "kerata.utils.image_dataset",
    "text_dataset_from_directory": "kerata.utils.text_dataset",
    "timeseries_dataset_from_array": "kerata.utils.timeseries",
}

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES, ("image", "sequence"))
