"""Shape: reshape, reorder, join, split, pad, repeat."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, op


@op
def reshape(x, newshape):
    """The same elements, in the same order (last axis fastest), in another shape.

    Args:
        x: tensor of any shape.
        newshape: an integer or a sequence of them with the same product as the shape of `x`; one may be -1 (or None),
            for what is left.

    Returns:
        Tensor of that shape and the dtype of `x`.

    >>> kerata.ops.reshape([[1, 2], [3, 4]], (4,))  # [1, 2, 3, 4]
    """
    x, xp = arrays(x)
    if isinstance(newshape, int):
        newshape = (newshape,)
    return xp.reshape(x, tuple(-1 if n is None else n for n in newshape))


@op
def ravel(x):
    """All elements in one axis, the last axis of `x` fastest.

    Args:
        x: tensor of any shape.

    Returns:
        Vector of the dtype of `x`.

    >>> kerata.ops.ravel([[1, 2], [3, 4]])  # [1, 2, 3, 4]
    """
    x, xp = arrays(x)
    return xp.reshape(x, (-1,))


@op
def transpose(x, axes=None):
    """Puts the axes in another order.

    Args:
        x: tensor of any shape.
        axes: for each axis of the result the one of `x` that it is; None reverses them.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.transpose([[1, 2], [3, 4]])  # [[1, 3], [2, 4]]
    """
    x, xp = arrays(x)
    order = range(len(x.shape))
    return xp.permute_dims(x, tuple(order[::-1] if axes is None else [order[a] for a in axes]))


@op
def swapaxes(x, axis1, axis2):
    """Exchanges two axes.

    Args:
        x: tensor of any shape.
        axis1, axis2: the axes; negative ones count from the end.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.swapaxes(kerata.ops.ones((2, 3, 4)), 0, -1).shape
    (4, 3, 2)
    """
    x, xp = arrays(x)
    return xp.swapaxes(x, axis1, axis2)


@op
def moveaxis(x, source, destination):
    """Moves axes to other positions; the rest keep their order.

    Args:
        x: tensor of any shape.
        source: an axis or a sequence of axes.
        destination: where each of them goes.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.moveaxis(kerata.ops.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x, xp = arrays(x)
    return xp.moveaxis(x, source, destination)


@op
def expand_dims(x, axis):
    """Inserts axes of size 1.

    Args:
        x: tensor of any shape.
        axis: where they stand in the result, an integer or several.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.expand_dims([1, 2], (0, -1)).shape
    (1, 2, 1)
    """
    x, xp = arrays(x)
    if isinstance(axis, list | tuple) and len(x.shape) + len(axis) > 64:
        raise ValueError(f"expand_dims(): tensors have at most 64 axes; {len(axis)} were to be added to {len(x.shape)}.")
    return xp.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)


@op
def squeeze(x, axis=None):
    """Removes axes of size 1.

    Args:
        x: tensor of any shape.
        axis: which ones, an integer or several; None removes all of them.

    Returns:
        Tensor of the dtype of `x`.

    Raises:
        ValueError: if an axis in `axis` has another size.

    >>> kerata.ops.squeeze(kerata.ops.ones((1, 3, 1)), axis=0).shape
    (3, 1)
    """
    x, xp = arrays(x)
    axis = tuple(axis) if isinstance(axis, list) else axis
    if axis is not None:
        for a in axis if isinstance(axis, tuple) else (axis,):
            if x.shape[a] not in (1, None):
                raise ValueError(
                    f"Only axes of size 1 can be squeezed; axis {a} of the shape {tuple(x.shape)} has size {x.shape[a]}."
                )
    return xp.squeeze(x, axis)


