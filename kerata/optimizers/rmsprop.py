"""RMSprop."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like, moved, root
from kerata.optimizers.optimizer import Optimizer, Rate


class RMSprop(Optimizer):
    """Divides the gradient by the root of a moving average of its square.

    `v = rho * v + (1 - rho) * g**2`, `w -= lr * g / sqrt(v + epsilon)`; centered, `v - mean(g)**2` stands for
    v. With momentum the step is added to `momentum` times the last one.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        rho: momentum of v, from 0 to 1; 0.9 by default.
        momentum: of the steps, from 0 to 1; 0.0 by default.
        epsilon: small number that keeps the division finite; 1e-7 by default.
        centered: whether to divide by the deviation in place of the root mean square; False by default.
        weight_decay: number: weights shrink by `learning_rate * weight_decay` of their size each step; None
            for no decay.
        clipnorm: number: each gradient is scaled down to at most this norm; None.
        clipvalue: number: each element of a gradient is cut to [-clipvalue, clipvalue]; None.
        global_clipnorm: number: all gradients are scaled by one factor to at most this norm together; None.
        use_ema: whether a moving average of the weights is kept, which replaces them at the end of `fit`;
            False by default.
        ema_momentum: of that average, from 0 to 1; 0.99 by default.
        ema_overwrite_frequency: integer: weights are replaced by the average each so many steps; None for
            never.
        loss_scale_factor: number that multiplies the loss, and divides the gradients (for float16); None.
        gradient_accumulation_steps: integer above 1: weights change each so many steps, by the mean gradient
            of these; None.

    Raises:
        ValueError: if gradients are clipped in two ways, or an option is out of its range.

    Source: Tieleman and Hinton (2012), "Lecture 6.5: rmsprop".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.RMSprop(learning_rate=0.1, rho=0.75)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.8, 2.2]
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
