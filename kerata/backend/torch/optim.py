"""Optimizer steps on all tensors at once, in place: one call a formula's term instead of one a term and tensor.

`step` knows the commonest optimizers by their `update_step`; for any other the optimizer's own formula runs tensor by
tensor. Scalars (learning rate, step number) come as Python numbers, so nothing waits for the device.
"""

from __future__ import annotations

import torch

from kerata.optimizers._many import identity

scope = torch.no_grad


def _values(variables) -> list:
    return [v._value for v in variables]


# -- around the step -------------------------------------------------------------------------------------------
def scaled(xs, factor):
    return list(torch._foreach_mul(xs, factor))


def added(xs, ys):
    return list(torch._foreach_add(xs, ys))


def clipped(xs, limit: float):
    return list(torch._foreach_clamp_max(torch._foreach_clamp_min(xs, -limit), limit))


def clipped_by_norm(xs, limit: float):
    norms = torch._foreach_clamp_min(torch._foreach_norm(xs), limit)
    return list(torch._foreach_mul(xs, torch._foreach_reciprocal(torch._foreach_div(norms, limit))))


def clipped_by_global_norm(xs, limit: float):
    norm = torch.linalg.vector_norm(torch.stack([n.float() for n in torch._foreach_norm(xs)]))
    factor = limit / norm.clamp_min(limit)
    return list(torch._foreach_mul(xs, factor)) if xs[0].dtype is factor.dtype else [x * factor.to(x.dtype) for x in xs]


def shrink(variables, factor) -> None:
    torch._foreach_mul_(_values(variables), 1 - factor)


def average(averages, variables, momentum) -> None:
    torch._foreach_lerp_(_values(averages), _values(variables), 1 - momentum)


def all_finite(xs):
    return torch.stack([x.isfinite().all() for x in xs]).all()


# -- the steps -------------------------------------------------------------------------------------------------
def step(opt, grads, variables, rate) -> bool:
    """Make the step if it is one of those below; whether it was made."""
    formula = _FORMULAS.get(identity(type(opt)))
    if formula is None:
        return False
    if isinstance(rate, torch.Tensor):
        if rate.device.type != "cpu":
            return False
        rate = rate.item()
    formula(opt, grads, variables, rate)
    return True


def _slots(opt, slots, variables) -> list:
    own = opt._trainable_variables
    if len(variables) == len(own) and all(map(_same, variables, own)):
        return [s._value for s in slots]
    return [slots[opt._get_variable_index(v)]._value for v in variables]


def _same(a, b) -> bool:
    return a is b


def _count(opt) -> int:
    return opt._iterations.get_host() // (opt.gradient_accumulation_steps or 1) + 1


def _sgd(opt, grads, variables, rate):
    p = _values(variables)
    if not opt.momentum:
        torch._foreach_add_(p, grads, alpha=-rate)
        return
    m = _slots(opt, opt._momentums, variables)
    torch._foreach_mul_(m, opt.momentum)
    torch._foreach_add_(m, grads, alpha=-rate)
    if opt.nesterov:
        torch._foreach_add_(p, m, alpha=opt.momentum)
        torch._foreach_add_(p, grads, alpha=-rate)
    else:
        torch._foreach_add_(p, m)


def _rmsprop(opt, grads, variables, rate):
    p, v = _values(variables), _slots(opt, opt._velocities, variables)
    _move_square(v, grads, opt.rho)
    if opt.centered:
        mean = _slots(opt, opt._average_gradients, variables)
        torch._foreach_lerp_(mean, grads, 1 - opt.rho)
        denominator = torch._foreach_addcmul(v, mean, mean, -1.0)
        torch._foreach_add_(denominator, opt.epsilon)
    else:
        denominator = torch._foreach_add(v, opt.epsilon)
    torch._foreach_sqrt_(denominator)
    if opt.momentum > 0:
        m = _slots(opt, opt._momentums, variables)
        torch._foreach_mul_(m, opt.momentum)
        torch._foreach_addcdiv_(m, grads, denominator, rate)
        torch._foreach_sub_(p, m)
    else:
        torch._foreach_addcdiv_(p, grads, denominator, -rate)


def _move_square(v, grads, momentum: float) -> None:
    torch._foreach_mul_(v, momentum)
    torch._foreach_addcmul_(v, grads, grads, 1 - momentum)


_done: dict = {}


def _steps(device, n: int) -> list:
    """A step number at which PyTorch's kernel corrects no bias: the correction is in the learning rate."""
    found = _done.get(device)
    if found is None:
        found = _done[device] = torch.tensor(1e30, device=device)
    return [found] * n


