"""What RNN asks of a cell, for cells that have it and cells that do not."""

from __future__ import annotations

from kerata import ops
from kerata.core import tree
from kerata.layers.call_plan import plan_of
from kerata.layers.layer import Layer
from kerata.layers.wrappers.wrapper import inner_layer


def as_cell(cell):
    cell = inner_layer(cell)
    if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
        raise ValueError(
            f"A cell has a method `call(inputs, states)` and an attribute `state_size`; got {cell!r} "
            f"({type(cell).__name__})."
        )
    return cell


def output_size(cell):
    """The size of a cell's output: `output_size`, or by default its first state's."""
    size = getattr(cell, "output_size", None)
    if size is not None:
        return size
    return cell.state_size[0] if isinstance(cell.state_size, list | tuple) else cell.state_size


def initial_state(cell, batch_size):
    """The states of a cell before the first step, as the cell gives them, or else nested as its `state_size`."""
    make = getattr(cell, "get_initial_state", None)
    if make is not None:
        return make(batch_size=batch_size)
    dtype = getattr(cell, "compute_dtype", None)
    return tree.map_structure(lambda n: ops.zeros((batch_size, n), dtype=dtype), cell.state_size)


def call_cell(cell, inputs, states, training=None, **kwargs):
    """One step of any cell: the output, and the new states in the structure of `states`."""
    if _takes_training(cell):
        kwargs["training"] = training
    states = list(states) if isinstance(states, list | tuple) else states
    output, new = cell(inputs, states if isinstance(states, list) else [states], **kwargs)
    return output, tree.pack_sequence_as(states, tree.flatten(new))


def _takes_training(cell) -> bool:
    return isinstance(cell, Layer) and plan_of(cell).takes_training
