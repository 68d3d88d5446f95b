"""Turns a loss function into a `Loss`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerata.losses._reduction import match_ranks
from kerata.losses.loss import Loss


class LossFunctionWrapper(Loss):
    """A loss that calls `fn(y_true, y_pred, **kwargs)`.

    `fn` may return a value per sample, which is weighted and reduced, or one scalar.
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        self._keeps_labels = getattr(fn, "takes_class_numbers", False)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if hasattr(y_true, "shape") and hasattr(y_pred, "shape"):
            y_true, y_pred = match_ranks(y_true, y_pred)
        values = self.fn(y_true, y_pred, **self._fn_kwargs)
        if values is None or isinstance(values, str):
            raise ValueError(
                f"The loss function {self.name!r} must give a tensor, one loss for each sample (or their mean); it gave {values!r}."
                + (" Does its last line say `return`?" if values is None else "")
            )
        return values

    def get_config(self) -> dict[str, Any]:
        if type(self).__init__ is not LossFunctionWrapper.__init__:
            return super().get_config()
        from kerata.saving import serialize_keras_object

        return {
            "name": self.name,
            "reduction": self.reduction,
            "fn": serialize_keras_object(self.fn),
            **self._fn_kwargs,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LossFunctionWrapper:
        config = dict(config)
        if isinstance(config.get("fn"), dict):
            from kerata.saving import deserialize_keras_object

            config["fn"] = deserialize_keras_object(config["fn"])
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.fn.__name__}, kwargs={self._fn_kwargs})>"


class FunctionLoss(LossFunctionWrapper):
    """Base of the built-in losses: `function` is the formula, `arguments` the attributes it takes.

    A subclass's `__init__` stores its arguments as attributes and calls `super().__init__(...)`; nothing
    else is written per loss.
    """

    function: Callable
    arguments: tuple[str, ...] = ()

    def __init__(self, reduction: str | None, name: str | None, dtype: Any, **arguments: Any):
        for key, value in arguments.items():
            setattr(self, key, value)
        super().__init__(type(self).function, reduction=reduction, name=name, dtype=dtype, **arguments)
