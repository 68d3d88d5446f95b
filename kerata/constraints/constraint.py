"""Constraints: what is done to a weight after each update."""

from __future__ import annotations

from kerata.core import config
from kerata.core.configurable import Configurable


class Constraint(Configurable):
    """Base of constraints: what brings a weight back into an allowed set after each update of the optimizer.

    A subclass defines `__call__(self, w)`, which gives the projected weight, of the same shape and dtype (the base gives
    the weight as it is). Its config is derived from the parameters of its `__init__`.

    >>> class AtMostOne(kerata.constraints.Constraint):
    ...     def __call__(self, w):
    ...         return kerata.ops.minimum(w, 1.0)
    >>> layer = kerata.layers.Dense(2, kernel_constraint=AtMostOne())
    >>> layer.kernel_constraint([0.5, 4.0])  # [0.5, 1.0]
    """

    def __call__(self, w):
        """The weight moved into the allowed set.

        Args:
            w: float tensor of any shape.

        Returns:
            A tensor of the same shape and dtype.
        """
        return w


def _norms(w, axis):
    from kerata import ops

    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Vectors longer than `max_value` are shortened to it: `w * min(|w|, max_value) / |w|`.

    Args:
        max_value: the greatest Euclidean length; 2 by default.
        axis: integer or tuple, the axes along which a vector extends. 0, the default, is right for the kernel of `Dense`,
            of shape (inputs, units); `[0, 1, 2]` for that of `Conv2D`.

    Source: Srivastava et al. (2014), https://jmlr.org/papers/v15/srivastava14a.html

    >>> kerata.constraints.MaxNorm(5.0)([[6.0, 3.0], [8.0, 4.0]])  # [[3.0, 3.0], [4.0, 4.0]]
    """

    def __init__(self, max_value=2, axis=0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w):
        from kerata import ops

        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (config.epsilon() + norms))


class NonNeg(Constraint):
    """Negative elements become zero: `max(w, 0)`.

    >>> kerata.constraints.NonNeg()([-1.0, 2.0])  # [0.0, 2.0]
    """

    def __call__(self, w):
        from kerata import ops

        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Vectors get the Euclidean length 1: `w / |w|`.

    Args:
        axis: integer or tuple, the axes along which a vector extends; 0 by default. See `MaxNorm`.

    >>> kerata.constraints.UnitNorm()([[3.0, 0.0], [4.0, 2.0]])  # [[0.6, 0.0], [0.8, 1.0]]
    """

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        from kerata import ops

        w = ops.convert_to_tensor(w)
        return w / (config.epsilon() + _norms(w, self.axis))


class MinMaxNorm(Constraint):
    """The Euclidean lengths of vectors are brought between two bounds, at once or in part.

    With `n = |w|`, the new length is `rate * clip(n, min_value, max_value) + (1 - rate) * n`.

    Args:
        min_value: the smallest length; 0.0 by default.
        max_value: the greatest length; 1.0 by default.
        rate: how much of the way an update goes, from 0 to 1; 1.0, all of it, by default.
        axis: integer or tuple, the axes along which a vector extends; 0 by default. See `MaxNorm`.

    >>> w = [[6.0, 0.3], [8.0, 0.4]]  # columns of length 10 and 0.5
    >>> kerata.constraints.MinMaxNorm(1.0, 5.0)(w)  # [[3.0, 0.6], [4.0, 0.8]]
    >>> kerata.constraints.MinMaxNorm(0.0, 5.0, rate=0.5)(w)  # [[4.5, 0.3], [6.0, 0.4]]
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w):
        from kerata import ops

        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        wanted = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (wanted / (config.epsilon() + norms))
