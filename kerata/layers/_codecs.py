"""Weights in few bits: which variables hold one, how it is written into them and read from them.

Integers are read back as `integers / scale` where each output has one scale, and as `(integers - zero) * scale` where
groups of inputs have a scale and a zero point of their own.
"""

from __future__ import annotations

import math

import numpy as np

from kerata import ops
from kerata.quantizers import (
    AbsMaxQuantizer,
    QuantizationConfig,
    abs_max_quantize_grouped_with_zero_point,
    pack_int4,
    unpack_int4,
)


def spread(x, source: str, target: str):
    """`x`, whose axes have the letters `source`, with axes `target`: 1 for letters that it lacks.

    Axes that `target` lacks have length 1.
    """
    kept = [i for i, letter in enumerate(source) if letter in target]
    x = ops.reshape(x, tuple(x.shape[i] for i in kept))
    letters = [source[i] for i in kept]
    order = [letters.index(letter) for letter in target if letter in letters]
    x = ops.transpose(x, order) if order != list(range(len(order))) else x
    sizes = iter(x.shape)
    return ops.reshape(x, tuple(next(sizes) if letter in letters else 1 for letter in target))


class Codec:
    """One weight of a layer in few bits.

    Args:
        layer: the layer.
        name: the weight's public name, such as "kernel".
        attribute: the attribute that holds the integers.
    """

    def __init__(self, layer, name: str, attribute: str | None = None):
        self.layer, self.name = layer, name
        self.attribute = attribute or f"_{name}"

    def of(self, what: str):
        """The tensor of one of the variables: "scale", "zero", ..."""
        return ops.convert_to_tensor(getattr(self.layer, f"{self.name}_{what}"))

    def variables(self) -> dict:
        """The variables by the keys of what `encode` gives."""
        return {key: getattr(self.layer, self._attribute(key)) for key in self.keys if self._attribute(key) in self.layer.__dict__}

    def _attribute(self, key: str) -> str:
        return self.attribute if key == "integers" else f"{self.name}_{key}"

    def _add(self, key: str, shape, dtype: str | None, name: str | None = None) -> None:
        name = name or (self.name if key == "integers" else f"{self.name}_{key}")
        first = "ones" if key == "scale" else "zeros"
        variable = self.layer.add_weight(name=name, shape=shape, initializer=first, dtype=dtype, trainable=False)
        setattr(self.layer, self._attribute(key), variable)

    def write(self, values: dict) -> None:
        """Put what `encode` gave into the variables."""
        for key, variable in self.variables().items():
            if key in values:
                variable.assign(values[key])


class PerOutput(Codec):
    """One scale for each output, int8 or packed int4.

    Args:
        letters: of the weight's axes.
        scaled: letters of the axes of the stored scale; the scale is one for the others.
        packed: None for int8; else the axis along which pairs of int4 are packed.
    """

    keys = ("integers", "scale")
    whole = True  # the products of integers can be scaled afterwards

    def __init__(self, layer, name, letters: str, scaled: str, packed: int | None = None, attribute: str | None = None):
        super().__init__(layer, name, attribute)
        self.letters, self.scaled, self.packed = letters, scaled, packed

    def build(self, shape) -> None:
        """Make the variables for a weight of this shape."""
        self.shape = tuple(shape)
        kept = list(shape)
        if self.packed is not None:
            kept[self.packed] = math.ceil(kept[self.packed] / 2)
        self._add("integers", tuple(kept), "int8")
        own = dict(zip(self.letters, shape))
        self._add("scale", tuple(own.get(x, 1) for x in self.scaled), None)

    def encode(self, weight) -> dict:
        return self._encoded(weight, self.letters)

    def _encoded(self, weight, letters: str) -> dict:
        low = -127 if self.packed is None else -8
        axes = tuple(i for i, x in enumerate(letters) if x not in self.scaled)
        default = AbsMaxQuantizer(axes, value_range=(low, 127 if self.packed is None else 7))
        config = self.layer.quantization_config
        quantizer = QuantizationConfig.weight_quantizer_or_default(config, default)
        more = {"axis": axes} if isinstance(quantizer, AbsMaxQuantizer) and quantizer.axis is None else {}
        integers, scale = quantizer(weight, to_numpy=True, **more)
        kept = [1 if i in axes else n for i, n in enumerate(weight.shape)]
        if list(scale.shape) != kept:
            raise ValueError(
                f"Layer {self.layer.name!r} keeps one scale for each output, of shape {tuple(kept)} beside the weight's "
                f"{tuple(weight.shape)}; the weight_quantizer gave {tuple(scale.shape)}. Leave its `axis` None, or give {axes}."
            )
        if self.packed is not None:
            integers = pack_int4(integers, axis=self.packed)[0]
        return {"integers": integers, "scale": spread(scale, letters, self.scaled)}

    def integers(self):
        kept = ops.convert_to_tensor(getattr(self.layer, self.attribute))
        if self.packed is None:
            return kept
        return unpack_int4(kept, self.shape[self.packed], axis=self.packed)

    def decode(self, dtype: str):
        return self.unscaled(self.integers(), self.output_scale(), dtype)

    def output_scale(self):
        """The scale against the layer's product."""
        return self.of("scale")

    def unscaled(self, integers, scale, dtype: str):
        """The floats of integers with this scale."""
        return ops.divide(ops.cast(integers, dtype), ops.cast(spread(scale, self.scaled, self.letters), dtype))

    def rows(self, indices, dtype: str):
        """Rows of a matrix with a scale for each."""
        kept = ops.take(ops.convert_to_tensor(getattr(self.layer, self.attribute)), indices, axis=0)
        if self.packed is not None:
            kept = unpack_int4(kept, self.shape[-1], axis=-1)
        scale = ops.expand_dims(ops.take(self.of("scale"), indices, axis=0), -1)
        return ops.divide(ops.cast(kept, dtype), ops.cast(scale, dtype))


