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

    With Adam's corrected averages, `u = m / (sqrt(v) + epsilon)` and `w -= lr * |w| / |u| * u` (`lr * u`
    where a norm is 0).

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        beta_1: momentum of m, from 0 to 1; 0.9 by default.
        beta_2: momentum of v, from 0 to 1; 0.999 by default.
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

    Source: You et al. (2020), "Large Batch Optimization for Deep Learning: Training BERT in 76 minutes".

    >>> import kerata
    >>> w = kerata.Variable([3.0, 4.0])
    >>> optimizer = kerata.optimizers.Lamb(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [2.64645, 4.35355]
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
