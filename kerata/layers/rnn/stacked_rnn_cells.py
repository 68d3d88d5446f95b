"""StackedRNNCells."""

from __future__ import annotations

from kerata.core.claims import claim_steps
from kerata.layers.layer import Layer
from kerata.layers.rnn.cell import as_cell, call_cell, initial_state, output_size


class StackedRNNCells(Layer):
    """Cells on top of each other as one cell: the output of each is the input of the next.

    Args:
        cells: list of cells: layers or objects with `call(inputs, states)` and `state_size`.

    Input shape:
        `(batch, ...)`, float, and a list with the states of each cell.
    Output shape:
        The last cell's output, and the list of new states.

    Raises:
        ValueError: if a cell has no `call` or `state_size`.

    >>> from kerata import layers, ops
    >>> stack = layers.StackedRNNCells([layers.LSTMCell(4), layers.GRUCell(3)])
    >>> layers.RNN(stack)(ops.ones((2, 5, 6))).shape  # (2, 3)
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        claim_steps(64 * len(cells), f"the cells of layer {self.name!r}")
        self.cells = [as_cell(c) for c in cells]

    @property
    def state_size(self) -> list:
        return [c.state_size for c in self.cells]

    @property
    def output_size(self):
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size=None):
        """The states of all cells before the first step."""
        return [initial_state(c, batch_size) for c in self.cells]

    def build(self, input_shape):
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            size = output_size(cell)
            input_shape = (input_shape[0], *(size if isinstance(size, list | tuple) else (size,)))

    def call(self, inputs, states, training=False, **kwargs):
        new = []
        for cell, before in zip(self.cells, states):
            inputs, after = call_cell(cell, inputs, before, training, **kwargs)
            new.append(after)
        return inputs, new
