"""Rounding to integers by the largest magnitude, and by the range of groups."""

from __future__ import annotations

import math

import numpy as np

from kerata import ops
from kerata.core import config, dtypes
from kerata.core.configurable import Configurable


class Quantizer(Configurable):
    """Base of quantizers: called on a tensor, a subclass gives its quantized form.

    Args:
        output_dtype: the dtype of the quantized values; "int8" by default.

    >>> kerata.Quantizer("int8").output_dtype
    'int8'
    """

    def __init__(self, output_dtype="int8"):
        self.output_dtype = output_dtype

    def __call__(self, x):
        return x

    def get_config(self) -> dict:
        """A JSON-ready dictionary; subclasses give it."""
        if type(self) is Quantizer:
            raise NotImplementedError("The base class Quantizer has no config: use AbsMaxQuantizer, or define `get_config`.")
        return super().get_config()


class AbsMaxQuantizer(Quantizer):
    """`round(x * scale)` with `scale = highest / max(|x|)`, the maximum being taken along some axes.

    Called on a float tensor (and `axis`, `to_numpy`, see `abs_max_quantize`), it gives `(integers, scale)`.

    Args:
        axis: integer or tuple, axes of the maximum, where the call names none; the last by default.
        value_range: lowest and highest integer; (-127, 127) by default.
        epsilon: added to the maximum, so that zeros have a scale; 1e-07 by default.
        output_dtype: dtype of the integers; "int8" by default.

    >>> integers, scale = kerata.quantizers.AbsMaxQuantizer()([[1.0, -2.0]])
    >>> integers.tolist(), float(scale[0, 0])
    ([[64, -127]], 63.5)
    """

    _config_optional = frozenset(("axis",))

    def __init__(self, axis=None, value_range=(-127, 127), epsilon=1e-7, output_dtype="int8"):
        super().__init__(output_dtype)
        self.axis = (axis,) if isinstance(axis, int) else None if axis is None else tuple(axis)
        self.value_range = tuple(value_range)
        self.epsilon = epsilon
        if output_dtype == "int8" and (value_range[0] < -128 or value_range[1] > 127):
            raise ValueError(f"int8 holds -128 to 127; `value_range` is {value_range!r}.")

    def __call__(self, x, axis=None, to_numpy=False):
        """`(integers, scale)` of `x`; see `abs_max_quantize`."""
        axis = self.axis if axis is None else axis
        return abs_max_quantize(
            x, -1 if axis is None else axis, self.value_range, self.output_dtype, self.epsilon, to_numpy=to_numpy
        )


def _host(x) -> np.ndarray:
    """`x` as a NumPy array in which arithmetic is exact enough (bfloat16 is widened by NumPy's own rules)."""
    return ops.convert_to_numpy(x)


def abs_max_quantize(inputs, axis, value_range=(-127, 127), dtype="int8", epsilon=1e-7, to_numpy=False):
    """Round to integers by the largest magnitude: `round(inputs * scale)`, `scale = value_range[1] / (max(|inputs|) + epsilon)`.

    Args:
        inputs: float tensor (integers count as floats).
        axis: integer or tuple, axes of the maximum; None for all.
        value_range: lowest and highest integer; (-127, 127) by default.
        dtype: dtype of the integers; "int8" by default.
        epsilon: added to the maximum; 1e-07 by default.
        to_numpy: whether to compute in the host's memory, which spares the device's; False by default.

    Returns:
        `(integers, scale)`, the scale with the axes kept as 1. Divide the integers by it to get the values back.

    >>> kerata.quantizers.abs_max_quantize([3.0, -6.0], axis=0)[0]  # [64, -127]
    """
    inputs = ops.convert_to_tensor(inputs)
    if ops.dtype(inputs) not in dtypes.FLOATS:
        inputs = ops.cast(inputs, config.floatx())
    kept = ops.dtype(inputs)
    low, high = value_range
    axis = tuple(axis) if isinstance(axis, list) else axis
    if to_numpy:
        x = _host(inputs)
        scale = np.divide(high, np.add(np.max(np.abs(x), axis=axis, keepdims=True), epsilon))
        integers = np.clip(np.round(np.multiply(x, scale)), low, high).astype(dtype)
        return ops.convert_to_tensor(integers), ops.convert_to_tensor(scale, dtype=kept)
    scale = ops.cast(ops.divide(high, ops.add(ops.max(ops.abs(inputs), axis=axis, keepdims=True), epsilon)), kept)
    integers = ops.clip(ops.round(ops.multiply(inputs, scale)), low, high)
    return ops.cast(integers, dtype), scale


