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
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default
            (the paper's is 1.0).
        rho: momentum of the averages, from 0 to 1; 0.95 by default.
        epsilon: small number that keeps the division finite and starts the movement; 1e-7 by default.
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

    Source: Zeiler (2012), "ADADELTA: An Adaptive Learning Rate Method".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Adadelta(learning_rate=1.0, epsilon=0.05)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.29289, 2.70711]
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
