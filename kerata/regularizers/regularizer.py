"""Regularizers: penalties on weights or activations that join the loss."""

from __future__ import annotations

import math

from kerata.core.configurable import Configurable


class Regularizer(Configurable):
    """Base of regularizers: a penalty on a weight or an activation that is added to the loss.

    A subclass defines `__call__(self, x)`, which gives a scalar (the base gives 0.0). Its config is derived from the
    parameters of `__init__`.

    >>> class Sum(kerata.regularizers.Regularizer):
    ...     def __call__(self, x):
    ...         return kerata.ops.sum(x)
    >>> layer = kerata.layers.Dense(2, kernel_initializer="ones", kernel_regularizer=Sum())
    >>> layer.build((None, 3))
    >>> layer.losses  # [6.0]
    """

    def __call__(self, x):
        """The penalty for a tensor.

        Args:
            x: float tensor of any shape.

        Returns:
            A scalar tensor of the dtype of `x`.
        """
        return 0.0


def _factor(value, name: str, who: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise ValueError(f"`{name}` of {who} must be a finite number of at least 0; got {value!r}.")
    return float(value)


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1: finite number of at least 0, the weight of the first term; 0.0 by default.
        l2: finite number of at least 0, the weight of the second; 0.0 by default.

    Raises:
        ValueError: if a factor is negative or no finite number.

    >>> kerata.regularizers.L1L2(l1=1.0, l2=2.0)([1.0, -2.0])  # 13.0
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _factor(0.0 if l1 is None else l1, "l1", "L1L2")
        self.l2 = _factor(0.0 if l2 is None else l2, "l2", "L1L2")

    def __call__(self, x):
        from kerata import ops

        x = ops.convert_to_tensor(x)
        total = 0.0
        if self.l1:
            total = total + ops.multiply(self.l1, ops.sum(ops.absolute(x)))
        if self.l2:
            total = total + ops.multiply(self.l2, ops.sum(ops.square(x)))
        return ops.convert_to_tensor(total, dtype=x.dtype) if isinstance(total, float) else total


class L1(Regularizer):
    """`l1 * sum(|x|)`, which drives weights to exactly zero.

    Args:
        l1: finite number of at least 0; 0.01 by default.

    Raises:
        ValueError: if `l1` is negative or no finite number.

    >>> kerata.regularizers.L1(0.1)([1.0, -2.0])  # 0.3
    """

    def __init__(self, l1=0.01):
        self.l1 = _factor(0.01 if l1 is None else l1, "l1", "L1")

    def __call__(self, x):
        from kerata import ops

        return ops.multiply(self.l1, ops.sum(ops.absolute(x)))


class L2(Regularizer):
    """`l2 * sum(x**2)`, which keeps weights small.

    Args:
        l2: finite number of at least 0; 0.01 by default.

    Raises:
        ValueError: if `l2` is negative or no finite number.

    >>> kerata.regularizers.L2(0.1)([1.0, -2.0])  # 0.5
    """

    def __init__(self, l2=0.01):
        self.l2 = _factor(0.01 if l2 is None else l2, "l2", "L2")

    def __call__(self, x):
        from kerata import ops

        return ops.multiply(self.l2, ops.sum(ops.square(x)))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean absolute cosine between different rows (or columns) of a matrix.

    Args:
        factor: finite number of at least 0; 0.01 by default.
        mode: "rows" (the default) or "columns": which vectors should become orthogonal.

    Raises:
        ValueError: for another `mode`, a factor that is negative or no finite number; and, when called, for what is no matrix.

    >>> penalty = kerata.regularizers.OrthogonalRegularizer(factor=1.0)
    >>> penalty([[1.0, 0.0], [0.0, 2.0]])  # 0.0
    >>> penalty([[1.0, 0.0], [3.0, 0.0]])  # 1.0
    """

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"`mode` of OrthogonalRegularizer is 'rows' or 'columns'; got {mode!r}.")
        self.factor, self.mode = _factor(factor, "factor", "OrthogonalRegularizer"), mode

    def __call__(self, x):
        from kerata import ops

        x = ops.convert_to_tensor(x)
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer takes matrices; it was given the shape {tuple(x.shape)}.")
        if self.mode == "columns":
            x = ops.transpose(x)
        x = x / (ops.sqrt(ops.sum(ops.square(x), axis=1, keepdims=True)) + 1e-7)
        n = int(x.shape[0])
        products = ops.matmul(x, ops.transpose(x)) * (1.0 - ops.eye(n, dtype=x.dtype))
        pairs = n * (n - 1.0) / 2.0
        return self.factor * 0.5 * ops.sum(ops.absolute(products)) / max(pairs, 1.0)
