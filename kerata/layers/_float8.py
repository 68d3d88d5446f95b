"""Products in float8, for training (Micikevicius et al., 2022, https://arxiv.org/abs/2209.05433).

Inputs, weight and the gradient of the output pass through float8, each divided by a scale that follows the largest
magnitudes of the last steps. What is new of scales and histories comes out of the backward pass in the place of
gradients, and optimizers write it into the variables (`overwrite_with_gradient`).
"""

from __future__ import annotations

from kerata import ops
from kerata.core.scopes import context
from kerata.quantizers import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from kerata.quantizers.float8 import largest

_FORWARD, _BACKWARD = "float8_e4m3fn", "float8_e5m2"


class Float8:
    """The variables of a layer's product in float8.

    Args:
        layer: the layer, to which they are added.
        weight: the name of its weight.
    """

    def __init__(self, layer, weight: str):
        self.layer = layer
        self.parts = ("inputs", weight, "outputs_grad")
        length = getattr(layer._dtype_policy, "amax_history_length", 1024)
        for part in self.parts:
            self._add(f"{part}_scale", (), "ones")
            self._add(f"{part}_amax_history", (length,), "zeros")

    def _add(self, name: str, shape, first: str) -> None:
        variable = self.layer.add_weight(
            name=name, shape=shape, initializer=first, dtype="float32", autocast=False, overwrite_with_gradient=True
        )
        setattr(self.layer, name, variable)

    def variables(self) -> list:
        return [v for part in self.parts for v in self._of(part)]

    def _of(self, part: str) -> tuple:
        return getattr(self.layer, f"{part}_scale"), getattr(self.layer, f"{part}_amax_history")

    def product(self, contraction, x, kernel, training):
        dtype = self.layer.compute_dtype
        training = context.training if training is None else training
        x, kernel = ops.cast(x, dtype), ops.cast(ops.convert_to_tensor(kernel), dtype)
        x = self._passed(x, self.parts[0], dtype, training)
        kernel = self._passed(kernel, self.parts[1], dtype, training)
        return self._gradient_passed(contraction.forward(x, kernel), dtype)

    def addend(self, bias):
        """The bias as it is added: in bfloat16 where the rest is float32, as Keras does, so that results are the same."""
        return ops.cast(bias, "bfloat16") if self.layer.compute_dtype == "float32" else bias

    def _tensors(self, part: str):
        return [ops.convert_to_tensor(v) for v in self._of(part)]

    def _passed(self, x, part: str, dtype: str, training):
        """`x` by way of float8; the gradient passes as it is."""

        @ops.custom_gradient
        def passed(x, scale, history):
            new = _renewed(x, scale, history, _FORWARD) if training else (None, None)

            def gradient(*args, upstream=None):
                return args[0] if upstream is None else upstream, *new

            return quantize_and_dequantize(x, scale, _FORWARD, dtype), gradient

        return passed(x, *self._tensors(part))

    def _gradient_passed(self, y, dtype: str):
        """`y` as it is; its gradient goes by way of float8."""

        @ops.custom_gradient
        def passed(y, scale, history):
            def gradient(*args, upstream=None):
                upstream = args[0] if upstream is None else upstream
                return quantize_and_dequantize(upstream, scale, _BACKWARD, dtype), *_renewed(upstream, scale, history, _BACKWARD)

            return ops.multiply(y, ops.ones_like(y)), gradient

        return passed(y, *self._tensors(self.parts[2]))


def _renewed(x, scale, history, kind: str) -> tuple:
    """Scale and history after `x`."""
    return compute_float8_scale(ops.max(history), scale, largest(kind)), compute_float8_amax_history(x, history)
