"""Constraints: what is done to a weight after each update."""

from __future__ import annotations

from kerata.core import config
from kerata.core.configurable import Configurable


class Constraint(Configurable):
    """Base of constraints: a subclass defines `__call__(self, w)`, which gives the projected weight."""

    def __call__(self, w):
        """The weight moved into the allowed set; same shape and dtype."""
        raise NotImplementedError(f"{type(self).__name__} must define `__call__(self, w)`.")


def _norms(w, axis):
    from kerata import ops

    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Vectors along `axis` are shortened to at most `max_value` (Srivastava et al., 2014)."""

    def __init__(self, max_value=2, axis=0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w):
        from kerata import ops

        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (config.epsilon() + norms))


class NonNeg(Constraint):
    """Negative elements become zero."""

    def __call__(self, w):
        from kerata import ops

        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Vectors along `axis` get length 1."""

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        from kerata import ops

        w = ops.convert_to_tensor(w)
        return w / (config.epsilon() + _norms(w, self.axis))


class MinMaxNorm(Constraint):
    """The lengths of vectors along `axis` are brought between `min_value` and `max_value`.

    Args:
        min_value, max_value: the bounds.
        rate: 1 goes all the way; less, a part of it.
        axis: along which lengths are taken.
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w):
        from kerata import ops

        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (config.epsilon() + norms))
