"""Layer, RMS, group, and unit normalization."""

from __future__ import annotations

from kerata import constraints, initializers, ops, regularizers
from kerata.layers._weightless import Weightless
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer


def _wide(x):
    """`x` in float32 where it has 16 bits, and its dtype."""
    dtype = ops.dtype(x)
    return (ops.cast(x, "float32") if dtype in ("float16", "bfloat16") else x), dtype


class _Affine(Layer):
    """Base: gamma and beta with their initializers, regularizers and constraints."""

    def _set_affine(self, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
                    beta_constraint, gamma_constraint) -> None:  # fmt: skip
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.gamma = self.beta = None
        self.supports_masking = True

    def _build_affine(self, shape, scale: bool, center: bool) -> None:
        if scale:
            self.gamma = self.add_weight(
                name="gamma", shape=shape, initializer=self.gamma_initializer, regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint, autocast=False,
            )  # fmt: skip
        if center:
            self.beta = self.add_weight(
                name="beta", shape=shape, initializer=self.beta_initializer, regularizer=self.beta_regularizer,
                constraint=self.beta_constraint, autocast=False,
            )  # fmt: skip


class LayerNormalization(_Affine):
    """Normalizes each sample over its features (Ba et al., 2016, https://arxiv.org/abs/1607.06450).

    Args:
        axis: integer or list: the feature axes.
        epsilon: added to the variance.
        center, scale: whether to add `beta`, multiply by `gamma`.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: of
            the weights.

    >>> import kerata
    >>> x = kerata.ops.convert_to_tensor([[1.0, 3.0]])
    >>> round(float(kerata.layers.LayerNormalization()(x)[0, 1]), 2)
    1.0
    """

    def __init__(self, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **kwargs):  # fmt: skip
        self.rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.epsilon = epsilon
        self._set_affine(center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
                         beta_constraint, gamma_constraint)  # fmt: skip

    def build(self, input_shape):
        self.axis = self.axis if isinstance(self.axis, list) else [self.axis]
        shape = tuple(input_shape[a] for a in self.axis)
        # Keras's old way to an RMS norm has gamma alone.
        self._build_affine(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs):
        x, dtype = _wide(inputs)
        if self.rms_scaling:
            variance = ops.var(x, axis=self.axis, keepdims=True)
            out = x * ops.rsqrt(variance + self.epsilon) * self._broadcast(self.gamma, x)
        else:
            out = ops.layer_normalization(x, self.gamma, self.beta, axis=self.axis, epsilon=self.epsilon)
        return ops.cast(out, dtype) if x is not inputs else out

    def _broadcast(self, weight, x):
        axes = [a % len(x.shape) for a in (self.axis if isinstance(self.axis, list) else [self.axis])]
        shape = [x.shape[i] if i in axes else 1 for i in range(len(x.shape))]
        return ops.reshape(ops.convert_to_tensor(weight), shape)

    def get_config(self):
        return {**super().get_config(), "rms_scaling": self.rms_scaling}


class RMSNormalization(Layer):
    """Divides by the root mean square of the features (Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467).

    Args:
        axis: the feature axes.
        epsilon: added to the mean square.
    """

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape):
        self.axis = list(self.axis) if isinstance(self.axis, list | tuple) else [self.axis]
        shape = tuple(input_shape[a] for a in self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones", autocast=False)

    def call(self, inputs):
        return ops.rms_normalization(inputs, scale=self.scale, axis=self.axis, epsilon=self.epsilon)


class GroupNormalization(_Affine):
    """Normalizes over groups of channels (Wu and He, 2018, https://arxiv.org/abs/1803.08494).

    Args:
        groups: how many; -1 for one channel each (instance normalization), 1 for all in one.
        axis: the channel axis.
        epsilon, center, scale, beta_initializer, ..., gamma_constraint: as in `LayerNormalization`.
    """

    def __init__(self, groups=32, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        self.groups, self.axis, self.epsilon = groups, axis, epsilon
        self._set_affine(center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer,
                         beta_constraint, gamma_constraint)  # fmt: skip

    def build(self, input_shape):
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(f"Layer {self.name!r} must know the size of its channel axis {self.axis}; the input: {input_shape}.")
        if self.groups == -1:
            self.groups = size
        if size < self.groups or size % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: {size} channels cannot be split into {self.groups} groups; `groups` must divide them."
            )
        self._build_affine((size,), self.scale, self.center)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def call(self, inputs):
        x, dtype = _wide(inputs)
        shape = ops.shape(x)
        rank, axis = len(shape), self.axis % len(shape)
        split = (*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :])
        grouped = ops.reshape(x, split)
        axes = [i for i in range(1, rank + 1) if i != axis]
        mean, variance = ops.moments(grouped, axes=axes, keepdims=True)
        out = ops.reshape((grouped - mean) * ops.rsqrt(variance + self.epsilon), shape)
        wide = [1] * rank
        wide[axis] = -1
        if self.gamma is not None:
            out = out * ops.reshape(ops.cast(self.gamma, ops.dtype(x)), wide)
        if self.beta is not None:
            out = out + ops.reshape(ops.cast(self.beta, ops.dtype(x)), wide)
        return ops.cast(out, dtype) if x is not inputs else out


class UnitNormalization(Weightless):
    """Scales vectors along `axis` (integer or list) to length 1."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        self.supports_masking = True

    def call(self, inputs):
        axis = tuple(self.axis) if isinstance(self.axis, list) else self.axis
        return ops.normalize(inputs, axis=axis, order=2, epsilon=1e-12)
