"""Layers whose weights are int8: how they are built, computed with, and kept in files.

The kernel is stored as `round(kernel * scale)`, with a scale for each output. Where the activations are quantized too
(the default), each row of the inputs is rounded in the same way, and the product is one of integers:
`round(x * x_scale) @ kernel / (x_scale * scale)` (Dettmers et al., 2022, https://arxiv.org/abs/2208.07339).
"""

from __future__ import annotations

from kerata import ops

_LIMITS = (-127, 127)


def _setting(config, name, default=None):
    """An entry of a quantization config or quantizer: an object, or what stands for it in a file."""
    if isinstance(config, dict):
        return config.get("config", config).get(name, default)
    return getattr(config, name, default)


class Int8:
    """Mixin for layers with a main weight `_kernel` of shape (inputs, outputs).

    Where `_quantized`, a layer calls `_build_int8` and `_product_int8` in place of its own. Such weights are read from files; the
    gradient reaches the inputs and the bias, while the kernel stays as it is.
    """

    @property
    def _quantized(self) -> bool:
        mode = self.quantization_mode
        if mode not in (None, "int8"):
            raise NotImplementedError(
                f"Layer {self.name!r} ({type(self).__name__}) has weights quantized as {mode!r} (dtype policy "
                f"{self.dtype_policy.name!r}); of the quantized forms only int8 is read so far."
            )
        return mode == "int8"

    def _build_int8(self, shape) -> None:
        self._kernel = self.add_weight(name="kernel", shape=shape, initializer="zeros", dtype="int8", trainable=False)
        self.kernel_scale = self.add_weight(name="kernel_scale", shape=shape[-1:], initializer="ones", trainable=False)

    def _activation_limits(self):
        """(lowest, highest, epsilon) of the inputs' rounding, or None where they stay floats."""
        if self.quantization_config is None:
            return *_LIMITS, 1e-7
        quantizer = _setting(self.quantization_config, "activation_quantizer")
        if quantizer is None:
            return None
        return *_setting(quantizer, "value_range", _LIMITS), _setting(quantizer, "epsilon", 1e-7)

    def _product_int8(self, inputs):
        dtype, limits = self.compute_dtype, self._activation_limits()

        @ops.custom_gradient
        def product(x, kernel, scale):
            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                floats = ops.divide(ops.cast(kernel, dtype), scale)
                return ops.matmul(upstream, ops.transpose(floats)), None, None

            whole = scale
            if limits is not None:
                x, x_scale = _rounded(x, *limits)
                whole = ops.multiply(scale, x_scale)
            return ops.divide(ops.cast(ops.matmul(x, kernel), dtype), whole), gradient

        return product(inputs, ops.convert_to_tensor(self._kernel), ops.convert_to_tensor(self.kernel_scale))

    def _stored_variables(self) -> list:
        """Keras's files hold the kernel first and its scale last."""
        own = super()._stored_variables()
        ends = {id(self.__dict__.get("_kernel")): -1, id(self.__dict__.get("kernel_scale")): 1}
        return sorted(own, key=lambda v: ends.get(id(v), 0)) if self._quantized else own

    def enable_lora(self, *args, **kwargs):
        if self._quantized:
            raise NotImplementedError(f"Layer {self.name!r} has int8 weights, to which an adapter cannot be added so far.")
        super().enable_lora(*args, **kwargs)


def _rounded(x, low, high, epsilon):
    """Rows of `x` as int8, and the factor for each row."""
    dtype = x.dtype
    scale = ops.divide(high, ops.add(ops.max(ops.abs(x), axis=-1, keepdims=True), epsilon))
    scale = ops.cast(scale, dtype)
    return ops.cast(ops.clip(ops.round(ops.multiply(x, scale)), low, high), "int8"), scale
