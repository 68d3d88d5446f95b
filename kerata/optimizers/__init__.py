"""Optimizers, and learning rate schedules in `schedules`."""

from kerata.core.errors import did_you_mean
from kerata.optimizers import legacy, schedules
from kerata.optimizers.adadelta import Adadelta
from kerata.optimizers.adafactor import Adafactor
from kerata.optimizers.adagrad import Adagrad
from kerata.optimizers.adam import Adam, AdamW
from kerata.optimizers.adamax import Adamax
from kerata.optimizers.ftrl import Ftrl
from kerata.optimizers.lamb import Lamb
from kerata.optimizers.lion import Lion
from kerata.optimizers.loss_scale import LossScaleOptimizer
from kerata.optimizers.multi import MultiOptimizer, OptimizerMap
from kerata.optimizers.muon import Muon
from kerata.optimizers.nadam import Nadam
from kerata.optimizers.optimizer import Optimizer
from kerata.optimizers.rmsprop import RMSprop
from kerata.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from kerata.optimizers.sgd import SGD

_BY_NAME = {
    cls.__name__.lower(): cls
    for cls in (
        SGD, RMSprop, Adam, AdamW, Adadelta, Adagrad, Adamax, Adafactor, Nadam, Ftrl, Lion, Lamb, Muon,
        ScheduleFreeAdamW, LossScaleOptimizer, MultiOptimizer,
    )
}  # fmt: skip


def serialize(optimizer):
    """The class and the config of an optimizer, as a dictionary that JSON can hold.

    Args:
        optimizer: an optimizer.

    Returns:
        A dictionary with "class_name" and "config"; its slots are not part of it.

    >>> import kerata
    >>> kerata.optimizers.serialize(kerata.optimizers.SGD(momentum=0.5))["config"]["momentum"]
    0.5
    """
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(optimizer)


def deserialize(config, custom_objects=None):
    """An optimizer from what `serialize` gave; "class_name" and "config" are enough, in any case of letters.

    Args:
        config: the dictionary.
        custom_objects: dictionary from a name to a class of your own; None for none.

    Returns:
        A new optimizer.

    Raises:
        TypeError: if there is no such class.

    >>> import kerata
    >>> kerata.optimizers.deserialize({"class_name": "sgd", "config": {"momentum": 0.5}}).momentum
    0.5
    """
    from kerata.saving import deserialize_keras_object

    if isinstance(config, dict):
        known = _BY_NAME.get(str(config.get("class_name")).lower())
        if known is not None and config.get("registered_name") in (None, known.__name__):
            config = {**config, "class_name": known.__name__, "module": "keras.optimizers"}
    return deserialize_keras_object(config, custom_objects=custom_objects)


def get(identifier):
    """An optimizer from its name, its config, or itself.

    Args:
        identifier: a string such as "adam", a dictionary that `serialize` gave, an optimizer, or None.

    Returns:
        An optimizer; None for None.

    Raises:
        ValueError: if it stands for no optimizer.

    >>> import kerata
    >>> type(kerata.optimizers.get("adam")).__name__
    'Adam'
    """
    if identifier is None or isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        from kerata.saving import get_registered_object

        cls = _BY_NAME.get(identifier.lower()) or get_registered_object(identifier)
        if cls is not None:
            return cls()
        known = [c.__name__ for c in _BY_NAME.values()]
        raise ValueError(
            f"There is no optimizer {identifier!r}.{did_you_mean(identifier, known)} "
            f"Known: {', '.join(known)}."
        )
    raise ValueError(
        f"An optimizer is given as an Optimizer, its name, or its config; got {identifier!r}."
    )


__all__ = [
    "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "LossScaleOptimizer",
    "MultiOptimizer", "Muon", "Nadam", "Optimizer", "OptimizerMap", "RMSprop", "ScheduleFreeAdamW", "deserialize", "get",
    "legacy", "schedules", "serialize",
]  # fmt: skip
