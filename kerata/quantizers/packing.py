"""Two 4-bit integers in a byte."""

from __future__ import annotations

from kerata import ops

_KINDS = ("int8", "uint8")


def _check(dtype: str) -> None:
    if dtype not in _KINDS:
        raise ValueError(f"4-bit integers are packed from and unpacked to 'int8' (signed) or 'uint8'; `dtype` is {dtype!r}.")


def pack_int4(arr, axis=0, dtype="int8"):
    """Put pairs of 4-bit integers along an axis into bytes: the first in the low half, the second in the high half.

    Args:
        arr: int8 values from -8 to 7, or uint8 values from 0 to 15.
        axis: integer; 0 by default. An axis of odd length is filled up with a zero.
        dtype: "int8" (the default) or "uint8", the dtype of `arr` and of the bytes.

    Returns:
        `(bytes, their shape, the length of the axis before)`.

    Raises:
        ValueError: for another `dtype`.
        TypeError: for values of a dtype that `dtype` does not say.

    >>> packed, shape, length = kerata.quantizers.pack_int4(np.array([1, 2, 3], "int8"))
    >>> packed.tolist(), shape, length
    ([33, 3], (2,), 3)
    """
    _check(dtype)
    arr = ops.convert_to_tensor(arr)
    if ops.dtype(arr) != dtype:
        raise TypeError(f"pack_int4(dtype={dtype!r}) packs {dtype} values, got {ops.dtype(arr)}.")
    axis %= len(arr.shape)
    first = ops.moveaxis(arr, axis, 0)
    length = first.shape[0]
    if length % 2:
        first = ops.concatenate([first, ops.zeros((1, *first.shape[1:]), dtype=dtype)], axis=0)
    low, high = ops.bitwise_and(first[::2], _small(15, dtype)), ops.bitwise_and(first[1::2], _small(15, dtype))
    packed = ops.moveaxis(ops.bitwise_or(low, ops.left_shift(high, _small(4, dtype))), 0, axis)
    packed = ops.cast(packed, dtype)
    return packed, tuple(packed.shape), length


def unpack_int4(packed, orig_len, axis=0, dtype="int8"):
    """The 4-bit integers that `pack_int4` put into bytes.

    Args:
        packed: int8 or uint8 bytes.
        orig_len: length of the axis before packing.
        axis: integer, the axis; 0 by default.
        dtype: "int8" (the default) for values from -8 to 7, "uint8" for 0 to 15.

    Returns:
        A tensor with `orig_len` places along the axis, of the dtype `dtype`.

    Raises:
        ValueError: for another `dtype`.
        TypeError: for other than int8 or uint8 bytes.

    >>> kerata.quantizers.unpack_int4(np.array([33, 3], "int8"), 3)  # [1, 2, 3]
    """
    _check(dtype)
    packed = ops.convert_to_tensor(packed)
    kind = ops.dtype(packed)
    if kind not in _KINDS:
        raise TypeError(f"unpack_int4() unpacks int8 or uint8 bytes, got {kind}.")
    axis %= len(packed.shape)
    first = ops.moveaxis(packed, axis, 0)
    halves = [ops.bitwise_and(first, _small(15, kind)), ops.bitwise_and(ops.right_shift(first, _small(4, kind)), _small(15, kind))]
    both = ops.cast(ops.stack(halves, axis=1), "int8")
    if dtype == "int8":  # 8 to 15 stand for -8 to -1
        both = ops.subtract(ops.bitwise_xor(both, _small(8, "int8")), _small(8, "int8"))
    both = ops.reshape(both, (-1, *first.shape[1:]))[:orig_len]
    return ops.cast(ops.moveaxis(both, 0, axis), dtype)


def _small(value: int, dtype: str):
    return ops.convert_to_tensor(value, dtype=dtype)