def _adam(opt, grads, variables, rate):
    from kerata.optimizers._rules import correction

    t = _count(opt)
    rate = rate * correction(opt.beta_2, t) ** 0.5 / correction(opt.beta_1, t)
    p = _values(variables)
    m, v = _slots(opt, opt._momentums, variables), _slots(opt, opt._velocities, variables)
    largest = _slots(opt, opt._velocity_hats, variables) if opt.amsgrad else []
    kind = p[0].dtype
    plain = kind.is_floating_point and 0 <= opt.beta_1 < 1 and all(x.dtype is kind for x in p)
    if not plain or torch.compiler.is_compiling():  # PyTorch cannot compile around its kernel
        _adam_by_parts(opt, p, grads, m, v, largest, rate)
        return
    # The kernel walks the memory of all of them alike; the gradient of a convolution's kernel lies in another order.
    grads = [g if g.stride() == x.stride() else torch.empty_like(x).copy_(g) for g, x in zip(grads, p)]
    torch._fused_adam_(
        p, grads, m, v, largest, _steps(p[0].device, len(p)), lr=rate, beta1=opt.beta_1, beta2=opt.beta_2,
        weight_decay=0.0, eps=opt.epsilon, amsgrad=bool(opt.amsgrad), maximize=False,
    )  # fmt: skip


def _adam_by_parts(opt, p, grads, m, v, largest, rate):
    torch._foreach_lerp_(m, grads, 1 - opt.beta_1)
    _move_square(v, grads, opt.beta_2)
    if opt.amsgrad:
        torch._foreach_maximum_(largest, v)
        v = largest
    denominator = torch._foreach_sqrt(v)
    torch._foreach_add_(denominator, opt.epsilon)
    torch._foreach_addcdiv_(p, m, denominator, -rate)


def _nadam(opt, grads, variables, rate):
    of_m, of_g, of_v = opt._factors()
    p = _values(variables)
    m, v = _slots(opt, opt._momentums, variables), _slots(opt, opt._velocities, variables)
    torch._foreach_lerp_(m, grads, 1 - opt.beta_1)
    _move_square(v, grads, opt.beta_2)
    denominator = torch._foreach_sqrt(torch._foreach_mul(v, of_v))
    torch._foreach_add_(denominator, opt.epsilon)
    torch._foreach_addcdiv_(p, m, denominator, -rate * of_m)
    torch._foreach_addcdiv_(p, grads, denominator, -rate * of_g)


def _adamax(opt, grads, variables, rate):
    from kerata.optimizers._rules import correction

    p = _values(variables)
    m, u = _slots(opt, opt._m, variables), _slots(opt, opt._u, variables)
    torch._foreach_lerp_(m, grads, 1 - opt.beta_1)
    torch._foreach_mul_(u, opt.beta_2)
    torch._foreach_maximum_(u, torch._foreach_abs(grads))
    rate = rate / correction(opt.beta_1, _count(opt))
    torch._foreach_addcdiv_(p, m, torch._foreach_add(u, opt.epsilon), -rate)


def _adagrad(opt, grads, variables, rate):
    p, total = _values(variables), _slots(opt, opt._accumulators, variables)
    torch._foreach_addcmul_(total, grads, grads)
    denominator = torch._foreach_add(total, opt.epsilon)
    torch._foreach_sqrt_(denominator)
    torch._foreach_addcdiv_(p, grads, denominator, -rate)


def _adadelta(opt, grads, variables, rate):
    p = _values(variables)
    g2, d2 = _slots(opt, opt._accumulated_grads, variables), _slots(opt, opt._accumulated_delta_vars, variables)
    _move_square(g2, grads, opt.rho)
    delta = torch._foreach_add(d2, opt.epsilon)
    torch._foreach_div_(delta, torch._foreach_add(g2, opt.epsilon))
    torch._foreach_sqrt_(delta)
    torch._foreach_mul_(delta, grads)
    _move_square(d2, delta, opt.rho)
    torch._foreach_add_(p, delta, alpha=-rate)


def _lion(opt, grads, variables, rate):
    p, m = _values(variables), _slots(opt, opt._momentums, variables)
    direction = torch._foreach_lerp(m, grads, 1 - opt.beta_1)
    torch._foreach_add_(p, torch._foreach_sign(direction), alpha=-rate)
    torch._foreach_lerp_(m, grads, 1 - opt.beta_2)


_FORMULAS = {
    "kerata.optimizers.sgd:SGD.update_step": _sgd,
    "kerata.optimizers.rmsprop:RMSprop.update_step": _rmsprop,
    "kerata.optimizers.adam:Adam.update_step": _adam,
    "kerata.optimizers.nadam:Nadam.update_step": _nadam,
    "kerata.optimizers.adamax:Adamax.update_step": _adamax,
    "kerata.optimizers.adagrad:Adagrad.update_step": _adagrad,
    "kerata.optimizers.adadelta:Adadelta.update_step": _adadelta,
    "kerata.optimizers.lion:Lion.update_step": _lion,
}
