"""Metrics that average or add up values."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerata import ops
from kerata.core.masks import get_mask
from kerata.losses._reduction import apply_mask, match_ranks
from kerata.metrics.metric import Metric, zeros


def per_sample(x: Any) -> Any:
    """The number of elements that belong to one sample (the product of all sizes but the first)."""
    sizes = ops.shape(x)[1:]
    return math.prod(sizes) if all(isinstance(n, int) for n in sizes) else ops.prod(ops.stack(list(sizes)))


def weigh(values: Any, sample_weight: Any, dtype: str, mean: bool) -> tuple[Any, Any]:
    """Values times weights, and the weights, of matching ranks; the mask of `values` counts as weights.

    Axes that the weights lack are averaged (`mean`) or added up first.
    """
    values_mask = get_mask(values)
    values = ops.cast(values, dtype)
    sample_weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
    if values_mask is not None:
        sample_weight = apply_mask(sample_weight, values_mask, dtype, "sum")
    values, sample_weight = match_ranks(values, sample_weight)
    extra = tuple(range(len(sample_weight.shape), len(values.shape)))
    if extra:
        values = (ops.mean if mean else ops.sum)(values, axis=extra)
    return values * sample_weight, sample_weight


def total_and_count(values: Any, sample_weight: Any, dtype: str) -> tuple[Any, Any]:
    """What one batch adds to the numerator and the denominator of a mean over samples."""
    if sample_weight is None:
        values = ops.cast(values, dtype)
        shape = ops.shape(values)
        total = ops.sum(values) if shape else values
        count = shape[0] if shape else 1
        return _divide(total, per_sample(values), dtype), count if isinstance(count, int) else ops.cast(count, dtype)
    values, sample_weight = weigh(values, sample_weight, dtype, mean=True)
    total, count = ops.sum(values), ops.sum(sample_weight)
    return _divide(total, per_sample(values), dtype), _divide(count, per_sample(sample_weight), dtype)


def _divide(x: Any, n: Any, dtype: str) -> Any:
    if isinstance(n, int):
        return x if n in (0, 1) else x / n
    return x / ops.cast(n, dtype)


class Sum(Metric):
    """The sum of all values, each times its weight.

    `update_state` takes `values`, a number or tensor, and perhaps `sample_weight`; `result` gives a scalar.

    >>> m = Sum()
    >>> m.update_state([2, 4, 9])
    >>> m.result()  # 15
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), zeros, dtype=self._dtype, name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = ops.convert_to_tensor(values)
        if sample_weight is None:
            values = ops.cast(values, self._dtype)
        else:
            values, _ = weigh(values, sample_weight, self._dtype, mean=False)
        self.total.assign(self.total.value + ops.sum(values))

    def result(self) -> Any:
        return ops.cast(self.total, self._dtype)


class Mean(Metric):
    """The weighted mean of all values: `sum(values * weights) / sum(weights)`; 0 before the first value.

    `update_state` takes `values`, a number or tensor, and perhaps `sample_weight`; `result` gives a scalar.
    Values with more than one axis count as one for each sample, the mean over the other axes.

    >>> m = Mean()
    >>> m.update_state([2, 4, 9])
    >>> m.result()  # 5
    >>> m.update_state([15], sample_weight=[2])
    >>> m.result()  # 9
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), zeros, dtype=self._dtype, name="total")
        self.count = self.add_variable((), zeros, dtype=self._dtype, name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values = ops.convert_to_tensor(values)
        if type(sample_weight) is int and len(values.shape) == 0:  # a loss, and the size of its batch
            total, count = ops.cast(values, self._dtype) * sample_weight, sample_weight
        else:
            total, count = total_and_count(values, sample_weight, self._dtype)
        self.total.assign(self.total.value + total)
        self.count.assign(self.count.value + count)

    def result(self) -> Any:
        return ops.divide_no_nan(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """The mean over samples of what a function gives.

    A mask that travels with `y_pred` leaves masked positions out.

    Args:
        fn: function of `(y_true, y_pred, **kwargs)` that gives one value for each sample.
        **kwargs: more arguments for it.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = MeanMetricWrapper(fn=lambda y_true, y_pred: ops.abs(ops.subtract(y_true, y_pred)))
    >>> m.update_state([1.0, 2.0], [1.0, 5.0])
    >>> m.result()  # 1.5
    """

    def __init__(self, fn: Callable, name: str | None = None, dtype: Any = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        if self._direction is None and getattr(fn, "__module__", "").startswith("kerata.losses"):
            self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = get_mask(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if mask is not None:
            sample_weight = apply_mask(sample_weight, mask, self._dtype, "sum")
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        if type(self).__init__ is not MeanMetricWrapper.__init__:
            return super().get_config()
        from kerata.saving import serialize_keras_object

        return {
            "name": self.name,
            "dtype": self._dtype_policy.name,
            "fn": serialize_keras_object(self._fn),
            **self._fn_kwargs,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> MeanMetricWrapper:
        config = dict(config)
        if isinstance(config.get("fn"), dict):
            from kerata.saving import deserialize_keras_object

            config["fn"] = deserialize_keras_object(config["fn"])
        return cls(**config)


class FunctionMetric(MeanMetricWrapper):
    """Base of the built-in means: `function` is the formula; a subclass's `__init__` passes its arguments on."""

    function: Callable

    def __init__(self, name: str | None, dtype: Any, **arguments: Any):
        for key, value in arguments.items():
            object.__setattr__(self, key, value)
        super().__init__(type(self).function, name=name, dtype=dtype, **arguments)
