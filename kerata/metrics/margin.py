"""Means of margin losses."""

from __future__ import annotations

from kerata.losses import margin as losses
from kerata.metrics.reduction import FunctionMetric


class Hinge(FunctionMetric):
    """Mean hinge loss: see `losses.hinge`.

    >>> m = Hinge()
    >>> m.update_state([[-1.0, 1.0]], [[0.5, 0.5]])
    """

    function = staticmethod(losses.hinge)

    def __init__(self, name="hinge", dtype=None):
        super().__init__(name, dtype)


class SquaredHinge(FunctionMetric):
    """Mean squared hinge loss: see `losses.squared_hinge`.

    >>> m = SquaredHinge()
    >>> m.update_state([[-1.0, 1.0]], [[0.5, 0.5]])
    """

    function = staticmethod(losses.squared_hinge)

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(name, dtype)


class CategoricalHinge(FunctionMetric):
    """Mean hinge loss between classes: see `losses.categorical_hinge`.

    >>> m = CategoricalHinge()
    >>> m.update_state([[0.0, 1.0]], [[0.4, 0.6]])
    """

    function = staticmethod(losses.categorical_hinge)

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(name, dtype)
