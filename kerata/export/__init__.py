"""Models for use without Kerata: TensorFlow's SavedModel, PyTorch's exported programs, ONNX, OpenVINO, LiteRT."""

from kerata.core.lazy import attach as _attach

_PLACES = {"ExportArchive": "kerata.export.archive", "export_model": "kerata.export.formats"}

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES)
