"""Adafactor."""

from __future__ import annotations

from typing import Any

from kerata import backend
from kerata.core.configurable import arguments
from kerata.core.variable import Variable
from kerata.optimizers._rules import like, moved, root, step
from kerata.optimizers.optimizer import Optimizer, Rate


class Adafactor(Optimizer):
    """Adam with the mean squares of a matrix kept as those of its rows and columns, so that little memory is needed.

    At step t, `b = 1 - t**beta_2_decay`; r and c average `g**2 + epsilon_1` over columns and rows with
    momentum b; `v = r * c / mean(r)` (for vectors v is the average itself); `u = g / sqrt(v)`, scaled down to
    a root mean square of `clip_threshold`; `w -= max(epsilon_2, rms(w)) * rate * u`, where rate is
    `min(lr, 1 / sqrt(t))` with `relative_step`, else lr.

    Args:
        learning_rate: number, `LearningRateSchedule`, or function without arguments; 0.001 by default.
        beta_2_decay: negative number: how fast the momentum of squares grows; -0.8 by default.
        epsilon_1: the least square; 1e-30 by default.
        epsilon_2: the least scale of a tensor; 0.001 by default.
        clip_threshold: the largest root mean square of u; 1.0 by default.
        relative_step: whether the rate is at most `1 / sqrt(t)`; True by default.
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

    Source: Shazeer and Stern (2018), "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost".

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> optimizer = kerata.optimizers.Adafactor(learning_rate=0.1)
    >>> optimizer.apply([kerata.ops.convert_to_tensor([1.0, -1.0])], [w])
    >>> w.numpy()  # [0.84189, 2.15811]
    """

    def __init__(self, learning_rate: Rate = 0.001, beta_2_decay: float = -0.8, epsilon_1: float = 1e-30,
                 epsilon_2: float = 1e-3, clip_threshold: float = 1.0, relative_step: bool = True,
                 weight_decay: float | None = None, clipnorm: float | None = None,
                 clipvalue: float | None = None, global_clipnorm: float | None = None,
                 use_ema: bool = False, ema_momentum: float = 0.99,
                 ema_overwrite_frequency: int | None = None, loss_scale_factor: float | None = None,
                 gradient_accumulation_steps: int | None = None, name: str | None = None,
                 **kwargs: Any) -> None:  # fmt: skip
        super().__init__(**arguments(locals(), Optimizer))
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: list[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._r, self._c, self._v = [], [], []
        for v in variables:
            if v.overwrite_with_gradient:
                for slots in (self._r, self._c, self._v):
                    slots.append(None)
                continue
            if len(v.shape) < 2:
                self._r.append(self._placeholder(v))
                self._c.append(self._placeholder(v))
            else:
                rows, columns = v.shape[:-1], v.shape[:-2] + v.shape[-1:]
                self._r.append(self.add_variable(rows, dtype=v._dtype, name=v.name))
                self._c.append(self.add_variable(columns, dtype=v._dtype, name=v.name))
            self._v.append(self.add_variable_from_reference(v, "velocity"))

    def _placeholder(self, variable):
        """A scalar in the place of a factor that a vector has not; files have one there."""
        with backend.backend_scope(self._backend):
            placeholder = Variable(0, name=variable.name, trainable=False)
        self._track(placeholder)
        return placeholder

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        i, t, xp = self._get_variable_index(variable), step(self), backend.current().xp
        w = backend.current().convert(variable.value)
        rate = self._relative(learning_rate, t) if self.relative_step else learning_rate
        scale = xp.maximum(_rms(w), backend.current().convert(self.epsilon_2, variable._dtype)) * like(rate, gradient)
        keep = like(self._forget(t), gradient)
        square = gradient * gradient + self.epsilon_1
        if len(variable.shape) >= 2:
            r = moved(self._r[i], xp.mean(square, axis=-1), keep)
            c = moved(self._c[i], xp.mean(square, axis=-2), keep)
            v = xp.expand_dims(r / xp.mean(r, axis=-1, keepdims=True), axis=-1) * xp.expand_dims(c, axis=-2)
            v = self._v[i].assign(v)
        else:
            v = moved(self._v[i], square, keep)
        update = gradient / root(v)
        one = backend.current().convert(1.0, variable._dtype)
        update = update / xp.maximum(one, _rms(update) / self.clip_threshold)
        variable.assign(w - update * scale)

    def _forget(self, t):
        return t**self.beta_2_decay if isinstance(t, int) else backend.current().xp.exp(
            backend.current().xp.log(t) * self.beta_2_decay
        )

    def _relative(self, learning_rate, t):
        if isinstance(t, int) and isinstance(learning_rate, int | float):
            return min(learning_rate, t**-0.5)
        b = backend.current()
        return b.xp.minimum(b.convert(learning_rate, "float32"), 1.0 / b.xp.sqrt(b.convert(t, "float32")))


def _rms(x):
    return root(backend.current().xp.mean(x * x))
