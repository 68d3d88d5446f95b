"""Identity, Masking and Lambda."""

from __future__ import annotations

import inspect

from kerata import ops
from kerata.layers._weightless import Weightless
from kerata.layers.layer import Layer


class Identity(Weightless):
    """Gives its input, of any shape and dtype, unchanged.

    >>> from kerata import layers, ops
    >>> layers.Identity()(ops.convert_to_tensor([1.0, 2.0]))  # [1, 2]
    """

    _keeps_sparse = all

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return inputs


class Masking(Weightless):
    """Masks the time steps whose features all equal `mask_value`, so that later layers leave them out.

    Args:
        mask_value: number; 0.0 by default.

    Input shape:
        `(batch, time, ...)`, float or integer.
    Output shape:
        The input's, with masked steps set to 0, and a mask of the input's shape without its last axis.

    >>> from kerata import layers, ops
    >>> x = ops.convert_to_tensor([[[1.0, 2.0], [-1.0, -1.0]]])
    >>> layers.Masking(mask_value=-1.0)(x)  # [[[1, 2], [0, 0]]]
    """

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(kept, ops.dtype(inputs))


class Lambda(Layer):
    """A layer that calls a function.

    Files hold its code as bytes, which are loaded only with `safe_mode=False`; what is to be saved is better
    a subclass of `Layer`, or a function registered under a name.

    Args:
        function: a function of the inputs; it gets `mask` and `training` too if it names them.
        output_shape: the output's shape without the batch axis, or a function of the input's shape; worked
            out from the function if None.
        mask: a mask, or a function of `(inputs, mask)` that gives one; None for no mask.
        arguments: a dictionary of more keyword arguments for the function; None for none.

    Raises:
        TypeError: if `function` cannot be called.

    >>> from kerata import layers, ops
    >>> layers.Lambda(lambda x, n: x**n, arguments={"n": 2})(ops.convert_to_tensor([3.0]))  # [9]
    """

    _takes_strings = True

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        if not callable(function):
            raise TypeError(f"`function` of Lambda must be callable; got {function!r}.")
        super().__init__(**kwargs)
        self.function, self.arguments = function, arguments or {}
        self.mask, self._output_shape = mask, output_shape
        self.supports_masking = mask is not None
        self._takes = set(inspect.signature(function).parameters) if not inspect.isbuiltin(function) else set()
        if output_shape is not None:
            self.compute_output_shape = self._given_shape

    def _given_shape(self, input_shape):
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        return (input_shape[0], *self._output_shape)

    def call(self, inputs, mask=None, training=None):
        more = {k: v for k, v in (("mask", mask), ("training", training)) if k in self._takes}
        return self.function(inputs, **{**self.arguments, **more})

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        from kerata.saving import serialize_keras_object

        config = super().get_config()
        config.update(
            function=serialize_keras_object(self.function),
            output_shape=serialize_keras_object(self._output_shape) if callable(self._output_shape) else self._output_shape,
            mask=serialize_keras_object(self.mask) if callable(self.mask) else self.mask,
            arguments=serialize_keras_object(self.arguments),
        )
        return {k: v for k, v in config.items() if v is not None or k not in ("mask", "output_shape")}

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        from kerata.saving import deserialize_keras_object

        config = dict(config)
        for key in ("function", "output_shape", "mask", "arguments"):
            if isinstance(config.get(key), dict):
                config[key] = deserialize_keras_object(config[key], custom_objects=custom_objects, safe_mode=safe_mode)
        return cls(**config)
