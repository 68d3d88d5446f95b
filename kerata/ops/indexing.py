"""Reading and writing parts of tensors."""

from __future__ import annotations

import builtins

import numpy as np

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, op, promote


@op
def get_item(x, key):
    """`x[key]` as a function.

    Args:
        x: tensor with at least one axis.
        key: an integer, slice, None (a new axis), `...`, a tensor or list of integers or of booleans; or a tuple
            of them.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.get_item([[1, 2], [3, 4]], (..., 1))  # [2, 4]
    """
    x, xp = arrays(x)
    key = builtins.tuple(map(_part, key)) if isinstance(key, builtins.tuple) else _part(key)
    return xp.get_item(x, key)


def _part(key):
    """One part of an index; lists and Variables as tensors."""
    return convert(key) if isinstance(key, list) or hasattr(key, "assign") else key


def _integers(indices):
    b = backend.current()
    indices = b.convert(indices)
    return indices if b.dtype(indices) in ("int32", "int64") else b.cast(indices, "int32")


@op
def take(x, indices, axis=None):
    """The elements, or slices along an axis, that stand at given indices.

    Args:
        x: tensor of any shape.
        indices: integers of any shape; negative ones count from the end. Ones out of range are an error on NumPy
            and PyTorch, and give a fill value on JAX.
        axis: the axis to choose from; None means the flattened tensor.

    Returns:
        Tensor of the dtype of `x`, with the shape of `indices` in place of `axis`.

    >>> kerata.ops.take([10, 20, 30], [2, 0])  # [30, 10]
    >>> kerata.ops.take([[1, 2], [3, 4]], [1], axis=1)  # [[2], [4]]
    """
    x, xp = arrays(x)
    return xp.take(x, _integers(indices), axis=axis)


@op
def take_along_axis(x, indices, axis=None):
    """Chooses along one axis by an index of its own for every position on the other axes.

    Args:
        x: tensor of any shape.
        indices: integers, such as `argsort` or `argmax(keepdims=True)` give: as many axes as `x`, and sizes that
            broadcast with it but for `axis`.
        axis: the axis to choose along; None means the flattened tensor.

    Returns:
        Tensor of the dtype of `x`, with the size of `indices` along `axis`.

    >>> kerata.ops.take_along_axis([[3, 1], [2, 4]], [[1], [0]], axis=1)  # [[1], [2]]
    """
    x, xp = arrays(x)
    return xp.take_along_axis(x, _integers(indices), axis=axis)


def _where_indices(condition, x1=None, x2=None):
    from kerata.core import symbolic
    from kerata.core.keras_tensor import KerasTensor

    if x1 is None and x2 is None:
        return tuple(KerasTensor((None,), "int32") for _ in condition.shape)
    return symbolic.infer(_select, (condition, x1, x2), {})


def _select(condition, x1, x2):
    condition = backend.current().cast(convert(condition), "bool")
    x1, x2, xp = promote(x1, x2)
    return xp.where(condition, x1, x2)


@op(spec=_where_indices)
def where(condition, x1=None, x2=None):
    """Chooses between two tensors, element by element.

    Args:
        condition: booleans (or numbers, which are true if not 0).
        x1: what to take where the condition holds.
        x2: what to take elsewhere; the three shapes broadcast.

    Returns:
        Tensor of the promoted dtype of `x1` and `x2`. With the condition alone, the indices where it holds, as
        `nonzero` gives them.

    Raises:
        ValueError: if only one of `x1` and `x2` is given.

    >>> kerata.ops.where([True, False, True], [1, 2, 3], 0)  # [1, 0, 3]
    """
    if (x1 is None) != (x2 is None):
        raise ValueError("where() takes both `x1` and `x2`, or neither.")
    if x1 is None:
        from kerata.ops.sorting import nonzero

        return nonzero(condition)
    return _select(condition, x1, x2)


@op
def select(condlist, choicelist, default=0):
    """Takes each element from the first choice whose condition holds there.

    Args:
        condlist: list of boolean tensors.
        choicelist: list of as many tensors; all shapes broadcast.
        default: what to take where no condition holds.

    Returns:
        Tensor of the promoted dtype of choices and default.

    Raises:
        ValueError: if the lists differ in length.

    >>> kerata.ops.select([[True, False, False], [True, True, False]], [[1, 1, 1], [2, 2, 2]], 9)  # [1, 2, 9]
    """
    if len(condlist) != len(choicelist):
        raise ValueError(f"select() was given {len(condlist)} conditions and {len(choicelist)} choices.")
    b = backend.current()
    choices = [convert(c) for c in choicelist]
    scalar = type(default) in (int, float, bool, complex)
    kinds = [b.dtype(c) for c in choices] + [type(default) if scalar else b.dtype(convert(default))]
    target = dtypes.result_type(*kinds)
    out = b.convert(default, target)
    for condition, choice in zip(reversed(list(condlist)), reversed(choices)):
        out = b.xp.where(b.cast(convert(condition), "bool"), b.cast(choice, target), out)
    return out


