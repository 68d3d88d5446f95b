"""Arithmetic of sliding windows that every backend shares: paddings, output sizes, adaptive windows."""

from __future__ import annotations


def span(window: int, dilation: int = 1) -> int:
    """How many cells a window covers from its first tap to its last."""
    return (window - 1) * dilation + 1


def same_pads(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Cells to add before and after, so that there are ceil(size / stride) windows; the odd one comes after."""
    missing = max((-(-size // stride) - 1) * stride + span(window, dilation) - size, 0)
    return missing // 2, missing - missing // 2


def pads(padding: str, sizes, windows, strides, dilations=None) -> list[tuple[int, int]]:
    """The pair of pads of each spatial axis for "valid" or "same"."""
    if padding == "valid":
        return [(0, 0)] * len(windows)
    dilations = dilations or (1,) * len(windows)
    return [same_pads(*a) for a in zip(sizes, windows, strides, dilations)]


def count(size: int, window: int, stride: int, dilation: int = 1) -> int:
    """How many windows fit into `size` cells (pads included)."""
    return max((size - span(window, dilation)) // stride + 1, 0)


def transpose_crop(padding: str, window: int, stride: int, dilation: int, output_padding: int | None) -> tuple[int, int]:
    """Cells to cut from the two ends of the full transposed convolution, (n - 1) * stride + span of them.

    A negative number asks for zeros to be added.
    """
    reach = span(window, dilation)
    if padding == "valid":
        return 0, -(max(stride - reach, 0) if output_padding is None else output_padding)
    # What is left of the two full pads of `reach - 1` cells; the bigger half stays at the front.
    kept = reach + stride - 2 if output_padding is None else reach + reach % 2 - 2 + output_padding
    front = min(-(-kept // 2), reach - 1)
    return reach - 1 - front, reach - 1 - (kept - front)


def adaptive(size: int, cells: int) -> list[tuple[int, int]]:
    """The window of each of `cells` outputs over `size` inputs, as (start, stop): they cover all, evenly."""
    return [(i * size // cells, -(-(i + 1) * size // cells)) for i in range(cells)]
