"""What `vectorize` gives: a function mapped over the leading axes of its arguments."""

from __future__ import annotations

import functools
import math
import re

from kerata import backend
from kerata.ops._op import convert, op


class Vectorized:
    def __init__(self, function, excluded, signature):
        self.function, self.excluded = function, excluded
        functools.update_wrapper(self, function)
        self.core_ranks = None if signature is None else _core_ranks(signature)

    def __call__(self, *args, **kwargs):
        mapped = [i for i in range(len(args)) if i not in self.excluded]
        names = [k for k in kwargs if k not in self.excluded]
        if self.core_ranks is not None and len(self.core_ranks) != len(mapped) + len(names):
            raise TypeError(
                f"vectorize(): the signature names {len(self.core_ranks)} arguments, {len(mapped) + len(names)} came."
            )

        def of_mapped(*xs):
            full = list(args)
            for i, x in zip(mapped, xs):
                full[i] = x
            return self.function(*full, **{**kwargs, **dict(zip(names, xs[len(mapped) :]))})

        values = [args[i] for i in mapped] + [kwargs[k] for k in names]
        return _vectorized(*values, function=of_mapped, ranks=self.core_ranks)


def _core_ranks(signature: str) -> list[int]:
    """How many core axes each input has."""
    if not re.fullmatch(r"\s*(\([\w,\s]*\)\s*,?\s*)*->\s*(\([\w,\s]*\)\s*,?\s*)+", signature):
        raise ValueError(f"{signature!r} is not a signature; an example is '(n),(n)->()'.")
    return [len(re.findall(r"\w+", group)) for group in re.findall(r"\(([^)]*)\)", signature.split("->")[0])]


@op
def _vectorized(*values, function, ranks):
    b = backend.current()
    xp = b.xp
    xs = [convert(v) for v in values]
    ranks = ranks or [0] * len(xs)
    loops = [tuple(x.shape)[: len(x.shape) - r] for x, r in zip(xs, ranks)]
    loop = _broadcast(loops)
    if not loop:
        return function(*xs)
    total = math.prod(loop)
    flat = []
    for x, r in zip(xs, ranks):
        core = tuple(x.shape)[len(x.shape) - r :]
        flat.append(xp.reshape(xp.broadcast_to(x, (*loop, *core)), (total, *core)))
    out = b.vectorized_map(lambda row: function(*row), tuple(flat))
    if isinstance(out, list | tuple):
        return tuple(xp.reshape(o, (*loop, *o.shape[1:])) for o in out)
    return xp.reshape(out, (*loop, *out.shape[1:]))


def _broadcast(shapes) -> tuple:
    rank = max((len(s) for s in shapes), default=0)
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    out = []
    for sizes in zip(*padded):
        different = {n for n in sizes if n != 1}
        if len(different) > 1:
            raise ValueError(f"vectorize(): the shapes {shapes} do not broadcast.")
        out.append(different.pop() if different else 1)
    return tuple(out)
