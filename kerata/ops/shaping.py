"""Shape: reshape, reorder, join, split, pad, repeat."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, op


@op
def reshape(x, newshape):
    """x with another shape; one size may be -1 (or None): whatever is left.

    >>> kerata.ops.reshape([[1, 2], [3, 4]], (4,))  # [1, 2, 3, 4]
    """
    x, xp = arrays(x)
    if isinstance(newshape, int):
        newshape = (newshape,)
    return xp.reshape(x, tuple(-1 if n is None else n for n in newshape))


@op
def ravel(x):
    """x as a vector."""
    x, xp = arrays(x)
    return xp.reshape(x, (-1,))


@op
def transpose(x, axes=None):
    """x with its axes in the order `axes`; reversed for None."""
    x, xp = arrays(x)
    return xp.permute_dims(x, tuple(range(len(x.shape)))[::-1] if axes is None else tuple(axes))


@op
def swapaxes(x, axis1, axis2):
    """x with two axes exchanged."""
    x, xp = arrays(x)
    return xp.swapaxes(x, axis1, axis2)


@op
def moveaxis(x, source, destination):
    """x with the axes `source` moved to the positions `destination`."""
    x, xp = arrays(x)
    return xp.moveaxis(x, source, destination)


@op
def expand_dims(x, axis):
    """x with new axes of size 1 at the positions `axis` of the result."""
    x, xp = arrays(x)
    return xp.expand_dims(x, tuple(axis) if isinstance(axis, list) else axis)


@op
def squeeze(x, axis=None):
    """x without its axes of size 1, or without those of `axis`, which must have size 1."""
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
    """x repeated along axes of size 1 (and new leading ones) to fill `shape`."""
    x, xp = arrays(x)
    return xp.broadcast_to(x, tuple(shape))


@op
def flip(x, axis=None):
    """x in reverse order along `axis`; along all for None."""
    x, xp = arrays(x)
    return xp.flip(x, axis=axis)


@op
def fliplr(x):
    """x in reverse order along its second axis."""
    x, xp = arrays(x)
    return xp.flip(x, axis=1)


@op
def flipud(x):
    """x in reverse order along its first axis."""
    x, xp = arrays(x)
    return xp.flip(x, axis=0)


@op
def rot90(array, k=1, axes=(0, 1)):
    """Turn `array` by 90 degrees `k` times in the plane of `axes`, from the first towards the second."""
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
    """x shifted by `shift` places along `axis`; what leaves at one end comes in at the other."""
    x, xp = arrays(x)
    return xp.roll(x, shift, axis=axis)


@op
def repeat(x, repeats, axis=None):
    """x with each element along `axis` repeated `repeats` times."""
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
    """x laid side by side `repeats` times along each axis."""
    x, xp = arrays(x)
    if not isinstance(repeats, int | list | tuple):
        repeats = backend.current().to_numpy(repeats).tolist()
    return xp.tile(x, repeats)


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """x with more elements around it.

    Args:
        pad_width: (before, after) for each axis, or one pair or one number for all.
        mode: "constant" (with `constant_values`, 0 by default), "reflect", "symmetric", "edge", "wrap", "empty".
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
    """Tensors joined along an axis that they have.

    >>> kerata.ops.concatenate([[1, 2], [3]])  # [1, 2, 3]
    """
    xs, xp = _alike(xs)
    return xp.concat(xs, axis=axis)


@op
def stack(x, axis=0):
    """Tensors of one shape joined along a new axis."""
    xs, xp = _alike(x)
    return xp.stack(xs, axis=axis)


@op
def append(x1, x2, axis=None):
    """x2 after x1 along `axis`; both flattened for None."""
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
    """Tensors side by side: joined along the second axis (vectors along the first)."""
    xs, xp = _alike(xs)
    xs = [_at_least(x, 1) for x in xs]
    return xp.concat(xs, axis=0 if len(xs[0].shape) == 1 else 1)


@op
def vstack(xs):
    """Tensors on top of each other: joined along the first axis, vectors as rows."""
    xs, xp = _alike(xs)
    return xp.concat([_at_least(x, 2) for x in xs], axis=0)


@op
def dstack(xs):
    """Tensors joined along the third axis."""
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
    """x cut along `axis` into equal parts (a number) or at positions (a list)."""
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
    """x cut along `axis` into parts whose sizes differ by at most one."""
    x, xp = arrays(x)
    return list(xp.array_split(x, _places(indices_or_sections), axis=axis))


@op
def hsplit(x, indices_or_sections):
    """x cut along its second axis (a vector along its only one)."""
    return split(x, indices_or_sections, 0 if len(convert(x).shape) == 1 else 1)


@op
def vsplit(x, indices_or_sections):
    """x cut along its first axis."""
    _need_rank(x, 2, "vsplit")
    return split(x, indices_or_sections, 0)


@op
def dsplit(x, indices_or_sections):
    """x cut along its third axis."""
    _need_rank(x, 3, "dsplit")
    return split(x, indices_or_sections, 2)


def _need_rank(x, rank, name):
    shape = tuple(convert(x).shape)
    if len(shape) < rank:
        raise ValueError(f"{name}() needs at least {rank} axes; it was given a tensor of shape {shape}.")


@op
def unstack(x, num=None, axis=0):
    """The slices of x along `axis` as a list, without that axis."""
    x, xp = arrays(x)
    size = x.shape[axis]
    if num is not None and isinstance(size, int) and num != size:
        raise ValueError(f"unstack() was told num={num}, but axis {axis} of the shape {tuple(x.shape)} has {size}.")
    return list(xp.unstack(x, axis=axis))


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """A diagonal of the matrices in axes `axis1`, `axis2`, along a new last axis."""
    x, xp = arrays(x)
    return xp.diagonal(x, offset, axis1, axis2)
