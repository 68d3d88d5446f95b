"""TimeDistributed: one layer applied to every time step."""

from __future__ import annotations

from kerata import ops
from kerata.core import dtypes, tree
from kerata.layers.call_plan import plan_of
from kerata.layers.wrappers.wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Applies a layer to each time step, with the same weights.

    The steps are put into the batch axis, so that the layer runs once; so is a mask, if the layer's `call`
    takes one. In training, a layer that changes weights of its own (a BatchNormalization its averages) runs once
    for each step, in order, if the number of steps is known.

    Args:
        layer: the layer for one step.

    Input shape:
        `(batch, time, ...)`.
    Output shape:
        `(batch, time, ...)`, with what `layer` makes of a step.

    Raises:
        ValueError: if the input has less than 3 axes, or the mask is not `(batch, time, ...)`.

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
        masks = {} if mask is None else {"mask": self._checked(mask, (batch, time))}
        masks = masks if plan.takes_mask else {}

        def cast(y):
            ours = dtypes.is_float(ops.dtype(y)) and dtypes.is_float(self.compute_dtype)
            return ops.cast(y, self.compute_dtype) if ours else y

        if training and time and isinstance(time, int) and self._updates_weights():
            steps = [
                self.layer(inputs[:, t], **kwargs, **{name: value[:, t] for name, value in masks.items()}) for t in range(time)
            ]
            return tree.map_structure(lambda *ys: cast(ops.stack(ys, axis=1)), *steps)

        outputs = self.layer(_fold(inputs), **kwargs, **{name: _fold(value) for name, value in masks.items()})
        both = (batch if isinstance(batch, int) else -1, time)
        return tree.map_structure(lambda y: ops.reshape(cast(y), (*both, *_inner(y))), outputs)

    def _checked(self, mask, wanted):
        shape = tuple(mask.shape)
        if len(shape) < 2 or any(isinstance(w, int) and n not in (None, w) for n, w in zip(shape, wanted)):
            raise ValueError(
                f"Layer {self.name!r} (TimeDistributed): the mask has the shape {shape}; wanted is (batch, time, ...), here "
                f"{wanted}."
            )
        return mask

    def _updates_weights(self) -> bool:
        """Whether the layer, or one inside, changes weights of its own as it is trained, as BatchNormalization does.

        Its results then depend on what is in one batch with what, and on how often it is called.
        """
        return any(layer.trainable and layer._non_trainable_variables for layer in self.layer._flatten_layers())


def _inner(x) -> tuple:
    return tuple(ops.shape(x)[1:])


def _fold(x):
    """(batch, time, ...) as (batch * time, ...)."""
    return ops.reshape(x, (-1, *ops.shape(x)[2:]))
