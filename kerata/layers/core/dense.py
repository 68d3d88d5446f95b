"""Dense: a fully connected layer."""

from __future__ import annotations

from kerata import activations, ops
from kerata.layers._codecs import Calibrated, Grouped, PerOutput
from kerata.layers._contraction import Matmul
from kerata.layers._quantization import Quantizable, read_config
from kerata.layers._weights import add, store_options
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer


class Dense(Quantizable, Layer):
    """`activation(inputs @ kernel + bias)`.

    Args:
        units: size of the last axis of the output.
        activation: a function or its name; None for none.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: first values.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: projections after updates.
        lora_rank, lora_alpha: rank and scale of a low-rank adapter (Hu et al., 2021); None for none.
        quantization_config: how `quantize` works on this layer.

    Input shape `(..., n)`, output shape `(..., units)`.

    >>> import kerata
    >>> kerata.layers.Dense(3, activation="relu")(kerata.ops.ones((2, 5))).shape[1]
    3
    """

    _config_optional = frozenset(("lora_rank", "lora_alpha"))
    _adapted = "kernel"
    _modes = ("int8", "int4", "float8", "gptq", "awq")
    _contraction = Matmul()

    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **kwargs):  # fmt: skip
        if not isinstance(units, int) or units <= 0:
            raise ValueError(f"`units` of Dense is a positive integer; got {units!r}.")
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        store_options(self, locals())
        self.lora_rank, self.lora_alpha = lora_rank, lora_alpha if lora_alpha is not None else lora_rank
        self.quantization_config = read_config(quantization_config)
        self.bias = None
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape):
        size = input_shape[-1]
        shape = (size, self.units)
        self._build_main(shape, lambda: add(self, "kernel", shape))
        if self.use_bias:
            self.bias = add(self, "bias", (self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self._build_adapter()

    def call(self, inputs, training=None):
        x = self._product(inputs, training) if self.quantization_mode else ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            x = ops.add(x, self.bias if self._float8 is None else self._float8.addend(self.bias))
        return x if self.activation is activations.linear else self.activation(x)

    def _make_codecs(self, mode: str, shape) -> tuple:
        if mode in ("gptq", "awq"):
            policy = self._dtype_policy
            return (Calibrated(self, "kernel", "ab", "a", policy.group_size, policy.weight_bits, factors=mode == "awq"),)
        if mode == "int4" and self._block_size() != -1:
            return (Grouped(self, "kernel", "ab", "a", self._block_size()),)
        return (PerOutput(self, "kernel", "ab", "b", packed=1 if mode == "int4" else None),)
