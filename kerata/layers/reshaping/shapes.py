"""Flatten, Reshape, Permute, RepeatVector."""

from __future__ import annotations

import math

from kerata import ops
from kerata.core.config import standardize_data_format
from kerata.core.keras_tensor import KerasTensor
from kerata.layers._errors import positive_integer
from kerata.layers._weightless import Weightless
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer


class Flatten(Layer):
    """Joins all axes but the first into one.

    Args:
        data_format: "channels_first" moves axis 1 last before axes are joined, so that both formats give the
            same order; None for `config.image_data_format()`.

    Input shape:
        `(batch, ...)`, any dtype.
    Output shape:
        `(batch, product of the other sizes)`; `(batch, 1)` for an input of rank 1.

    >>> from kerata import layers, ops
    >>> layers.Flatten()(ops.ones((2, 3, 4))).shape  # (2, 12)
    """

    _keeps_sparse = all

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self._channels_first = self.data_format == "channels_first"

    def call(self, inputs):
        rank = len(inputs.shape)
        if self._channels_first and rank > 2:
            inputs = ops.transpose(inputs, axes=(0, *range(2, rank), 1))
        sample = tuple(inputs.shape[1:])
        size = -1 if None in sample else math.prod(sample)
        return ops.reshape(inputs, (-1, size) if size > 0 else (ops.shape(inputs)[0], size))


class Reshape(Weightless):
    """Gives each sample another shape, with its numbers in the same order.

    Args:
        target_shape: tuple of integers, without the batch axis; -1 (or None), at most once, for the size that is left.

    Input shape:
        `(batch, ...)`, any dtype.
    Output shape:
        `(batch, *target_shape)`.

    Raises:
        ValueError: if -1 comes twice, or the sample's numbers do not fill `target_shape`.

    >>> from kerata import layers, ops
    >>> layers.Reshape((2, -1))(ops.ones((5, 6))).shape  # (5, 2, 3)
    """

    _keeps_sparse = all

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        self._sizes = tuple(-1 if n is None else n for n in self.target_shape)
        if self._sizes.count(-1) > 1:
            raise ValueError(f"`target_shape` of Reshape may hold -1 once; got {self.target_shape}.")
        self._resolved = None, None  # the shape of samples seen last, and the target for it

    def call(self, inputs):
        sample = tuple(inputs.shape[1:])
        if sample != self._resolved[0]:
            self._resolved = sample, self._resolve(sample)
        target = self._resolved[1]
        return ops.reshape(inputs, (-1, *target) if target else (ops.shape(inputs)[0], *self._sizes))

    def compute_output_spec(self, inputs):
        if None in inputs.shape[1:]:
            # What stands for unknown sizes need not fill the target, as the target itself does.
            sample = (None if n == -1 else n for n in self._sizes)
            inputs = KerasTensor((inputs.shape[0], *sample), dtype=inputs.dtype)
        return super().compute_output_spec(inputs)

    def _resolve(self, sample: tuple) -> tuple | None:
        """The target without -1 for samples of this shape; None if that, or the batch's size, must be worked out."""
        if None in sample:
            return None
        size, known = math.prod(sample), math.prod(n for n in self._sizes if n != -1)
        fits = (known and size % known == 0) if -1 in self._sizes else size == known
        if not fits:
            raise ValueError(
                f"Layer {self.name!r} cannot reshape samples of shape {sample} ({size} numbers) to {self.target_shape}"
                + (f" ({known} numbers)." if -1 not in self._sizes else ".")
            )
        target = tuple(size // known if n == -1 else n for n in self._sizes)
        return None if 0 in target else target


class Permute(Layer):
    """Puts the axes of each sample in another order.

    Args:
        dims: tuple: the input's axes in their new order, counted from 1, as 0 is the batch: `(2, 1)` swaps
            two.

    Input shape:
        `(batch, ...)` with `len(dims)` more axes, any dtype. The output has the same axes in the new order.

    Raises:
        ValueError: if `dims` is no order of 1, 2, ....

    >>> from kerata import layers, ops
    >>> layers.Permute((2, 1))(ops.ones((5, 3, 4))).shape  # (5, 4, 3)
    """

    _keeps_sparse = all

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"`dims` of Permute is an order of the axes 1 to {len(self.dims)}; got {dims!r}.")
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, axes=(0, *self.dims))


class RepeatVector(Layer):
    """Repeats each row `n` times along a new time axis.

    Args:
        n: integer above 0.

    Input shape:
        `(batch, features)`, any dtype.
    Output shape:
        `(batch, n, features)`.

    Raises:
        TypeError: if `n` is no integer.
        ValueError: if it is not positive.

    >>> from kerata import layers, ops
    >>> layers.RepeatVector(2)(ops.convert_to_tensor([[1.0, 5.0]]))  # [[[1, 5], [1, 5]]]
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        n = positive_integer(n, "n", "RepeatVector", TypeError)
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
