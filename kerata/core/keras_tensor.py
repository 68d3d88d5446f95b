"""KerasTensor: a tensor of a graph that is being built; it has a shape and a dtype, and no value."""

from __future__ import annotations

from kerata.core import dtypes
from kerata.core.names import auto_name
from kerata.core.operators import TensorOperators


class _NoValueError(TypeError, ValueError):
    """Keras raises ValueError for some uses of a placeholder as a value and TypeError for others."""


class KerasTensor(TensorOperators):
    """A symbolic tensor, with a shape and a dtype but no value: what `Input` gives, and ops and layers pass on.

    A model `Model(inputs, outputs)` is made of the calls between two of them. Code that needs a value (`if x > 0`,
    `np.sum(x)`) raises a TypeError that says what to do instead.

    Args:
        shape: tuple of integers and None for unknown sizes; the first is the batch size.
        dtype: name of the dtype; "float32" by default.
        sparse: whether the value will be a sparse tensor; False by default.
        ragged: whether it will be a ragged tensor; False by default.
        record_history: whether ops on it are recorded; True by default.
        name: name for `summary` and errors; made up by default.
        ragged_rank: of a ragged tensor: how many of its axes vary; None by default.
        row_splits_dtype: of a ragged tensor: dtype of the places where rows end; None by default.

    Raises:
        ValueError: for a shape with anything but sizes and None, or both `sparse` and `ragged`.

    >>> x = kerata.KerasTensor((None, 3))
    >>> y = kerata.ops.matmul(x, np.ones((3, 2), "float32"))
    >>> y.shape, y.dtype
    ((None, 2), 'float32')
    """

    def __init__(self, shape, dtype="float32", sparse=False, ragged=False, record_history=True, name=None,
                 ragged_rank=None, row_splits_dtype=None):  # fmt: skip
        self._shape = standardize_shape(shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        if sparse and ragged:
            raise ValueError("A KerasTensor cannot be both sparse and ragged.")
        self._sparse, self._ragged = bool(sparse), bool(ragged)
        self._ragged_rank, self._row_splits_dtype = ragged_rank, row_splits_dtype
        self.name = name or auto_name("keras_tensor")
        self.record_history = record_history
        self._keras_mask = None

    @property
    def shape(self) -> tuple:
        """Tuple of integers and None (unknown)."""
        return self._shape

    @property
    def dtype(self) -> str:
        """Name of the dtype."""
        return self._dtype

    @property
    def sparse(self) -> bool:
        """Whether the value will be a sparse tensor."""
        return self._sparse

    @property
    def ragged(self) -> bool:
        """Whether the value will be a ragged tensor."""
        return self._ragged

    @property
    def ragged_rank(self):
        """How many axes of a ragged tensor vary; None for others."""
        return self._ragged_rank

    @property
    def row_splits_dtype(self):
        """The dtype of a ragged tensor's row ends; None for others."""
        return self._row_splits_dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._shape)

    rank = ndim

    @property
    def T(self):
        """The tensor with its axes in reverse order."""
        from kerata import ops

        return ops.transpose(self)

    def reshape(self, newshape, *sizes):
        """The same values in another shape.

        Args:
            newshape: tuple of integers, one of which may be -1; or the first of several integers.
            sizes: the rest of them: `x.reshape(2, 3)`.
        """
        from kerata import ops

        return ops.reshape(self, (newshape, *sizes) if isinstance(newshape, int) else newshape)

    def squeeze(self, axis=None):
        """The tensor without axes of size 1.

        Args:
            axis: the axis, or a tuple of axes, to leave out; None, the default, for all of size 1.
        """
        from kerata import ops

        return ops.squeeze(self, axis)

    def __getitem__(self, key):
        from kerata import ops

        return ops.get_item(self, key)

    def __invert__(self):
        from kerata import ops

        return ops.logical_not(self)

    def __ne__(self, other):
        from kerata import ops

        return ops.not_equal(self, other)

    def __eq__(self, other):
        return self is other

    __hash__ = object.__hash__

    def _no_value(self, what: str):
        return _NoValueError(
            f"A KerasTensor has no value, so it cannot be used as {what}. It is a placeholder in a model that is "
            "being built: use `kerata.ops` or a layer on it, or put the code in the `call` of a Layer of your own."
        )

    def __array__(self, *args, **kwargs):
        raise self._no_value("a NumPy array (functions of NumPy need values)")

    def __jax_array__(self):
        raise self._no_value("a JAX array")

    def __tf_tensor__(self, dtype=None, name=None):
        raise self._no_value("a TensorFlow tensor")

    def __bool__(self):
        raise self._no_value("a Python truth value (`if` needs a value; use kerata.ops.where or kerata.ops.cond)")

    def __int__(self):
        raise self._no_value("an int")

    def __float__(self):
        raise self._no_value("a float")

    def __index__(self):
        raise self._no_value("an index")

    def __len__(self):
        if not self._shape or self._shape[0] is None:
            raise self._no_value("a sized object: the size of its first axis is unknown")
        return self._shape[0]

    def __iter__(self):
        if not self._shape or self._shape[0] is None:
            raise NotImplementedError("A KerasTensor whose first axis has an unknown size cannot be iterated over.")
        return (self[i] for i in range(self._shape[0]))

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self._shape}, dtype={self._dtype}, sparse={self._sparse}, ragged={self._ragged}, name={self.name}>"


def standardize_shape(shape) -> tuple:
    """A tuple of non-negative integers and None."""
    if shape is None:
        raise ValueError("A shape is needed; None was given. For unknown sizes use None inside the tuple: (None, 3).")
    if hasattr(shape, "as_list"):
        shape = shape.as_list()
    if isinstance(shape, int):
        raise ValueError(f"A shape is a tuple of integers; the integer {shape} was given. Write ({shape},).")
    out = []
    for size in shape:
        if size is not None:
            if not isinstance(size, int):
                try:
                    size = int(size.__index__())
                except (AttributeError, TypeError):
                    raise ValueError(f"The shape {tuple(shape)!r} holds {size!r}; wanted: integers or None.") from None
            if size < 0:
                raise ValueError(f"The shape {tuple(shape)!r} holds a negative size, {size}.")
        out.append(size)
    return tuple(out)


def is_keras_tensor(x) -> bool:
    """Whether something is a symbolic tensor.

    Args:
        x: anything.

    >>> kerata.backend.is_keras_tensor(kerata.Input((3,))), kerata.backend.is_keras_tensor(np.ones(3))
    (True, False)
    """
    return isinstance(x, KerasTensor)


def any_symbolic(args, kwargs=None) -> bool:
    """Whether a KerasTensor stands anywhere in the arguments."""
    stack = [*args, *(kwargs.values() if kwargs else ())]
    while stack:
        x = stack.pop()
        if isinstance(x, KerasTensor):
            return True
        if isinstance(x, list | tuple):
            stack.extend(x)
        elif isinstance(x, dict):
            stack.extend(x.values())
    return False
