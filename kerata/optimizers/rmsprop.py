"""RMSprop."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like, moved, root
from kerata.optimizers.optimizer import Optimizer, Rate


class RMSprop(Optimizer):
    """Divides the gradient by the root of a moving average of its square.

    `v = rho * v + (1 - rho) * g**2`, `w -= lr * g / sqrt(v + epsilon)`. Centered: `v - mean(g)**2` for `v`. With
    momentum the step is added to `momentum` times the last one.

    Args:
        learning_rate: number, schedule, or function.
        rho: momentum of the average of squares.
        momentum: of the steps.
        epsilon: keeps the division finite.
        centered: whether to divide by the variance instead.
        **kwargs: see `Optimizer`.

    Source: https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    >>> import kerata
    >>> kerata.optimizers.RMSprop(0.001).rho
    0.9
    """

    def __init__(self, learning_rate: Rate = 0.001, rho: float = 0.9, momentum: float = 0.0,
                 epsilon: float = 1e-7, centered: bool = False, weight_decay: float | None = None,
                 clipnorm: float | None = None, clipvalue: float | None = None,
                 global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum > 0 else []
        self._average_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i = self._get_variable_index(variable)
        variance = moved(self._velocities[i], gradient * gradient, 1 - self.rho)
        if self.centered:
            mean = moved(self._average_gradients[i], gradient, 1 - self.rho)
            variance = variance - mean * mean
        step = gradient * like(learning_rate, gradient) / root(variance + self.epsilon)
        if self.momentum > 0:
            slot = self._momentums[i]
            step = slot.assign(slot.value * self.momentum + step)
        variable.assign(variable.value - step)
