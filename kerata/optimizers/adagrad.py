"""Adagrad."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.initializers import Constant
from kerata.optimizers._rules import like, root
from kerata.optimizers.optimizer import Optimizer, Rate


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of all its squares: `a += g**2`, `w -= lr * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: number, schedule, or function.
        initial_accumulator_value: what the sum starts from.
        epsilon: keeps the division finite.
        **kwargs: see `Optimizer`.

    Source: https://jmlr.org/papers/v12/duchi11a.html

    >>> import kerata
    >>> kerata.optimizers.Adagrad().initial_accumulator_value
    0.1
    """

    def __init__(self, learning_rate: Rate = 0.001, initial_accumulator_value: float = 0.1,
                 epsilon: float = 1e-7, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(
            variables, "accumulator", Constant(self.initial_accumulator_value)
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        slot = self._accumulators[self._get_variable_index(variable)]
        total = slot.assign(slot.value + gradient * gradient)
        step = gradient * like(learning_rate, gradient) / root(total + self.epsilon)
        variable.assign(variable.value - step)
