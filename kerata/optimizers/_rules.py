"""Parts that the optimizers' formulas share."""

from __future__ import annotations

import math

from kerata import backend


def like(x, tensor):
    """A number as it is; a scalar tensor in the dtype of `tensor`."""
    if isinstance(x, int | float):
        return x
    b = backend.current()
    return b.cast(x, b.dtype(tensor))


def step(opt):
    """The number of this update, from 1: a Python integer where the host knows it, else a float32 scalar."""
    b = backend.current()
    if opt._iterations.on_host:
        return opt._iterations.get_host() // (opt.gradient_accumulation_steps or 1) + 1
    count = opt.iterations
    return b.cast(b.convert(getattr(count, "value", count)), "float32") + 1.0


def correction(beta: float, t):
    """`1 - beta**t`, exact also where beta**t is near 1: what is missing from a moving average started at zero."""
    if beta == 0:
        return 1.0
    if isinstance(t, int):
        return -math.expm1(t * math.log(beta))
    return -backend.current().xp.expm1(t * math.log(beta))


def power(base: float, t):
    """`base**t` for a step number."""
    return base**t if isinstance(t, int) or base == 0 else backend.current().xp.exp(t * math.log(base))


def root(x):
    """The square root of a number or a tensor."""
    return math.sqrt(x) if isinstance(x, int | float) else backend.current().xp.sqrt(x)


def moved(slot, target, rate: float):
    """Move a moving average towards `target`: `slot += (target - slot) * rate`; gives the new value."""
    value = slot.value
    return slot.assign(value + (target - value) * rate)
