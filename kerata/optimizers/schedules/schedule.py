"""The base class of learning rate schedules."""

from __future__ import annotations

from typing import Any

from kerata.core import config
from kerata.core.configurable import Configurable


class LearningRateSchedule(Configurable):
    """The base class of learning rate schedules: a subclass defines `__call__(self, step)`, which gives the rate.

    >>> import kerata
    >>> class Halving(kerata.optimizers.schedules.LearningRateSchedule):
    ...     def __call__(self, step):
    ...         return 0.1 * 0.5 ** kerata.ops.cast(step, "float32")
    >>> Halving()(2)  # 0.025
    """

    def __init__(self) -> None:
        pass

    def __call__(self, step: Any) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} gives no rate yet: define `__call__(self, step)`."
        )


def check_positive(name: str, value) -> None:
    """ValueError unless the number of steps is above 0."""
    if value <= 0:
        raise ValueError(f"`{name}` of a learning rate schedule is above 0; got {value}.")


def number(x):
    """A step or rate as a tensor of the default float type."""
    from kerata import ops

    return ops.cast(ops.convert_to_tensor(x), config.floatx())
