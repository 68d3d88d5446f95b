"""The losses of `compile(loss=...)`: one for each output, and their sum."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerata import losses, ops
from kerata.losses import Loss
from kerata.losses.wrapper import LossFunctionWrapper
from kerata.metrics import Mean
from kerata.training.names import Slots, bind, follow, is_nest
from kerata.training.structure import Places, batch_size


def is_loss(x: Any) -> bool:
    """Whether it is one loss: an object, a function, a name or a config."""
    return isinstance(x, str) or callable(x) or (isinstance(x, dict) and "class_name" in x)


def is_number(x: Any) -> bool:
    return isinstance(x, int | float | np.number) or (hasattr(x, "shape") and tuple(x.shape) == ())


class OutputLoss:
    """The loss of one output: where its values are, how much it counts, and the mean that is logged."""

    __slots__ = ("index", "loss", "tracker", "weight")

    def __init__(self, index: int, loss: Loss, weight: Any):
        self.index, self.loss, self.weight, self.tracker = index, loss, weight, None


class CompileLoss(Loss):
    """The weighted sum of the losses of a model's outputs.

    Args:
        loss: a loss (object, name or function), or a list, dict or nest of them in the shape of the outputs,
            with None for an output without a loss. One loss alone is used for every output.
        loss_weights: numbers that multiply the losses, likewise; one number multiplies all.
        reduction: for losses given as functions or names.
        output_names: names of the outputs, in flattened order.

    With more than one loss, `metrics` holds a mean for each, named `<output>_loss`.
    """

    def __init__(
        self,
        loss: Any,
        loss_weights: Any = None,
        reduction: str = "sum_over_batch_size",
        output_names: list[str] | None = None,
    ):
        super().__init__(name="compile_loss", reduction=reduction)
        if loss_weights is not None and not (is_nest(loss_weights) or is_number(loss_weights)):
            raise ValueError(
                "Invalid `loss_weights` type. Expected a number, a list or a dict of numbers. Received: "
                f"loss_weights={loss_weights!r} (of type {type(loss_weights)})."
            )
        if not is_loss(loss) and not is_nest(loss):
            raise ValueError(
                "`loss` must be a loss, its name or a function, or a list or dict of these. Received: "
                f"loss={loss!r} (of type {type(loss)})."
            )
        self._user_loss = loss
        self._user_loss_weights = loss_weights
        self.output_names = output_names
        self.built = False
        self._losses: list[OutputLoss] = []
        self._single: OutputLoss | None = None

    @property
    def metrics(self) -> list[Mean]:
        """The means of the outputs' losses; empty where the total says it all."""
        return [each.tracker for each in self._losses if each.tracker is not None]

    @property
    def variables(self) -> list:
        return [v for metric in self.metrics for v in metric.variables]

    def to_backend(self, name: Any) -> None:
        """Move the means to another backend."""
        for metric in self.metrics:
            metric.to_backend(name)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Settle which loss, weight and target belong to which output; arrays or KerasTensors will do."""
        slots = Slots(y_pred, self.output_names)
        found = bind(self._user_loss, slots, "loss", is_loss, spread=True)
        weights = bind(
            self._user_loss_weights,
            slots,
            "loss_weights",
            is_number,
            spread=True,
            wanted=[loss is not None for loss in found],
        )
        if all(loss is None for loss in found):
            raise ValueError(f"`loss` has None for every output; {slots.describe()}.")
        self._losses = [
            OutputLoss(i, as_loss(loss, self.reduction), weight)
            for i, (loss, weight) in enumerate(zip(found, weights)) if loss is not None
        ]  # fmt: skip
        self._slots = slots
        self._places = Places(slots, wanted=[loss is not None for loss in found])
        self._shapes = [tuple(prediction.shape) for prediction in slots.flatten(y_pred)]
        if len(self._losses) > 1:
            self._make_trackers(slots)
        self._single = self._losses[0] if not is_nest(y_pred) else None
        self.built = True

    def _make_trackers(self, slots: Slots) -> None:
        taken: set[str] = set()
        for each in self._losses:
            name = f"{slots.label(each.index) or each.loss.name}_loss"
            unique, n = name, 0
            while unique in taken:
                n += 1
                unique = f"{name}_{n}"
            taken.add(unique)
            each.tracker = Mean(name=unique)

    def pairs(self, y: Any) -> list[tuple]:
        """`(output's name, its loss, its target in y, shape of its predictions)` for each loss; once built."""
        targets = self._places.targets(y)
        return [
            (self._slots.label(each.index), each.loss, targets[each.index], self._shapes[each.index])
            for each in self._losses
        ]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return self.call(y_true, y_pred, sample_weight)

    def call(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if not self.built:
            self.build(y_true, y_pred)
        single = self._single
        if single is not None:
            if type(y_true) in _NESTS:
                y_true = self._places.targets(y_true)[0]
            if type(sample_weight) in _NESTS:
                sample_weight = self._places.weights(sample_weight)[0]
            value = single.loss(y_true, y_pred, sample_weight)
            return value if single.weight is None else value * single.weight
        return self._sum(y_true, y_pred, sample_weight)

    def _sum(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
        places = self._places
        targets = places.targets(y_true)
        weights = places.weights(sample_weight)
        total = None
        for each in self._losses:
            i = each.index
            prediction = follow(y_pred, places.paths[i])
            value = each.loss(targets[i], prediction, weights[i])
            if each.tracker is not None:
                each.tracker.update_state(ops.stop_gradient(value), sample_weight=batch_size(prediction))
            if each.weight is not None:
                value = value * each.weight
            total = value if total is None else total + value
        return total

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError("A compiled loss is saved as the arguments of compile(), not as an object.")


_NESTS = (list, tuple, dict)


def as_loss(identifier: Any, reduction: str | None = "sum_over_batch_size") -> Loss:
    """A `Loss` from an object, a name, a config or a function."""
    loss = losses.get(identifier)
    if isinstance(loss, Loss):
        return loss
    if not callable(loss):
        raise ValueError(f"`loss` must be a loss, its name or a function; got {loss!r}.")
    return LossFunctionWrapper(loss, reduction=reduction, name=object_name(loss))


def object_name(x: Any) -> str:
    """The name of a function or object, as logs show it."""
    from kerata.core.names import to_snake_case

    name = getattr(x, "name", None) or getattr(x, "__name__", None) or to_snake_case(type(x).__name__)
    return "lambda" if name == "<lambda>" else name
