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

    `m += (1 - beta_1) * (g - m)`, `u = max(beta_2 * u, |g|)`,
    `w -= lr / (1 - beta_1**t) * m / (u + epsilon)`.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        beta_1: momentum of m, from 0 to 1; 0.9 by default.
        beta_2: by how much u falls at each step, from 0 to 1; 0.999 by default.
        epsilon: small number that keeps the division finite; 1e-7 by default.
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

    Source: Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization", section 7.1.

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Adamax(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.9, 2.1]
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
