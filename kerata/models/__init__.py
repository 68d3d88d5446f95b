"""Models: Sequential, Functional, Model, and what makes and copies them."""

from kerata.core.lazy import attach

_PLACES = {
    "Model": "kerata.models.model",
    "Functional": "kerata.models.functional",
    "Sequential": "kerata.models.sequential",
    "clone_model": "kerata.models.cloning",
    "model_from_json": "kerata.models.model",
    "load_model": "kerata.saving",
    "save_model": "kerata.saving",
}
__getattr__, __dir__, __all__ = attach(__name__, _PLACES)