class MatrixView:
    """A weight with the letters `letters`, of which `inputs` are contracted, seen as a matrix (inputs, outputs)."""

    letters: str
    inputs: str

    def set_shape(self, shape) -> None:
        self.shape = tuple(shape)
        count = math.prod(n for n, x in zip(shape, self.letters) if x in self.inputs)
        self.matrix_shape = (count, math.prod(shape) // count)

    def _order(self) -> list[int]:
        first = [i for i, x in enumerate(self.letters) if x in self.inputs]
        return first + [i for i in range(len(self.letters)) if i not in first]

    def to_matrix(self, weight):
        return ops.reshape(ops.transpose(weight, self._order()), self.matrix_shape)

    def from_matrix(self, matrix):
        order = self._order()
        full = ops.reshape(matrix, tuple(self.shape[i] for i in order))
        return ops.transpose(full, [order.index(i) for i in range(len(order))])


class FlatPerOutput(MatrixView, PerOutput):
    """Packed int4 with one scale for each output, stored as a matrix (inputs, outputs) whatever the weight's axes.

    Args:
        letters, inputs, outputs: letters of the axes of the weight, of those that are contracted, of the product.
    """

    def __init__(self, layer, name, letters: str, inputs: str, outputs: str):
        super().__init__(layer, name, "ab", "b", packed=1)
        self.letters, self.inputs, self.outputs = letters, inputs, outputs

    def build(self, shape) -> None:
        self.set_shape(shape)
        rows, columns = self.matrix_shape
        self._add("integers", (rows, math.ceil(columns / 2)), "int8")
        self._add("scale", (columns,), None)

    def encode(self, weight) -> dict:
        return self._encoded(self.to_matrix(weight), "ab")

    def integers(self):
        kept = ops.convert_to_tensor(getattr(self.layer, self.attribute))
        return self.from_matrix(unpack_int4(kept, self.matrix_shape[1], axis=1))

    def output_scale(self):
        free = [x for x in self.letters if x not in self.inputs]
        sizes = tuple(n for n, x in zip(self.shape, self.letters) if x in free)
        return spread(ops.reshape(self.of("scale"), sizes), "".join(free), self.outputs)

    def unscaled(self, integers, scale, dtype: str):
        return ops.divide(ops.cast(integers, dtype), ops.cast(spread(scale, self.outputs, self.letters), dtype))


class Grouped(MatrixView, Codec):
    """A scale and a zero point for each output and group of inputs; integers of 2 to 8 bits.

    The weight is seen as a matrix (inputs, outputs).

    Args:
        letters, inputs: letters of the weight's axes, and which of them are inputs.
        group: inputs in a group; -1 for one group.
        bits: bits of the integers; those of up to 4 are packed in pairs.
        pack_inputs: whether pairs are along the inputs instead of the outputs.
        transposed: whether the matrix is stored as (outputs, inputs).
        zero_dtype: of the zero points; their sign is that of the integers.
        zero_name: the name of their variable.
        own_groups: whether the variable `g_idx`, the group of each input, is made here.
        signed: whether the integers are.
    """

    keys = ("integers", "scale", "zero")
    whole = False

    def __init__(self, layer, name, letters: str, inputs: str, group: int, bits: int = 4, pack_inputs: bool = False,
                 transposed: bool = False, zero_dtype: str | None = "int8", zero_name: str | None = None,
                 attribute: str | None = None, own_groups: bool = True, signed: bool = True):  # fmt: skip
        super().__init__(layer, name, attribute)
        self.letters, self.inputs, self.group, self.bits = letters, inputs, group, bits
        self.pack_inputs, self.transposed = pack_inputs, transposed
        self.zero_dtype, self.zero_name, self.own_groups = zero_dtype, zero_name, own_groups
        self.signed = signed
        # The stored axis of the pairs. (Only 4 bits are packed: a file has others one in a byte.)
        self.pack_axis = int(pack_inputs == transposed) if bits == 4 else None

    # -- shapes -----------------------------------------------------------------------------------------------
    @property
    def groups(self) -> int:
        return 1 if self.group == -1 else math.ceil(self.matrix_shape[0] / self.group)

    def build(self, shape) -> None:
        self.set_shape(shape)
        stored = list(self._stored(self.matrix_shape))
        if self.pack_axis is not None:
            stored[self.pack_axis] = math.ceil(stored[self.pack_axis] / 2)
        kind = "int8" if self.signed else "uint8"
        self._add("integers", tuple(stored), kind)
        grid = self._stored((self.groups, self.matrix_shape[1]))
        self._add("scale", grid, None)
        self._add("zero", grid, self.zero_dtype, self.zero_name)
        self._build_more()
        if self.own_groups:
            layer, rows = self.layer, self.matrix_shape[0]
            layer.g_idx = layer.add_weight(name="g_idx", shape=(rows,), initializer="zeros", dtype="float32", trainable=False)
            layer.g_idx.assign(self.group_indices())

    def _build_more(self) -> None:
        pass

    def _stored(self, shape) -> tuple:
        return tuple(reversed(shape)) if self.transposed else tuple(shape)

    def _turned(self, matrix):
        return ops.transpose(matrix) if self.transposed else matrix

    def group_indices(self):
        rows = np.arange(self.matrix_shape[0])
        return (rows * 0 if self.group == -1 else rows // self.group).astype("float32")

    # -- values -----------------------------------------------------------------------------------------------
    def encode(self, weight) -> dict:
        size = self.matrix_shape[0] if self.group == -1 else self.group
        integers, scale, zero = abs_max_quantize_grouped_with_zero_point(self.to_matrix(weight), size, to_numpy=True)
        return self.stored_values(integers, scale, zero)

    def stored_values(self, integers, scale, zero) -> dict:
        """What the variables hold for these matrices (inputs or groups, outputs)."""
        integers = self._turned(integers)
        if self.pack_axis is not None:
            integers = pack_int4(integers, axis=self.pack_axis, dtype="int8" if self.signed else "uint8")[0]
        return {"integers": integers, "scale": self._turned(scale), "zero": self._turned(zero)}

    def integers(self):
        return self.from_matrix(self._integer_matrix())

    def _integer_matrix(self):
        kept = ops.convert_to_tensor(getattr(self.layer, self.attribute))
        if self.pack_axis is not None:
            length = self._stored(self.matrix_shape)[self.pack_axis]
            kept = unpack_int4(kept, length, axis=self.pack_axis, dtype="int8" if self.signed else "uint8")
        return self._turned(kept)

    def _group_of_rows(self):
        return ops.cast(ops.convert_to_tensor(self.layer.g_idx), "int32")

    def decode(self, dtype: str):
        groups = self._group_of_rows()
        scale, zero = (ops.cast(ops.take(self._turned(self.of(x)), groups, axis=0), dtype) for x in ("scale", "zero"))
        return self.from_matrix(ops.multiply(ops.subtract(ops.cast(self._integer_matrix(), dtype), zero), scale))

    def rows(self, indices, dtype: str):
        """Rows of a matrix that is stored as (outputs, inputs)."""
        kept = ops.take(ops.convert_to_tensor(getattr(self.layer, self.attribute)), indices, axis=0)
        kept = ops.cast(unpack_int4(kept, self.matrix_shape[0], axis=-1), dtype)
        groups = self._group_of_rows()
        scale, zero = (
            ops.cast(ops.take(ops.take(self.of(x), indices, axis=0), groups, axis=-1), dtype) for x in ("scale", "zero")
        )
        return ops.multiply(ops.subtract(kept, zero), scale)


class Calibrated(Grouped):
    """The form of GPTQ and AWQ: unsigned integers, found by looking at data; with AWQ also a factor for each input.

    Until they are found, the layer computes with its floats.
    """

    def __init__(self, layer, name, letters, inputs, group, bits, zero_name=None, factors: bool = False):
        super().__init__(
            layer, name, letters, inputs, group, bits, transposed=True, zero_dtype="uint8", zero_name=zero_name,
            attribute=f"quantized_{name}", signed=False,
        )  # fmt: skip
        self.factors = factors

    def _build_more(self) -> None:
        if self.factors:
            self.layer.awq_scales = self.layer.add_weight(
                name="awq_scales", shape=(self.matrix_shape[0],), initializer="ones", trainable=False
            )

    def encode(self, weight) -> dict:
        """Rounds to the nearest of the grid that was found: for a weight that an adapter has changed."""
        groups = self._group_of_rows()
        matrix = self.to_matrix(weight)
        if self.factors:
            matrix = ops.multiply(matrix, ops.expand_dims(ops.convert_to_tensor(self.layer.awq_scales), -1))
        scale, zero = self._turned(self.of("scale")), self._turned(self.of("zero"))
        steps = ops.divide(matrix, ops.take(scale, groups, axis=0)) + ops.cast(ops.take(zero, groups, axis=0), "float32")
        integers = ops.cast(ops.clip(ops.round(steps), 0, 2**self.bits - 1), "uint8")
        return self.stored_values(integers, scale, zero)

    def decode(self, dtype: str):
        weight = super().decode(dtype)
        if not self.factors:
            return weight
        factors = ops.expand_dims(ops.cast(ops.convert_to_tensor(self.layer.awq_scales), dtype), -1)
        return self.from_matrix(ops.divide(self.to_matrix(weight), factors))

