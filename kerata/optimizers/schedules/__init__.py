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
    """The dictionary from which `deserialize` makes an equal schedule."""
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(learning_rate_schedule)


def deserialize(config, custom_objects=None):
    """A schedule from what `serialize` gave; `{"class_name", "config"}` is enough."""
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
