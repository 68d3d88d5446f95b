"""Means of cross-entropies and divergences."""

from __future__ import annotations

from kerata.losses import probabilistic as losses
from kerata.metrics.reduction import FunctionMetric


class KLDivergence(FunctionMetric):
    """Mean Kullback-Leibler divergence: see `losses.kl_divergence`.

    >>> m = KLDivergence()
    >>> m.update_state([[0.5, 0.5]], [[0.25, 0.75]])
    """

    function = staticmethod(losses.kl_divergence)

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(name, dtype)


class Poisson(FunctionMetric):
    """Mean Poisson loss: see `losses.poisson`.

    >>> m = Poisson()
    >>> m.update_state([[1.0, 0.0]], [[1.0, 1.0]])
    """

    function = staticmethod(losses.poisson)

    def __init__(self, name="poisson", dtype=None):
        super().__init__(name, dtype)


class BinaryCrossentropy(FunctionMetric):
    """Mean cross-entropy for targets 0/1: see `losses.binary_crossentropy`.

    >>> m = BinaryCrossentropy()
    >>> m.update_state([[0.0], [1.0]], [[0.1], [0.9]])
    """

    function = staticmethod(losses.binary_crossentropy)

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(FunctionMetric):
    """Mean cross-entropy for one-hot targets: see `losses.categorical_crossentropy`.

    >>> m = CategoricalCrossentropy()
    >>> m.update_state([[0.0, 1.0]], [[0.1, 0.9]])
    """

    function = staticmethod(losses.categorical_crossentropy)

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(FunctionMetric):
    """Mean cross-entropy for integer class labels: see `losses.sparse_categorical_crossentropy`.

    >>> m = SparseCategoricalCrossentropy()
    >>> m.update_state([1], [[0.1, 0.9]])
    """

    function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1
    ):
        super().__init__(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)
