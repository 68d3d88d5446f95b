"""Layers that Keras has dropped, so that old files can still be read. They stand in no public list."""

from __future__ import annotations

from kerata import ops
from kerata.layers.layer import Layer
from kerata.saving.registration import register_keras_serializable


def _activation(x):
    from kerata import activations

    return activations.get(x)


class _Legacy(Layer):
    """A layer with the penalties and initializers that the old ones took."""

    _arguments: tuple = ()

    def __init__(self, *, activation="linear", use_bias=True, kernel_initializer="glorot_uniform",
                 kernel_regularizer=None, kernel_constraint=None, bias_initializer="zeros", bias_regularizer=None,
                 bias_constraint=None, **kwargs):  # fmt: skip
        from kerata import constraints, initializers, regularizers

        super().__init__(**kwargs)
        self.activation = _activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)

    def _kernel(self, shape, name="kernel"):
        return self.add_weight(
            shape=shape, initializer=self.kernel_initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint, name=name,
        )  # fmt: skip

    def _bias(self, shape, name="bias"):
        return self.add_weight(
            shape=shape, initializer=self.bias_initializer, regularizer=self.bias_regularizer,
            constraint=self.bias_constraint, name=name,
        )  # fmt: skip


@register_keras_serializable("kerata.legacy")
class MaxoutDense(_Legacy):
    """Keras 1: the maximum over `nb_feature` dense layers."""

    def __init__(self, output_dim, nb_feature=4, **kwargs):
        super().__init__(**kwargs)
        self.output_dim, self.nb_feature = output_dim, nb_feature

    def build(self, input_shape):
        self.kernel = self._kernel((self.nb_feature, input_shape[-1], self.output_dim))
        if self.use_bias:
            self.bias = self._bias((self.nb_feature, self.output_dim))

    def call(self, x):
        y = ops.einsum("bi,fio->bfo", x, self.kernel)
        return ops.max(y + self.bias if self.use_bias else y, axis=1)


@register_keras_serializable("kerata.legacy")
class Highway(_Legacy):
    """Keras 1: `t * activation(x W + b) + (1 - t) * x`, with the gate `t = sigmoid(x W_carry + b_carry)`."""

    def build(self, input_shape):
        n = input_shape[-1]
        self.kernel = self._kernel((n, n))
        self.carry_kernel = self._kernel((n, n), "carry_kernel")
        if self.use_bias:
            self.bias = self._bias((n,))
            self.carry_bias = self._bias((n,), "carry_bias")

    def call(self, x):
        gate, y = ops.matmul(x, self.carry_kernel), ops.matmul(x, self.kernel)
        if self.use_bias:
            gate, y = gate + self.carry_bias, y + self.bias
        gate = ops.sigmoid(gate)
        return gate * self.activation(y) + (1 - gate) * x


@register_keras_serializable("kerata.legacy")
class ThresholdedReLU(Layer):
    """Keras 1 and 2: `x` where it is above `theta`, else 0."""

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = float(theta)
        self.supports_masking = True

    def call(self, x):
        return x * ops.cast(x > self.theta, x.dtype)


