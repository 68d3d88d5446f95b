"""Adagrad."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.initializers import Constant
from kerata.optimizers._rules import like, root
from kerata.optimizers.optimizer import Optimizer, Rate


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of all its squares: `a += g**2`, `w -= lr * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        initial_accumulator_value: number of at least 0: what a starts from; 0.1 by default.
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

    Source: Duchi et al. (2011), "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Adagrad(learning_rate=0.1, initial_accumulator_value=3.0)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.95, 2.05]
    """

    def __init__(self, learning_rate: Rate = 0.001, initial_accumulator_value: float = 0.1,
                 epsilon: float = 1e-7, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(
            variables, "accumulator", Constant(self.initial_accumulator_value)
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        slot = self._accumulators[self._get_variable_index(variable)]
        total = slot.assign(slot.value + gradient * gradient)
        step = gradient * like(learning_rate, gradient) / root(total + self.epsilon)
        variable.assign(variable.value - step)
