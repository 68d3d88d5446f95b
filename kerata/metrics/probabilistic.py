"""Means of cross-entropies and divergences."""

from __future__ import annotations

from kerata.losses import probabilistic as losses
from kerata.metrics.reduction import FunctionMetric


class KLDivergence(FunctionMetric):
    """Mean Kullback-Leibler divergence; the formula stands at `losses.kl_divergence`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = KLDivergence()
    >>> m.update_state([[0.5, 0.5]], [[0.25, 0.75]])
    >>> m.result()  # 0.14384
    """

    function = staticmethod(losses.kl_divergence)

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(name, dtype)


class Poisson(FunctionMetric):
    """Mean Poisson loss; the formula stands at `losses.poisson`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = Poisson()
    >>> m.update_state([[1.0, 0.0]], [[2.0, 1.0]])
    >>> m.result()  # 1.15343
    """

    function = staticmethod(losses.poisson)

    def __init__(self, name="poisson", dtype=None):
        super().__init__(name, dtype)


class BinaryCrossentropy(FunctionMetric):
    """Mean cross-entropy for targets 0 or 1; the formula stands at `losses.binary_crossentropy`.

    Args:
        from_logits: whether predictions are logits, which go through a sigmoid first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / 2`; 0 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = BinaryCrossentropy()
    >>> m.update_state([[0.0], [1.0]], [[0.1], [0.9]])
    >>> m.result()  # 0.10536
    """

    function = staticmethod(losses.binary_crossentropy)

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(FunctionMetric):
    """Mean cross-entropy for one-hot targets; the formula stands at `losses.categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits, which go through a softmax first; False by default.
        label_smoothing: s from 0 to 1: targets become `y_true * (1 - s) + s / classes`; 0 by default.
        axis: integer: the axis of the classes; -1 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = CategoricalCrossentropy()
    >>> m.update_state([[0.0, 1.0]], [[0.1, 0.9]])
    >>> m.result()  # 0.10536
    """

    function = staticmethod(losses.categorical_crossentropy)

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        super().__init__(name, dtype, from_logits=from_logits, label_smoothing=label_smoothing, axis=axis)


class SparseCategoricalCrossentropy(FunctionMetric):
    """Mean cross-entropy for integer labels; the formula stands at `losses.sparse_categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits, which go through a softmax first; False by default.
        ignore_class: a label whose positions do not count; None for none.
        axis: integer: the axis of the classes; -1 by default.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = SparseCategoricalCrossentropy()
    >>> m.update_state([1], [[0.1, 0.9]])
    >>> m.result()  # 0.10536
    """

    function = staticmethod(losses.sparse_categorical_crossentropy)

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1
    ):
        super().__init__(name, dtype, from_logits=from_logits, ignore_class=ignore_class, axis=axis)
