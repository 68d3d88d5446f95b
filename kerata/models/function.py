"""Function: the computation between symbolic tensors, without a model's training and saving."""

from __future__ import annotations

from kerata.core import tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.operation import Operation
from kerata.layers.input_layer import InputLayer
from kerata.models.graph import Graph, Program


class Function(Operation):
    """A graph of layers and ops as one operation, without what a `Model` has for training and saving.

    Args:
        inputs: KerasTensors, or nests of them.
        outputs: what is computed from them, likewise.
        name: its name; made up by default.

    Raises:
        ValueError: for anything but KerasTensors, or outputs that need other inputs.

    >>> x = kerata.KerasTensor((None, 2))
    >>> kerata.Function(x, kerata.ops.sum(x * 3.0, axis=-1))(np.ones((1, 2), "float32"))  # [6.0]
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

    inputs = property(lambda self: self._inputs, doc="The symbolic inputs, in a flat list.")
    outputs = property(lambda self: self._outputs, doc="The symbolic outputs, in a flat list.")
    operations = property(lambda self: list(self._graph.operations), doc="The layers and ops, in an order of computation.")

    def call(self, inputs):
        given = tree.flatten(inputs)
        if len(given) != len(self._inputs):
            raise ValueError(f"{self.name!r} takes {len(self._inputs)} input(s); {len(given)} were given.")
        return self._program.run(given)

    def compute_output_spec(self, inputs):
        """KerasTensors like the outputs.

        Args:
            inputs: KerasTensors, nested as the function's inputs are.
        """
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape):
        """The shapes of the outputs, nested as they are.

        Args:
            input_shape: tuple, nested as the inputs are.
        """
        inputs = tree.map_shape_structure(lambda s: KerasTensor(s), input_shape)
        return tree.map_structure(lambda x: x.shape, self.compute_output_spec(inputs))
