"""Eight-bit floats: scaling by the largest magnitudes seen of late (Micikevicius et al., 2022, https://arxiv.org/abs/2209.05433)."""

from __future__ import annotations

import ml_dtypes

from kerata import ops


def largest(dtype: str) -> float:
    """The largest finite number of an eight-bit float dtype."""
    return float(ml_dtypes.finfo(dtype).max)


def compute_float8_scale(amax, scale, dtype_max, margin=0):
    """The scale by which values up to `amax` are divided to fill a float dtype: `amax * 2**margin / dtype_max`.

    Args:
        amax: scalar, the largest magnitude seen.
        scale: scalar, the scale so far, which is kept where `amax` is 0 or not finite.
        dtype_max: the dtype's largest number: 448 of "float8_e4m3fn", 57344 of "float8_e5m2".
        margin: powers of two to leave free; 0 by default.

    Returns:
        A scalar tensor.

    >>> kerata.quantizers.compute_float8_scale(896.0, 1.0, 448.0)  # 2.0
    """
    amax, scale = ops.convert_to_tensor(amax), ops.convert_to_tensor(scale)
    usable = ops.logical_and(ops.greater(amax, 0), ops.isfinite(amax))
    factor = ops.divide(ops.divide(dtype_max, ops.where(usable, amax, 1)), 2**margin)
    return ops.reciprocal(ops.where(usable, factor, ops.reciprocal(scale)))


def compute_float8_amax_history(x, amax_history):
    """The history of largest magnitudes, moved on by one, with that of `x` in front.

    Args:
        x: float tensor of any shape.
        amax_history: tensor of shape (length,), the newest first.

    Returns:
        A tensor of the shape and dtype of `amax_history`. Its second element, the newest so far, is let go of, as in Keras:
        the front is where the next magnitude is written, and the rest turns.

    >>> kerata.quantizers.compute_float8_amax_history(np.float32([-5, 4]), np.float32([1, 2, 3]))  # [5.0, 3.0, 1.0]
    """
    amax_history = ops.convert_to_tensor(amax_history)
    newest = ops.cast(ops.max(ops.abs(x)), ops.dtype(amax_history))
    return ops.concatenate([ops.reshape(newest, (1,)), amax_history[2:], amax_history[:1]], axis=0)


def quantize_and_dequantize(inputs, scale, quantized_dtype, compute_dtype):
    """What is left of `inputs` after a way through `inputs / scale` in an eight-bit float dtype.

    Args:
        inputs: float tensor of any shape.
        scale: scalar by which it is divided, and the result multiplied.
        quantized_dtype: "float8_e4m3fn" or "float8_e5m2".
        compute_dtype: dtype of the result.

    Returns:
        A tensor of the shape of `inputs`; values beyond the dtype's range are cut off.

    >>> kerata.quantizers.quantize_and_dequantize(np.float32([1.03]), 1.0, "float8_e4m3fn", "float32")  # [1.0]
    """
    limit = largest(quantized_dtype)
    x = ops.divide(ops.convert_to_tensor(inputs), ops.cast(scale, ops.dtype(ops.convert_to_tensor(inputs))))
    x = ops.cast(ops.cast(ops.clip(x, -limit, limit), quantized_dtype), compute_dtype)
    return ops.multiply(x, ops.cast(scale, compute_dtype))
