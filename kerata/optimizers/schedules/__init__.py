"""Learning rates that change with the number of steps."""

from kerata.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from kerata.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from kerata.optimizers.schedules.schedule import LearningRateSchedule


def serialize(learning_rate_schedule):
    """The class and the config of a schedule, as a dictionary that JSON can hold.

    Args:
        learning_rate_schedule: a schedule.

    Returns:
        A dictionary with "class_name" and "config".

    >>> serialize(CosineDecay(1.0, 10))["class_name"]
    'CosineDecay'
    """
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(learning_rate_schedule)


def deserialize(config, custom_objects=None):
    """A schedule from what `serialize` gave; "class_name" and "config" are enough.

    Args:
        config: the dictionary.
        custom_objects: dictionary from a name to a class of your own; None for none.

    Returns:
        A new schedule.

    Raises:
        TypeError: if there is no such class.

    >>> deserialize(serialize(CosineDecay(1.0, 10))).decay_steps
    10
    """
    from kerata.saving import deserialize_keras_object

    if isinstance(config, dict) and "module" not in config:
        config = {"module": "keras.optimizers.schedules", **config}
    return deserialize_keras_object(config, custom_objects=custom_objects)


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
