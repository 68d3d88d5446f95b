"""Input and InputLayer: where a symbolic graph begins."""

from __future__ import annotations

from kerata.core import dtypes
from kerata.core.keras_tensor import KerasTensor, standardize_shape
from kerata.core.operation import Node
from kerata.layers.layer import Layer


class InputLayer(Layer):
    """The layer that stands for an input of a model; `Input` makes one and gives its output.

    Args:
        shape: tuple of integers and None: the input's shape without the batch axis.
        batch_size: integer: the batch size, if it is fixed; None if not.
        dtype: the values' dtype; floatx if None.
        sparse, ragged: whether values come as sparse or ragged tensors; None (as False) by default.
        batch_shape: the shape with the batch axis, in place of `shape` and `batch_size`.
        input_tensor: a KerasTensor to use as the input, in place of a new one.
        optional: whether None may be given for it; False by default.

    Raises:
        ValueError: if there is neither `shape` nor `batch_shape`, or both; if `input_tensor` is no
            KerasTensor.

    >>> from kerata import layers
    >>> layers.InputLayer(shape=(28, 28), dtype="uint8").output.shape
    (None, 28, 28)
    """

    def __init__(self, shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None,
                 input_tensor=None, optional=False, name=None, **kwargs):  # fmt: skip
        super().__init__(name=name)
        if "input_shape" in kwargs:  # Keras 1 and 2
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        if kwargs:
            raise ValueError(f"InputLayer takes no argument {', '.join(map(repr, kwargs))}.")
        if input_tensor is not None and not isinstance(input_tensor, KerasTensor):
            raise ValueError(f"`input_tensor` of an Input is a KerasTensor; got {type(input_tensor).__name__}.")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        elif batch_shape is not None:
            if shape is not None or batch_size is not None:
                raise ValueError("Input takes `batch_shape`, or `shape` and `batch_size`; not both.")
        elif shape is None:
            raise ValueError("Input needs `shape` (without the batch axis), for example Input(shape=(28, 28, 1)).")
        else:
            batch_shape = (batch_size, *standardize_shape(shape))
        self.batch_shape = standardize_shape(batch_shape)
        if len(self.batch_shape) > 64:
            raise ValueError(f"`shape` of an Input has at most 64 axes, as tensors have; got {len(self.batch_shape)}.")
        self._dtype = dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), bool(optional)
        self.built = True
        self._begin(name, input_tensor)

    def _begin(self, name: str | None, output=None) -> None:
        if output is None:
            output = KerasTensor(self.batch_shape, self._dtype, sparse=self.sparse, ragged=self.ragged, name=name)
        Node(self, (), {}, output)

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self._begin(self.name)

    def call(self):
        raise NotImplementedError(f"InputLayer {self.name!r} computes nothing: it only stands for an input.")

    @property
    def dtype(self) -> str:
        return self._dtype

    def get_config(self) -> dict:
        return {
            "batch_shape": self.batch_shape, "dtype": self.dtype, "sparse": self.sparse, "ragged": self.ragged,
            "name": self.name, "optional": self.optional,
        }  # fmt: skip


def Input(shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None, name=None, tensor=None,
          optional=False):  # fmt: skip
    """A symbolic input, from which a functional model is written.

    Args:
        shape: tuple of integers and None, without the batch axis: `Input(shape=(28, 28, 1))`.
        batch_size: integer: the batch size, if it is fixed; None if not.
        dtype: the values' dtype; floatx if None.
        sparse, ragged: whether values come as sparse or ragged tensors; None (as False) by default.
        batch_shape: the shape with the batch axis, in place of `shape` and `batch_size`.
        name: the input's name, by which `fit` finds it in a dictionary; made up if None.
        tensor: a KerasTensor to use as the input, in place of a new one.
        optional: whether None may be given for it; False by default.

    Returns:
        A `KerasTensor` of shape `(batch_size, *shape)`.

    Raises:
        ValueError: if there is neither `shape` nor `batch_shape`, or both; if `tensor` is no KerasTensor.

    >>> import kerata
    >>> x = kerata.Input(shape=(4,))
    >>> y = kerata.layers.Dense(2)(x)
    >>> kerata.Model(x, y).output_shape
    (None, 2)
    """
    layer = InputLayer(
        shape=shape, batch_size=batch_size, dtype=dtype, sparse=sparse, ragged=ragged, batch_shape=batch_shape,
        name=name, input_tensor=tensor, optional=optional,
    )  # fmt: skip
    return layer.output