@op
def broadcast_to(x, shape):
    """Repeats `x` along axes of size 1, and along new axes in front, until it has a shape.

    Args:
        x: tensor whose shape broadcasts to `shape`.
        shape: the wanted shape.

    Returns:
        Tensor of that shape and the dtype of `x`.

    >>> kerata.ops.broadcast_to([1, 2], (2, 2))  # [[1, 2], [1, 2]]
    """
    x, xp = arrays(x)
    return xp.broadcast_to(x, (shape,) if isinstance(shape, int) else tuple(shape))


@op
def flip(x, axis=None):
    """Reverses the order of the elements.

    Args:
        x: tensor of any shape.
        axis: along which axis, or several; None reverses all.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.flip([[1, 2], [3, 4]], axis=0)  # [[3, 4], [1, 2]]
    """
    x, xp = arrays(x)
    return xp.flip(x, axis=axis)


@op
def fliplr(x):
    """Reverses the second axis: mirrors the columns of a matrix.

    Args:
        x: tensor with at least two axes.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.fliplr([[1, 2], [3, 4]])  # [[2, 1], [4, 3]]
    """
    x, xp = arrays(x)
    return xp.flip(x, axis=1)


@op
def flipud(x):
    """Reverses the first axis: mirrors the rows of a matrix.

    Args:
        x: tensor with at least one axis.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.flipud([[1, 2], [3, 4]])  # [[3, 4], [1, 2]]
    """
    x, xp = arrays(x)
    return xp.flip(x, axis=0)


@op
def rot90(array, k=1, axes=(0, 1)):
    """Turns matrices by quarter turns; for the default axes and `k=1`, counterclockwise as written.

    Args:
        array: tensor with at least two axes.
        k: how many quarter turns; negative ones go the other way.
        axes: the plane; the turn goes from the first of the two axes towards the second.

    Returns:
        Tensor of the dtype of `array`, with the sizes of both axes exchanged for odd `k`.

    Raises:
        ValueError: for fewer than two axes, or if `axes` are not two different ones.

    >>> kerata.ops.rot90([[1, 2], [3, 4]])  # [[2, 4], [1, 3]]
    """
    x, xp = arrays(array)
    rank = len(x.shape)
    if rank < 2:
        raise ValueError(f"rot90() needs at least two axes; it was given a tensor of shape {tuple(x.shape)}.")
    if len(axes) != 2 or axes[0] % rank == axes[1] % rank:
        raise ValueError(f"`axes` must be two different axes; got {axes!r}.")
    k %= 4
    if k == 2:
        return xp.flip(xp.flip(x, axis=axes[0]), axis=axes[1])
    if k == 1:
        return xp.swapaxes(xp.flip(x, axis=axes[1]), *axes)
    return xp.flip(xp.swapaxes(x, *axes), axis=axes[1]) if k else x


@op
def roll(x, shift, axis=None):
    """Shifts the elements in a circle: what leaves at one end comes in at the other.

    Args:
        x: tensor of any shape.
        shift: by how many places, towards higher indices; several go with several axes.
        axis: the axis or axes; None shifts the flattened tensor and restores the shape.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.roll([1, 2, 3, 4], 1)  # [4, 1, 2, 3]
    """
    x, xp = arrays(x)
    return xp.roll(x, shift, axis=axis)


@op
def repeat(x, repeats, axis=None):
    """Repeats each element in place.

    Args:
        x: tensor of any shape.
        repeats: how often: an integer, or one for each element of the axis.
        axis: along which axis; None flattens `x` first.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.repeat([1, 2], 2)  # [1, 1, 2, 2]
    >>> kerata.ops.repeat([[1], [2]], [1, 2], axis=0)  # [[1], [2], [2]]
    """
    x, xp = arrays(x)
    if axis is None:
        x, axis = xp.reshape(x, (-1,)), 0
    if not isinstance(repeats, int):
        b = backend.current()
        repeats = b.to_numpy(repeats)
        if repeats.size == 1:
            repeats = int(repeats.reshape(-1)[0])
        else:
            import numpy as np

            index = np.repeat(np.arange(len(repeats)), repeats)
            return xp.take(x, b.convert(index.astype("int32")), axis=axis)
    return xp.repeat(x, repeats, axis=axis)


