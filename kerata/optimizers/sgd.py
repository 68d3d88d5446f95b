"""Gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like
from kerata.optimizers.optimizer import Optimizer, Rate


class SGD(Optimizer):
    """Gradient descent, with or without momentum.

    Without momentum `w -= lr * g`. With it `m = momentum * m - lr * g` and `w += m`; with Nesterov's momentum
    `w += momentum * m - lr * g`.

    Args:
        learning_rate: number, schedule, or function.
        momentum: from 0 to 1.
        nesterov: whether to use Nesterov's momentum.
        **kwargs: see `Optimizer`.

    >>> import kerata
    >>> kerata.optimizers.SGD(0.01, momentum=0.9).momentum
    0.9
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
