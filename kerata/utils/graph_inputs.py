"""get_source_inputs: where a symbolic tensor comes from."""

from __future__ import annotations


def get_source_inputs(tensor) -> list:
    """The Input tensors from which a symbolic tensor is computed, each once."""
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
