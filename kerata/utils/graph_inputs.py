"""get_source_inputs: where a symbolic tensor comes from."""

from __future__ import annotations


def get_source_inputs(tensor) -> list:
    """The inputs of the graph from which a symbolic tensor is computed, each once.

    Args:
        tensor: a `KerasTensor`.

    Returns:
        A list of KerasTensors.

    Raises:
        ValueError: for what is no KerasTensor.

    >>> a, b = kerata.Input((2,), name="a"), kerata.Input((2,), name="b")
    >>> [x.name for x in kerata.utils.get_source_inputs(kerata.layers.Dense(1)(a + b))]
    ['a', 'b']
    """
    from kerata.core.keras_tensor import KerasTensor

    if not isinstance(tensor, KerasTensor):
        raise ValueError(f"get_source_inputs() wants a KerasTensor; got {tensor!r} ({type(tensor).__name__}).")
    found, seen, stack = [], set(), [tensor]
    while stack:
        x = stack.pop()
        history = getattr(x, "_keras_history", None)
        if id(x) in seen:
            continue
        seen.add(id(x))
        node = history.operation._inbound_nodes[history.node_index] if history else None
        if node is None or not node.input_tensors:
            found.append(x)
        else:
            stack.extend(reversed(node.input_tensors))
    return found
