"""Lamb."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Lamb(Optimizer):
    """Adam whose step on each tensor is scaled to the tensor's norm, for very large batches.

    With Adam's corrected averages, `u = m / (sqrt(v) + epsilon)`, `w -= lr * |w| / |u| * u` (lr * u where a norm is 0).

    Args:
        learning_rate: number, schedule, or function.
        beta_1, beta_2: momenta of the averages.
        epsilon: keeps the division finite.
        **kwargs: see `Optimizer`.

    Source: https://arxiv.org/abs/1904.00962

    >>> import kerata
    >>> kerata.optimizers.Lamb().beta_2
    0.999
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
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i, t, xp = self._get_variable_index(variable), step(self), backend.current().xp
        m = moved(self._momentums[i], gradient, 1 - self.beta_1) / like(correction(self.beta_1, t), gradient)
        v = moved(self._velocities[i], gradient * gradient, 1 - self.beta_2) / like(correction(self.beta_2, t), gradient)
        update = m / (root(v) + self.epsilon)
        w = backend.current().convert(variable.value)
        w_norm, u_norm = xp.sqrt(xp.sum(w * w)), xp.sqrt(xp.sum(update * update))
        one = xp.ones_like(w_norm)
        both = xp.logical_and(w_norm > 0, u_norm > 0)
        ratio = xp.where(both, w_norm / xp.where(both, u_norm, one), one)
        variable.assign(w - update * (ratio * like(learning_rate, gradient)))
