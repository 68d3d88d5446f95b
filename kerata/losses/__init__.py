"""Losses: what training makes small."""

from __future__ import annotations

from kerata.core.registry import Registry
from kerata.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
)
from kerata.losses.loss import Loss
from kerata.losses.margin import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from kerata.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from kerata.losses.regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from kerata.losses.segmentation import Dice, Tversky, dice, tversky
from kerata.losses.sequence import CTC, ctc
from kerata.losses.similarity import Circle, CosineSimilarity, circle, cosine_similarity
from kerata.losses.wrapper import LossFunctionWrapper

_CLASSES = (
    BinaryCrossentropy, BinaryFocalCrossentropy, CTC, CategoricalCrossentropy, CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy, CategoricalHinge, Circle, CosineSimilarity, Dice, Hinge, Huber, KLDivergence,
    LogCosh, Loss, LossFunctionWrapper, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge, Tversky,
)  # fmt: skip
_FUNCTIONS = (
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy,
    categorical_generalized_cross_entropy, categorical_hinge, circle, cosine_similarity, ctc, dice, hinge, huber,
    kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
    mean_squared_logarithmic_error, poisson, sparse_categorical_crossentropy, squared_hinge, tversky,
)  # fmt: skip
_SHORT = {
    "bce": binary_crossentropy, "kld": kl_divergence, "mae": mean_absolute_error, "mse": mean_squared_error,
    "mape": mean_absolute_percentage_error, "msle": mean_squared_logarithmic_error,
}  # fmt: skip
_OLD = {  # names of Keras 1 and 2
    "cosine_proximity": cosine_similarity, "kullback_leibler_divergence": kl_divergence, "logcosh": log_cosh,
    "huber_loss": huber,
}  # fmt: skip

_registry = Registry(
    "loss",
    {
        **{x.__name__: x for x in (*_CLASSES, *_FUNCTIONS)},
        **_SHORT,
        **{short.upper(): fn for short, fn in _SHORT.items()},
        **_OLD,
    },
)


def serialize(loss):
    """The class and the config of a loss, as a dictionary that JSON can hold.

    Args:
        loss: a loss object or function.

    Returns:
        A dictionary with "class_name" and "config"; for a function, "config" is its name.

    >>> serialize(MeanSquaredError())["class_name"]
    'MeanSquaredError'
    """
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(loss)


def deserialize(name, custom_objects=None):
    """The loss that a name or a config stands for.

    Args:
        name: a name such as "mse", or what `serialize` gave.
        custom_objects: dictionary from a name to a class or function of your own; None for none.

    Returns:
        A loss object, or the function of that name.

    Raises:
        ValueError: if there is no such loss.

    >>> deserialize("mean_squared_error") is mean_squared_error
    True
    """
    return _registry.deserialize(name, custom_objects)


def get(identifier):
    """A loss from its name, its config, its class, or itself.

    Args:
        identifier: a string, a dictionary that `serialize` gave, a class, an object, or None.

    Returns:
        A loss object or function; None for None.

    Raises:
        ValueError: if it stands for no loss.

    >>> get("mse") is mean_squared_error
    True
    """
    return _registry.get(identifier)


__all__ = [
    *(x.__name__ for x in (*_CLASSES, *_FUNCTIONS) if x is not LossFunctionWrapper), "deserialize", "get", "serialize",
]  # fmt: skip
