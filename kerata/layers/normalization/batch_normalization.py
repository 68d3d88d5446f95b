"""Batch normalization."""

from __future__ import annotations

from kerata import ops
from kerata.layers.input_spec import InputSpec
from kerata.layers.normalization._affine import Affine, sizes
from kerata.ops._nn_normalization import batch_normalize_by_batch

_HALF = ("float16", "bfloat16")


class BatchNormalization(Affine):
    """Normalizes each feature by the mean and variance of the batch.

    `y = gamma * (x - mean) / sqrt(variance + epsilon) + beta`. In training (`training=True`) the moments are
    the batch's, over all axes but `axis`, and moving averages follow them; otherwise, and always with
    `trainable = False`, the averages are used. A mask leaves positions out of the moments.

    Args:
        axis: integer: the feature axis; -1 by default.
        momentum: of the averages, `average = momentum * average + (1 - momentum) * batch`; 0.99 by default.
        epsilon: number of at least 0, added to the variance; 0.001 by default.
        center, scale: whether to add `beta` and to multiply by `gamma`; True by default.
        beta_initializer, gamma_initializer: first values of the weights; "zeros" and "ones".
        moving_mean_initializer, moving_variance_initializer: first values of the averages; "zeros" and
            "ones".
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: penalties, and projections
            after updates; None.
        renorm: whether training normalizes as inference will (batch renormalization); False by default.
        renorm_clipping: dictionary with some of "rmin", "rmax", "dmax": bounds of the correction
            `r = stddev / renorm_stddev`, `d = (mean - renorm_mean) / renorm_stddev`; None for none.
        renorm_momentum: of the averages that renorm corrects by; 0.99 by default.
        synchronized: whether replicas share the batch's moments; False by default.

    Input shape:
        `(batch, ...)`, float, of known size along `axis`; the output has the same shape. 16-bit inputs are
        computed in float32.

    Raises:
        ValueError: if `epsilon` is negative, `axis` is missing or of unknown size, or `renorm_clipping` has
            other keys or rmax below rmin.

    Source: Ioffe and Szegedy (2015), "Batch Normalization: Accelerating Deep Network Training by Reducing
    Internal Covariate Shift"; for `renorm` Ioffe (2017), "Batch Renormalization: Towards Reducing Minibatch
    Dependence in Batch-Normalized Models".

    >>> from kerata import layers, ops
    >>> layer = layers.BatchNormalization(epsilon=0.0, momentum=0.9)
    >>> layer(ops.convert_to_tensor([[1.0], [3.0]]), training=True)  # [[-1], [1]]
    >>> layer.moving_mean.numpy()  # [0.2]
    """

    _rowwise = True

    def __init__(self, axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", moving_mean_initializer="zeros", moving_variance_initializer="ones",
                 beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None,
                 renorm=False, renorm_clipping=None, renorm_momentum=0.99, synchronized=False, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        self.axis = int(axis)
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        if self.epsilon < 0:
            raise ValueError(f"`epsilon` of BatchNormalization must not be negative; got {epsilon!r}.")
        self.synchronized = synchronized
        self._set_affine(locals())
        self.renorm, self.renorm_momentum = renorm, renorm_momentum
        self.renorm_clipping = _clipping(renorm_clipping) if renorm else renorm_clipping

    def build(self, input_shape):
        (size,) = sizes(self, input_shape, [self.axis])
        if size is None:
            raise ValueError(f"Layer {self.name!r} must know the size of its feature axis {self.axis}; the input: {input_shape}.")
        shape = (size,)
        self._build_affine(shape, self.scale, self.center)
        self.moving_mean = self._statistic("moving_mean", shape, self.moving_mean_initializer)
        self.moving_variance = self._statistic("moving_variance", shape, self.moving_variance_initializer)
        if self.renorm:
            self.moving_stddev = self._statistic("moving_stddev", shape, self._initial_stddev)
            self.renorm_mean = self._statistic("renorm_mean", shape, self.moving_mean_initializer)
            self.renorm_stddev = self._statistic("renorm_stddev", shape, self._initial_stddev)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})

    def _wide(self, weight):
        """The weight, in float32 where the layer keeps it in 16 bits: fused kernels want that."""
        return ops.cast(weight, "float32") if weight is not None and weight.dtype in _HALF else weight

    def _initial_stddev(self, shape, dtype=None, **kwargs):
        return ops.sqrt(ops.convert_to_tensor(self.moving_variance_initializer(shape, dtype=dtype)))

    def _statistic(self, name, shape, initializer):
        return self.add_weight(shape=shape, name=name, initializer=initializer, trainable=False, autocast=False)

    def call(self, inputs, training=None, mask=None):
        dtype = ops.dtype(inputs)
        x = ops.cast(inputs, "float32") if dtype in _HALF else inputs
        axis = self.axis % len(x.shape)
        if not training or not self.trainable:
            out = ops.batch_normalization(
                x, self.moving_mean, self.moving_variance, axis, offset=self.beta, scale=self.gamma, epsilon=self.epsilon
            )
        elif mask is None and not self.renorm:
            out, mean, variance = batch_normalize_by_batch(
                x, axis, scale=self._wide(self.gamma), offset=self._wide(self.beta), epsilon=self.epsilon, synchronized=self.synchronized
            )
            self._average(mean, variance)
        else:
            mean, variance = self._moments(x, axis, mask)
            if self.renorm:
                out = self._renormalize(x, mean, variance, axis)
            else:
                out = ops.batch_normalization(x, mean, variance, axis, self.beta, self.gamma, self.epsilon)
                self._average(mean, variance)
        return ops.cast(out, dtype) if x is not inputs else out

    def _average(self, mean, variance) -> None:
        _follow(self.moving_mean, mean, self.momentum)
        _follow(self.moving_variance, variance, self.momentum)

    def _moments(self, x, axis, mask):
        axes = [i for i in range(len(x.shape)) if i != axis]
        if mask is None:
            return ops.moments(x, axes=axes, synchronized=self.synchronized)
        weights = ops.cast(mask, ops.dtype(x))
        while len(weights.shape) < len(x.shape):
            weights = ops.expand_dims(weights, -1)
        weights = ops.broadcast_to(weights, ops.shape(x))
        total = ops.sum(weights, axis=axes, keepdims=True) + 1e-7
        mean = ops.sum(x * weights, axis=axes, keepdims=True) / total
        variance = ops.sum(weights * ops.square(x - mean), axis=axes, keepdims=True) / total
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def _renormalize(self, x, mean, variance, axis):
        """As if normalized by the slow averages; gradients flow through the batch's moments alone."""
        shape = [1] * len(x.shape)
        shape[axis] = -1
        stddev = ops.sqrt(variance + self.epsilon)
        r = ops.stop_gradient(stddev / self.renorm_stddev)
        d = ops.stop_gradient((mean - self.renorm_mean) / self.renorm_stddev)
        limits = self.renorm_clipping
        if "rmin" in limits:
            r = ops.maximum(r, limits["rmin"])
        if "rmax" in limits:
            r = ops.minimum(r, limits["rmax"])
        if "dmax" in limits:
            d = ops.clip(d, -limits["dmax"], limits["dmax"])
        _follow(self.renorm_mean, mean, self.renorm_momentum)
        _follow(self.renorm_stddev, stddev, self.renorm_momentum)
        _follow(self.moving_mean, mean, self.momentum)
        _follow(self.moving_stddev, stddev, self.momentum)
        self.moving_variance.assign(ops.square(self.moving_stddev) - self.epsilon)
        scale = r / stddev
        shift = d - mean * scale
        if self.gamma is not None:
            gamma = ops.cast(self.gamma, ops.dtype(x))
            scale, shift = scale * gamma, shift * gamma
        if self.beta is not None:
            shift = shift + ops.cast(self.beta, ops.dtype(x))
        return x * ops.reshape(scale, shape) + ops.reshape(shift, shape)


def _follow(average, value, momentum: float) -> None:
    """Move an average towards a value."""
    value = ops.stop_gradient(value)
    average.assign(ops.add(ops.multiply(average, momentum), ops.multiply(value, 1.0 - momentum)))


def _clipping(limits) -> dict:
    limits = dict(limits or {})
    unknown = set(limits) - {"rmax", "rmin", "dmax"}
    if unknown:
        raise ValueError(f"`renorm_clipping` takes 'rmax', 'rmin' and 'dmax'; got {sorted(unknown)} as well.")
    limits = {k: v for k, v in limits.items() if v is not None}
    if limits.get("rmax", float("inf")) <= limits.get("rmin", 0.0):
        raise ValueError(f"`renorm_clipping` wants rmax above rmin; got rmax={limits['rmax']}, rmin={limits['rmin']}.")
    return limits