@op
def tile(x, repeats):
    """Lays copies of the whole tensor side by side.

    Args:
        x: tensor of any shape.
        repeats: how many copies along each axis; an integer counts for the last axis, and more numbers than axes
            add axes in front.

    Returns:
        Tensor of the dtype of `x`.

    >>> kerata.ops.tile([1, 2], 2)  # [1, 2, 1, 2]
    """
    x, xp = arrays(x)
    if not isinstance(repeats, int | list | tuple):
        repeats = backend.current().to_numpy(repeats).tolist()
    return xp.tile(x, repeats)


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """Adds elements around a tensor.

    Args:
        x: tensor of any shape.
        pad_width: how many: `(before, after)` for each axis, or one pair or one number for all of them.
        mode: "constant"; "edge" (the outermost element again); "reflect" (mirrored at that element) or "symmetric"
            (mirrored behind it); "wrap" (from the other end); "empty" (anything).
        constant_values: what "constant" adds; 0 by default.

    Returns:
        Tensor of the dtype of `x`.

    Raises:
        ValueError: if `constant_values` comes with another mode, or the pairs are not as many as the axes.

    >>> kerata.ops.pad([1, 2, 3], (1, 2))  # [0, 1, 2, 3, 0, 0]
    >>> kerata.ops.pad([1, 2, 3], (1, 2), mode="reflect")  # [2, 1, 2, 3, 2, 1]
    """
    x, xp = arrays(x)
    if mode != "constant":
        if constant_values is not None:
            raise ValueError(f"`constant_values` goes with mode='constant' only; the mode was {mode!r}.")
        return xp.pad(x, _pairs(pad_width, len(x.shape)), mode=mode)
    return xp.pad(x, _pairs(pad_width, len(x.shape)), mode="constant", constant_values=constant_values or 0)


def _pairs(pad_width, rank):
    if isinstance(pad_width, int):
        return ((pad_width, pad_width),) * rank
    pad_width = tuple(tuple(p) if isinstance(p, list | tuple) else p for p in pad_width)
    if pad_width and isinstance(pad_width[0], int):
        pad_width = (pad_width if len(pad_width) == 2 else (pad_width[0],) * 2,)
    pad_width = pad_width * rank if len(pad_width) == 1 else pad_width
    if len(pad_width) != rank:
        raise ValueError(f"`pad_width` has {len(pad_width)} pairs for a tensor of {rank} axes: {pad_width!r}.")
    return pad_width


def _alike(xs):
    """Tensors of one dtype: that of their promotion."""
    b = backend.current()
    xs = [x if type(x) is b.Tensor else b.convert(x) for x in xs]
    if builtins.any(x.dtype != xs[0].dtype for x in xs[1:]):
        target = dtypes.result_type(*[b.dtype(x) for x in xs])
        xs = [b.cast(x, target) for x in xs]
    return xs, b.xp


@op
def concatenate(xs, axis=0):
    """Joins tensors along an axis that they have.

    Args:
        xs: list of tensors that differ in size on that axis only.
        axis: the axis.

    Returns:
        Tensor of the promoted dtype.

    >>> kerata.ops.concatenate([[1, 2], [3]])  # [1, 2, 3]
    """
    xs, xp = _alike(xs)
    return xp.concat(xs, axis=axis)


@op
def stack(x, axis=0):
    """Joins tensors of one shape along a new axis.

    Args:
        x: list of tensors.
        axis: where the new axis stands in the result.

    Returns:
        Tensor with one axis more, of the promoted dtype.

    >>> kerata.ops.stack([[1, 2], [3, 4]], axis=1)  # [[1, 3], [2, 4]]
    """
    xs, xp = _alike(x)
    return xp.stack(xs, axis=axis)


