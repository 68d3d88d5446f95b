"""Rematerialization: activations that are computed again in the backward pass instead of kept."""

from __future__ import annotations

import functools

from kerata import backend
from kerata.core.scopes import context

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematScope:
    """Which layers rematerialize.

    Args:
        mode: "full": every layer; "activations": activation functions only; "larger_than": layers whose output has more
            than `output_size_threshold` elements; "list_of_layers": those in `layer_names`; None: none.
        output_size_threshold: number of elements.
        layer_names: names of layers.
    """

    def __init__(self, mode="full", output_size_threshold=1024, layer_names=None):
        if mode not in _MODES:
            raise ValueError(f"RematScope's `mode` is one of {_MODES}; got {mode!r}.")
        self.mode, self.output_size_threshold, self.layer_names = mode, output_size_threshold, layer_names or []

    def __enter__(self):
        self._before, context.remat = context.remat, self
        return self

    def __exit__(self, *exc):
        context.remat = self._before


def remat(f):
    """`f`, whose inner results are not kept for the gradient but computed again.

    >>> import kerata
    >>> g = kerata.remat(lambda x: kerata.ops.sin(kerata.ops.cos(x)))
    """

    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        return backend.current().remat(f)(*args, **kwargs)

    return wrapped
