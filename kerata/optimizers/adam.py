"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Adam(Optimizer):
    """Steps by moving averages of the gradient and of its square.

    `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)`, and at step t
    `w -= lr * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)`.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        beta_1: momentum of m, from 0 to 1; 0.9 by default.
        beta_2: momentum of v, from 0 to 1; 0.999 by default.
        epsilon: small number that keeps the division finite (the paper's "epsilon hat"); 1e-7 by default.
        amsgrad: whether to divide by the largest v so far; False by default.
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

    Source: Kingma and Ba (2015), "Adam: A Method for Stochastic Optimization"; for `amsgrad` Reddi et al.
    (2018), "On the Convergence of Adam and Beyond".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Adam(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.9, 2.1]
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_1: float = 0.9, beta_2: float = 0.999,
                 epsilon: float = 1e-7, amsgrad: bool = False, weight_decay: float | None = None,
                 clipnorm: float | None = None, clipvalue: float | None = None,
                 global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._velocity_hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i, t = self._get_variable_index(variable), step(self)
        m = moved(self._momentums[i], gradient, 1 - self.beta_1)
        v = moved(self._velocities[i], gradient * gradient, 1 - self.beta_2)
        if self.amsgrad:
            largest = self._velocity_hats[i]
            v = largest.assign(backend.current().xp.maximum(backend.current().convert(largest.value), v))
        rate = learning_rate * (root(correction(self.beta_2, t)) / correction(self.beta_1, t))
        variable.assign(variable.value - m * like(rate, m) / (root(v) + self.epsilon))


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: before its step a weight shrinks by `lr * weight_decay` of its size.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        weight_decay: number; 0.004 by default.
        beta_1: momentum of the gradient's average, from 0 to 1; 0.9 by default.
        beta_2: momentum of the square's average, from 0 to 1; 0.999 by default.
        epsilon: small number that keeps the division finite; 1e-7 by default.
        amsgrad: whether to divide by the largest average of squares so far; False by default.
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
        ValueError: if `weight_decay` is None, or an option is out of its range.

    Source: Loshchilov and Hutter (2019), "Decoupled Weight Decay Regularization".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.AdamW(learning_rate=0.1, weight_decay=0.5)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.85, 2]
    """

    def __init__(self, learning_rate: Rate = 0.001, weight_decay: float | None = 0.004, beta_1: float = 0.9,
                 beta_2: float = 0.999, epsilon: float = 1e-7, amsgrad: bool = False,
                 clipnorm: float | None = None, clipvalue: float | None = None,
                 global_clipnorm: float | None = None, use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        if weight_decay is None:
            raise ValueError("`weight_decay` of AdamW is a number; for none use Adam.")
        super().__init__(**arguments(locals()))
