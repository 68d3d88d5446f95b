"""Follow the regularised leader."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.initializers import Constant
from kerata.optimizers._rules import like, root
from kerata.optimizers.optimizer import Optimizer, Rate


class Ftrl(Optimizer):
    """"Follow the regularised leader", for large sparse linear models.

    With `p = -learning_rate_power`, `n' = n + g**2` and `g* = g + 2 * l2_shrinkage * w`:
    `z += g* - (n'**p - n**p) / lr * w`, `q = n'**p / lr + 2 * (l2 + beta / (2 * lr))`,
    `w = (clip(z, -l1, l1) - z) / q`.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        learning_rate_power: number of at most 0: how the rate falls (0: it stays); -0.5 by default.
        initial_accumulator_value: number of at least 0: what n starts from; 0.1 by default.
        l1_regularization_strength: `l1`, of at least 0; 0.0 by default.
        l2_regularization_strength: `l2`, of at least 0; 0.0 by default.
        l2_shrinkage_regularization_strength: `l2_shrinkage`, of at least 0, a penalty that acts through the
            gradient; 0.0 by default.
        beta: the paper's; 0.0 by default.
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
        ValueError: if `learning_rate_power` is positive, or a strength negative.

    Source: McMahan et al. (2013), "Ad Click Prediction: a View from the Trenches".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Ftrl(learning_rate=0.1, l1_regularization_strength=50.0)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0, 0]
    """

    def __init__(self, learning_rate: Rate = 0.001, learning_rate_power: float = -0.5,
                 initial_accumulator_value: float = 0.1, l1_regularization_strength: float = 0.0,
                 l2_regularization_strength: float = 0.0, l2_shrinkage_regularization_strength: float = 0.0,
                 beta: float = 0.0, weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        if learning_rate_power > 0:
            raise ValueError(
                f"`learning_rate_power` of Ftrl is at most 0; got {learning_rate_power}."
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        for name in (
            "initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):  # fmt: skip
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` of Ftrl is at least 0; got {getattr(self, name)}.")
        self.beta = beta

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._accumulators, self._linears = self.add_optimizer_variables(
            variables, ["accumulator", "linear"], [Constant(self.initial_accumulator_value), "zeros"]
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i, xp = self._get_variable_index(variable), backend.current().xp
        rate, l1 = like(learning_rate, gradient), self.l1_regularization_strength
        w, n, p = variable.value, self._accumulators[i], -self.learning_rate_power
        total = n.value + gradient * gradient
        before, after = (root(x) if p == 0.5 else x**p for x in (n.value * 1, total))
        pushed = gradient + w * (2 * self.l2_shrinkage_regularization_strength)
        z = self._linears[i]
        z = z.assign(z.value + pushed - (after - before) / rate * w)
        quadratic = after / rate + 2 * (self.l2_regularization_strength + self.beta / (2 * rate))
        n.assign(total)
        variable.assign((xp.clip(z, -l1, l1) - z) / quadratic)
