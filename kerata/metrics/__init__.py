"""Metrics: what is reported, not optimised."""

from __future__ import annotations

from kerata.core.names import to_snake_case
from kerata.core.registry import Registry
from kerata.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from kerata.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from kerata.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from kerata.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from kerata.metrics.curves import (
    AUC,
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from kerata.metrics.f_score import F1Score, FBetaScore
from kerata.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from kerata.metrics.margin import CategoricalHinge, Hinge, SquaredHinge
from kerata.metrics.metric import Metric
from kerata.metrics.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
)
from kerata.metrics.reduction import Mean, MeanMetricWrapper, Sum
from kerata.metrics.regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    R2Score,
    RootMeanSquaredError,
)

_CLASSES = (
    AUC, Accuracy, BinaryAccuracy, BinaryCrossentropy, BinaryIoU, CategoricalAccuracy, CategoricalCrossentropy,
    CategoricalHinge, ConcordanceCorrelation, CosineSimilarity, F1Score, FBetaScore, FalseNegatives, FalsePositives,
    Hinge, IoU, KLDivergence, LogCoshError, Mean, MeanAbsoluteError, MeanAbsolutePercentageError, MeanIoU,
    MeanMetricWrapper, MeanSquaredError, MeanSquaredLogarithmicError, Metric, OneHotIoU, OneHotMeanIoU,
    PearsonCorrelation, Poisson, Precision, PrecisionAtRecall, R2Score, Recall, RecallAtPrecision,
    RootMeanSquaredError, SensitivityAtSpecificity, SparseCategoricalAccuracy, SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy, SpecificityAtSensitivity, Sum, SquaredHinge, TopKCategoricalAccuracy,
    TrueNegatives, TruePositives,
)  # fmt: skip
_FUNCTIONS = (
    binary_accuracy, binary_crossentropy, binary_focal_crossentropy, categorical_accuracy, categorical_crossentropy,
    categorical_focal_crossentropy, categorical_hinge, concordance_correlation, hinge, huber, kl_divergence, log_cosh,
    mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error,
    pearson_correlation, poisson, sparse_categorical_accuracy, sparse_categorical_crossentropy,
    sparse_top_k_categorical_accuracy, squared_hinge, top_k_categorical_accuracy,
)  # fmt: skip
_SHORT = {
    "bce": BinaryCrossentropy, "mse": MeanSquaredError, "mae": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError, "msle": MeanSquaredLogarithmicError,
}  # fmt: skip
_OLD = {  # names of Keras 1 and 2
    "cosine_proximity": CosineSimilarity, "kullback_leibler_divergence": KLDivergence, "kld": KLDivergence,
    "KLD": KLDivergence, "logcosh": LogCoshError,
}  # fmt: skip
# `to_snake_case` splits these as the public names do not.
_SNAKE = {"f1_score": F1Score, "f_beta_score": FBetaScore, "r2_score": R2Score}

_registry = Registry(
    "metric",
    {
        **{x.__name__: x for x in (*_CLASSES, *_FUNCTIONS)},
        **{to_snake_case(x.__name__): x for x in _CLASSES},
        **_SHORT,
        **{short.upper(): metric for short, metric in _SHORT.items()},
        **_OLD,
        **_SNAKE,
    },
)


def serialize(metric):
    """The class and the config of a metric, as a dictionary that JSON can hold.

    Args:
        metric: a metric object or function.

    Returns:
        A dictionary with "class_name" and "config"; for a function, "config" is its name.

    >>> serialize(Mean())["class_name"]
    'Mean'
    """
    from kerata.saving import serialize_keras_object

    return serialize_keras_object(metric)


def deserialize(config, custom_objects=None):
    """The metric that a name or a config stands for.

    Args:
        config: a name such as "AUC", or what `serialize` gave.
        custom_objects: dictionary from a name to a class or function of your own; None for none.

    Returns:
        A metric object, or the function of that name.

    Raises:
        ValueError: if there is no such metric.

    >>> deserialize("AUC").name
    'auc'
    """
    return _registry.deserialize(config, custom_objects)


def get(identifier):
    """A metric from its name, its config, its class, or itself.

    Args:
        identifier: a string, a dictionary that `serialize` gave, a class, an object, or None.

    Returns:
        A metric object or function; None for None.

    Raises:
        ValueError: if it stands for no metric.

    >>> type(get("mse")).__name__
    'MeanSquaredError'
    """
    return _registry.get(identifier)


__all__ = [*(x.__name__ for x in (*_CLASSES, *_FUNCTIONS)), "deserialize", "get", "serialize"]
