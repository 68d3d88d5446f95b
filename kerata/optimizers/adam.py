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
        learning_rate: number, schedule, or function.
        beta_1, beta_2: momenta of the averages.
        epsilon: keeps the division finite ("epsilon hat" of the paper).
        amsgrad: whether to divide by the largest `v` so far.
        **kwargs: see `Optimizer`.

    Sources: https://arxiv.org/abs/1412.6980, https://arxiv.org/abs/1904.09237 (amsgrad)

    >>> import kerata
    >>> kerata.optimizers.Adam(learning_rate=0.01).beta_2
    0.999
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
    """Adam with weight decay: before its step each weight shrinks by `lr * weight_decay` of its size.

    Args:
        learning_rate: number, schedule, or function.
        weight_decay: how much weights decay.
        beta_1, beta_2, epsilon, amsgrad: see `Adam`.
        **kwargs: see `Optimizer`.

    Source: https://arxiv.org/abs/1711.05101

    >>> import kerata
    >>> kerata.optimizers.AdamW().weight_decay
    0.004
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