def abs_max_quantize_grouped_with_zero_point(inputs, block_size, value_range=(-8, 7), dtype="int8", epsilon=1e-7,
                                             to_numpy=False):  # fmt: skip
    """Round a matrix to integers by the range of each group of rows: `round(inputs / scale) + zero_point`.

    Each group of `block_size` rows has, in each column, `scale = (max - min + epsilon) / (high - low)` and the integer
    `zero_point` that stands for 0.

    Args:
        inputs: float matrix (rows, columns).
        block_size: rows in a group; the last group may have fewer.
        value_range: lowest and highest integer; (-8, 7) by default.
        dtype: dtype of the integers; "int8" by default.
        epsilon: added to the range; 1e-07 by default.
        to_numpy: whether to compute in the host's memory; False by default.

    Returns:
        `(integers, scale, zero_point)` of shapes (rows, columns), (groups, columns), (groups, columns).

    Raises:
        ValueError: for what is no matrix.

    >>> q, scale, zero = kerata.quantizers.abs_max_quantize_grouped_with_zero_point(kerata.ops.ones((6, 4)), block_size=3)
    >>> tuple(q.shape), tuple(scale.shape), zero.dtype == q.dtype
    ((6, 4), (2, 4), True)
    """
    inputs = ops.convert_to_tensor(inputs)
    if len(inputs.shape) != 2:
        raise ValueError(f"Groups are formed of the rows of a matrix; `inputs` has the shape {tuple(inputs.shape)}.")
    if ops.dtype(inputs) not in dtypes.FLOATS:
        inputs = ops.cast(inputs, config.floatx())
    kept, (rows, columns) = ops.dtype(inputs), inputs.shape
    xp, x = (np, _host(inputs)) if to_numpy else (ops, inputs)
    groups = math.ceil(rows / block_size)
    padding = [[0, groups * block_size - rows], [0, 0]]
    grouped = xp.reshape(xp.pad(x, padding), (groups, block_size, columns))
    if to_numpy:
        scale, zero = _range_of(xp, xp.min(grouped, axis=1), xp.max(grouped, axis=1), value_range, epsilon)
    else:  # a single group is measured without its padding, and a range of one value is widened
        measured = x[None] if groups == 1 else grouped
        low, high = ops.min(measured, axis=1), ops.max(measured, axis=1)
        flat = ops.cast(ops.equal(low, high), kept)
        scale, zero = _range_of(xp, ops.subtract(low, flat), ops.add(high, flat), value_range, epsilon)
    integers = xp.round(xp.divide(grouped, scale[:, None])) + zero[:, None]
    integers = xp.reshape(xp.clip(integers, *value_range), (groups * block_size, columns))[:rows]
    convert = ops.convert_to_tensor
    return (
        ops.cast(convert(integers), dtype), ops.cast(convert(scale, dtype=kept), kept), ops.cast(convert(zero), "int8"),
    )  # fmt: skip


def _range_of(xp, low, high, value_range, epsilon):
    """Scale and zero point of values from `low` to `high`."""
    first, last = value_range
    scale = xp.divide(high - low + epsilon, last - first)
    zero = xp.clip(xp.round(xp.divide(-low, scale)) + first, first, last)
    return scale, zero
