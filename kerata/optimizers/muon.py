"""Muon."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.patterns import check_from_file, fits
from kerata.core.variable import Variable
from kerata.optimizers._rules import correction, like, moved, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Muon(Optimizer):
    """Momentum whose step on a matrix is made orthogonal by a few Newton-Schulz steps; AdamW for all else.

    `m = momentum * m + g`, `u = g + momentum * m` (Nesterov) or m; u, scaled to norm 1, goes `ns_steps` times
    through `u = a*u + (b*s + c*s@s) @ u` with `s = u @ u.T`;
    `w -= lr * rms_rate * sqrt(max(rows, columns)) * u`.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        adam_beta_1: AdamW's momentum of the gradient; 0.9 by default.
        adam_beta_2: AdamW's momentum of the square; 0.999 by default.
        adam_weight_decay: AdamW's decay; 0.004 by default, None for none.
        epsilon: AdamW's small number; 1e-7 by default.
        weight_decay: decay of the matrices: they shrink by `learning_rate * weight_decay` of their size;
            0.004 by default.
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
        exclude_layers: list of regular expressions: variables whose paths have one of them go to AdamW; None
            for none.
        exclude_embeddings: whether variables with "embedding" in their paths go to AdamW; True by default.
        muon_a, muon_b, muon_c: coefficients a, b, c of the iteration; 3.4445, -4.775 and 2.0315.
        adam_lr_ratio: AdamW's learning rate over that of the matrices; 1 by default.
        momentum: from 0 to 1; 0.95 by default.
        ns_steps: integer: rounds of the iteration; 5 by default.
        nesterov: whether the momentum is Nesterov's; True by default.
        rms_rate: the step's scale; 0.2 by default. With None the factor is `sqrt(max(1, rows / columns))`
            instead.

    Raises:
        ValueError: if gradients are clipped in two ways, or an option is out of its range.

    Source: Jordan et al. (2024), "Muon: An Optimizer for Hidden Layers in Neural Networks"; Liu et al.
    (2025), "Muon is Scalable for LLM Training".

    >>> import kerata
    >>> w = kerata.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> kerata.optimizers.Muon(learning_rate=0.1).apply([kerata.ops.ones((2, 2))], [w])
    >>> w.shape
    (2, 2)
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

    @classmethod
    def from_config(cls, config: dict, custom_objects=None):
        """An optimizer from what `get_config` gave.

        Args:
            config: that dictionary.
            custom_objects: dictionary of names and classes of yours (learning rate schedules); None by default.
        """
        found = config.get("exclude_layers")
        for pattern in found if isinstance(found, list | tuple) else ():
            check_from_file(pattern, "The `exclude_layers` of a Muon")
        return super().from_config(config, custom_objects)

    def _should_use_adamw(self, variable) -> bool:
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(fits(pattern, variable.path, anywhere=True) for pattern in self.exclude_layers)

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
