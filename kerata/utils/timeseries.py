"""timeseries_dataset_from_array: windows that slide over a series."""

from __future__ import annotations

import numpy as np

from kerata.training.data.arrays import check_count
from kerata.utils.item_dataset import ItemDataset, as_format, check_format


def timeseries_dataset_from_array(data, targets, sequence_length, sequence_stride=1, sampling_rate=1, batch_size=128,
                                  shuffle=False, seed=None, start_index=None, end_index=None,
                                  format="tf"):  # fmt: skip
    """A data set of windows `data[i], data[i + r], ..., data[i + (n - 1) r]` with the targets `targets[i]`.

    Args:
        data: array whose first axis is time.
        targets: for the window that starts at `i`, the target is `targets[i]`; None for windows alone.
        sequence_length: n, the steps of a window.
        sequence_stride: how many steps windows are apart; 1 by default.
        sampling_rate: r, how far the steps of a window are apart; 1 by default.
        batch_size: windows of a batch; 128 by default, None for single windows.
        shuffle: whether each epoch has a new order; False by default.
        seed: integer, of the order; None by default.
        start_index, end_index: only the data from `start_index` up to, not including, `end_index` are used; all by default.
        format: "tf" (the default): a `tf.data.Dataset` if TensorFlow is installed; "grain"; or "numpy": batches of arrays.

    Returns:
        The data set, of windows (batch, sequence_length, ...) and, with `targets`, their targets.

    Raises:
        ValueError: for numbers that are not positive, or places outside the data.

    >>> windows = kerata.utils.timeseries_dataset_from_array(np.arange(5), None, 3, format="numpy")
    >>> windows[0].tolist()
    [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    """
    check_format(format)
    for name, value in (("sequence_length", sequence_length), ("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate)):  # fmt: skip
        check_count(f"`{name}`", value)
        if value is None:
            raise ValueError(f"`{name}` must be a positive integer; got None.")
    data, targets = _array(data), None if targets is None else _array(targets)
    start, end = _range(len(data), start_index, end_index)
    for name, value in (("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate)):
        if value >= len(data):
            raise ValueError(f"`{name}` is {value}, but there are only {len(data)} steps of data.")
    reach = (sequence_length - 1) * sampling_rate
    last = end - reach if targets is None else min(end - reach, len(targets))
    starts = np.arange(start, max(last, start), sequence_stride)
    steps = np.arange(sequence_length) * sampling_rate

    def load(numbers):
        first = starts[numbers]
        windows = data[first[:, None] + steps]
        return windows if targets is None else (windows, targets[first])

    dataset = ItemDataset(len(starts), load, batch_size, shuffle, seed)
    lead = () if batch_size is None else (None,)
    shape, dtype = (*lead, sequence_length, *data.shape[1:]), data.dtype.name
    if targets is None:
        return as_format(dataset, format, shape, dtype)
    return as_format(dataset, format, (shape, (*lead, *targets.shape[1:])), (dtype, targets.dtype.name))


def _array(x) -> np.ndarray:
    """`x` as an array; numbers of Python are of 32 bits, as in tensors."""
    array = np.asarray(x)
    narrow = {"int64": "int32", "float64": "float32"}.get(array.dtype.name)
    return array if narrow is None or hasattr(x, "dtype") else array.astype(narrow)


def _range(count: int, start, end) -> tuple[int, int]:
    if start is not None and not 0 <= start < count:
        raise ValueError(
            f"`start_index` must be from 0 to {count - 1}, as there are {count} steps of data; got {start}."
        )
    start = start or 0
    if end is not None and not start < end <= count:
        raise ValueError(f"`end_index` must be above `start_index` ({start}) and at most {count}; got {end}.")
    return start, count if end is None else end
