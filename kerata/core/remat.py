"""Rematerialization: activations that are computed again in the backward pass instead of kept."""

from __future__ import annotations

import contextlib
import functools

from kerata import backend
from kerata.core import tree
from kerata.core.scopes import StatelessScope, context

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


def layer_outputs(layer, call, args: tuple, kwargs: dict):
    """What `call` of a layer gives, recomputed in the backward pass as far as the layer's scope says so."""
    scope = layer._remat
    # XLA computes all of a block again at once, so a layer inside counts too; else it would be computed a third time.
    inner = context.recomputing and not layer._backend.functional
    if scope is None or inner or (hasattr(layer, "get_layer") and layer.name not in scope.layer_names):
        return call(*args, **kwargs)  # a model: its layers count one by one, else all of it would come back at once
    if scope.mode == "activations":
        return _with_activation(layer, call, args, kwargs)
    if scope.mode == "list_of_layers" and layer.name not in scope.layer_names:
        return call(*args, **kwargs)
    if scope.mode == "larger_than" and not _is_large(layer, scope.output_size_threshold, args, kwargs):
        return call(*args, **kwargs)
    return _recomputed(layer, call, args, kwargs)


def _with_activation(layer, call, args, kwargs):
    activation = layer.__dict__.get("activation")
    if not callable(activation):
        return call(*args, **kwargs)
    object.__setattr__(layer, "activation", remat(activation))
    try:
        return call(*args, **kwargs)
    finally:
        object.__setattr__(layer, "activation", activation)


def _is_large(layer, threshold: int, args, kwargs) -> bool:
    """Whether the outputs have more elements than the threshold; an unknown size counts as 1, as in Keras."""
    import math

    from kerata.core.keras_tensor import KerasTensor

    b = layer._backend

    def symbol(x):
        return KerasTensor([n if isinstance(n, int) else None for n in b.shape(x)], b.dtype(x)) if b.is_tensor(x) else x

    args, kwargs = tree.map_structure(symbol, (args, kwargs))
    before, layer._remat = layer._remat, None
    held = [(x, len(x._losses)) for x in layer._flatten_layers()]
    try:
        spec = layer.compute_output_spec(*args, **kwargs)
    finally:
        layer._remat = before
        for x, count in held:
            del x._losses[count:]
    return any(math.prod(n or 1 for n in x.shape) > threshold for x in tree.flatten(spec) if hasattr(x, "shape"))


def _recomputed(layer, call, args, kwargs):
    """A call as a function of tensors without side effects, so that it can run twice: what it assigns comes out of it."""
    b = layer._backend
    leaves, structure = tree.flatten_with_structure((args, kwargs))
    places = [i for i, x in enumerate(leaves) if b.is_tensor(x)]
    # As they are now: in place, they will have changed when the call runs again.
    state = [(v, v.value if b.functional else b.xp.copy(v.value)) for v in layer.non_trainable_variables]
    held = layer._flatten_layers()
    here = _Here()
    first: dict = {}

    def pure(*tensors):
        given = list(leaves)
        for i, x in zip(places, tensors):
            given[i] = x
        again_args, again_kwargs = tree.unflatten(structure, given)
        before = [len(x._losses) for x in held]
        with here.again(b), StatelessScope(state) as scope:
            out_leaves, out_structure = tree.flatten_with_structure(call(*again_args, **again_kwargs))
            added = [(x, x._losses[n:]) for x, n in zip(held, before)]
        for x, n in zip(held, before):
            del x._losses[n:]
        outs = [x for x in out_leaves if b.is_tensor(x)]
        losses = [x for _, new in added for x in new]
        written = [(scope.variables[key], scope.values[key]) for key in scope.written]
        if not first:
            first["written"], first["structure"] = written, out_structure
            first["leaves"] = [None if b.is_tensor(x) else x for x in out_leaves]
            first["counts"] = [(x, len(new)) for x, new in added]
        return (*outs, *losses, *([value for _, value in written] if b.functional else ()))

    results = iter(b.remat(pure)(*[leaves[i] for i in places]))
    flat = [next(results) if x is None else x for x in first["leaves"]]
    for x, count in first["counts"]:
        x._losses.extend(next(results) for _ in range(count))
    for variable, value in first["written"]:
        variable.assign(b.stop_gradient(next(results) if b.functional else value))
    return tree.unflatten(first["structure"], flat)


class _Here:
    """What is in force, for when a call runs again, in the backward pass."""

    _NAMES = ("scope", "names", "names_owner", "autocast", "training", "in_call", "recomputing")

    def __init__(self):
        self.values = [*[getattr(context, name) for name in self._NAMES[:-1]], True]

    @contextlib.contextmanager
    def again(self, b):
        before = [getattr(context, name) for name in self._NAMES]
        self._set(self.values)
        try:
            with backend.backend_scope(b):
                yield
        finally:
            self._set(before)

    def _set(self, values) -> None:
        for name, value in zip(self._NAMES, values):
            setattr(context, name, value)
