"""Activation functions as layers."""

from __future__ import annotations

from kerata import activations, ops
from kerata.layers._weightless import Weightless
from kerata.layers._weights import add, store_options
from kerata.layers.input_spec import InputSpec


class _Elementwise(Weightless):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True


class Activation(_Elementwise):
    """Applies an activation function, element by element or along an axis.

    Args:
        activation: a function of a tensor, or its name, such as "relu"; None for the identity.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if there is no activation of that name.

    >>> from kerata import layers, ops
    >>> layers.Activation("relu")(ops.convert_to_tensor([-1.0, 2.0]))  # [0, 2]
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)


class ReLU(_Elementwise):
    """`max(x, 0)`, with a slope below a threshold and a bound above if wanted.

    `f(x) = max_value` for `x >= max_value`, `x` for `threshold <= x < max_value`, else
    `negative_slope * (x - threshold)`.

    Args:
        max_value: number of at least 0: the greatest output; None (the default) for no bound.
        negative_slope: number of at least 0: the slope below the threshold; 0.0 by default.
        threshold: number of at least 0; 0.0 by default.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if a number is negative, or `negative_slope` or `threshold` is None.

    >>> from kerata import layers, ops
    >>> layers.ReLU(max_value=6.0, negative_slope=0.1)(ops.convert_to_tensor([-1.0, 2.0, 9.0]))  # [-0.1, 2, 6]
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ValueError(f"`{name}` of ReLU must not be negative or None; got {value!r}.")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(_Elementwise):
    """`x` where it is positive, `negative_slope * x` elsewhere.

    Args:
        negative_slope: number of at least 0; 0.3 by default. Keras 2's name `alpha` is taken as well.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Raises:
        ValueError: if `negative_slope` is negative or None.

    Source: Maas et al. (2013), "Rectifier Nonlinearities Improve Neural Network Acoustic Models".

    >>> from kerata import layers, ops
    >>> layers.LeakyReLU(0.1)(ops.convert_to_tensor([-1.0, 2.0]))  # [-0.1, 2]
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:  # its name in Keras 2
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"`negative_slope` of LeakyReLU must not be negative or None; got {negative_slope!r}.")
        self.negative_slope = negative_slope

    def call(self, inputs):
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)


class PReLU(_Elementwise):
    """`x` where it is positive, `alpha * x` elsewhere, with a trained `alpha`.

    Args:
        alpha_initializer: first values of `alpha`; "Zeros" by default, which makes it a ReLU at first.
        alpha_regularizer, alpha_constraint: its penalty and its projection after updates; None.
        shared_axes: integer or list: axes, counted from 1, along which `alpha` is one number: `[1, 2]` gives
            images one for each channel. None (the default) for one number for each feature.

    Input shape:
        `(batch, ...)`, float, whose sizes but the batch's (and those of shared axes) are known. The output
        has the same.

    Raises:
        ValueError: if `shared_axes` names an axis that the input lacks.

    Source: He et al. (2015), "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet
    Classification".

    >>> from kerata import layers, ops
    >>> layer = layers.PReLU(alpha_initializer="ones", shared_axes=[1, 2])
    >>> layer(-ops.ones((1, 4, 4, 3)))[0, 0, 0]  # [-1, -1, -1]
    >>> layer.alpha.shape  # (1, 1, 3)
    """

    def __init__(self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None,
                 **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        store_options(self, locals())
        self.shared_axes = shared_axes if shared_axes is None or isinstance(shared_axes, list | tuple) else [shared_axes]

    def build(self, input_shape):
        shape = list(input_shape[1:])
        for axis in self.shared_axes or ():
            if not 1 <= axis <= len(shape):
                raise ValueError(
                    f"Layer {self.name!r} (PReLU) shares axis {axis}; the axes of an input of shape {tuple(input_shape)} "
                    f"besides the batch's are 1 to {len(shape)}."
                )
            shape[axis - 1] = 1
        self.alpha = add(self, "alpha", shape)
        shared = {a % len(input_shape) for a in self.shared_axes or ()}
        axes = {i: n for i, n in enumerate(input_shape) if i and i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs):
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)


class ELU(_Elementwise):
    """`x` where it is positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
        alpha: number: outputs tend to `-alpha` for very negative inputs; 1.0 by default.

    Input shape:
        Any, float; the output has the same shape and dtype.

    Source: Clevert et al. (2016), "Fast and Accurate Deep Network Learning by Exponential Linear Units
    (ELUs)".

    >>> from kerata import layers, ops
    >>> layers.ELU()(ops.convert_to_tensor([-1.0, 2.0]))  # [-0.63212, 2]
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(_Elementwise):
    """`exp(x) / sum(exp(x))` along an axis: positive numbers whose sum is 1.

    Args:
        axis: integer, or a list of integers to normalise over all of them together; -1 by default.

    Called with inputs and, if some of them are not to count, a boolean `mask` of their shape, which gives
    them 0.

    Input shape:
        Any, float; the output has the same shape and dtype.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([1.0, 1.0, 5.0])
    >>> layers.Softmax()(x, mask=ops.convert_to_tensor([True, True, False]))  # [0.5, 0.5, 0]
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self._allow_non_tensor_positional_args = True

    def call(self, inputs, mask=None):
        if mask is not None:
            dtype = ops.dtype(inputs)
            lowest = -3e4 if dtype == "float16" else -1e9
            kept = ops.cast(mask, dtype)
            inputs = inputs + (1.0 - kept) * lowest
        if isinstance(self.axis, list | tuple):
            if len(self.axis) > 1:
                out = ops.exp(inputs - ops.logsumexp(inputs, axis=tuple(self.axis), keepdims=True))
            else:
                out = activations.softmax(inputs, axis=self.axis[0])
        else:
            out = activations.softmax(inputs, axis=self.axis)
        return out if mask is None else out * kept
