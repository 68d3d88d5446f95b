"""Nadam."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.host_variable import HostVariable
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, power, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Nadam(Optimizer):
    """Adam with Nesterov's momentum.

    The momentum of step t is `u(t) = beta_1 * (1 - 0.5 * 0.96**t)`, and P(t) the product of u(1), ..., u(t);
    `w -= lr * (u(t+1) * m / (1 - P(t+1)) + (1 - u(t)) * g / (1 - P(t))) / (sqrt(v / (1 - beta_2**t)) + epsilon)`.

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

    Source: Dozat (2016), "Incorporating Nesterov Momentum into Adam".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Nadam(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.89372, 2.10628]
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
        with backend.backend_scope(self._backend):
            self._u_product = HostVariable(1.0, dtype=variables[0]._dtype if variables else None)

    def _u(self, t):
        return (power(0.96, t) * -0.5 + 1) * self.beta_1

    def _begin_update(self):
        product, u = self._u_product, self._u(step(self))
        if product.on_host:
            product.set_host(product.get_host() * u)
        else:
            product.assign(product.value * like(u, backend.current().convert(product.value)))

    def _factors(self):
        """What multiplies m, g and v in this step."""
        t, p = step(self), self._u_product
        u, following = self._u(t), self._u(t + 1)
        product = p.get_host() if p.on_host else backend.current().cast(backend.current().convert(p.value), "float32")
        return following / (1 - product * following), (1 - u) / (1 - product), 1 / correction(self.beta_2, t)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i = self._get_variable_index(variable)
        of_m, of_g, of_v = (like(x, gradient) for x in self._factors())
        m = moved(self._momentums[i], gradient, 1 - self.beta_1)
        v = moved(self._velocities[i], gradient * gradient, 1 - self.beta_2)
        change = (m * of_m + gradient * of_g) * like(learning_rate, gradient) / (root(v * of_v) + self.epsilon)
        variable.assign(variable.value - change)
