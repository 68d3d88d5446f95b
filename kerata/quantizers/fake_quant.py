"""Rounding that trains: float values on the grid of a fixed number of bits."""

from __future__ import annotations

from kerata import ops
from kerata.core import dtypes
from kerata.ops._op import op


def _aligned(values, inputs, axis):
    """Limits along an axis (or for all values) as a tensor that broadcasts against `inputs`."""
    values = ops.cast(ops.convert_to_tensor(values), ops.dtype(inputs))
    if axis is not None and len(values.shape) == 1:
        shape = [1] * len(inputs.shape)
        shape[axis] = -1
        values = ops.reshape(values, shape)
    return values


def _nudged(low, high, num_bits: int, narrow_range: bool):
    """The grid nearest to the limits that has 0 on it: its ends and its step."""
    first, last = int(narrow_range), 2**num_bits - 1
    step = ops.divide(ops.subtract(high, low), last - first)
    step = ops.where(ops.equal(step, 0), ops.ones_like(step), step)
    zero = ops.clip(ops.round(ops.subtract(first, ops.divide(low, step))), first, last)
    return ops.multiply(ops.subtract(first, zero), step), ops.multiply(ops.subtract(last, zero), step), step


@op
def fake_quant_with_min_max_vars(inputs, min_vals, max_vals, num_bits=8, narrow_range=False, axis=None):
    """Round to the grid of `2**num_bits` values between limits, and stay in floats.

    The limits are moved a little so that 0 lies on the grid. The gradient passes where inputs lie within them, and
    goes to the limit that they pass elsewhere.

    Args:
        inputs: float tensor.
        min_vals, max_vals: limits: numbers, or one for each place along `axis`.
        num_bits: integer, size of the grid in bits; 8 by default.
        narrow_range: whether to leave out the lowest of its values; False by default.
        axis: integer, the axis along which the limits lie; None, the default, for one pair.

    Returns:
        A tensor of the shape and dtype of `inputs`.

    Raises:
        ValueError: if `num_bits` is no positive integer.

    Source: Jacob et al. (2018), https://arxiv.org/abs/1712.05877

    >>> kerata.quantizers.fake_quant_with_min_max_vars([0.26, 5.0], 0.0, 1.0, num_bits=2)  # [0.333333, 1.0]
    """
    if isinstance(num_bits, bool) or int(num_bits) < 1:
        raise ValueError(f"`num_bits` is a positive integer; got {num_bits!r}.")
    inputs = ops.convert_to_tensor(inputs)
    given = ops.dtype(inputs)
    if given not in dtypes.FLOATS:
        inputs = ops.cast(inputs, "float32")
    if axis is not None:
        axis %= len(inputs.shape)
    low, high = (ops.convert_to_tensor(v, dtype=ops.dtype(inputs)) for v in (min_vals, max_vals))

    @ops.custom_gradient
    def rounded(x, low, high):
        first, last, step = _nudged(_aligned(low, x, axis), _aligned(high, x, axis), num_bits, narrow_range)
        steps = ops.round(ops.divide(ops.subtract(ops.clip(x, first, last), first), step))

        def gradient(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            below, above = ops.less(x, first), ops.greater(x, last)
            none = ops.zeros_like(upstream)
            inside = ops.where(ops.logical_or(below, above), none, upstream)
            sides = (_summed(ops.where(side, upstream, none), limit, axis) for side, limit in ((below, low), (above, high)))
            return inside, *sides

        return ops.add(ops.multiply(steps, step), first), gradient

    return ops.cast(rounded(inputs, low, high), given)


def _summed(gradient, limit, axis):
    """The gradient of a limit from that of each value."""
    if len(limit.shape) == 0:
        return ops.sum(gradient)
    kept = (len(gradient.shape) - 1) if axis is None else axis
    summed = ops.sum(gradient, axis=tuple(i for i in range(len(gradient.shape)) if i != kept))
    return ops.reshape(summed if limit.shape[0] != 1 else ops.sum(summed), limit.shape)
