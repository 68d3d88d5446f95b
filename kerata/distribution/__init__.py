"""Training over several devices: data parallel and model parallel, on JAX."""

from kerata.core.lazy import attach as _attach

_PLACES = {
    **dict.fromkeys(("distribute_tensor", "get_device_count", "initialize", "list_devices"), "kerata.distribution.devices"),
    **dict.fromkeys(("DeviceMesh", "LayoutMap", "TensorLayout"), "kerata.distribution.layouts"),
    **dict.fromkeys(
        ("DataParallel", "ModelParallel", "distribution", "set_distribution"), "kerata.distribution.strategies"
    ),
}

__getattr__, __dir__, __all__ = _attach(__name__, _PLACES)
