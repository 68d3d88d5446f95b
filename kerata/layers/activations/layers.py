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
    """Applies an activation function.

    Args:
        activation: a function or its name.

    >>> import kerata
    >>> kerata.layers.Activation("relu")(kerata.ops.convert_to_tensor([-1.0, 2.0])).shape[0]
    2
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)


class ReLU(_Elementwise):
    """`max(x, 0)`, with a slope below `threshold` and a greatest value if given."""

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if (value is None and name != "max_value") or (value is not None and value < 0):
                raise ValueError(f"`{name}` of ReLU must not be negative or None; got {value!r}.")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(_Elementwise):
    """`x` where positive, `negative_slope * x` elsewhere."""

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
    """`x` where positive, `alpha * x` elsewhere, `alpha` trained (He et al., 2015).

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of `alpha`.
        shared_axes: axes along which `alpha` is the same.
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
    """`x` where positive, `alpha * (exp(x) - 1)` elsewhere (Clevert et al., 2015)."""

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs):
        return activations.elu(inputs, alpha=self.alpha)


class Softmax(_Elementwise):
    """`exp(x) / sum(exp(x))` along an axis (or several); masked positions get 0.

    Args:
        axis: integer or list of integers.
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
