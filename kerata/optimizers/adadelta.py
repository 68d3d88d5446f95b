"""Adadelta."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like, moved, root
from kerata.optimizers.optimizer import Optimizer, Rate


class Adadelta(Optimizer):
    """Steps in units of recent steps: `d = -g * sqrt(d2 + epsilon) / sqrt(g2 + epsilon)`, `w += lr * d`.

    `g2` and `d2` are moving averages, with momentum rho, of `g**2` (up to now) and `d**2` (before this step).

    Args:
        learning_rate: number, schedule, or function (1.0 is the paper's).
        rho: momentum of the averages.
        epsilon: keeps the division finite and starts the movement.
        **kwargs: see `Optimizer`.

    Source: https://arxiv.org/abs/1212.5701

    >>> import kerata
    >>> kerata.optimizers.Adadelta().rho
    0.95
    """

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.95, epsilon: float = 1e-7,
                 weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            variables, ["accumulated_grad", "accumulated_delta_var"]
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i = self._get_variable_index(variable)
        g2 = moved(self._accumulated_grads[i], gradient * gradient, 1 - self.rho)
        d2 = self._accumulated_delta_vars[i]
        delta = gradient * root(d2.value + self.epsilon) / root(g2 + self.epsilon)
        moved(d2, delta * delta, 1 - self.rho)
        variable.assign(variable.value - delta * like(learning_rate, delta))
