"""serialize and deserialize for layers."""

from __future__ import annotations

from kerata.layers.layer import Layer


def serialize(layer):
    """The class and the config of a layer, as a dictionary that JSON can hold.

    Args:
        layer: a layer.

    Returns:
        A dictionary with the keys "module", "class_name", "config" and "registered_name" (and "build_config"
        if the layer is built). Weights are not part of it.

    >>> from kerata import layers
    >>> layers.serialize(layers.ReLU(max_value=6.0))["class_name"]
    'ReLU'
    """
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """A layer, from the dictionary that `serialize` gave.

    Args:
        config: the dictionary.
        custom_objects: dictionary from a name to a class or function of your own that the config names; None
            for none.

    Returns:
        A new layer, with fresh weights.

    Raises:
        ValueError: if the config makes something that is no layer.
        TypeError: if the class is not found.

    >>> from kerata import layers
    >>> layers.deserialize(layers.serialize(layers.Dense(3))).units
    3
    """
    from kerata.saving import deserialize_keras_object

    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(f"The config is not a layer's: it makes a {type(layer).__name__}.")
    return layer
