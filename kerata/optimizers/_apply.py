"""The way of gradients through an optimizer: unscaled, accumulated, clipped; decay, the step, averages, constraints."""

from __future__ import annotations

import warnings

from kerata import backend
from kerata.core.scopes import StatelessScope, context
from kerata.optimizers import _many


def many():
    """The arithmetic on lists of the backend in force."""
    fast = getattr(backend.current(), "optim", None) if context.scope is None else None
    return fast or _many


def apply(opt, grads: list, variables: list) -> None:
    """One call of `apply`, with gradients and variables in the same order."""
    if any(v.overwrite_with_gradient for v in variables):
        grads, variables = _overwrite(grads, variables)
    grads, variables = _without_none(grads, variables)
    if grads:
        if opt.loss_scale_factor is not None:
            grads = many().scaled(grads, 1.0 / opt.loss_scale_factor)
        if opt.gradient_accumulation_steps:
            _accumulate(opt, grads, variables)
        else:
            update(opt, grads, variables)
        if opt.use_ema:
            _average(opt, variables)
        for v in variables:
            if v._constraint is not None:
                v.assign(v._constraint(backend.current().convert(v.value)))
    count = opt._iterations
    if count.on_host:
        count.set_host(count.get_host() + 1)
    else:
        count.assign(count.value + 1)


def _overwrite(grads, variables):
    """Give its gradient as new value to each variable that asks for it; the pairs that are left."""
    left = []
    for g, v in zip(grads, variables):
        if not v.overwrite_with_gradient:
            left.append((g, v))
        elif g is not None:
            v.assign(g)
    return [g for g, _ in left], [v for _, v in left]


def _without_none(grads, variables):
    """Gradients as tensors in their variables' dtypes; pairs without a gradient are left out, with a warning."""
    b = backend.current()
    tensor = b.Tensor
    missing = [v for g, v in zip(grads, variables) if g is None]
    if missing:
        names = [v.path for v in missing]
        if len(missing) == len(grads):
            raise ValueError(
                f"None of the gradients is there, of {names}: the loss does not depend on these variables. Are they used in "
                "the forward pass, and is everything between them and the loss differentiable?"
            )
        warnings.warn(f"The loss does not depend on {names}: these variables have no gradient and stay as they are.", stacklevel=4)
        pairs = [(g, v) for g, v in zip(grads, variables) if g is not None]
        grads, variables = [g for g, _ in pairs], [v for _, v in pairs]
    out = []
    for g, v in zip(grads, variables):
        if type(g) is not tensor:
            g = b.convert(g)
        out.append(g if g.dtype == v._native_dtype else b.cast(g, v._dtype))
    return out, variables


def update(opt, grads, variables) -> None:
    """Clip, decay, and make the step."""
    lists = many()
    if opt.clipnorm is not None and opt.clipnorm > 0:
        grads = lists.clipped_by_norm(grads, opt.clipnorm)
    elif opt.global_clipnorm is not None and opt.global_clipnorm > 0:
        grads = lists.clipped_by_global_norm(grads, opt.global_clipnorm)
    elif opt.clipvalue is not None and opt.clipvalue > 0:
        grads = lists.clipped(grads, opt.clipvalue)
    rate = opt._get_current_learning_rate()
    _decay(opt, variables, rate, lists)
    opt._begin_update()
    if lists is not _many and lists.step(opt, grads, variables, rate):
        return
    step = opt.update_step
    if not type(opt).update_step.__module__.startswith("kerata."):
        rate = backend.current().convert(rate)  # what users' optimizers expect
    for g, v in zip(grads, variables):
        step(g, v, rate)


def _decay(opt, variables, rate, lists) -> None:
    by_size: dict = {}
    for v in variables:
        size = opt._decay_of(v)
        if size is not None and opt._use_weight_decay(v):
            by_size.setdefault(size, []).append(v)
    for size, some in by_size.items():
        lists.shrink(some, rate * size)


def _accumulate(opt, grads, variables) -> None:
    """Add to the accumulators, or, each so many steps, update by the mean."""
    n = opt.gradient_accumulation_steps
    sums = slots(opt, opt._accumulated_gradients, variables)

    def add():
        for s, total in zip(sums, many().added([s.value for s in sums], grads)):
            s.assign(total)

    def use():
        lists = many()
        update(opt, lists.scaled(lists.added([s.value for s in sums], grads), 1.0 / n), variables)
        for s in sums:
            s.assign(s.value * 0)

    count = opt._iterations
    if count.on_host:
        (use if (count.get_host() + 1) % n == 0 else add)()
        return
    fixed = {id(count), id(opt._learning_rate)}
    when(_each(count.value, n), use, add, [*variables, *[v for v in opt._variables if id(v) not in fixed]])


def _each(count, n: int):
    """Whether the step that follows `count` others is an n-th one, as a boolean scalar tensor."""
    b = backend.current()
    return b.xp.equal(b.xp.remainder(b.cast(count, "int32") + 1, b.convert(n, "int32")), b.convert(0, "int32"))


def when(condition, yes, no, variables) -> None:
    """Run one of two functions that assign to `variables`, by a condition that only the device knows."""
    from kerata import ops

    b = backend.current()

    def pure(fn):
        with StatelessScope() as scope:
            fn()
            return [b.convert(scope.get(v)) for v in variables]

    for v, value in zip(variables, ops.cond(condition, lambda: pure(yes), lambda: pure(no))):
        v.assign(value)


def slots(opt, slot_list, variables) -> list:
    """The slots of the given variables."""
    if len(variables) == len(slot_list) and all(a is b for a, b in zip(variables, opt._trainable_variables)):
        return slot_list
    return [slot_list[opt._get_variable_index(v)] for v in variables]


def _average(opt, variables) -> None:
    """Move the averages; replace the variables by them each so many steps."""
    averages = slots(opt, opt._model_variables_moving_average, variables)
    b = backend.current()
    steps = opt._iterations
    host = steps.on_host
    count = opt.iterations
    if host:
        count = steps.get_host() // (opt.gradient_accumulation_steps or 1)
        momentum = opt.ema_momentum if count else 0.0
    else:
        count = b.convert(getattr(count, "value", count))
        momentum = b.cast(b.xp.not_equal(count, b.convert(0, "int32")), "float32") * opt.ema_momentum
    many().average(averages, variables, momentum)
    n = opt.ema_overwrite_frequency
    if n is None:
        return

    def replace():
        for v, a in zip(variables, averages):
            v.assign(a.value)

    if not host:
        when(_each(count, n), replace, lambda: None, variables)
    elif (count + 1) % n == 0:
        replace()
