"""Dense: a fully connected layer."""

from __future__ import annotations

from kerata import activations, ops
from kerata.layers._codecs import Calibrated, Grouped, PerOutput
from kerata.layers._contraction import Matmul
from kerata.layers._errors import positive_integer
from kerata.layers._quantization import Quantizable, read_config
from kerata.layers._weights import add, store_options
from kerata.layers.input_spec import InputSpec
from kerata.layers.layer import Layer
from kerata.ops.products import affine


class Dense(Quantizable, Layer):
    """`activation(inputs @ kernel + bias)`: each output is a weighted sum of all inputs.

    Args:
        units: integer above 0: the size of the last axis of the output.
        activation: a function or its name; None (the default) for none.
        use_bias: whether to add a bias; True by default.
        kernel_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties of the weights and the output;
            None.
        kernel_constraint, bias_constraint: projections applied after each update; None.
        lora_rank: integer: trains `kernel + (lora_alpha / lora_rank) * A @ B`, A and B of this rank, in place
            of the kernel; None for no adapter.
        lora_alpha: its scale; `lora_rank` if None.
        quantization_config: how `quantize` works on this layer; None for the mode's own.

    Input shape:
        `(..., n)`, float, of rank 2 or more. The kernel has the shape `(n, units)`, the bias `(units,)`.
    Output shape:
        `(..., units)`, in the compute dtype.

    Raises:
        ValueError: if `units` is no positive integer, or if inputs have another last size than the layer was
            built for.

    Source of `lora_rank`: Hu et al. (2021), "LoRA: Low-Rank Adaptation of Large Language Models".

    >>> from kerata import layers, ops
    >>> layer = layers.Dense(2, kernel_initializer="ones", activation="relu")
    >>> layer(ops.convert_to_tensor([[1.0, 2.0, 3.0]]))  # [[6, 6]]
    """

    _rowwise = True

    _config_optional = frozenset(("lora_rank", "lora_alpha"))
    _adapted = "kernel"
    _modes = ("int8", "int4", "float8", "gptq", "awq")
    _contraction = Matmul()

    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **kwargs):  # fmt: skip
        units = positive_integer(units, "units", "Dense")
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
        if self.quantization_mode:
            x = self._product(inputs, training)
            if self.bias is not None:
                x = ops.add(x, self.bias if self._float8 is None else self._float8.addend(self.bias))
        elif self.bias is None:
            x = ops.matmul(inputs, self.kernel)
        else:
            x = affine(inputs, self.kernel, self.bias)
        return x if self.activation is activations.linear else self.activation(x)

    def _make_codecs(self, mode: str, shape) -> tuple:
        if mode in ("gptq", "awq"):
            policy = self._dtype_policy
            return (Calibrated(self, "kernel", "ab", "a", policy.group_size, policy.weight_bits, factors=mode == "awq"),)
        if mode == "int4" and self._block_size() != -1:
            return (Grouped(self, "kernel", "ab", "a", self._block_size()),)
        return (PerOutput(self, "kernel", "ab", "b", packed=1 if mode == "int4" else None),)
