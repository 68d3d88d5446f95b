"""SpectralNormalization: a kernel that is divided by its largest singular value."""

from __future__ import annotations

from kerata import ops
from kerata.layers.input_spec import InputSpec
from kerata.layers.wrappers.wrapper import Wrapper


class SpectralNormalization(Wrapper):
    """Divides the kernel of a layer by its largest singular value.

    The division is made, and kept in the kernel, at each call in training. The singular value is estimated by
    power iteration, whose vector `vector_u`, of shape `(1, filters)`, goes on from call to call; the gradient
    is that of the layer with the divided kernel.

    Args:
        layer: a layer with a `kernel` or `embeddings`, such as Dense or Conv2D.
        power_iterations: integer above 0: rounds of the iteration at each call; 1 by default.

    Input shape:
        As that of `layer`; so is the output's.

    Raises:
        ValueError: if `power_iterations` is no positive integer, or `layer` has neither of the two weights.

    Source: Miyato et al. (2018), "Spectral Normalization for Generative Adversarial Networks".

    >>> from kerata import layers, ops
    >>> inner = layers.Dense(2, kernel_initializer="ones")
    >>> y = layers.SpectralNormalization(inner, power_iterations=5)(ops.ones((1, 2)), training=True)
    >>> inner.kernel.numpy()  # [[0.5, 0.5], [0.5, 0.5]]
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, **kwargs)
        if not isinstance(power_iterations, int) or power_iterations < 1:
            raise ValueError(
                f"`power_iterations` of SpectralNormalization is a positive integer; got {power_iterations!r}."
            )
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        self.input_spec = InputSpec(shape=[None, *input_shape[1:]])
        for name in ("kernel", "embeddings"):
            found = getattr(self.layer, name, None)
            if found is not None:
                self.kernel = found
                break
        else:
            raise ValueError(
                f"SpectralNormalization normalises a `kernel` or `embeddings`; {type(self.layer).__name__} has neither."
            )
        self.kernel_shape = tuple(self.kernel.shape)
        self.vector_u = self.add_weight(
            shape=(1, self.kernel_shape[-1]), initializer="truncated_normal", name="vector_u", trainable=False,
            dtype=self.kernel.dtype,
        )

    def call(self, inputs, training=False):
        if training:
            vector_u, kernel = self.normalized_weights()
            self.vector_u.assign(vector_u)
            # The step is taken from the divided kernel, on every backend.
            value = self.kernel.value
            self.kernel.assign(value + ops.stop_gradient(kernel - value))
        return ops.cast(self.layer(inputs), self.compute_dtype)

    def normalized_weights(self):
        """The next `vector_u`, and the kernel over its spectral norm."""
        weights = ops.reshape(self.kernel, (-1, self.kernel_shape[-1]))
        u = ops.convert_to_tensor(self.vector_u)
        for _ in range(self.power_iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(weights)), axis=None)
            u = ops.normalize(ops.matmul(v, weights), axis=None)
        sigma = ops.matmul(ops.matmul(v, weights), ops.transpose(u))
        kernel = ops.reshape(ops.divide(self.kernel, sigma), self.kernel_shape)
        return ops.cast(ops.stop_gradient(u), self.vector_u.dtype), ops.cast(kernel, self.kernel.dtype)
