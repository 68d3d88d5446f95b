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

    `w -= lr * sign(beta_1 * m + (1 - beta_1) * g)`, then `m = beta_2 * m + (1 - beta_2) * g`. Learning rates
    are 3 to 10 times smaller than Adam's.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        beta_1: weight of m in the direction, above 0, up to 1; 0.9 by default.
        beta_2: momentum of m, from 0 to 1; 0.99 by default.
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
        ValueError: if `beta_1` is out of its range.

    Source: Chen et al. (2023), "Symbolic Discovery of Optimization Algorithms".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Lion(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.9, 2.1]
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
