"""serialize and deserialize for layers."""

from __future__ import annotations

from kerata.layers.layer import Layer


def serialize(layer):
    """The config of a layer, with its class."""
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """A layer from what `serialize` gave."""
    from kerata.saving import deserialize_keras_object

    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"The config is not a layer's: it makes a {type(layer).__name__}.")
    return layer
