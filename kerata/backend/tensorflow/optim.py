"""Optimizer steps with TensorFlow's kernels, which read and write each weight once; the rest is arithmetic on lists."""

from __future__ import annotations

import contextlib

import tensorflow as tf

from kerata.optimizers._many import *  # noqa: F403
from kerata.optimizers._many import identity
from kerata.optimizers._rules import correction, root
from kerata.optimizers._rules import step as _step_number

_ADAM = "kerata.optimizers.adam:Adam.update_step"
scope = contextlib.nullcontext
_KINDS = (tf.float16, tf.bfloat16, tf.float32, tf.float64)


def step(opt, grads, variables, rate) -> bool:
    """Make the step if there is a kernel for it; whether it was made."""
    if identity(type(opt)) != _ADAM or opt.amsgrad or any(v._value.dtype not in _KINDS for v in variables):
        return False
    t = _step_number(opt)
    rate = rate * (root(correction(opt.beta_2, t)) / correction(opt.beta_1, t))
    for gradient, variable in zip(grads, variables):
        i, kind = opt._get_variable_index(variable), variable._value.dtype
        tf.raw_ops.ResourceApplyAdam(
            var=variable._value.handle, m=opt._momentums[i]._value.handle, v=opt._velocities[i]._value.handle,
            beta1_power=tf.zeros((), kind), beta2_power=tf.zeros((), kind),  # their correction is in the rate
            lr=tf.cast(rate, kind), beta1=tf.cast(opt.beta_1, kind), beta2=tf.cast(opt.beta_2, kind),
            epsilon=tf.cast(opt.epsilon, kind), grad=gradient,
        )  # fmt: skip
    return True
