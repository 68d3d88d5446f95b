"""DataLayer: the base of layers that also work on data on its way to the model, whatever backend brings it."""

from __future__ import annotations

import sys

import numpy as np

from kerata import backend
from kerata.core import tree
from kerata.core.masks import get_mask
from kerata.layers.layer import Layer


class DataLayer(Layer):
    """A layer that may also stand in a `tf.data` pipeline: there it computes with TensorFlow, for a model on any backend.

    It has no weights that are trained, and its `call` uses nothing but `kerata.ops` and `generator_for_call()`.
    """

    _allow_non_tensor_positional_args = True

    def __call__(self, inputs, *args, **kwargs):
        if isinstance(inputs, list | tuple | int | float) and all(isinstance(x, int | float) for x in tree.flatten(inputs)):
            inputs = np.asarray(inputs)  # numbers in (nested) lists, as they stand in a program
        if self._backend is not None and self._backend.name != "tensorflow" and _in_tensorflow_graph(inputs):
            with backend.backend_scope("tensorflow"):
                return self.call(tree.map_structure(self._cast_input, inputs), *args, **kwargs)
        return super().__call__(inputs, *args, **kwargs)

    def _cast_input(self, x):
        b = backend.current()
        x = b.convert(x)
        return b.cast(x, self.compute_dtype) if self.autocast and b.dtype(x).startswith(("float", "bfloat")) else x


def _in_tensorflow_graph(inputs) -> bool:
    """Whether these are values of a TensorFlow function that is being traced, which no other backend can read."""
    tf = sys.modules.get("tensorflow")
    if tf is None or tf.executing_eagerly():
        return False
    return any(isinstance(x, tf.Tensor) and get_mask(x) is None for x in tree.flatten(inputs))
