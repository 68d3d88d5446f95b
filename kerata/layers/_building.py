"""Building what lies within a layer whose outputs are known without a run of `call`."""

from __future__ import annotations

import copy
import warnings

from kerata.utils import seeds


def build_within(layer, args, kwargs) -> None:
    """Make the weights of the layers in `layer`, if it tells its outputs itself and so its `call` would not run yet.

    Without this a model would have these weights from its first batch on only: not when it is summed up or loaded.
    A `call` that cannot run without data leaves them to that first batch, with a warning.
    """
    from kerata.layers.layer import Layer

    kind = type(layer)
    told = kind.compute_output_shape is not Layer.compute_output_shape or kind.compute_output_spec is not Layer.compute_output_spec
    if not told or kind.build is not Layer.build or all(inner.built for inner in layer._layers):
        return
    try:
        Layer._inferred_spec(layer, args, kwargs)
    except Exception as e:
        waiting = [repr(inner.name) for inner in layer._layers if not inner.built]
        warnings.warn(
            f"Layer {layer.name!r} ({kind.__name__}): its inner layers {', '.join(waiting)} get their weights with the first "
            f"batch only, because its call() does not run on symbolic tensors ({type(e).__name__}: {e}). Build them in build().",
            stacklevel=2,
        )


def spec_of_unbuilt(layer, inputs: dict, build):
    """What `layer.compute_output_spec(**inputs)` gives, of a layer that is not built and stays so: a copy is.

    A layer that cannot be copied is built itself.

    Args:
        layer: the layer.
        inputs: KerasTensors by the names of the arguments of its `call`.
        build: function that builds a layer.
    """
    with seeds.unnoticed():
        try:
            twin = copy.deepcopy(layer)
        except Exception:  # what a user's layer may hold: locks, files, modules
            twin = layer
        build(twin)
        twin.built = True
        return twin.compute_output_spec(**inputs)