@op
def slice(inputs, start_indices, shape):
    """Cuts out a block of known shape; its position may be computed.

    Args:
        inputs: tensor.
        start_indices: where the block begins on each axis: integers (negative ones count from the end), or a
            vector. A block that would stick out is moved back inside.
        shape: the sizes of the block, integers; where the beginning is an integer, -1 takes all from there on.

    Returns:
        Tensor of that shape and the dtype of `inputs`.

    >>> kerata.ops.slice([[1, 2, 3], [4, 5, 6]], (0, 1), (2, 2))  # [[2, 3], [5, 6]]
    """
    x, xp = arrays(inputs)
    start = _start(start_indices)
    if isinstance(start, builtins.tuple):
        sizes = backend.current().shape(x)
        if builtins.all(isinstance(n, int) for n in (*sizes, *shape)):
            start = [s + n if s < 0 else s for s, n in zip(start, sizes)]
            shape = [n - s if w == -1 else w for s, n, w in zip(start, sizes, shape)]
            start = [builtins.min(builtins.max(s, 0), n - w) for s, n, w in zip(start, sizes, shape)]
            return x[builtins.tuple(builtins.slice(s, s + w) for s, w in zip(start, shape))]
    return xp.dynamic_slice(x, start, builtins.tuple(shape))


def _start(start_indices):
    """Python integers in a tuple where the position is known, else a list of scalars."""
    if isinstance(start_indices, np.ndarray):
        start_indices = start_indices.tolist()
    if isinstance(start_indices, list | tuple):
        if builtins.all(isinstance(s, int) for s in start_indices):
            return builtins.tuple(start_indices)
        return [s if isinstance(s, int) else convert(s) for s in start_indices]
    b = backend.current()
    start = b.convert(start_indices)
    return [start[i] for i in range(start.shape[0])]


@op
def slice_update(inputs, start_indices, updates):
    """A copy of a tensor in which a block is replaced.

    Args:
        inputs: tensor.
        start_indices: where the block begins on each axis: integers, or a vector.
        updates: the block, cast to the dtype of `inputs`; as many axes.

    Returns:
        Tensor of the shape and dtype of `inputs`.

    >>> kerata.ops.slice_update([1, 2, 3, 4], (1,), [8, 9])  # [1, 8, 9, 4]
    """
    x, xp = arrays(inputs)
    b = backend.current()
    return xp.slice_update(x, _start(start_indices), b.convert(updates, b.dtype(x)))


_REDUCTIONS = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "mul"}


@op
def scatter(indices, values, shape):
    """Zeros to which values are added at given positions.

    Args:
        indices: integers (..., n): the last axis holds positions in the first n axes of the result.
        values: what is added there, (..., *shape[n:]); at equal positions they add up.
        shape: the shape of the result.

    Returns:
        Tensor of that shape and the dtype of `values`.

    >>> kerata.ops.scatter([[0], [2], [0]], [1.0, 2.0, 3.0], (4,))  # [4, 0, 2, 0]
    """
    b = backend.current()
    values = convert(values)
    zeros = b.xp.zeros(builtins.tuple(shape), dtype=values.dtype)
    return b.xp.scatter(zeros, _integers(indices), values, "add")


@op
def scatter_update(inputs, indices, updates, reduction=None):
    """A copy of a tensor in which the elements at given positions are changed.

    Args:
        inputs: tensor.
        indices: integers (..., n): the last axis holds positions in the first n axes of `inputs`.
        updates: new elements (..., *inputs.shape[n:]), cast to the dtype of `inputs`.
        reduction: None puts them in place of the old ones (at equal positions one of them wins); "add", "max",
            "min" and "mul" combine them with the old ones.

    Returns:
        Tensor of the shape and dtype of `inputs`.

    Raises:
        ValueError: for another `reduction`.

    >>> kerata.ops.scatter_update([1, 1, 1], [[0], [2]], [5, 6])  # [5, 1, 6]
    >>> kerata.ops.scatter_update([1, 1, 1], [[0], [0]], [5, 6], reduction="add")  # [12, 1, 1]
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(f"`reduction` is None, 'add', 'max', 'min' or 'mul'; it was {reduction!r}.")
    x, xp = arrays(inputs)
    b = backend.current()
    return xp.scatter(x, _integers(indices), b.convert(updates, b.dtype(x)), _REDUCTIONS[reduction])


@op
def unravel_index(indices, shape):
    """Turns positions in a flattened tensor into positions on each axis.

    Args:
        indices: integers of any shape; negative ones count from the end.
        shape: the shape of the tensor.

    Returns:
        Tuple with a tensor for each axis, of the shape and dtype of `indices`.

    Raises:
        ValueError: if a size in `shape` is None.

    >>> rows, columns = kerata.ops.unravel_index([5, 2], (2, 3))
    >>> rows  # [1, 0]
    >>> columns  # [2, 2]
    """
    b = backend.current()
    indices = b.convert(indices)
    name = b.dtype(indices)
    out = []
    shape = (shape,) if isinstance(shape, int) else shape
    if None in shape:
        raise ValueError(f"unravel_index() needs a shape without None; got {builtins.tuple(shape)!r}.")
    total = 1
    for n in shape:
        total *= n
    indices = b.xp.where(indices < 0, indices + total, indices)
    for size in reversed(builtins.tuple(shape)):
        out.append(b.cast(b.xp.remainder(indices, b.convert(size, name)), name))
        indices = b.xp.floor_divide(indices, b.convert(size, name))
    return builtins.tuple(reversed(out))
