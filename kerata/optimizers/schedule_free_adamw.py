"""AdamW without a learning rate schedule."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class ScheduleFreeAdamW(Optimizer):
    """AdamW that averages its weights as it goes, and so needs no learning rate schedule.

    Besides the weights y, at which gradients are taken, there is z, moved by AdamW (without momentum), and x,
    the mean of all z: `z -= lr * g / (sqrt(v / (1 - beta_2**t)) + epsilon)`, `x += (z - x) / t`,
    `y = (1 - beta_1) * z + beta_1 * x`. Only y and z are kept: x follows from them.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.0025 by default,
            larger than AdamW's.
        beta_1: weight of x in y, from 0 to 1; 0.9 by default.
        beta_2: momentum of v, from 0 to 1; 0.999 by default.
        epsilon: small number that keeps the division finite; 1e-8 by default.
        warmup_steps: integer: the rate grows linearly from 0 during so many steps; 0 by default.
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

    Source: Defazio et al. (2024), "The Road Less Scheduled".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.ScheduleFreeAdamW(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.9, 2.1]
    """

    def __init__(self, learning_rate: Rate = 0.0025, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-8, warmup_steps: int = 0, weight_decay: float | None = None,
                 clipnorm: float | None = None, clipvalue: float | None = None,
                 global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        for slot, variable in zip(self._momentums, variables):
            if slot is not None:
                slot.assign(variable.value)

    def _warmup(self, t):
        if not self.warmup_steps:
            return 1.0
        if isinstance(t, int):
            return min(1.0, t / self.warmup_steps)
        b = backend.current()
        return b.xp.minimum(t / self.warmup_steps, b.convert(1.0, "float32"))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i, t = self._get_variable_index(variable), step(self)
        v = moved(self._velocities[i], gradient * gradient, 1 - self.beta_2)
        v = v / like(correction(self.beta_2, t), gradient)
        rate = like(learning_rate * self._warmup(t), gradient)
        slot, y = self._momentums[i], variable.value
        z = slot.value * 1
        x = (y - z * (1 - self.beta_1)) / self.beta_1
        z = slot.assign(z - gradient * rate / (root(v) + self.epsilon))
        x = x + (z - x) * like(1.0 / t, gradient)
        variable.assign(z * (1 - self.beta_1) + x * self.beta_1)
