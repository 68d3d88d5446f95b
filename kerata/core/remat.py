"""Rematerialization: activations that are computed again in the backward pass instead of kept."""

from __future__ import annotations

import functools

from kerata import backend
from kerata.core.scopes import context

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)


class RematScope:
    """Layers made inside compute their activations again in the backward pass, instead of keeping them.

    That takes less memory and more time, about one more forward pass.

    Args:
        mode: "full" (the default): every layer; "activations": activation functions only; "larger_than": layers whose
            output has more than `output_size_threshold` elements; "list_of_layers": those in `layer_names`; None: none.
        output_size_threshold: number of elements; 1024 by default.
        layer_names: names of layers; none by default.

    Raises:
        ValueError: for another `mode`.

    Source: Chen et al. (2016), https://arxiv.org/abs/1604.06174

    >>> with kerata.RematScope(mode="list_of_layers", layer_names=["big"]):
    ...     layer = kerata.layers.Dense(4, name="big")
    >>> layer(np.ones((2, 3))).shape
    (2, 4)
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
    """A function like `f` whose inner results are not kept for the gradient: it runs once more in the backward pass.

    Args:
        f: function of tensors.

    Returns:
        A function with the same arguments, results and gradients.

    Source: Chen et al. (2016), https://arxiv.org/abs/1604.06174

    >>> g = kerata.remat(lambda x: kerata.ops.sin(kerata.ops.cos(x)))
    >>> g(0.0)  # 0.841471
    """

    @functools.wraps(f)
    def wrapped(*args, **kwargs):
        return backend.current().remat(f)(*args, **kwargs)

    return wrapped
