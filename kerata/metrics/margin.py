"""Means of margin losses."""

from __future__ import annotations

from kerata.losses import margin as losses
from kerata.metrics.reduction import FunctionMetric


class Hinge(FunctionMetric):
    """Mean hinge loss; the formula stands at `losses.hinge`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = Hinge()
    >>> m.update_state([[-1.0, 1.0]], [[0.5, 0.5]])
    >>> m.result()  # 1
    """

    function = staticmethod(losses.hinge)

    def __init__(self, name="hinge", dtype=None):
        super().__init__(name, dtype)


class SquaredHinge(FunctionMetric):
    """Mean squared hinge loss; the formula stands at `losses.squared_hinge`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = SquaredHinge()
    >>> m.update_state([[-1.0, 1.0]], [[0.5, 0.5]])
    >>> m.result()  # 1.25
    """

    function = staticmethod(losses.squared_hinge)

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(name, dtype)


class CategoricalHinge(FunctionMetric):
    """Mean hinge loss between classes; the formula stands at `losses.categorical_hinge`.

    `update_state` takes `y_true`, `y_pred` and perhaps `sample_weight` `(batch,)`; `result` gives a scalar.

    >>> m = CategoricalHinge()
    >>> m.update_state([[0.0, 1.0]], [[0.4, 0.6]])
    >>> m.result()  # 0.8
    """

    function = staticmethod(losses.categorical_hinge)

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(name, dtype)
