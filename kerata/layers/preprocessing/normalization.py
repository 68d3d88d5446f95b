"""Normalization by the statistics of a data set."""

from __future__ import annotations

import math

import numpy as np

from kerata import backend, ops
from kerata.layers.preprocessing.adaptation import batches
from kerata.layers.preprocessing.data_layer import DataLayer


class Normalization(DataLayer):
    """`(inputs - mean) / sqrt(variance)`, with moments that are given, or learned by `adapt(data)`.

    Args:
        axis: integer or tuple: the axes along which each place has moments of its own; None for one mean and
            variance of all. -1 by default.
        mean, variance: numbers or arrays that broadcast to the sizes of these axes, both or neither; None to
            learn them.
        invert: whether to undo it: `inputs * sqrt(variance) + mean`; False by default.

    `adapt` takes arrays or an iterable of batches, and goes through them once; deviations below 1e-7 count as
    1e-7.

    Input shape:
        `(batch, ...)`, integer or float, of known sizes along `axis`; the output has the same shape, in the
        compute dtype.

    Raises:
        ValueError: if only one of `mean` and `variance` is given, the size of an axis is unknown, or `adapt`
            gets no data or the layer was given moments.

    >>> from kerata import layers, ops
    >>> layer = layers.Normalization()
    >>> layer.adapt(np.array([[1.0, 10.0], [3.0, 30.0]], "float32"))
    >>> layer(ops.convert_to_tensor([[1.0, 20.0]]))  # [[-1, 0]]
    """

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        if (mean is None) != (variance is None):
            raise ValueError(f"Normalization takes `mean` and `variance`, both or neither; got mean={mean!r}, variance={variance!r}.")
        self.input_mean, self.input_variance = mean, variance
        self.invert = invert
        self.supports_masking = True
        self.adapt_mean = self.adapt_variance = None

    def build(self, input_shape):
        if input_shape is None:
            return
        rank = len(input_shape)
        beyond = [a for a in self.axis if not -rank <= a < rank]
        if beyond:
            raise ValueError(f"Layer {self.name!r} has axis={self.axis}, but an input of the shape {tuple(input_shape)} has no axis "
                             f"{beyond[0]}; an axis of it lies between {-rank} and {rank - 1}.")  # fmt: skip
        self._keep = tuple(sorted(a % rank for a in self.axis))
        for a in self._keep:
            if input_shape[a] is None:
                raise ValueError(f"Layer {self.name!r} must know the size of axis {a}; the input has the shape {tuple(input_shape)}.")
        self._reduce = tuple(i for i in range(rank) if i not in self._keep)
        shape = tuple(input_shape[a] for a in self._keep)
        self._broadcast_shape = tuple(input_shape[i] if i in self._keep else 1 for i in range(rank))
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(name="mean", shape=shape, initializer="zeros", trainable=False)
            self.adapt_variance = self.add_weight(name="variance", shape=shape, initializer="ones", trainable=False)
            self.count = self.add_weight(name="count", shape=(), dtype="int32", initializer="zeros", trainable=False)
        else:
            spread = [np.broadcast_to(np.asarray(v, "float32"), shape) for v in (self.input_mean, self.input_variance)]
            self._given = [v.reshape(self._broadcast_shape) for v in spread]

    @property
    def mean(self):
        """The mean, in a shape that broadcasts to the inputs; None before the layer is built."""
        return self._statistics()[0]

    @property
    def variance(self):
        """The variance, likewise."""
        return self._statistics()[1]

    def _statistics(self) -> tuple:
        if not self.built:
            return None, None
        dtype = self.compute_dtype
        if self.input_mean is not None:
            return tuple(ops.convert_to_tensor(v, dtype) for v in self._given)
        weights = (self.adapt_mean, self.adapt_variance)
        if backend.current() is not self._backend:  # in a pipeline of tf.data
            weights = [ops.convert_to_tensor(v.numpy()) for v in weights]
        return tuple(ops.reshape(ops.cast(v, dtype), self._broadcast_shape) for v in weights)

    def adapt(self, data):
        """Learn mean and variance from arrays, or from an iterable of batches (a generator, `tf.data.Dataset`, ...)."""
        if self.input_mean is not None:
            raise ValueError(f"Layer {self.name!r} was given a `mean` and `variance`; it cannot adapt to data as well.")
        total = count = square = 0
        for batch in batches(data, self._backend):
            if not self.built:
                self.build(batch.shape if batch.ndim > 1 else (None, *batch.shape[1:]))
            batch = batch.astype("float64")
            total = total + batch.sum(axis=self._reduce)
            square = square + np.square(batch).sum(axis=self._reduce)
            count += math.prod(batch.shape[i] for i in self._reduce)
        if not count:
            raise ValueError(f"adapt() of layer {self.name!r} was given no data.")
        mean = total / count
        self.adapt_mean.assign(mean.astype("float32"))
        self.adapt_variance.assign(np.maximum(square / count - np.square(mean), 0).astype("float32"))

    def call(self, inputs):
        inputs = ops.cast(inputs, self.compute_dtype)
        mean, variance = self._statistics()
        deviation = ops.maximum(ops.sqrt(variance), 1e-7)
        return ops.add(mean, ops.multiply(inputs, deviation)) if self.invert else ops.divide(ops.subtract(inputs, mean), deviation)

    def get_config(self):
        config = super().get_config()

        def plain(v):
            return None if v is None else np.asarray(v).tolist()

        return {**config, "invert": self.invert, "mean": plain(self.input_mean), "variance": plain(self.input_variance)}
