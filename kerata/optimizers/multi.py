"""MultiOptimizer: different optimizers for different variables."""

from __future__ import annotations

from collections.abc import MutableMapping

from kerata.core.configurable import Configurable
from kerata.core.patterns import check_from_file, fits
from kerata.core.variable import Variable
from kerata.optimizers.optimizer import Optimizer


class OptimizerMap(Configurable, MutableMapping):
    """Optimizers by regular expressions that match whole paths of variables.

    Args:
        default_optimizer: the optimizer for paths that nothing matches.
        optimizer_map: dictionary from an expression to an optimizer; None for an empty one.

    Raises:
        ValueError: if a path matches several expressions, or an expression is set twice.

    >>> import kerata
    >>> chosen = kerata.optimizers.OptimizerMap(kerata.optimizers.SGD(), {"encoder/.*": kerata.optimizers.Adam()})
    >>> type(chosen["encoder/kernel"]).__name__, type(chosen["head/kernel"]).__name__
    ('Adam', 'SGD')
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map=None) -> None:
        self._default_optimizer = _check(default_optimizer)
        self._optimizer_map = {}
        for key, value in (optimizer_map or {}).items():
            self[key] = value

    @property
    def default_optimizer(self):
        """The optimizer for paths that nothing matches."""
        return self._default_optimizer

    def __getitem__(self, key):
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        found = [pattern for pattern in self._optimizer_map if fits(pattern, key)]
        if len(found) > 1:
            raise ValueError(f"Path {key!r} matches several expressions of the OptimizerMap: {found}. Make them exclusive.")
        return self._optimizer_map[found[0]] if found else self._default_optimizer

    def __setitem__(self, key, value):
        if key in self._optimizer_map:
            raise ValueError(
                f"The OptimizerMap already has {self._optimizer_map[key]} for {key!r}: delete that entry first."
            )
        self._optimizer_map[key] = _check(value)

    def __delitem__(self, key):
        del self._optimizer_map[key]

    def __len__(self):
        return len(self._optimizer_map)

    def __iter__(self):
        return iter(self._optimizer_map)

    def get_config(self) -> dict:
        from kerata.saving import serialize_keras_object

        return {
            "default_optimizer": serialize_keras_object(self._default_optimizer),
            "optimizer_map": {k: serialize_keras_object(v) for k, v in self._optimizer_map.items()},
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        from kerata.saving import deserialize_keras_object

        config = dict(config)
        found = config.get("optimizer_map")
        for pattern in found if isinstance(found, dict) else ():
            check_from_file(pattern, "The `optimizer_map` of an OptimizerMap")
        for key in ("default_optimizer", "optimizer_map"):
            config[key] = deserialize_keras_object(config[key], custom_objects=custom_objects)
        return cls(**config)


def _check(value):
    if not isinstance(value, Optimizer):
        raise ValueError(f"An OptimizerMap holds optimizers of Kerata; got {value!r}.")
    return value


class MultiOptimizer(Optimizer):
    """Gives each variable to one of several optimizers; these are in `optimizers`.

    It has no `learning_rate` of its own: set those of its optimizers.

    Args:
        optimizer_map: an `OptimizerMap`, or a function of a variable that gives an optimizer.
        loss_scale_factor: if set, the loss is multiplied and gradients are divided by it.
        name: name.

    >>> import kerata
    >>> opt = kerata.optimizers
    >>> both = opt.MultiOptimizer(opt.OptimizerMap(opt.SGD(), {"embedding/.*": opt.Adam()}))
    >>> both.name.startswith("multi_optimizer")
    True
    """

    def __init__(self, optimizer_map, loss_scale_factor: float | None = None,
                 name: str | None = None) -> None:  # fmt: skip
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        if not callable(optimizer_map) and not isinstance(optimizer_map, OptimizerMap):
            raise ValueError(
                "`optimizer_map` must be an OptimizerMap, or a function that gives an optimizer for a variable; got "
                f"{optimizer_map!r}."
            )
        self._optimizer_map = optimizer_map
        self._inner_optimizers: list[Optimizer] = []
        self._of: list[int] = []  # for each variable the place of its optimizer

    @property
    def optimizers(self) -> list:
        """The optimizers, once built."""
        return self._inner_optimizers

    def build(self, var_list: list[Variable]) -> None:
        if self.built:
            return
        super().build(var_list)
        chooser = self._optimizer_map
        mapped = isinstance(chooser, OptimizerMap)
        inner = [*chooser.values(), chooser.default_optimizer] if mapped else []
        chosen = []
        for v in var_list:
            optimizer = _check(chooser[v.path] if mapped else chooser(v))
            if not any(optimizer is o for o in inner):
                inner.append(optimizer)
            chosen.append(next(i for i, o in enumerate(inner) if o is optimizer))
        self._inner_optimizers, self._of = inner, chosen
        for i, optimizer in enumerate(inner):
            if not optimizer.built:
                optimizer.build([v for v, j in zip(var_list, chosen) if j == i])
            if optimizer._backend is not self._backend:
                optimizer.to_backend(self._backend)
        if self.loss_scale_factor is not None:
            self.loss_scale_factor = self.loss_scale_factor

    @property
    def loss_scale_factor(self):
        """What the loss is multiplied by; each of the optimizers divides its gradients by it."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value) -> None:
        self._loss_scale_factor = value
        for optimizer in self.__dict__.get("_inner_optimizers", ()):
            optimizer.loss_scale_factor = value

    @property
    def variables(self) -> list:
        found = list(self._variables)
        for optimizer in self._inner_optimizers:
            found.extend(optimizer.variables)
        return found

    def to_backend(self, name: str) -> None:
        super().to_backend(name)
        for optimizer in self._inner_optimizers:
            optimizer.to_backend(name)

    @property
    def learning_rate(self):
        raise AttributeError(
            "A MultiOptimizer has no learning rate of its own: read that of one of its `optimizers`."
        )

    @learning_rate.setter
    def learning_rate(self, rate) -> None:
        raise AttributeError("A MultiOptimizer has no learning rate of its own: set those of its `optimizers`.")

    def _apply_here(self, grads, variables) -> None:
        variables = self._known_variables(grads, variables)
        groups: dict[int, list] = {}
        for g, v in zip(grads, variables):
            groups.setdefault(self._of[self._get_variable_index(v)], []).append((g, v))
        for i in sorted(groups):
            self._inner_optimizers[i].apply_gradients(groups[i])
        count = self._iterations
        if count.on_host:
            count.set_host(count.get_host() + 1)
        else:
            count.assign(count.value + 1)

    def finalize_variable_values(self, var_list) -> None:
        for i, optimizer in enumerate(self._inner_optimizers):
            optimizer.finalize_variable_values([v for v in var_list if self._owner(v) == i])

    def _owner(self, variable) -> int | None:
        place = self._index.get(id(variable))
        return None if place is None else self._of[place]

    def get_config(self) -> dict:
        from kerata.saving import serialize_keras_object

        return {
            "optimizer_map": serialize_keras_object(self._optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        from kerata.saving import deserialize_keras_object

        chooser = deserialize_keras_object(config["optimizer_map"], custom_objects=custom_objects)
        return cls(**{**config, "optimizer_map": chooser})
