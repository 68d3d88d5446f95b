"""Adamax."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the root of the mean square.

    `m += (1 - beta_1) * (g - m)`, `u = max(beta_2 * u, |g|)`, `w -= lr / (1 - beta_1**t) * m / (u + epsilon)`.

    Args:
        learning_rate: number, schedule, or function.
        beta_1, beta_2: momentum of the average, decay of the maximum.
        epsilon: keeps the division finite.
        **kwargs: see `Optimizer`.

    Source: https://arxiv.org/abs/1412.6980, section 7.1

    >>> import kerata
    >>> kerata.optimizers.Adamax().beta_1
    0.9
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i, xp = self._get_variable_index(variable), backend.current().xp
        m = moved(self._m[i], gradient, 1 - self.beta_1)
        u = self._u[i].assign(xp.maximum(self._u[i].value * self.beta_2, xp.abs(gradient)))
        rate = learning_rate / correction(self.beta_1, step(self))
        variable.assign(variable.value - m * like(rate, m) / (u + self.epsilon))
