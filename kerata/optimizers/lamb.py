"""Lamb."""

from __future__ import annotations

from kerata import backend
from kerata.optimizers._rules import correction, like, moved, root, step
from kerata.optimizers.optimizer import Optimizer


class Lamb(Optimizer):
    """Adam whose step on each tensor is scaled to the tensor's norm, for very large batches.

    With Adam's corrected averages, `u = m / (sqrt(v) + epsilon)`, `w -= lr * |w| / |u| * u` (lr * u where a norm is 0).

    Args:
        learning_rate: number, schedule, or function.
        beta_1, beta_2: momenta of the averages.
        epsilon: keeps the division finite.
        **kwargs: see `Optimizer`.

    Source: https://arxiv.org/abs/1904.00962

    >>> import kerata
    >>> kerata.optimizers.Lamb().beta_2
    0.999
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, weight_decay=None, clipnorm=None, clipvalue=None, global_clipnorm=None,
                 use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,
                 gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs
        )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])

    def update_step(self, gradient, variable, learning_rate):
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
