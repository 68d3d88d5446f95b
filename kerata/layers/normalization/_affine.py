"""What normalizations by statistics share: gamma and beta, and computing in float32."""

from __future__ import annotations

from kerata import ops
from kerata.core import config, dtypes
from kerata.layers._weights import add, store_options
from kerata.layers.layer import Layer


def wide(x):
    """`x` in float32 where it has 16 bits, and its dtype; integers and booleans become floats."""
    dtype = ops.dtype(x)
    if not dtypes.is_float(dtype):
        dtype = config.floatx()
        x = ops.cast(x, dtype)
    return (ops.cast(x, "float32") if dtype in ("float16", "bfloat16") else x), dtype


def sizes(layer, input_shape, axes) -> tuple:
    """The sizes of these axes of the input; ValueError for an axis that it does not have."""
    rank = len(input_shape)
    for axis in axes:
        if not -rank <= axis < rank:
            raise ValueError(
                f"Layer {layer.name!r} ({type(layer).__name__}) normalizes along axis {axis}; its input has {rank} axes: "
                f"{tuple(input_shape)}."
            )
    return tuple(input_shape[a] for a in axes)


class Affine(Layer):
    """Base: gamma and beta with their initializers, regularizers and constraints."""

    def _set_affine(self, given: dict) -> None:
        """Store what there is of them among the local variables of `__init__`."""
        self.center, self.scale = given["center"], given["scale"]
        store_options(self, given)
        self.gamma = self.beta = None
        self.supports_masking = True

    def _build_affine(self, shape, scale: bool, center: bool) -> None:
        if scale:
            self.gamma = add(self, "gamma", shape, autocast=False)
        if center:
            self.beta = add(self, "beta", shape, autocast=False)
