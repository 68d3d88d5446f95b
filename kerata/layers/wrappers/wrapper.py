"""Wrapper: the base of layers around another layer."""

from __future__ import annotations

from kerata.layers.layer import Layer


def inner_layer(config):
    """What stands in a layer's config, made but not built: the layer around it builds it, under its own name."""
    if not isinstance(config, dict):
        return config
    from kerata.saving.serialization import deserialize_keras_object

    return deserialize_keras_object(_unbuilt(config))


def _unbuilt(config):
    if isinstance(config, dict):
        return {k: _unbuilt(v) for k, v in config.items() if k != "build_config"}
    return [_unbuilt(v) for v in config] if isinstance(config, list) else config


def as_layer(layer, who: str) -> Layer:
    """A layer from itself or its config."""
    layer = inner_layer(layer)
    if not isinstance(layer, Layer):
        hint = ", without parentheses: write `Dense(8)`, say" if isinstance(layer, type) else ""
        raise ValueError(f"{who} goes around a layer; it was given {layer!r} ({type(layer).__name__}{hint}).")
    return layer


class Wrapper(Layer):
    """The base of layers around another layer, which it builds for its own inputs.

    Args:
        layer: the layer inside; kept as `layer`, its weights are the wrapper's too.

    Raises:
        ValueError: if `layer` is no layer (a class without parentheses, say).

    >>> from kerata import layers, ops
    >>> class Twice(layers.Wrapper):
    ...     def call(self, x):
    ...         return self.layer(self.layer(x))
    >>> Twice(layers.Dense(3))(ops.ones((2, 3))).shape  # (2, 3)
    """

    def __init__(self, layer, **kwargs):
        layer = as_layer(layer, type(self).__name__)
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)
