"""Adagrad."""

from __future__ import annotations

from kerata.initializers import Constant
from kerata.optimizers._rules import like, root
from kerata.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of all its squares: `a += g**2`, `w -= lr * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: number, schedule, or function.
        initial_accumulator_value: what the sum starts from.
        epsilon: keeps the division finite.
        **kwargs: see `Optimizer`.

    Source: https://jmlr.org/papers/v12/duchi11a.html

    >>> import kerata
    >>> kerata.optimizers.Adagrad().initial_accumulator_value
    0.1
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None,
                 use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,
                 gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs
        )
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._accumulators = self.add_optimizer_variables(
            variables, "accumulator", Constant(self.initial_accumulator_value)
        )

    def update_step(self, gradient, variable, learning_rate):
        slot = self._accumulators[self._get_variable_index(variable)]
        total = slot.assign(slot.value + gradient * gradient)
        step = gradient * like(learning_rate, gradient) / root(total + self.epsilon)
        variable.assign(variable.value - step)
