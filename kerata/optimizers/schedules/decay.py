"""Schedules that fall step by step: exponential, inverse time, polynomial, by a table."""

from __future__ import annotations

from typing import Any

from kerata.core.configurable import arguments
from kerata.optimizers.schedules.schedule import LearningRateSchedule, check_positive, number


class _Decay(LearningRateSchedule):
    """Base: a rate that falls with p = step / decay_steps, which may be rounded down."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool,
                 name: str) -> None:  # fmt: skip
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def _progress(self, step):
        from kerata import ops

        p = number(step) / self.decay_steps
        return ops.floor(p) if self.staircase else p


class ExponentialDecay(_Decay):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: number: the rate at step 0.
        decay_steps: integer: the number of steps that multiply the rate by `decay_rate`.
        decay_rate: number: the factor.
        staircase: whether the exponent is rounded down; False by default.

    Called with a step, an integer, it gives the rate as a scalar tensor of floatx.

    Raises:
        ValueError: if the number of steps is not above 0.

    >>> import kerata
    >>> kerata.optimizers.schedules.ExponentialDecay(1.0, decay_steps=10, decay_rate=0.5)(20)  # 0.25
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float,
                 staircase: bool = False, name: str = "ExponentialDecay") -> None:  # fmt: skip
        super().__init__(**arguments(locals()))

    def __call__(self, step: Any) -> Any:
        from kerata import ops

        return self.initial_learning_rate * ops.power(number(self.decay_rate), self._progress(step))


class InverseTimeDecay(_Decay):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: number: the rate at step 0.
        decay_steps: integer: the unit in which steps are counted.
        decay_rate: number: the fall in one unit.
        staircase: whether `step / decay_steps` is rounded down; False by default.

    Called with a step, an integer, it gives the rate as a scalar tensor of floatx.

    Raises:
        ValueError: if the number of steps is not above 0.

    >>> import kerata
    >>> kerata.optimizers.schedules.InverseTimeDecay(1.0, decay_steps=10, decay_rate=1.0)(30)  # 0.25
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float,
                 staircase: bool = False, name: str = "InverseTimeDecay") -> None:  # fmt: skip
        super().__init__(**arguments(locals()))

    def __call__(self, step: Any) -> Any:
        return self.initial_learning_rate / (1 + self.decay_rate * self._progress(step))


class PolynomialDecay(LearningRateSchedule):
    """From the initial rate to the end rate in `decay_steps` steps: `(initial - end) * (1 - p)**power + end`.

    Here `p = min(step / decay_steps, 1)`.

    Args:
        initial_learning_rate: number: the rate at step 0.
        decay_steps: integer: the steps of the fall.
        end_learning_rate: number: the rate after them; 0.0001 by default.
        power: number; 1.0 (the default) is linear.
        cycle: whether it begins again when the end is reached, with `decay_steps` times 2, 3, ... in all;
            False by default.

    Called with a step, an integer, it gives the rate as a scalar tensor of floatx.

    Raises:
        ValueError: if the number of steps is not above 0.

    >>> import kerata
    >>> kerata.optimizers.schedules.PolynomialDecay(1.0, decay_steps=10, end_learning_rate=0.0)(5)  # 0.5
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, end_learning_rate: float = 0.0001,
                 power: float = 1.0, cycle: bool = False, name: str = "PolynomialDecay") -> None:  # fmt: skip
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        from kerata import ops

        p = number(step) / self.decay_steps
        if self.cycle:
            p = p / ops.maximum(ops.ceil(p), 1.0)
        else:
            p = ops.minimum(p, 1.0)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(1 - p, self.power) + self.end_learning_rate


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` for steps after `boundaries[i - 1]`, up to and with `boundaries[i]`.

    Args:
        boundaries: list of rising step numbers.
        values: list of rates, one more than boundaries.

    Called with a step, an integer, it gives the rate as a scalar tensor of floatx.

    Raises:
        ValueError: if the lengths do not go together.

    >>> import kerata
    >>> schedule = kerata.optimizers.schedules.PiecewiseConstantDecay([2], [1.0, 0.5])
    >>> schedule(2)  # 1
    >>> schedule(3)  # 0.5
    """

    def __init__(self, boundaries: list, values: list, name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                f"PiecewiseConstantDecay has a value before, between and after the boundaries: {len(boundaries)} boundaries "
                f"take {len(boundaries) + 1} values; got {len(values)}: boundaries={boundaries}, values={values}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Any:
        from kerata import ops

        step = number(step)
        rate = number(self.values[-1])
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1])):
            rate = ops.where(step <= boundary, number(value), rate)
        return rate