class _LocallyConnected(_Legacy):
    rank = 1

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format=None, **kwargs):
        super().__init__(**kwargs)
        if padding != "valid":
            raise ValueError(f"{type(self).__name__} of an old file is read with padding='valid'; it has {padding!r}.")
        self.filters = filters
        self.kernel_size = _tuple(kernel_size, self.rank)
        self.strides = _tuple(strides, self.rank)
        self.padding, self.data_format = padding, data_format

    def _positions(self, size):
        return [(n - k) // s + 1 for n, k, s in zip(size, self.kernel_size, self.strides)]

    def build(self, input_shape):
        if self.data_format == "channels_first":
            raise ValueError(f"{type(self).__name__} of an old file is read with data_format='channels_last'.")
        self._out = self._positions(input_shape[1:-1])
        places = 1
        for n in self._out:
            places *= n
        taps = input_shape[-1]
        for k in self.kernel_size:
            taps *= k
        self.kernel = self._kernel((places, taps, self.filters))
        if self.use_bias:
            self.bias = self._bias((*self._out, self.filters))

    def call(self, x):
        y = ops.einsum("bpt,pto->bpo", self._windows(x), self.kernel)
        y = ops.reshape(y, (-1, *self._out, self.filters))
        return self.activation(y + self.bias if self.use_bias else y)


@register_keras_serializable("kerata.legacy")
class LocallyConnected1D(_LocallyConnected):
    """Keras 1 and 2: a 1-D convolution whose kernel differs from place to place."""

    def _windows(self, x):
        k, s = self.kernel_size[0], self.strides[0]
        parts = [ops.reshape(x[:, i * s : i * s + k], (-1, 1, k * x.shape[-1])) for i in range(self._out[0])]
        return ops.concatenate(parts, axis=1)


@register_keras_serializable("kerata.legacy")
class LocallyConnected2D(_LocallyConnected):
    """Keras 1 and 2: a 2-D convolution whose kernel differs from place to place."""

    rank = 2

    def _windows(self, x):
        (kh, kw), (sh, sw) = self.kernel_size, self.strides
        size = kh * kw * x.shape[-1]
        parts = [
            ops.reshape(x[:, i * sh : i * sh + kh, j * sw : j * sw + kw], (-1, 1, size))
            for i in range(self._out[0])
            for j in range(self._out[1])
        ]
        return ops.concatenate(parts, axis=1)


def _tuple(x, rank: int) -> tuple:
    return (x,) * rank if isinstance(x, int) else tuple(x)


@register_keras_serializable("kerata.legacy")
class Merge(Layer):
    """Keras 1: several inputs into one; as the first layer of a Sequential, also the branches that make them.

    Args:
        mode: "sum", "mul", "concat", "ave", "max", "cos" or "dot".
        layers: the branches, each a model with one input.
        concat_axis: (concat) along which axis.
        dot_axes: (dot, cos) over which axes.
    """

    def __init__(self, mode="sum", layers=None, concat_axis=-1, dot_axes=-1, **kwargs):
        for key in ("mode_type", "output_shape", "output_shape_type", "output_mask", "output_mask_type", "arguments",
                    "node_indices", "tensor_indices"):  # fmt: skip
            kwargs.pop(key, None)
        super().__init__(**kwargs)
        if mode not in ("sum", "mul", "concat", "ave", "max", "cos", "dot"):
            raise ValueError(f"A Merge layer of Keras 1 with the mode {mode!r} (a function?) cannot be read.")
        self.mode, self.concat_axis, self.dot_axes = mode, concat_axis, dot_axes
        self.layers = layers

    def call(self, inputs):
        if self.layers:
            inputs = [branch(x) for branch, x in zip(self.layers, inputs)]
        if self.mode == "concat":
            return ops.concatenate(inputs, axis=self.concat_axis)
        if self.mode in ("dot", "cos"):
            return self._dot(*inputs)
        total = inputs[0]
        for x in inputs[1:]:
            total = ops.maximum(total, x) if self.mode == "max" else total * x if self.mode == "mul" else total + x
        return total / len(inputs) if self.mode == "ave" else total

    def _dot(self, a, b):
        from kerata import layers

        axes = self.dot_axes
        if isinstance(axes, list | tuple) and axes and isinstance(axes[0], list | tuple):
            axes = tuple(x[0] for x in axes)
        return layers.Dot(tuple(axes) if isinstance(axes, list) else axes, normalize=self.mode == "cos")([a, b])


LEGACY_CLASSES = {
    c.__name__: c for c in (MaxoutDense, Highway, ThresholdedReLU, LocallyConnected1D, LocallyConnected2D, Merge)
}
