"""`rearrange`: axes reordered, merged and split by a pattern, in the notation of einops (Rogozhnikov 2022)."""

from __future__ import annotations

import functools
import math
import re

from kerata import backend
from kerata.ops._op import arrays, op


@functools.lru_cache(256)
def _parse(side: str) -> tuple[tuple[str, ...], ...]:
    """Each axis of one side of the pattern as the names merged in it; `...` stays."""
    groups = []
    for group, single in re.findall(r"\(([^()]*)\)|([^\s()]+)", side):
        groups.append((single,) if single else tuple(group.split()))
    return tuple(groups)


def _solve(groups, shape, lengths, pattern):
    """The size of each named axis on the left side."""
    sizes = dict(lengths)
    for group, size in zip(groups, shape):
        unknown = [n for n in group if n not in sizes and n != "1"]
        known = math.prod(sizes[n] for n in group if n in sizes)
        if len(unknown) > 1:
            raise ValueError(f"rearrange({pattern!r}): give the length of all but one of the axes {group}.")
        if unknown:
            if isinstance(size, int) and size % known:
                raise ValueError(f"rearrange({pattern!r}): an axis of size {size} cannot be split as {group}.")
            sizes[unknown[0]] = size // known
        elif isinstance(size, int) and known != size:
            raise ValueError(f"rearrange({pattern!r}): the axis {group} has size {size}, not {known}.")
    return sizes


@op
def rearrange(tensor, pattern, **axes_lengths):
    """Reorders, merges and splits axes by a pattern with names for them.

    Args:
        tensor: what to rearrange.
        pattern: "left -> right": the axes of the tensor, then of the result, by names; parentheses merge (on the
            left: split) axes, and "..." stands for any others.
        axes_lengths: by name, the sizes of axes into which the left side splits one; one in each group may be
            left out.

    Returns:
        Tensor of the dtype of `tensor`.

    Raises:
        ValueError: if the pattern does not fit: no "->", other axes on the right, sizes that do not divide.

    Source: the notation of einops, Rogozhnikov (2022), https://openreview.net/forum?id=oapKSVM2bcj

    >>> x = kerata.ops.ones((2, 6, 3))
    >>> kerata.ops.rearrange(x, "b (h p) c -> b h (p c)", p=2).shape[1:]
    (3, 6)
    """
    x, xp = arrays(tensor)
    if pattern.count("->") != 1:
        raise ValueError(f"rearrange() needs a pattern with one '->'; got {pattern!r}.")
    left, right = (_parse(side.strip()) for side in pattern.split("->"))
    shape = backend.current().shape(x)
    named = sum(g != ("...",) for g in left)
    extra = tuple(f"...{i}" for i in range(len(shape) - named))
    if len(shape) < named or (extra and ("...",) not in left):
        raise ValueError(f"rearrange({pattern!r}): the left side has {named} axes, the tensor {len(shape)}.")
    left = [g for group in left for g in ([(e,) for e in extra] if group == ("...",) else [group])]
    right = [g for group in right for g in ([(e,) for e in extra] if group == ("...",) else [group])]
    right = [tuple(e for n in group for e in (extra if n == "..." else (n,))) for group in right]
    sizes = _solve(left, shape, axes_lengths, pattern)
    names = [n for group in left for n in group if n != "1"]
    wanted = [n for group in right for n in group if n != "1"]
    if sorted(names) != sorted(wanted):
        raise ValueError(f"rearrange({pattern!r}): both sides must have the same axes: {names} and {wanted}.")
    x = xp.reshape(x, tuple(sizes[n] for n in names))
    x = xp.permute_dims(x, tuple(names.index(n) for n in wanted))
    return xp.reshape(x, tuple(math.prod(sizes[n] for n in group if n != "1") for group in right))
