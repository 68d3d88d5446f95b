"""What a model is called with, and copies of models on the backend of a format."""

from __future__ import annotations

import copy

from kerata.core import config, tree
from kerata.core.keras_tensor import KerasTensor


def signature_of(model, given=None):
    """The structure of KerasTensors that is the model's input; sizes of batches are unknown.

    Args:
        model: a built model.
        given: KerasTensors, InputSpecs or `tf.TensorSpec`s instead, as the user passed them.

    Raises:
        ValueError: if the model is not built, so that nobody knows its input.
    """
    if given is not None:
        found = tree.map_structure(_symbol, given)
        return found[0] if isinstance(found, list | tuple) and len(found) == 1 else found
    struct = getattr(model, "_inputs_struct", None)
    if struct is None:
        struct = getattr(model, "inputs", None)
    if struct is not None and tree.flatten(struct):
        one = isinstance(struct, list | tuple) and len(struct) == 1
        return tree.map_structure(_symbol, struct[0] if one else struct)
    shapes = getattr(model, "_build_shapes_dict", None) or {}
    if not model.built or len(shapes) != 1 or next(iter(shapes.values())) is None:
        raise ValueError(
            f"export() of {model.name!r}: its inputs are not known. Call the model on a batch first, or pass `input_signature`, "
            "a list of `kerata.InputSpec`s."
        )
    shape = next(iter(shapes.values()))
    return tree.map_shape_structure(lambda s: KerasTensor((None, *s[1:]), config.floatx()), shape)


def _symbol(x) -> KerasTensor:
    dtype = getattr(x.dtype, "name", x.dtype) or config.floatx()
    return KerasTensor(tuple(x.shape), dtype, name=getattr(x, "name", None))


def on_backend(resource, name: str):
    """The layer or model itself where it is on that backend, else a copy that is."""
    if resource._backend.name == name:
        return resource
    if not resource.built:
        raise ValueError(f"{resource.name!r} must be built to be exported: call it on a batch first.")
    other = copy.deepcopy(resource)
    other.to_backend(name)
    return other
