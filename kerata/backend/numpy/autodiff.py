"""NumPy computes no gradients; these say so."""

from __future__ import annotations

_MESSAGE = (
    "The NumPy backend computes no gradients: it is for inference and shape checks. "
    'Choose a training backend, e.g. kerata.config.set_backend("jax") or model.to_backend("torch").'
)


def value_and_grad(fn):
    raise NotImplementedError(_MESSAGE)


def jit(fn, **options):
    """NumPy has no compiler: the function itself."""
    return fn


def compile_step(step, **options):
    return step