@op
def append(x1, x2, axis=None):
    """Puts one tensor behind another.

    Args:
        x1, x2: tensors; with an axis, they differ in size on that only.
        axis: the axis along which to join; None flattens both first.

    Returns:
        Tensor of the promoted dtype.

    >>> kerata.ops.append([[1, 2]], [[3, 4]], axis=0)  # [[1, 2], [3, 4]]
    """
    (x1, x2), xp = _alike((x1, x2))
    if axis is None:
        x1, x2, axis = xp.reshape(x1, (-1,)), xp.reshape(x2, (-1,)), 0
    return xp.concat([x1, x2], axis=axis)


def _at_least(x, rank):
    xp = backend.current().xp
    shape = {
        (1, 0): (1,),
        (2, 0): (1, 1),
        (2, 1): (1, -1),
        (3, 0): (1, 1, 1),
        (3, 1): (1, -1, 1),
    }.get((rank, len(x.shape)))
    if shape:
        return xp.reshape(x, shape)
    return xp.expand_dims(x, 2) if rank == 3 and len(x.shape) == 2 else x


@op
def hstack(xs):
    """Joins tensors along their second axis; vectors along their only one.

    Args:
        xs: list of tensors; scalars count as vectors of one element.

    Returns:
        Tensor of the promoted dtype.

    >>> kerata.ops.hstack([[1, 2], [3]])  # [1, 2, 3]
    """
    xs, xp = _alike(xs)
    xs = [_at_least(x, 1) for x in xs]
    return xp.concat(xs, axis=0 if len(xs[0].shape) == 1 else 1)


@op
def vstack(xs):
    """Joins tensors along their first axis; vectors become rows.

    Args:
        xs: list of tensors; scalars count as rows of one element.

    Returns:
        Tensor with at least two axes, of the promoted dtype.

    >>> kerata.ops.vstack([[1, 2], [3, 4]])  # [[1, 2], [3, 4]]
    """
    xs, xp = _alike(xs)
    return xp.concat([_at_least(x, 2) for x in xs], axis=0)


@op
def dstack(xs):
    """Joins tensors along their third axis, which matrices and vectors are given first.

    Args:
        xs: list of tensors; a vector of n elements becomes (1, n, 1), a matrix (n, m) becomes (n, m, 1).

    Returns:
        Tensor with at least three axes, of the promoted dtype.

    >>> kerata.ops.dstack([[1, 2], [3, 4]])  # [[[1, 3], [2, 4]]]
    """
    xs, xp = _alike(xs)
    return xp.concat([_at_least(x, 3) for x in xs], axis=2)


def _places(indices_or_sections):
    """A number of parts, or the positions of the cuts as Python integers."""
    if isinstance(indices_or_sections, int):
        return indices_or_sections
    if isinstance(indices_or_sections, list | tuple):
        return [int(i) for i in indices_or_sections]
    places = backend.current().to_numpy(indices_or_sections).tolist()
    return places


@op
def split(x, indices_or_sections, axis=0):
    """Cuts a tensor into parts along an axis.

    Args:
        x: tensor with at least one axis.
        indices_or_sections: into how many equal parts; or the positions of the cuts, a sequence of integers.
        axis: the axis to cut.

    Returns:
        List of tensors of the dtype of `x`.

    Raises:
        ValueError: if the size of the axis is no multiple of the number of parts.

    >>> [part.tolist() for part in kerata.ops.split(kerata.ops.array([1, 2, 3, 4]), [1, 3])]
    [[1], [2, 3], [4]]
    """
    x, xp = arrays(x)
    places = _places(indices_or_sections)
    size = x.shape[axis]
    if isinstance(places, int) and isinstance(size, int) and size % places:
        raise ValueError(
            f"split() cannot cut axis {axis} of the shape {tuple(x.shape)} into {places} equal parts: {size} is not "
            f"a multiple of {places}. Give the positions of the cuts, or use array_split()."
        )
    return list(xp.split(x, places, axis=axis))


