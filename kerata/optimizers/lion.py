"""Lion."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like, moved
from kerata.optimizers.optimizer import Optimizer, Rate


class Lion(Optimizer):
    """Steps of equal size in each coordinate, in the direction of a momentum.

    `w -= lr * sign(beta_1 * m + (1 - beta_1) * g)`, then `m = beta_2 * m + (1 - beta_2) * g`. Needs a learning rate 3
    to 10 times smaller than Adam's.

    Args:
        learning_rate: number, schedule, or function.
        beta_1, beta_2: see the formula; beta_1 above 0.
        **kwargs: see `Optimizer`.

    Source: https://arxiv.org/abs/2302.06675

    >>> import kerata
    >>> kerata.optimizers.Lion().beta_2
    0.99
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.99,
                 weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        if beta_1 <= 0 or beta_1 > 1:
            raise ValueError(
                f"`beta_1` of Lion is above 0 and at most 1 (with 0 the last gradient alone would decide); got {beta_1}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        slot = self._momentums[self._get_variable_index(variable)]
        m = slot.value
        direction = backend.current().xp.sign(m + (gradient - m) * (1 - self.beta_1))
        variable.assign(variable.value - direction * like(learning_rate, gradient))
        moved(slot, gradient, 1 - self.beta_2)
