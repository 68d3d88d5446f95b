"""Function: the computation between symbolic tensors, without a model's training and saving."""

from __future__ import annotations

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.operation import Operation
from kerata.layers.input_layer import InputLayer
from kerata.models.graph import Graph, Program


class Function(Operation):
    """A graph of layers and ops as one operation.

    Args:
        inputs, outputs: KerasTensors, or nests of them.
        name: its name.

    >>> import kerata
    >>> x = kerata.KerasTensor((None, 2)); y = kerata.ops.sum(x * 3.0, axis=-1)
    >>> kerata.Function(x, y)(kerata.ops.ones((1, 2))).shape[0]
    1
    """

    def __init__(self, inputs, outputs, name=None):
        super().__init__(name=name)
        for x in tree.flatten((inputs, outputs)):
            if not isinstance(x, KerasTensor):
                raise ValueError(f"Function takes KerasTensors as inputs and outputs; got {x!r}.")
        self._inputs_struct, self._outputs_struct = inputs, outputs
        self._inputs, self._outputs = tree.flatten(inputs), tree.flatten(outputs)
        if not self._inputs or not self._outputs:
            raise ValueError("Function needs at least one input and one output.")
        for x in self._inputs:
            if getattr(x, "_keras_history", None) is None:
                InputLayer(input_tensor=x)  # which is then where a bare KerasTensor comes from
        self._graph = Graph(self._inputs, self._outputs)
        self._graph.check_names()
        self._program = Program(self._graph, outputs)

    inputs = property(lambda self: self._inputs)
    outputs = property(lambda self: self._outputs)
    operations = property(lambda self: list(self._graph.operations))

    def call(self, inputs):
        given = tree.flatten(inputs)
        if len(given) != len(self._inputs):
            raise ValueError(f"{self.name!r} takes {len(self._inputs)} input(s); {len(given)} were given.")
        return self._program.run(given)

    def compute_output_spec(self, inputs):
        """KerasTensors like the outputs for these inputs."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape):
        """The outputs' shapes for inputs of these shapes."""
        inputs = tree.map_shape_structure(lambda s: KerasTensor(s), input_shape)
        return tree.map_structure(lambda x: x.shape, self.compute_output_spec(inputs))
