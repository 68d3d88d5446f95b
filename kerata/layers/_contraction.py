"""The products that Dense layers are made of, with what quantization has to know of their axes."""

from __future__ import annotations

import string

from kerata import ops
from kerata.layers._codecs import spread


class Matmul:
    """`x @ kernel`, along the last axis of `x`."""

    input_axes = -1

    def forward(self, x, kernel):
        return ops.matmul(x, kernel)

    def backward(self, upstream, kernel):
        """The gradient of `x`."""
        return ops.matmul(upstream, ops.transpose(kernel))

    def on_output(self, scale):
        """A scale of `x`, with the contracted axes kept as 1, against the output."""
        return scale


class Einsum:
    """`einsum(equation, x, kernel)`.

    Args:
        equation: of two operands; "..." is of the axes of `x` that it does not name.
        rank: axes of `x`.
    """

    def __init__(self, equation: str, rank: int):
        equation = equation.replace(" ", "")
        free = [x for x in string.ascii_letters if x not in equation]
        named = len(equation.split(",")[0].replace("...", ""))
        self.equation = equation.replace("...", "".join(free[: rank - named]))
        left, self.outputs = self.equation.split("->")
        self.inputs, self.kernel = left.split(",")
        self.contracted = "".join(x for x in self.kernel if x not in self.outputs)
        # Whether it sums along the last axes of `x` and the first of the kernel, and the others stand as they are.
        kept = self.inputs.removesuffix(self.contracted)
        self.is_plain = self.kernel.startswith(self.contracted) and self.inputs == kept + self.contracted and (
            self.outputs == kept + self.kernel.removeprefix(self.contracted)
        )  # fmt: skip
        self.input_axes = tuple(i for i, x in enumerate(self.inputs) if x not in self.outputs)

    def forward(self, x, kernel):
        return ops.einsum(self.equation, x, kernel)

    def backward(self, upstream, kernel):
        return ops.einsum(f"{self.outputs},{self.kernel}->{self.inputs}", upstream, kernel)

    def on_output(self, scale):
        return spread(scale, self.inputs, self.outputs)
