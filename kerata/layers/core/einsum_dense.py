"""EinsumDense: a fully connected layer along any axes."""

from __future__ import annotations

import re

from kerata import activations, ops
from kerata.layers._codecs import Calibrated, FlatPerOutput, Grouped, PerOutput
from kerata.layers._contraction import Einsum
from kerata.layers._quantization import Quantizable, read_config
from kerata.layers._weights import add, store_options
from kerata.layers.layer import Layer
from kerata.ops.products import affine


class EinsumDense(Quantizable, Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`: a dense layer over any axes.

    Args:
        equation: an einsum of two operands, such as "abc,cd->abd"; "..." stands for the axes that are not
            named.
        output_shape: integer or tuple: the output's shape without the batch axis (with a leading "...": of
            the named axes). None stands for a size that the input gives.
        activation: a function or its name; None for none.
        bias_axes: the letters of the output axes that the bias has, such as "d"; None for no bias.
        kernel_initializer, bias_initializer: first values, "glorot_uniform" and "zeros" by default.
        kernel_regularizer, bias_regularizer: penalties; None.
        kernel_constraint, bias_constraint: projections applied after each update; None.
        lora_rank, lora_alpha: rank and scale of a low-rank adapter, as in `Dense`; None for no adapter.
        gptq_unpacked_column_size: columns of the kernel before packing; set by GPTQ, for saved layers. None.
        quantization_config: how `quantize` works on this layer; None for the mode's own.

    Input shape:
        As the first operand of `equation` says, float.
    Output shape:
        As the equation's result says, in the compute dtype.

    Raises:
        ValueError: if the equation cannot be read, does not fit the input's rank, or says sizes other than
            `output_shape`; if `bias_axes` names an axis that the output lacks.
        TypeError: if `equation` is no text.

    >>> from kerata import layers, ops
    >>> x = ops.ones((2, 3, 4))
    >>> layers.EinsumDense("btc,cd->btd", (None, 6), bias_axes="d")(x).shape  # (2, 3, 6)
    >>> layers.EinsumDense("...x,xy->...y", output_shape=6)(x).shape  # (2, 3, 6)
    """

    _config_skip = Layer._config_skip - {"activity_regularizer"}
    _config_optional = frozenset(("lora_rank", "lora_alpha", "gptq_unpacked_column_size"))
    _adapted = "kernel"
    _modes = ("int8", "int4", "float8", "gptq", "awq")
    _is_plain = False  # whether the product is that of `affine`; known when it is built

    def __init__(self, equation, output_shape, activation=None, bias_axes=None, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, kernel_constraint=None,
                 bias_constraint=None, lora_rank=None, lora_alpha=None, gptq_unpacked_column_size=None,
                 quantization_config=None, **kwargs):  # fmt: skip
        super().__init__(**kwargs)
        if not isinstance(equation, str):
            raise TypeError(f"`equation` of EinsumDense is text such as 'ab,bc->ac'; got {equation!r} ({type(equation).__name__}).")
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.output_shape = self.partial_output_shape
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        store_options(self, locals())
        self.lora_rank, self.lora_alpha = lora_rank, lora_alpha if lora_alpha is not None else lora_rank
        self.gptq_unpacked_column_size = gptq_unpacked_column_size
        self.quantization_config = read_config(quantization_config)
        self.bias = None

    def build(self, input_shape):
        kernel_shape, bias_shape, _ = analyze(self.equation, self.bias_axes, input_shape, self.partial_output_shape)
        self._contraction = Einsum(self.equation, len(input_shape))
        self._is_plain = self._contraction.is_plain
        self._build_main(kernel_shape, lambda: add(self, "kernel", kernel_shape))
        if bias_shape is not None:
            self.bias = add(self, "bias", bias_shape)
        self._build_adapter()

    def call(self, inputs, training=None):
        if self._is_plain and self.quantization_mode is None and self.bias is not None:
            x = affine(inputs, self.kernel, self.bias, self._einsum)
        else:
            x = self._product(inputs, training) if self.quantization_mode else self._einsum(inputs, self.kernel)
            if self.bias is not None:
                x = ops.add(x, self.bias if self._float8 is None else self._float8.addend(self.bias))
        return x if self.activation is activations.linear else self.activation(x)

    def _einsum(self, x, kernel):
        return ops.einsum(self.equation, x, kernel)  # also of a rank that "..." allows, and the layer was not built for

    def _make_codecs(self, mode: str, shape) -> tuple:
        letters, inputs = self._contraction.kernel, self._contraction.contracted
        if mode in ("gptq", "awq"):
            policy = self._dtype_policy
            codec = Calibrated(
                self, "kernel", letters, inputs, policy.group_size, policy.weight_bits, "zero_point", factors=mode == "awq"
            )
            codec.set_shape(shape)
            if mode == "gptq":
                self.gptq_unpacked_column_size = codec.matrix_shape[1]
            return (codec,)
        if mode == "int8":
            return (PerOutput(self, "kernel", letters, self._contraction.outputs),)
        if self._block_size() == -1:
            return (FlatPerOutput(self, "kernel", letters, inputs, self._contraction.outputs),)
        return (Grouped(self, "kernel", letters, inputs, self._block_size()),)


def analyze(equation: str, bias_axes, input_shape, output_shape) -> tuple:
    """`(kernel shape, bias shape or None, output shape)` for an equation and the shapes known."""
    match = re.fullmatch(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?", equation.replace(" ", ""))
    if match is None:
        raise ValueError(f"EinsumDense cannot read the equation {equation!r}; wanted is one like 'ab,bc->ac' or '...a,ab->...b'.")
    front, inputs, back, kernel, _, outputs, _ = match.groups()
    extra = len(input_shape) - len(inputs)
    if extra < 0 or (extra and not (front or back)):
        raise ValueError(f"EinsumDense's equation {equation!r} takes inputs of rank {len(inputs)}; the input has the shape {input_shape}.")
    sizes_in = input_shape[extra:] if front else input_shape[: len(inputs)]
    wanted = len(outputs)
    missing = [None] * (wanted - 1 - len(output_shape))  # axes before those that `output_shape` gives are the input's
    full_output = [input_shape[0], *missing, *output_shape] if not front else list(output_shape)
    sizes_out = full_output[-wanted:] if front else full_output[:wanted]
    if len(sizes_out) < wanted:
        sizes_out = [None] * (wanted - len(sizes_out)) + list(sizes_out)
    dims = dict(zip(inputs, sizes_in))
    out_dims = {}
    for letter, size in zip(outputs, sizes_out):
        known = dims.get(letter)
        if size is not None and known is not None and size != known:
            raise ValueError(
                f"EinsumDense: axis {letter!r} of {equation!r} has size {known} in the input {input_shape}, but "
                f"`output_shape` {tuple(output_shape)} says {size}."
            )
        out_dims[letter] = size if size is not None else known
    for letter in kernel:
        if letter not in dims and letter not in out_dims:
            raise ValueError(f"EinsumDense: the kernel's axis {letter!r} stands neither in the input nor in the output of {equation!r}.")
    kernel_shape = tuple(dims[x] if dims.get(x) is not None else out_dims.get(x) for x in kernel)
    bias_shape = None
    if bias_axes:
        unknown = [x for x in bias_axes if x not in outputs]
        if unknown:
            raise ValueError(f"EinsumDense: `bias_axes` {bias_axes!r} names {unknown}, which the output {outputs!r} does not have.")
        first = min(outputs.index(x) for x in bias_axes)
        bias_shape = tuple(out_dims[x] if x in bias_axes else 1 for x in outputs[first:])
        if back:
            bias_shape += (1,) * extra
    return kernel_shape, bias_shape, tuple(out_dims.values())
