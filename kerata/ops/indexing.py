"""Reading and writing parts of tensors."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, op, promote


@op
def get_item(x, key):
    """x[key]: integers, slices, None, `...`, tensors of integers or booleans."""
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
    """The elements (slices along `axis`) of x at `indices`; negative ones count from the end.

    >>> kerata.ops.take([10, 20, 30], [2, 0])  # [30, 10]
    """
    x, xp = arrays(x)
    return xp.take(x, _integers(indices), axis=axis)


@op
def take_along_axis(x, indices, axis=None):
    """For each position the element of x at the index that `indices` has there, along `axis`."""
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
    """x1 where `condition` holds, x2 elsewhere; with `condition` alone, the indices where it holds."""
    if (x1 is None) != (x2 is None):
        raise ValueError("where() takes both `x1` and `x2`, or neither.")
    if x1 is None:
        from kerata.ops.sorting import nonzero

        return nonzero(condition)
    return _select(condition, x1, x2)


@op
def select(condlist, choicelist, default=0):
    """For each element the first of `choicelist` whose condition holds, else `default`."""
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
    """The part of `inputs` of the given shape that begins at `start_indices`."""
    x, xp = arrays(inputs)
    start = _start(start_indices)
    if isinstance(start, builtins.tuple):
        sizes = backend.current().shape(x)
        if builtins.all(isinstance(n, int) for n in (*sizes, *shape)):
            start = [builtins.min(builtins.max(s, 0), n - w) for s, n, w in zip(start, sizes, shape)]
            return x[builtins.tuple(builtins.slice(s, s + w) for s, w in zip(start, shape))]
    return xp.dynamic_slice(x, start, builtins.tuple(shape))


def _start(start_indices):
    """Python integers in a tuple where the position is known, else a list of scalars."""
    if isinstance(start_indices, list | tuple):
        if builtins.all(isinstance(s, int) for s in start_indices):
            return builtins.tuple(start_indices)
        return [s if isinstance(s, int) else convert(s) for s in start_indices]
    b = backend.current()
    start = b.convert(start_indices)
    return [start[i] for i in range(start.shape[0])]


@op
def slice_update(inputs, start_indices, updates):
    """`inputs` with `updates` in place of the part that begins at `start_indices`."""
    x, xp = arrays(inputs)
    b = backend.current()
    return xp.slice_update(x, _start(start_indices), b.convert(updates, b.dtype(x)))


_REDUCTIONS = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "mul"}


@op
def scatter(indices, values, shape):
    """Zeros of the given shape with `values` added at `indices` (..., n), positions in the first n axes."""
    b = backend.current()
    values = convert(values)
    zeros = b.xp.zeros(builtins.tuple(shape), dtype=values.dtype)
    return b.xp.scatter(zeros, _integers(indices), values, "add")


@op
def scatter_update(inputs, indices, updates, reduction=None):
    """`inputs` with `updates` put at `indices` (..., n), positions in the first n axes.

    Args:
        reduction: None replaces; "add", "max", "min" and "mul" combine with what is there.
    """
    if reduction not in _REDUCTIONS:
        raise ValueError(f"`reduction` is None, 'add', 'max', 'min' or 'mul'; it was {reduction!r}.")
    x, xp = arrays(inputs)
    b = backend.current()
    return xp.scatter(x, _integers(indices), b.convert(updates, b.dtype(x)), _REDUCTIONS[reduction])


@op
def unravel_index(indices, shape):
    """The positions on each axis of `shape` of flat indices: a tuple of tensors."""
    b = backend.current()
    indices = b.convert(indices)
    name = b.dtype(indices)
    out = []
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
