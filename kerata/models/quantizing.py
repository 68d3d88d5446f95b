"""`model.quantize`: each layer that can be is put into fewer bits."""

from __future__ import annotations

import re
import warnings

from kerata import backend
from kerata.layers._quantization import config_for
from kerata.layers.state import LayerState


def quantize(model, mode, config, filters, structure=None, type_check=True) -> None:
    """Quantize the layers of `model`; see `Model.quantize`."""
    mode, config = config_for(mode, config)
    wanted = _filter(filters)
    if not model.built:
        raise ValueError(f"Model {model.name!r} has no weights yet: call it on data, or build(input_shape), before quantize().")
    if mode in ("gptq", "awq"):
        from kerata.models.calibration import quantize_on_data

        with backend.backend_scope(model._backend):
            quantize_on_data(model, mode, config, wanted, structure, type_check)
    else:
        for layer in candidates(model, wanted):
            quantized(layer, mode, type_check, config)
    model._moved()


def quantized(layer, mode: str, type_check: bool, config) -> bool:
    """Quantize one layer; False, and a warning, where it has no such form."""
    try:
        layer.quantize(mode, type_check=type_check, config=config)
    except NotImplementedError as error:
        warnings.warn(str(error), stacklevel=4)
        return False
    return True


def candidates(model, wanted) -> list:
    """The layers under `model` that can be quantized and pass the filter; a warning names others with weights."""
    found, passed_over = [], []
    for layer in model._flatten_layers(include_self=False):
        if not wanted(layer):
            continue
        if type(layer).quantize is not LayerState.quantize and not hasattr(layer, "get_layer"):
            found.append(layer)
        elif layer._held().variables:
            passed_over.append(f"{layer.name!r} ({type(layer).__name__})")
    if passed_over:
        warnings.warn(f"Not quantized, since they have no such form: {', '.join(passed_over[:8])}", stacklevel=4)
    return found


def _filter(filters):
    """A function of a layer from what `filters` may be."""
    if filters is None:
        return lambda layer: True
    if callable(filters):
        return filters
    patterns = [filters] if isinstance(filters, str) else filters
    if not isinstance(patterns, list | tuple) or not all(isinstance(p, str) for p in patterns):
        raise ValueError(f"`filters` is a regular expression, a list of them, or a function of a layer; got {filters!r}.")
    return lambda layer: any(re.search(p, layer.name) for p in patterns)
