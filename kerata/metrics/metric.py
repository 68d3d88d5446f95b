"""The base class of all metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerata import ops
from kerata.core import config, dtype_policy
from kerata.core.configurable import Configurable
from kerata.core.names import auto_name
from kerata.core.scopes import StatelessScope, name_scope
from kerata.core.variable import Variable


def zeros(shape: Any, dtype: Any = None) -> np.ndarray:
    """The initial value of most metric variables."""
    return np.zeros(shape)


class Metric(Configurable):
    """The base class of metrics: state in variables, `update_state(...)` for each batch, `result()` when asked.

    A subclass makes its state with `self.add_variable(shape, initializer, name=...)` in `__init__`, and
    defines `update_state` (of targets, predictions and weights) and `result`. A call of the metric updates it
    and gives its result; `reset_state()` sets every variable back to zero. The `stateless_*` methods do the
    same as pure functions of the values of `variables`, for JAX.

    Raises:
        NotImplementedError: if a subclass lacks one of the two methods.

    >>> class WorstError(Metric):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.worst = self.add_variable((), "zeros", name="worst")
    ...     def update_state(self, wanted, found, sample_weight=None):
    ...         errors = ops.abs(ops.subtract(wanted, found))
    ...         self.worst.assign(ops.maximum(self.worst, ops.max(errors)))
    ...     def result(self):
    ...         return self.worst
    >>> m = WorstError()
    >>> m.update_state([1.0, 5.0], [2.0, 2.0])
    >>> m.result()  # 3
    """

    # "up" where larger is better, "down" where smaller is: read by callbacks with `mode="auto"`.
    _direction: str | None = None
    # Arguments that Keras leaves out of its configs; written only where they differ from the default.
    _unlisted_config: dict[str, Any] = {}

    def __init__(self, dtype: Any = None, name: str | None = None):
        self.name = name or auto_name(type(self).__name__)
        self._dtype_policy = dtype_policy.get(dtype or config.floatx())
        self._dtype = self._dtype_policy.compute_dtype
        self._metrics: list[Metric] = []
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """Name of the dtype of the state and the result."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """The metric's own variables, then those of metrics that are attributes of it."""
        found = list(self._variables)
        for metric in self._metrics:
            found.extend(metric.variables)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Variable):
            _remember(self, "_variables", value)
        elif isinstance(value, Metric):
            _remember(self, "_metrics", value)
        elif isinstance(value, list | tuple) and name[0] != "_":
            for item in value:
                if isinstance(item, Metric):
                    _remember(self, "_metrics", item)
        object.__setattr__(self, name, value)

    def add_variable(
        self, shape: Any, initializer: Any, dtype: Any = None, aggregation: str = "sum", name: str | None = None
    ) -> Variable:
        """Make a variable that belongs to the metric's state.

        Args:
            shape: tuple of integers.
            initializer: its first value, to which `reset_state` brings it back.
            dtype: `config.floatx()` by default, whatever the metric's own is.
            aggregation: how replicas combine it; "sum" by default.
            name: its name; made up by default.

        Returns:
            The `Variable`.
        """
        with name_scope(self.name.replace("/", "_")):
            variable = Variable(
                initializer,
                shape=shape,
                dtype=dtype or config.floatx(),
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        _remember(self, "_variables", variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Make a variable that belongs to the metric's state: `add_variable` with defaults.

        Args:
            shape: tuple of integers; () by default.
            initializer: its first value; zeros by default.
            dtype: `config.floatx()` by default, whatever the metric's own is.
            name: its name; made up by default.

        Returns:
            The `Variable`.
        """
        return self.add_variable(shape, initializer or zeros, dtype=dtype, name=name)

    def reset_state(self) -> None:
        """Set the state back to zero."""
        for variable in self.variables:
            if variable._backend.functional:  # in eager JAX a third of the other's time
                variable.fill(np.zeros(variable.shape))
            else:  # steps that are recorded see tensors alone
                variable.assign(ops.zeros(variable.shape, dtype=variable.dtype))

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in one batch; subclasses define it.

        Args:
            args, kwargs: `y_true`, `y_pred` and `sample_weight` of most metrics; `values` of `Mean` and `Sum`.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not say how a batch changes it: define "
            "`update_state(self, y_true, y_pred, sample_weight=None)`."
        )

    def result(self) -> Any:
        """The value of the metric over all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__} has no result yet: define `result(self)`.")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(self, metric_variables: Any, *args: Any, **kwargs: Any) -> list:
        """The values of `variables` after `update_state(*args, **kwargs)`, starting from `metric_variables`."""
        with self._stateless(metric_variables) as scope:
            self.update_state(*args, **kwargs)
            return [scope.get(v) for v in self.variables]

    def stateless_result(self, metric_variables: Any) -> Any:
        """`result()` as a pure function of the state.

        Args:
            metric_variables: values, in the order of `variables`.
        """
        with self._stateless(metric_variables):
            return _plain(self.result())

    def stateless_reset_state(self) -> list:
        """The values of `variables` after `reset_state()`."""
        with StatelessScope() as scope:
            self.reset_state()
            return [scope.get(v) for v in self.variables]

    def to_backend(self, name: Any) -> None:
        """Move the state to another backend."""
        for variable in self.variables:
            variable.to_backend(name)

    def _stateless(self, values: Any) -> StatelessScope:
        variables, values = self.variables, list(values)
        if len(variables) != len(values):
            raise ValueError(
                f"`metric_variables` has one tensor for each of the {len(variables)} variables of {type(self).__name__}; "
                f"got {len(values)}."
            )
        return StatelessScope([(v, v._backend.convert(x, v.dtype)) for v, x in zip(variables, values)])

    def get_config(self) -> dict[str, Any]:
        listed: dict[str, Any] = {"name": self.name, "dtype": self._dtype_policy.name}
        derived = super().get_config() if type(self).__init__ is not Metric.__init__ else {}
        for key, value in derived.items():
            if key not in listed and self._unlisted_config.get(key, _MISSING) != value:
                listed[key] = value
        return listed

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


_MISSING = object()


def _remember(metric: Metric, where: str, value: Any) -> None:
    known = metric.__dict__.get(where)
    if known is None:
        raise RuntimeError(
            f"The metric {type(metric).__name__} makes state before it is set up: call "
            "`super().__init__(name=...)` first in its `__init__`."
        )
    if not any(v is value for v in known):
        known.append(value)


def _plain(result: Any) -> Any:
    if isinstance(result, Variable):
        return result.value
    if isinstance(result, dict):
        return {key: _plain(value) for key, value in result.items()}
    return result
