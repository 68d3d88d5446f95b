"""Optimizer: what all optimizers share. Their own part is `build`, for their slots, and `update_step`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from kerata import backend
from kerata.core.configurable import Configurable, init_parameters, unknown_arguments
from kerata.core.dtypes import numpy_dtype
from kerata.core.host_variable import HostVariable
from kerata.core.names import auto_name
from kerata.core.native import NativeOptimizer, without_native
from kerata.core.scopes import StatelessScope, context, name_scope
from kerata.core.variable import Variable
from kerata.optimizers import _apply
from kerata.optimizers.schedules.schedule import LearningRateSchedule

Rate = float | LearningRateSchedule | Callable[[], float]
_SHARED = (
    "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps",
)  # fmt: skip


class Optimizer(Configurable, NativeOptimizer):
    """The base class of optimizers: a subclass defines `update_step(gradient, variable, learning_rate)`.

    It defines `build(variables)` too if it keeps slots (`self.add_optimizer_variables(...)`). In an update
    this order holds: gradients are unscaled, accumulated, clipped; weights decay; the step; the moving
    average; constraints.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments that gives the rate.
        weight_decay: number: weights shrink by `learning_rate * weight_decay` of their size each step; None
            for no decay.
        clipnorm: number: each gradient is scaled down to at most this norm; None.
        clipvalue: number: each element of a gradient is cut to [-clipvalue, clipvalue]; None.
        global_clipnorm: number: all gradients are scaled by one factor to at most this norm together; None.
        use_ema: whether a moving average of the weights is kept, which replaces them at the end of `fit`;
            False by default.
        ema_momentum: of that average, from 0 to 1; 0.99 by default.
        ema_overwrite_frequency: integer: weights are replaced by the average each so many steps; None for
            never.
        loss_scale_factor: number that multiplies the loss, and divides the gradients (for float16); None.
        gradient_accumulation_steps: integer above 1: weights change each so many steps, by the mean gradient
            of these; None.

    Raises:
        ValueError: if gradients are clipped in two ways, an option is out of its range, or is unknown.

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.SGD(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> int(optimizer.iterations.numpy())
    1
    """

    _config_root = True
    _config_skip = frozenset(("name", "learning_rate", *_SHARED))

    def __init__(self, learning_rate: Rate, weight_decay: float | None = None,
                 clipnorm: float | None = None, clipvalue: float | None = None,
                 global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        if kwargs.pop("decay", None) is not None:
            warnings.warn(
                "`decay` of old optimizers has no effect: let the rate fall by a schedule, such as "
                "learning_rate=kerata.optimizers.schedules.InverseTimeDecay(...).",
                stacklevel=3,
            )
        if kwargs:
            raise ValueError(unknown_arguments(type(self), kwargs))
        self.__dict__.update(_variables=[], _trainable_variables=[], _index={}, _backend=backend.current())
        self.name = name or auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_options()
        self.built = False
        self._excluded_ids: set[int] | None = None
        self._excluded_names: list[str] = []
        self._iterations = self._scalar(0, "int32", "iteration")
        self._set_first_learning_rate(learning_rate)

    def _check_options(self) -> None:
        given = {n: getattr(self, n) for n in ("clipnorm", "clipvalue", "global_clipnorm")}
        if sum(v is not None for v in given.values()) > 1:
            listed = " and ".join(f"{k}={v}" for k, v in given.items() if v is not None)
            raise ValueError(f"{type(self).__name__} clips gradients in one way only; got {listed}.")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"`ema_momentum` is a fraction from 0 to 1; got {self.ema_momentum}.")
        frequency, steps = self.ema_overwrite_frequency, self.gradient_accumulation_steps
        if self.use_ema and frequency is not None and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError(
                f"`ema_overwrite_frequency` is a positive number of steps, or None for never; got {frequency!r}."
            )
        if steps and (not isinstance(steps, int) or steps < 2):
            raise ValueError(
                f"`gradient_accumulation_steps` is 2 or more steps, or None (or 0) to update at each; got {steps!r}."
            )

    # -- variables --------------------------------------------------------------------------------------------
    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        if isinstance(value, Variable):
            self._track(value)
        elif isinstance(value, list | tuple):
            for item in value:
                if isinstance(item, Variable):
                    self._track(item)

    def _track(self, variable) -> None:
        if not any(v is variable for v in self._variables):
            self._variables.append(variable)
            self._restore_deferred()

    def _scalar(self, value, dtype: str, name: str) -> HostVariable:
        with backend.backend_scope(self._backend), name_scope(self.name):
            return HostVariable(value, dtype=dtype, trainable=False, aggregation="only_first_replica", name=name)

    @property
    def variables(self) -> list:
        """All variables: the step counter, the learning rate, averages, slots; in the order in which they are saved."""
        return list(self._variables)

    @property
    def iterations(self):
        """How many updates have been made (with accumulation: of the weights)."""
        if self.gradient_accumulation_steps:
            count = self._iterations
            if count.on_host:
                return count.get_host() // self.gradient_accumulation_steps
            with backend.backend_scope(self._backend) as b:
                return b.xp.floor_divide(count.value, b.convert(self.gradient_accumulation_steps, "int32"))
        return self._iterations

    @iterations.setter
    def iterations(self, variable) -> None:
        if self.built:
            raise RuntimeError("`iterations` cannot be replaced once the optimizer's variables are made.")
        self._variables[:] = [v for v in self._variables if v is not self._iterations]
        self._iterations = variable

    def build(self, variables: list[Variable]) -> None:
        """Make the variables that go with the given trainable variables."""
        variables = list(variables)
        self.__dict__["_trainable_variables"] = variables
        self._reindex()
        if variables and variables[0]._backend is not self._backend:
            self.to_backend(variables[0]._backend)
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._accumulated_gradients = self.add_optimizer_variables(variables, "gradient_accumulator")
        self.built = True

    def _reindex(self) -> None:
        self.__dict__["_index"] = {id(v): i for i, v in enumerate(self._trainable_variables)}

    def _get_variable_index(self, variable) -> int:
        """The place of a variable among those that the optimizer was built for."""
        i = self._index.get(id(variable))
        if i is None or self._trainable_variables[i] is not variable:
            self._reindex()
            i = self._index.get(id(variable))
            if i is None:
                raise ValueError(
                    f"Unknown variable: {variable!r}. This optimizer was built for other variables "
                    f"({len(self._trainable_variables)} of them). For a new set of variables make a new optimizer."
                )
        return i

    def add_variable(self, shape, initializer="zeros", dtype=None, aggregation="none", layout=None, name=None):
        """Make a variable of the optimizer.

        Args:
            shape: tuple of integers.
            initializer: its first value; "zeros" by default.
            dtype: floatx by default.
            aggregation, layout: see `Variable`.
            name: its name; made up by default.

        Returns:
            The `Variable`, which is saved with the optimizer.
        """
        with backend.backend_scope(self._backend), name_scope(self.name):
            variable = Variable(
                initializer, shape=shape, dtype=dtype, trainable=False, aggregation=aggregation, name=name, layout=layout
            )
        self._track(variable)
        return variable

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros"):
        """Make a slot: a variable of the shape and dtype of a model's variable.

        Args:
            reference_variable: that `Variable`.
            name: what it is for, such as "momentum"; its name is `<path of the variable>_<name>`.
            initializer: its first value; "zeros" by default.

        Returns:
            The slot.
        """
        path = reference_variable.path or reference_variable.name
        name = f"{path}_{name or 'var'}".replace("/", "_")
        dtype = reference_variable._dtype if isinstance(reference_variable, Variable) else reference_variable.dtype
        if initializer == "zeros":
            initializer = _zeros
        layout = getattr(reference_variable, "_layout", None)
        return self.add_variable(reference_variable.shape, initializer, dtype, layout=layout, name=name)

    def add_optimizer_variables(self, trainable_variables, name, initializer="zeros"):
        """Make a slot for each variable of a model.

        Args:
            trainable_variables: the variables.
            name: what it is for, or a list of names.
            initializer: the first value, or one for each name; "zeros" by default.

        Returns:
            A list of slots, or for a list of names a tuple of lists. A variable that is overwritten by its gradient (a scale
            of a quantized layer) gets None.
        """
        names = [name] if isinstance(name, str) else list(name)
        starts = [initializer] * len(names) if isinstance(initializer, str) or callable(initializer) else list(initializer)
        slots: tuple = tuple([] for _ in names)
        for variable in trainable_variables:
            for group, slot, start in zip(slots, names, starts):
                plain = not getattr(variable, "overwrite_with_gradient", False)
                group.append(self.add_variable_from_reference(variable, slot, start) if plain else None)
        return slots[0] if isinstance(name, str) else slots

    def to_backend(self, name: str) -> None:
        """Move all variables to another backend (the model's weights move by themselves)."""
        target = backend.get(name)
        self.__dict__["_backend"] = target
        for v in self._variables:
            v.to_backend(target)

    # -- the learning rate ------------------------------------------------------------------------------------
    def _set_first_learning_rate(self, rate) -> None:
        if isinstance(rate, LearningRateSchedule) or callable(rate):
            self._learning_rate = rate
            return
        if isinstance(rate, bool) or (not isinstance(rate, int | float | np.number | np.ndarray | Variable) and not (
            backend.owner(type(rate))
        )):
            raise ValueError(
                "`learning_rate` is a number, a LearningRateSchedule, or a function without arguments that gives a number; "
                f"got {rate!r}."
            )
        self._learning_rate = self._scalar(float(rate), backend.floatx(), "learning_rate")

    @property
    def learning_rate(self):
        """The learning rate: its Variable, or the schedule's value now. Assign a number or a schedule to change it."""
        if isinstance(self._learning_rate, Variable):
            return self._learning_rate
        with backend.backend_scope(self._backend) as b:
            return b.convert(self._get_current_learning_rate())

    @learning_rate.setter
    def learning_rate(self, rate) -> None:
        before = self._learning_rate
        if isinstance(rate, LearningRateSchedule) or (callable(rate) and not isinstance(rate, Variable)):
            if isinstance(before, Variable):
                self._variables[:] = [v for v in self._variables if v is not before]
            self._learning_rate = rate
            return
        if not isinstance(before, Variable):
            raise TypeError(
                f"The learning rate of optimizer {self.name!r} follows {type(before).__name__}, so it cannot be set to "
                f"{rate!r}. Give the optimizer a number as `learning_rate`, or assign another schedule."
            )
        if isinstance(rate, int | float) and before.on_host:
            before.set_host(float(np.asarray(rate, backend.floatx())))
        else:
            before.assign(rate)

    def _get_current_learning_rate(self):
        """The rate of this step: a Python float where the host knows it, else a scalar tensor."""
        rate = self._learning_rate
        if isinstance(rate, HostVariable):
            return rate.get_host() if rate.on_host else rate.value
        if isinstance(rate, LearningRateSchedule):
            return self._scheduled(rate)
        if isinstance(rate, Variable):
            return rate.value
        return rate()

    def _scheduled(self, schedule):
        """The schedule's rate; its steps are calls of `apply`, also where gradients are accumulated."""
        count = self._iterations
        if not count.on_host:
            return schedule(self._backend.convert(count.value))
        steps = count.get_host()
        if not type(schedule).__module__.startswith("kerata."):
            return schedule(self._backend.convert(steps, "int32"))
        with backend.backend_scope("numpy"):
            return float(schedule(np.asarray(steps, "int32")))

    # -- updates ----------------------------------------------------------------------------------------------
    def apply(self, grads, trainable_variables=None) -> None:
        """Update variables by gradients, given in the same order.

        Args:
            grads: list of gradients; None for a variable that does not matter.
            trainable_variables: the variables; by default those that the optimizer was built for.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is not None:
            trainable_variables = list(trainable_variables)
            if not self.built:
                self.build(trainable_variables)
        if backend.current() is not self._backend:
            with backend.backend_scope(self._backend):
                return self._apply_here(grads, trainable_variables)
        return self._apply_here(grads, trainable_variables)

    def _apply_here(self, grads, variables) -> None:
        variables = self._known_variables(grads, variables)
        b = self._backend
        many = getattr(b, "optim", None)
        if many is None:
            _apply.apply(self, grads, variables)
        else:
            with many.scope():
                _apply.apply(self, grads, variables)

    def _known_variables(self, grads, variables) -> list:
        if variables is None:
            if not self.built:
                raise ValueError(
                    f"Optimizer {self.name!r} got gradients without variables, and does not know any yet: give "
                    "`trainable_variables` too, or `build()` it with them first."
                )
            variables = self._trainable_variables
        else:
            index = self._index
            for v in variables:
                if id(v) not in index:
                    self._get_variable_index(v)
        if len(grads) != len(variables):
            raise ValueError(
                f"The gradients must match the variables one to one: optimizer {self.name!r} got {len(grads)} gradients "
                f"for {len(variables)} trainable variables."
            )
        return variables

    def apply_gradients(self, grads_and_vars):
        """Update variables by their gradients.

        Args:
            grads_and_vars: pairs (gradient, variable).

        Returns:
            The counter of steps, a `Variable`.
        """
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def stateless_apply(self, optimizer_variables, grads, trainable_variables) -> tuple[list, list]:
        """`apply` as a pure function of values.

        Args:
            optimizer_variables: values for `self.variables`.
            grads: list of gradients.
            trainable_variables: values of the variables that the optimizer was built for.

        Returns:
            The new values of the trainable variables, and those of the optimizer's.
        """
        self._check_stateless(optimizer_variables, trainable_variables)
        own, theirs = self.variables, self._trainable_variables
        pairs = [*zip(own, optimizer_variables), *zip(theirs, trainable_variables)]
        with StatelessScope(pairs) as scope:
            self.apply(grads)
            return [scope.get(v) for v in theirs], [scope.get(v) for v in own]

    def _check_stateless(self, optimizer_variables, trainable_variables) -> None:
        if not self.built:
            raise ValueError(
                f"`stateless_apply` works on the variables of {type(self).__name__}, which are made by "
                "`optimizer.build(trainable_variables)`: call that first."
            )
        for what, given, wanted in (
            ("optimizer_variables", optimizer_variables, self.variables),
            ("trainable_variables", trainable_variables, self._trainable_variables),
        ):
            if len(given) != len(wanted):
                raise ValueError(
                    f"`{what}` has one tensor for each of the {len(wanted)} variables of {type(self).__name__}; got "
                    f"{len(given)}."
                )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Change one variable by its gradient; subclasses define it.

        Args:
            gradient: tensor of the variable's shape.
            variable: the `Variable`.
            learning_rate: scalar tensor.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define `update_step(self, gradient, variable, learning_rate)`."
        )

    def _begin_update(self) -> None:
        """A hook for what is done once an update, before the variables' steps."""

    def _decay_of(self, variable) -> float | None:
        """The weight decay of a variable."""
        return self.weight_decay

    def assign(self, variable, value) -> None:
        """Set a variable of the model or the optimizer.

        Args:
            variable: the `Variable`.
            value: tensor of its shape.
        """
        variable.assign(value)

    def assign_add(self, variable, value) -> None:
        """Add to a variable of the model or the optimizer.

        Args:
            variable: the `Variable`.
            value: tensor of its shape.
        """
        current = variable.value
        variable.assign(current + value)

    def assign_sub(self, variable, value) -> None:
        """Subtract from a variable of the model or the optimizer.

        Args:
            variable: the `Variable`.
            value: tensor of its shape.
        """
        current = variable.value
        variable.assign(current - value)

    def scale_loss(self, loss):
        """The loss times `loss_scale_factor`, if that is set."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def finalize_variable_values(self, var_list) -> None:
        """At the end of training: put moving averages in place of the variables, with `use_ema`.

        Args:
            var_list: the variables of the model.
        """
        if self.use_ema:
            for v in var_list:
                i = self._index.get(id(v))
                if i is not None and self._model_variables_moving_average[i] is not None:
                    v.assign(self._model_variables_moving_average[i].value)

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        """Spare variables from weight decay; to be called before the optimizer is built.

        Args:
            var_list: variables.
            var_names: regular expressions, searched in the variables' names.
        """
        if self.built:
            warnings.warn("`exclude_from_weight_decay()` has no effect on steps that were already compiled.", stacklevel=2)
        self._excluded_ids = {id(v) for v in var_list or ()}
        self._excluded_names = list(var_names or ())

    def _use_weight_decay(self, variable) -> bool:
        if self._excluded_ids is None:
            return True
        if id(variable) in self._excluded_ids:
            return False
        return not any(re.search(name, variable.name) for name in self._excluded_names)

    # -- files ------------------------------------------------------------------------------------------------
    def set_weights(self, weights) -> None:
        """Set all variables of the optimizer.

        Args:
            weights: arrays, in the order and of the shapes of `variables`.

        Raises:
            ValueError: if it is not built, or numbers or shapes differ.
        """
        weights = list(weights)
        own = self.variables
        if not self.built:
            raise ValueError(f"Optimizer {self.name!r} has no variables to set yet: call its `build(trainable_variables)` first.")
        if len(weights) != len(own):
            raise ValueError(
                f"Optimizer {self.name!r} has {len(own)} variables; `set_weights()` got {len(weights)} arrays."
            )
        for variable, value in zip(own, weights):
            if tuple(np.shape(value)) != tuple(variable.shape):
                raise ValueError(
                    f"The optimizer's variable {variable.path!r} is of shape {variable.shape}, the array for it of shape "
                    f"{tuple(np.shape(value))}."
                )
            variable.assign(value)

    def save_own_variables(self, store) -> None:
        """Put the variables' values into a store, under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store) -> None:
        """Read back what `save_own_variables` stored; of another number of variables it warns, and leaves its own.

        Args:
            store: a dictionary, or what behaves like one.
        """
        own = self.variables
        if len(store.keys()) != len(own):
            built = "" if self.built else " (none are made before `build`)"
            warnings.warn(
                f"Skipping the variables of optimizer {self.name!r}: it has {len(own)} of them{built}, the "
                f"saved optimizer {len(store.keys())}. Its state starts afresh.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(own):
            variable.read_from(store, str(i))

    def get_config(self) -> dict:
        """The arguments of `__init__`, JSON-ready."""
        config = {"name": self.name, "learning_rate": self._learning_rate_config()}
        for key in _SHARED:
            config[key] = getattr(self, key)
        own = type(self).get_config is Optimizer.get_config
        if own:  # a class whose __init__ takes fewer
            known = init_parameters(type(self))
            config = {k: v for k, v in config.items() if k in known}
        return {**config, **self._own_config()}

    def _learning_rate_config(self):
        from kerata.saving.serialization import serialize_keras_object

        rate = self._learning_rate
        if isinstance(rate, HostVariable) and context.scope is None:
            return float(rate.numpy())
        return float(rate.numpy()) if isinstance(rate, Variable) else serialize_keras_object(rate)

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        """An optimizer from what `get_config` gave, also that of Keras 2.

        Args:
            config: that dictionary.
            custom_objects: dictionary of names and classes of yours (learning rate schedules); None by default.
        """
        from kerata.saving import CustomObjectScope, deserialize_keras_object

        config = {k: v for k, v in config.items() if k not in ("is_legacy_optimizer", "jit_compile")}
        if config.get("decay", 1) in (0, 0.0, None):
            del config["decay"]
        if isinstance(config.get("learning_rate"), dict):
            with CustomObjectScope(custom_objects or {}):
                config["learning_rate"] = deserialize_keras_object(config["learning_rate"])
        return cls(**config)

    def __deepcopy__(self, memo):
        import copy

        new = object.__new__(type(self))
        memo[id(self)] = new
        for key, value in without_native(self.__dict__).items():
            new.__dict__[key] = value if key == "_backend" else copy.deepcopy(value, memo)
        new._reindex()
        return new

    def __getstate__(self):
        return {**without_native(self.__dict__), "_backend": self._backend.name}

    def __setstate__(self, state):
        self.__dict__.update(state, _backend=backend.get(state["_backend"]))
        self._reindex()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _zeros(shape, dtype=None):
    return np.zeros(shape, numpy_dtype(dtype))
