"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like
from kerata.optimizers.optimizer import Optimizer, Rate


class SGD(Optimizer):
    """Gradient descent, with or without momentum.

    Without momentum `w -= lr * g`. With it `m = momentum * m - lr * g` and `w += m`, or with Nesterov's
    momentum `w += momentum * m - lr * g`.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.01 by default.
        momentum: number from 0 to 1; 0.0 by default.
        nesterov: whether the momentum is Nesterov's; False by default.
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
        ValueError: if `momentum` is not from 0 to 1, or an option is out of its range.

    Source: Polyak (1964), "Some Methods of Speeding up the Convergence of Iteration Methods"; for `nesterov`
    Nesterov (1983), "A Method for Solving a Convex Programming Problem with Convergence Rate O(1/k^2)".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.SGD(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.9, 2.1]
    """

    def __init__(self, learning_rate: Rate = 0.01, momentum: float = 0.0, nesterov: bool = False,
                 weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` of SGD is a number from 0 to 1; got {momentum!r}.")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        step = gradient * like(learning_rate, gradient)
        value = variable.value
        if not self.momentum:
            variable.assign(value - step)
            return
        slot = self._momentums[self._get_variable_index(variable)]
        m = slot.assign(slot.value * self.momentum - step)
        variable.assign(value + (m * self.momentum - step if self.nesterov else m))
