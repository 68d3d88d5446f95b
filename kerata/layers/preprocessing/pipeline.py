"""Pipeline."""

from __future__ import annotations

from kerata.layers.preprocessing.data_layer import DataLayer


class Pipeline(DataLayer):
    """Layers one after the other, as one layer, which also works in a `tf.data` pipeline.

    Args:
        layers: list of layers, or of their configs.

    Input shape:
        What the first layer takes; the output is the last layer's.

    >>> from kerata import layers, ops
    >>> steps = layers.Pipeline([layers.AutoContrast(), layers.Rescaling(1 / 255)])
    >>> steps(ops.reshape(ops.arange(3.0), (1, 3, 1)))[0, :, 0]  # [0, 0.5, 1]
    """

    def __init__(self, layers, name=None):
        from kerata.layers import deserialize

        super().__init__(name=name)
        self._pipeline_layers = [deserialize(layer) if isinstance(layer, dict) else layer for layer in layers]

    @property
    def layers(self) -> list:
        """The layers, in order."""
        return self._pipeline_layers

    def call(self, inputs, training=True, mask=None):
        for layer in self._pipeline_layers:
            inputs = layer(inputs, training=training)
        return inputs

    def get_config(self) -> dict:
        from kerata.layers import serialize

        return {"layers": [serialize(layer) for layer in self._pipeline_layers], "name": self.name}
