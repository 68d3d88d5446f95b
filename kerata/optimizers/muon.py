"""Muon."""

from __future__ import annotations

import re
from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Muon(Optimizer):
    """Momentum whose step on a matrix is made orthogonal (by a few Newton-Schulz steps); AdamW for all else.

    `m = momentum * m + g`, `u = g + momentum * m` (Nesterov) or `m`; u, scaled to norm 1, goes `ns_steps` times through
    `u = a*u + (b*s + c*s@s) @ u` with `s = u @ u.T`; `w -= lr * rms_rate * sqrt(max(rows, columns)) * u`.

    Args:
        learning_rate: number, schedule, or function.
        adam_beta_1, adam_beta_2, epsilon, adam_weight_decay: of AdamW for the other variables.
        exclude_layers: regular expressions; variables whose paths have one of them go to AdamW.
        exclude_embeddings: whether variables with "embedding" in their paths go to AdamW.
        muon_a, muon_b, muon_c: coefficients of the iteration.
        adam_lr_ratio: learning rate of AdamW over that of Muon.
        momentum, nesterov: see the formula.
        ns_steps: number of iterations.
        rms_rate: scale of the step; with None the factor is `sqrt(max(1, rows / columns))` instead.
        **kwargs: see `Optimizer`.

    Sources: https://kellerjordan.github.io/posts/muon, https://arxiv.org/abs/2502.16982

    >>> import kerata
    >>> kerata.optimizers.Muon().ns_steps
    5
    """

    def __init__(self, learning_rate: Rate = 0.001, adam_beta_1: float = 0.9, adam_beta_2: float = 0.999,
                 adam_weight_decay: float | None = 0.004, epsilon: float = 1e-7,
                 weight_decay: float | None = 0.004, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 exclude_layers: list[str] | None = None, exclude_embeddings: bool = True,
                 muon_a: float = 3.4445, muon_b: float = -4.775, muon_c: float = 2.0315,
                 adam_lr_ratio: float = 1, momentum: float = 0.95, ns_steps: int = 5, nesterov: bool = True,
                 rms_rate: float | None = 0.2, **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.adam_beta_1, self.adam_beta_2 = adam_beta_1, adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = exclude_layers or []
        self.exclude_embeddings = exclude_embeddings
        self.muon_a, self.muon_b, self.muon_c = muon_a, muon_b, muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def _should_use_adamw(self, variable) -> bool:
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums, self._velocities = [], []
        for v in variables:
            plain = not v.overwrite_with_gradient
            adam = plain and self._should_use_adamw(v)
            self._momentums.append(self.add_variable_from_reference(v, "momentum") if plain else None)
            self._velocities.append(self.add_variable_from_reference(v, "velocity") if adam else None)

    def _decay_of(self, variable):
        adam = self._velocities[self._get_variable_index(variable)] is not None
        return self.adam_weight_decay if adam else self.weight_decay

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i = self._get_variable_index(variable)
        if self._velocities[i] is None:
            self._muon_step(gradient, variable, self._momentums[i], learning_rate)
        else:
            self._adamw_step(gradient, variable, i, learning_rate * self.adam_lr_ratio)

    def _muon_step(self, gradient, variable, slot, learning_rate):
        m = slot.assign(slot.value * self.momentum + gradient)
        update = self._orthogonal(gradient + m * self.momentum if self.nesterov else m)
        rows, columns = variable.shape
        if self.rms_rate is None:
            scale = max(1.0, rows / columns) ** 0.5
        else:
            scale = max(rows, columns) ** 0.5 * self.rms_rate
        variable.assign(variable.value - update * like(learning_rate * scale, gradient))

    def _orthogonal(self, x):
        """The nearest matrix with singular values about 1."""
        xp = backend.current().xp
        tall = x.shape[0] > x.shape[1]
        x = xp.permute_dims(x, (1, 0)) if tall else x
        x = x / (xp.sqrt(xp.sum(x * x)) + 1e-7)
        for _ in range(self.ns_steps):
            s = xp.matmul(x, xp.permute_dims(x, (1, 0)))
            x = x * self.muon_a + xp.matmul(s * self.muon_b + xp.matmul(s, s) * self.muon_c, x)
        return xp.permute_dims(x, (1, 0)) if tall else x

    def _adamw_step(self, gradient, variable, i, learning_rate):
        t = step(self)
        m = moved(self._momentums[i], gradient, 1 - self.adam_beta_1)
        v = moved(self._velocities[i], gradient * gradient, 1 - self.adam_beta_2)
        rate = learning_rate * (root(correction(self.adam_beta_2, t)) / correction(self.adam_beta_1, t))
        variable.assign(variable.value - m * like(rate, m) / (root(v) + self.epsilon))