@op
def array_split(x, indices_or_sections, axis=0):
    """Cuts a tensor into parts along an axis, of which the first ones may be larger by 1.

    Args:
        x: tensor with at least one axis.
        indices_or_sections: into how many parts; or the positions of the cuts, a sequence of integers.
        axis: the axis to cut.

    Returns:
        List of tensors of the dtype of `x`.

    >>> [part.tolist() for part in kerata.ops.array_split(kerata.ops.array([1, 2, 3]), 2)]
    [[1, 2], [3]]
    """
    x, xp = arrays(x)
    return list(xp.array_split(x, _places(indices_or_sections), axis=axis))


@op
def hsplit(x, indices_or_sections):
    """`split` along the second axis; for vectors, along the only one.

    Args:
        x: tensor with at least one axis.
        indices_or_sections: into how many equal parts; or the positions of the cuts.

    Returns:
        List of tensors of the dtype of `x`.

    >>> [part.shape[1] for part in kerata.ops.hsplit(kerata.ops.ones((2, 6)), 3)]
    [2, 2, 2]
    """
    return split(x, indices_or_sections, 0 if len(convert(x).shape) == 1 else 1)


@op
def vsplit(x, indices_or_sections):
    """`split` along the first axis.

    Args:
        x: tensor with at least two axes.
        indices_or_sections: into how many equal parts; or the positions of the cuts.

    Returns:
        List of tensors of the dtype of `x`.

    Raises:
        ValueError: if `x` is a vector or a scalar.

    >>> [part.tolist() for part in kerata.ops.vsplit(kerata.ops.array([[1, 2], [3, 4]]), 2)]
    [[[1, 2]], [[3, 4]]]
    """
    _need_rank(x, 2, "vsplit")
    return split(x, indices_or_sections, 0)


@op
def dsplit(x, indices_or_sections):
    """`split` along the third axis.

    Args:
        x: tensor with at least three axes.
        indices_or_sections: into how many equal parts; or the positions of the cuts.

    Returns:
        List of tensors of the dtype of `x`.

    Raises:
        ValueError: for fewer than three axes.

    >>> len(kerata.ops.dsplit(kerata.ops.ones((2, 2, 6)), 3))
    3
    """
    _need_rank(x, 3, "dsplit")
    return split(x, indices_or_sections, 2)


def _need_rank(x, rank, name):
    shape = tuple(convert(x).shape)
    if len(shape) < rank:
        raise ValueError(f"{name}() needs at least {rank} axes; it was given a tensor of shape {shape}.")


@op
def unstack(x, num=None, axis=0):
    """The slices of a tensor along an axis, which they no longer have.

    Args:
        x: tensor with at least one axis.
        num: how many there are, as a check; not needed.
        axis: the axis.

    Returns:
        List of tensors of the dtype of `x`.

    Raises:
        ValueError: if `num` is not the size of the axis.

    >>> [part.tolist() for part in kerata.ops.unstack(kerata.ops.array([[1, 2], [3, 4]]), axis=1)]
    [[1, 3], [2, 4]]
    """
    x, xp = arrays(x)
    size = x.shape[axis]
    if num is not None and isinstance(size, int) and num != size:
        raise ValueError(f"unstack() was told num={num}, but axis {axis} of the shape {tuple(x.shape)} has {size}.")
    return list(xp.unstack(x, axis=axis))


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The elements whose row and column differ by `offset`, for each matrix.

    Args:
        x: tensor with at least two axes.
        offset: which diagonal: 0 is the main one, positive ones lie above it.
        axis1, axis2: the rows and columns of the matrices.

    Returns:
        Tensor without these two axes and with a new last one along the diagonal; the dtype of `x`.

    >>> kerata.ops.diagonal([[1, 2], [3, 4]])  # [1, 4]
    """
    x, xp = arrays(x)
    return xp.diagonal(x, offset, axis1, axis2)
