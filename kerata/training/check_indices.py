"""Indices for Embedding layers that can be seen in the data before a run: they must be rows of the matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerata.training.checks import warn
from kerata.training.names import children, is_nest


def check_indices(model: Any, x: Any, label: str) -> None:
    """ValueError for an index beyond an Embedding's matrix, a warning for negative ones, in inputs that it reads itself.

    Args:
        model: any model; those without a graph are left alone.
        x: NumPy arrays, alone or in lists and dicts.
        label: what to call `x` in messages.
    """
    model = getattr(model, "_functional", None) or model  # what a Sequential runs
    read = _embeddings(model)
    if not read:
        return
    for name, part, array in _by_input(model, x, label):
        for layer in read.get(name, ()):
            _check(layer, part, array)


def _embeddings(model) -> dict[str, list]:
    """The Embedding layers that read an input of the model as it is, by the input's name; found once a graph."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        return {}
    found = graph.__dict__.get("_embeddings")
    if found is None:
        from kerata.layers import Embedding

        names = {id(t): t._keras_history.operation.name for t in graph.inputs}
        found = graph._embeddings = {}
        for node in graph.nodes:
            if isinstance(node.operation, Embedding) and node.input_tensors:
                name = names.get(id(node.input_tensors[0]))
                if name is not None and not node.kwargs.get("reverse"):
                    found.setdefault(name, []).append(node.operation)
    return found


def _by_input(model, x, label: str) -> list[tuple]:
    """`(name of the input, how to call the array, array)`, where it is plain which array goes to which input."""
    names = model.input_names
    if not is_nest(x):
        return [(names[0], f"`{label}`", x)] if len(names) == 1 else []
    pairs = children(x)
    if any(is_nest(child) for _, child in pairs) or len(pairs) != len(names):
        return []
    if isinstance(x, dict):
        return [(str(key), f"`{label}[{key!r}]`", child) for key, child in pairs]
    if isinstance(model.input, dict):
        return []
    return [(name, f"`{label}[{key!r}]`", child) for name, (key, child) in zip(names, pairs)]


def _check(layer, label: str, array) -> None:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf" or not array.size:
        return
    high, low = array.max(), array.min()
    if high >= layer.input_dim:
        row = int(np.argmax((array >= layer.input_dim).reshape(len(array), -1).any(axis=1)))
        raise ValueError(
            f"{label} has the index {int(high)} (the first too large is in row {row}), and the Embedding layer {layer.name!r} has "
            f"{layer.input_dim} rows, for the indices 0 to {layer.input_dim - 1}. Give it input_dim={int(high) + 1}, or "
            "correct the indices."
        )
    if low < 0:
        warn(f"{label} has negative indices, such as {int(low)}: the Embedding layer {layer.name!r} counts them from its last row.")
    elif array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
        warn(f"{label} has values that are not whole; the Embedding layer {layer.name!r} cuts them off to indices.")
