"""Shapes of layers that are alike: inferred once, though a model has the same block many times."""

from __future__ import annotations

import json

from kerata.backend.spec import Spec
from kerata.core import config, tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.masks import get_mask

# Packages of layers whose outputs' shapes follow from what `get_config` tells and from the inputs.
_PACKAGES = {f"kerata.layers.{n}" for n in ("activations", "convolutional", "core", "merging", "normalization", "pooling",
                                           "regularization", "reshaping")}  # fmt: skip
_MOST = 4096
_known: dict = {}


def remembered(layer, args, kwargs, infer):
    """What `infer()` gives, the outputs of `layer` for symbolic `args` and `kwargs`, or gave for a layer that is alike.

    Only single layers of Kerata's own are compared, by their configuration and the shapes of their weights; with anything
    of the user's in them (functions, regularizers of what they give) each is asked.
    """
    try:
        key = _key(layer, args, kwargs)
    except (TypeError, ValueError, NotImplementedError):  # a configuration that is no JSON, or that there is none
        key = None
    if key is None:
        return infer()
    if key not in _known:
        outputs = infer()
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = tree.map_structure(_facts, outputs)
        return outputs
    return tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype) if isinstance(x, Spec) else x, _known[key])


def _facts(x):
    """What is remembered of a symbolic tensor: no graph hangs on it."""
    return Spec(x.shape, x.dtype) if isinstance(x, KerasTensor) else x


def _key(layer, args, kwargs):
    kind = type(layer)
    if kind.__module__.rpartition(".")[0] not in _PACKAGES or layer._layers or _has_foreign(layer):
        return None
    told = layer.get_config()
    if told.pop("activity_regularizer", None) is not None or not _own(told):
        return None
    told.pop("name", None)
    weights = tuple((tuple(v.shape), v.dtype) for v in layer._held().variables)
    inputs = tuple(_described(x) for x in tree.flatten((args, kwargs)))
    nesting = tree.map_structure(lambda x: None, (args, kwargs))
    return layer._backend.name, config.floatx(), kind, json.dumps(told, sort_keys=True), weights, inputs, repr(nesting)


def _described(x):
    if isinstance(x, KerasTensor):
        if x.sparse or x.ragged or get_mask(x) is not None:
            raise TypeError("what travels with a tensor is not compared")
        return x.shape, x.dtype
    if x is None or isinstance(x, bool | int | float | str):
        return type(x), x
    raise TypeError(f"{type(x).__name__} is not compared")


def _has_foreign(layer) -> bool:
    """Whether a function or the like that is not Kerata's was given to the layer."""
    given = (v for n, v in vars(layer).items() if callable(v) and not n.startswith("_"))
    return any(str(getattr(v, "__module__", None)).partition(".")[0] != "kerata" for v in given)


def _own(told) -> bool:
    """Whether a configuration names Kerata's own objects only."""
    if isinstance(told, dict):
        if "class_name" in told and str(told.get("module")).partition(".")[0] != "keras":
            return False
        return all(map(_own, told.values()))
    return all(map(_own, told)) if isinstance(told, list | tuple) else True
