"""TimeDistributed: one layer applied to every time step."""

from __future__ import annotations

from kerata import ops
from kerata.core import dtypes, tree
from kerata.layers.call_plan import plan_of
from kerata.layers.wrappers.wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Applies a layer to each time step, with the same weights.

    The steps are put into the batch axis, so that the layer runs once; so is a mask, if the layer's `call`
    takes one.

    Args:
        layer: the layer for one step.

    Input shape:
        `(batch, time, ...)`.
    Output shape:
        `(batch, time, ...)`, with what `layer` makes of a step.

    Raises:
        ValueError: if the input has less than 3 axes.

    >>> from kerata import layers, ops
    >>> layers.TimeDistributed(layers.Conv2D(4, 3))(ops.ones((2, 5, 8, 8, 3))).shape  # (2, 5, 6, 6, 4)
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        if not isinstance(input_shape, tuple | list) or len(input_shape) < 3:
            raise ValueError(
                f"Layer {self.name!r} (TimeDistributed) wants inputs (batch, time, ...) of 3 or more axes; the shape is "
                f"{input_shape}."
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs, training=None, mask=None):
        batch, time = ops.shape(inputs)[:2]
        plan = plan_of(self.layer)
        kwargs = {"training": training} if plan.takes_training else {}
        if plan.takes_mask and mask is not None:
            kwargs["mask"] = _fold(mask)
        outputs = self.layer(_fold(inputs), **kwargs)
        both = (batch if isinstance(batch, int) else -1, time)

        def unfold(y):
            if dtypes.is_float(ops.dtype(y)) and dtypes.is_float(self.compute_dtype):
                y = ops.cast(y, self.compute_dtype)
            return ops.reshape(y, (*both, *_inner(y)))

        return tree.map_structure(unfold, outputs)


def _inner(x) -> tuple:
    return tuple(ops.shape(x)[1:])


def _fold(x):
    """(batch, time, ...) as (batch * time, ...)."""
    return ops.reshape(x, (-1, *ops.shape(x)[2:]))
