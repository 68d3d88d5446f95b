"""Schedules that fall along a cosine."""

from __future__ import annotations

import math
from typing import Any

from kerata.optimizers.schedules.schedule import LearningRateSchedule, check_positive, number


class CosineDecay(LearningRateSchedule):
    """From the initial rate down to `alpha` times it, along half a cosine, after a warmup if wanted.

    With `p = min(step / decay_steps, 1)`: `rate * ((1 - alpha) * (1 + cos(pi * p)) / 2 + alpha)`. With a
    warmup the rate first grows to `warmup_target` in `warmup_steps` steps, and falls from there.

    Args:
        initial_learning_rate: number: the rate at step 0.
        decay_steps: integer: the steps of the fall.
        alpha: number: what is left at the end, as a fraction; 0.0 by default.
        warmup_target: number: the rate at the end of the warmup; None for no warmup.
        warmup_steps: integer: the steps of the warmup; 0 by default.

    Called with a step, an integer, it gives the rate as a scalar tensor of floatx.

    Raises:
        ValueError: if the number of steps is not above 0.

    Source: Loshchilov and Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts".

    >>> import kerata
    >>> kerata.optimizers.schedules.CosineDecay(1.0, decay_steps=10)(5)  # 0.5
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, alpha: float = 0.0,
                 name: str = "CosineDecay", warmup_target: float | None = None,
                 warmup_steps: int = 0) -> None:  # fmt: skip
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def _fall(self, step, rate: float):
        from kerata import ops

        p = ops.minimum(step / self.decay_steps, 1.0)
        return rate * ((1 - self.alpha) * 0.5 * (1 + ops.cos(math.pi * p)) + self.alpha)

    def __call__(self, step: Any) -> Any:
        from kerata import ops

        step = number(step)
        if self.warmup_target is None:
            return self._fall(step, self.initial_learning_rate)
        growth = (self.warmup_target - self.initial_learning_rate) / max(self.warmup_steps, 1)
        warm = self.initial_learning_rate + growth * step
        return ops.where(step < self.warmup_steps, warm, self._fall(step - self.warmup_steps, self.warmup_target))


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decays one after another, each `t_mul` times as long, and starting `m_mul` times as high, as the last.

    Args:
        initial_learning_rate: number: the rate at step 0.
        first_decay_steps: integer: the steps of the first fall.
        t_mul: number: the factor of lengths; 2.0 by default.
        m_mul: number: the factor of heights; 1.0 by default.
        alpha: number: what is left at the end of a fall, as a fraction of the initial rate; 0.0 by default.

    Called with a step, an integer, it gives the rate as a scalar tensor of floatx.

    Raises:
        ValueError: if the number of steps is not above 0.

    Source: Loshchilov and Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts".

    >>> import kerata
    >>> schedule = kerata.optimizers.schedules.CosineDecayRestarts(1.0, first_decay_steps=10)
    >>> schedule(5)  # 0.5
    >>> schedule(10)  # 1
    """

    def __init__(self, initial_learning_rate: float, first_decay_steps: int, t_mul: float = 2.0,
                 m_mul: float = 1.0, alpha: float = 0.0, name: str = "SGDRDecay") -> None:  # fmt: skip
        check_positive("first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        from kerata import ops

        p = number(step) / self.first_decay_steps
        if self.t_mul == 1:
            i = ops.floor(p)
            p = p - i
        else:
            t = number(self.t_mul)
            i = ops.floor(ops.log(1 - p * (1 - t)) / ops.log(t))
            length = ops.power(t, i)
            p = (p - (1 - length) / (1 - t)) / length
        height = ops.power(number(self.m_mul), i)
        fall = 0.5 * height * (1 + ops.cos(math.pi * p))
        return self.initial_learning_rate * ((1 - self.alpha) * fall + self.alpha)
