"""What a layer holds: weights, sublayers, losses, metrics, and how they are listed, frozen, set and saved."""

from __future__ import annotations

import functools

import numpy as np

from kerata import backend
from kerata.core import tree
from kerata.core.scopes import in_symbolic_scope
from kerata.core.variable import Variable, ticks
from kerata.layers.tracking import Held, kind_of, unique

_SKIPPED = frozenset(
    ("_init_arguments", "_inbound_nodes", "_listing", "_losses", "_set_at", "_build_shapes_dict", "_dtype_policy", "_policy_map",
     "_backend")
)


@functools.cache
def _union(a: frozenset, b: frozenset) -> frozenset:
    """`a | b`, the same object each time."""
    return a | b


class _AddedLosses:
    """Whether any layer ever called `add_loss`: nobody else pays for clearing losses."""

    any = False


class Listing:
    """What a model held when an epoch began, so that its steps need not look for it; void once something is frozen."""

    def __init__(self, model):
        self.changes = Variable.trainable_changes
        self.trainable = model.trainable_variables
        self.layers = model._flatten_layers()
        self.regularized = [v for v in self.trainable if v.regularizer is not None]


class LayerState:
    """The listing half of `Layer`."""

    _listing: Listing | None = None

    def _listed(self) -> Listing | None:
        listing = self._listing
        return listing if listing is not None and listing.changes == Variable.trainable_changes else None

    def __setattr__(self, name: str, value) -> None:
        kind = kind_of(type(value))
        if kind is not None:
            if kind == "torch" and name not in self._untracked and backend.current().name == "torch":
                from kerata.layers.foreign.torch_module import adopted

                value = adopted(value, name)
            self.__dict__.setdefault("_set_at", {}).setdefault(name, next(ticks))
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self.__dict__.get("_set_at", {}).pop(name, None)
        object.__delattr__(self, name)

    _untracked: frozenset = frozenset()
    _skipped: frozenset = _SKIPPED

    def _held(self) -> Held:
        held, skip = self.__dict__.get("_last_held"), _union(self._skipped, self._untracked)
        if held is None or not held.holds(self.__dict__, skip):
            held = self.__dict__["_last_held"] = Held(self.__dict__, skip)
        return held

    @property
    def _layers(self) -> list:
        """The sublayers, in the order in which the attributes were set."""
        return list(self._held().layers)

    @property
    def _metrics(self) -> list:
        return list(self._held().metrics)

    @property
    def _seed_generators(self) -> list:
        return list(self._held().seeds)

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list:
        """The layer, its sublayers and theirs, each once, depth first."""
        out, seen = [], set()

        def visit(layer, top):
            if id(layer) in seen:
                return
            seen.add(id(layer))
            if include_self or not top:
                out.append(layer)
            if recursive or top:
                for sub in layer._held().layers:
                    visit(sub, False)

        visit(self, True)
        return out

    # -- variables --------------------------------------------------------------------------------------------
    @property
    def _trainable_variables(self) -> list[Variable]:
        """Own weights that were made trainable (even if frozen since)."""
        return [v for v in self._held().variables if v._made_trainable]

    @property
    def _non_trainable_variables(self) -> list[Variable]:
        """Own weights that were made non-trainable."""
        return [v for v in self._held().variables if not v._made_trainable]

    def _collect(self, with_state: bool, seen: set, out: list) -> None:
        if id(self) in seen:
            return
        seen.add(id(self))
        held = self._held()
        own = [v for v in held.variables if v._made_trainable] + [v for v in held.variables if not v._made_trainable]
        if with_state:
            own += [s.state for s in held.seeds]
        for v in own:
            if id(v) not in seen:
                seen.add(id(v))
                out.append(v)
        for layer in held.layers:
            layer._collect(with_state, seen, out)

    @property
    def variables(self) -> list[Variable]:
        """All variables, also random states, without those of metrics."""
        out: list = []
        self._collect(True, set(), out)
        return out

    @property
    def weights(self) -> list[Variable]:
        """The weights: without random states and metrics."""
        out: list = []
        self._collect(False, set(), out)
        return out

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that are trained; none, if the layer is frozen."""
        listing = self._listed()
        if listing is not None:
            return list(listing.trainable)
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that are not trained, random states among them."""
        return [v for v in self.variables if not v.trainable] if self.trainable else self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that are trained; none, if the layer is frozen."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that are not trained, such as moving averages."""
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def metrics(self) -> list:
        """The metrics held here and below."""
        return unique(m for layer in self._flatten_layers() for m in layer._held().metrics)

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of all metrics held here and below."""
        found = []
        for layer in self._flatten_layers():
            for metric in layer._held().metrics:
                found.extend(metric.variables)
        return unique(found)

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained. Setting it sets all sublayers and weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        Variable.trainable_changes += 1
        held = self._held()
        for v in held.variables:
            if v._made_trainable:
                v.trainable = self._trainable
        for layer in held.layers:
            layer.trainable = self._trainable

    def get_weights(self) -> list[np.ndarray]:
        """The weights as NumPy arrays (copies)."""
        return [np.array(v.numpy()) for v in self.weights]

    def set_weights(self, weights) -> None:
        """Set the weights from arrays in the order of `get_weights`."""
        if not hasattr(weights, "__iter__"):
            raise TypeError(f"set_weights() of {self.name!r} wants a list of arrays, as get_weights() gives; got {weights!r}.")
        own, weights = self.weights, list(weights)
        if len(own) != len(weights):
            raise ValueError(
                f"set_weights() of {self.name!r}: it has {len(own)} weights, but was given {len(weights)} arrays"
                + (". Build it first (call it on data)." if not own else ".")
            )
        for v, w in zip(own, weights):
            if tuple(np.shape(w)) != v.shape:
                raise ValueError(
                    f"set_weights() of {self.name!r}: weight {v.path!r} has shape {v.shape}, the array given for it "
                    f"{tuple(np.shape(w))}."
                )
        for v, w in zip(own, weights):
            v.fill(w)

    def count_params(self) -> int:
        """How many numbers the weights hold."""
        if not self.built:
            raise ValueError(f"Layer {self.name!r} has no weights yet: call it on data, or build(input_shape), first.")
        return int(sum(np.prod(v.shape, dtype=np.int64) for v in self.weights))

    # -- files ------------------------------------------------------------------------------------------------
    def _stored_variables(self) -> list:
        """The layer's own variables, in the order of the file format."""
        return self._trainable_variables + self._non_trainable_variables

    def save_own_variables(self, store) -> None:
        """Write the layer's own weights, not those of its sublayers.

        Args:
            store: a dictionary, or what behaves like one.
        """
        for i, v in enumerate(self._stored_variables()):
            store[f"{i}"] = v

    def load_own_variables(self, store) -> None:
        """Read what `save_own_variables` wrote.

        Args:
            store: a dictionary, or what behaves like one.

        Raises:
            ValueError: if the number of weights, or a shape, is another.
        """
        own = self._stored_variables()
        if len(store.keys()) != len(own):
            if own and not store.keys():
                raise ValueError(f"The file holds no weights for layer {self.name!r}, which has {len(own)}.")
            unbuilt = "" if self.built else " The layer is not built: call it on data, or build(input_shape), first."
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) has {len(own)} weights; the file holds "
                f"{len(store.keys())} for it.{unbuilt}"
            )
        for i, v in enumerate(own):
            v.read_from(store, f"{i}")

    # -- losses -----------------------------------------------------------------------------------------------
    def add_loss(self, loss) -> None:
        """Add a scalar (or a list of scalars) to the model's loss; from within `call`."""
        if in_symbolic_scope():  # the value has none, and `losses` would show it until the next call
            return
        for value in loss if isinstance(loss, list | tuple) else [loss]:
            if callable(value):
                value = value()
            self._losses.append(self._backend.convert(value))
        _AddedLosses.any = True

    def _add_activity_loss(self, output) -> None:
        loss = self.activity_regularizer(output)
        size = self._backend.shape(output)[0] if len(output.shape) else 1  # a tensor where a graph does not know it
        size = self._backend.cast(self._backend.convert(size), self._backend.dtype(loss))
        self.add_loss(loss / self._backend.xp.maximum(size, self._backend.xp.ones_like(size)))  # no samples: no loss

    def _clear_losses(self) -> None:
        if _AddedLosses.any:
            listing = self._listed()
            for layer in self._flatten_layers() if listing is None else listing.layers:
                layer._losses = []

    @property
    def losses(self) -> list:
        """Scalars to add to the loss: what `add_loss` was given in the last call, and the weights' regularizers."""
        listing = self._listed()
        out = []
        if _AddedLosses.any:
            for layer in self._flatten_layers() if listing is None else listing.layers:
                out.extend(layer._losses)
        for v in self.trainable_weights if listing is None else listing.regularized:
            if v.regularizer is not None:
                with backend.backend_scope(self._backend):
                    out.append(v.regularizer(v))
        return out

    # -- backends ---------------------------------------------------------------------------------------------
    def to_backend(self, name: str):
        """Move the weights, and all computation from now on, to another backend.

        Args:
            name: "jax", "torch", "tensorflow" or "numpy".

        Returns:
            The layer itself.
        """
        target = backend.get(name)
        for layer in self._flatten_layers():
            held = layer._held()
            layer._backend, layer._tensor, layer._fast = target, target.Tensor, False
            layer._losses = []
            for v in held.variables:
                v.to_backend(target)
            for seed in held.seeds:
                seed.to_backend(target)
            for holder in (*held.metrics, *held.optimizers):
                holder.to_backend(target)
            layer._moved()
        return self

    def _moved(self) -> None:
        """A hook: forget what was compiled for the old backend."""

    def quantize(self, mode=None, type_check: bool = True, config=None):
        """Put the weights into fewer bits; layers that can do so define it.

        Args:
            mode: "int8", "int4", "float8", "gptq" or "awq".
            type_check: whether subclasses are refused; True by default.
            config: a `kerata.quantizers.QuantizationConfig`, instead of `mode` or with it; None by default.

        Raises:
            NotImplementedError: if the layer cannot be quantized.
            ValueError: for an unknown `mode`, or a layer that is not built.
        """
        from kerata.layers._quantization import config_for

        config_for(mode, config)
        if not self.built:
            raise ValueError(f"Layer {self.name!r} ({type(self).__name__}) has no weights yet: build it before quantize().")
        raise NotImplementedError(f"Layer {self.name!r} ({type(self).__name__}) cannot be quantized.")

    def _structure_of_shapes(self, value):
        return tree.map_structure(lambda x: tuple(x.shape), value)


def check_backends(layer, what: str) -> None:
    """ValueError where weights of a layer are on another backend than it."""
    b = layer._backend
    for v in layer.variables:
        if v._backend is not b:
            raise ValueError(
                f"The weight {v.path!r} of {what} is on the backend {v._backend.name!r}, and {what} is on {b.name!r}: all of a "
                f"model is on one backend. Make all layers under one backend, or move them: .to_backend({b.name!r})."
            )
