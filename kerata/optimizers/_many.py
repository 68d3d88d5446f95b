"""Arithmetic on lists of tensors, for what every optimizer does around its own step.

A backend whose eager calls are dear (PyTorch) supplies functions of the same names in its `optim` module.
"""

from __future__ import annotations

from kerata import backend


def _xp():
    return backend.current().xp


def scaled(xs, factor):
    return [x * _like(factor, x) for x in xs]


def added(xs, ys):
    return [x + y for x, y in zip(xs, ys)]


def clipped(xs, limit: float):
    """Each element into [-limit, limit]."""
    xp = _xp()
    return [xp.clip(x, -limit, limit) for x in xs]


def clipped_by_norm(xs, limit: float):
    """Each tensor scaled so that its Euclidean norm is at most `limit`."""
    xp = _xp()
    out = []
    for x in xs:
        norm = xp.sqrt(xp.sum(x * x))
        out.append(x * (limit / xp.maximum(norm, _like(limit, norm))))
    return out


def clipped_by_global_norm(xs, limit: float):
    """All tensors scaled by one factor so that the norm of all elements together is at most `limit`."""
    xp = _xp()
    b = backend.current()
    norm = xp.sqrt(sum(xp.sum(b.cast(x, "float32") ** 2) for x in xs))
    factor = limit / xp.maximum(norm, _like(limit, norm))
    return [x * b.cast(factor, b.dtype(x)) for x in xs]


def shrink(variables, factor) -> None:
    """`v -= v * factor` for each variable."""
    for v in variables:
        value = v.value
        v.assign(value - value * _like(factor, value))


def average(averages, variables, momentum) -> None:
    """`average = average * momentum + variable * (1 - momentum)`."""
    for a, v in zip(averages, variables):
        value = v.value
        m = _like(momentum, value)
        a.assign(a.value * m + value * (1 - m))


def all_finite(xs):
    """A boolean scalar: whether no element is infinite or NaN."""
    xp = _xp()
    b = backend.current()
    return xp.all(xp.stack([xp.all(xp.isfinite(b.convert(x))) for x in xs]))


_identities: dict = {}


def identity(cls) -> str:
    """Where the `update_step` of an optimizer's class is defined: a subclass with its own has another formula."""
    found = _identities.get(cls)
    if found is None:
        fn = cls.update_step
        found = _identities[cls] = f"{fn.__module__}:{fn.__qualname__}"
    return found


def _like(number, x):
    """A Python number as it is; a scalar tensor, or a number where the backend wants tensors, in the dtype of `x`."""
    b = backend.current()
    return b.cast(number, b.dtype(x)) if b.is_tensor(number) else b.convert(number, b.dtype(x))
