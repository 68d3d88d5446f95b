"""What array libraries' own tools know layers, optimizers and variables as: `torch.nn.Module`, TensorFlow's `Trackable`."""

from __future__ import annotations

from kerata import backend


class _Plain:
    """A base beside which Python lets another be put later (it does not beside `object`)."""


class _Native(_Plain):
    """The last base of classes whose objects array libraries' tools shall know, once a backend is loaded that has such tools.

    A backend module names the class that it takes in `native_bases`, by `native_kind`; Python puts it below the classes that
    exist. So `import kerata` loads no array library, and a model can change its backend. Such a base keeps nothing: it asks
    `native_parts` whenever its library asks.
    """

    def _variables_and_layers(self) -> tuple[dict, dict]:
        raise NotImplementedError

    def native_parts(self, of: str) -> tuple[dict, dict]:
        """Its own variables and its sublayers by name, for the tools of the backend `of`; none if it is on another one."""
        if self._backend is None or self._backend.name != of:
            return {}, {}
        return self._variables_and_layers()

    def _restore_deferred(self) -> None:
        """Give variables that were just made the values that a `tf.train.Checkpoint` had for them before."""
        waiting = self.__dict__.get("_self_unconditional_deferred_dependencies")
        if waiting:
            for name, part in self._trackable_children().items():
                if name in waiting:
                    self._handle_deferred_dependencies(name, part)


class NativeLayer(_Native):
    """The last base of layers."""

    native_kind = "layer"

    def _variables_and_layers(self):
        from kerata.layers.input_layer import InputLayer

        held = self._held()
        layers = [x for x in self._layers if not isinstance(x, InputLayer)]
        attributes = {id(v): name for name, v in self.__dict__.items() if name[0] != "_"}
        places = {id(x): str(i) for i, x in enumerate(layers)}  # as names have numbers that count all models of a process
        return _by_name(held.variables + [s.state for s in held.seeds], attributes), _by_name(layers, {**places, **attributes})

    def to_torch_module(self):
        """A `torch.nn.Module` around the layer, which shares its parameters and computes as `train()` and `eval()` say.

        On PyTorch a layer is a `torch.nn.Module` itself, but, as in Keras, only the argument `training` of its call says how
        it computes.

        Raises:
            ValueError: if the layer is on another backend.
        """
        if self._backend.name != "torch":
            raise ValueError(
                f"to_torch_module() needs a model or layer on the PyTorch backend; {self.name!r} is on {self._backend.name!r}. "
                'Call model.to_backend("torch") first.'
            )
        from kerata.backend.torch.module import KerataModule

        return KerataModule(self)


class NativeOptimizer(_Native):
    """The last base of optimizers."""

    native_kind = "optimizer"

    def _variables_and_layers(self):
        return {f"variable_{i}": v for i, v in enumerate(self.variables)}, {}


class NativeVariable(_Native):
    """The last base of variables."""

    native_kind = "variable"

    def _variables_and_layers(self):
        return {"value": self}, {}


# What TensorFlow's `Trackable` notes in an object: for which checkpoints it waits.
_NOTES = frozenset((
    "_self_unconditional_checkpoint_dependencies", "_self_unconditional_dependency_names",
    "_self_unconditional_deferred_dependencies", "_self_update_uid", "_self_name_based_restores",
    "_self_saveable_object_factories",
))  # fmt: skip


def without_native(state: dict) -> dict:
    """The attributes in `state` that are the object's own, for copies and pickles."""
    return {name: value for name, value in state.items() if name not in _NOTES}


def _by_name(things, names: dict) -> dict:
    """Things by their `names` (identity -> name), else by their own, without the dots and slashes that tools take for steps;
    equal names are told apart by an underscore.
    """
    out: dict = {}
    for thing in things:
        name = (names.get(id(thing)) or thing.name).replace(".", "_").replace("/", "_")
        while name in out:
            name += "_"
        out[name] = thing
    return out


def _adopt(module) -> None:
    found = getattr(module, "native_bases", {})
    for cls in (NativeLayer, NativeOptimizer, NativeVariable):
        base = found.get(cls.native_kind)
        if base is not None and not issubclass(cls, base):  # a backend may be made of another's parts
            cls.__bases__ = (*(b for b in cls.__bases__ if b is not _Native), base, _Native)


backend.when_loaded(_adopt)
