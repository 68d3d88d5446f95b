"""Control flow that JAX can trace and compile."""

from __future__ import annotations

import inspect

import jax
import jax.numpy as jnp
from jax import lax

__all__ = ["cond", "custom_gradient", "fori_loop", "jvp", "scan", "switch", "vectorized_map", "while_loop"]


def cond(pred, true_fn, false_fn):
    if not isinstance(pred, jax.core.Tracer):
        return true_fn() if pred else false_fn()
    return lax.cond(pred, true_fn, false_fn)


def switch(index, branches, operands):
    return lax.switch(index, branches, *operands)


def while_loop(cond, body, state):
    return lax.while_loop(cond, body, state)


def fori_loop(lower, upper, body, init):
    return lax.fori_loop(lower, upper, body, init)


def scan(f, init, xs, length, reverse=False, unroll=1):
    return lax.scan(f, init, xs, length, reverse, unroll)


def vectorized_map(function, elements):
    return jax.vmap(function)(elements)


def wants_upstream(grad) -> bool:
    """Whether a gradient function takes what comes from above as the keyword `upstream` only."""
    parameter = inspect.signature(grad).parameters.get("upstream")
    return parameter is not None and parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty


def custom_gradient(f):
    """`f` gives its value and a function from the value's gradient to those of its arguments."""

    def value(*args, **kwargs):
        def with_gradient(*args):
            out, grad = f(*args, **kwargs)
            if not wants_upstream(grad):
                return out, grad
            return out, lambda upstream: grad(*args, upstream=upstream)

        return jax.custom_gradient(with_gradient)(*args)

    return value


def jvp(fun, primals, tangents, has_aux=False):
    primals = [jnp.asarray(p) for p in primals]
    return jax.jvp(fun, tuple(primals), tuple(jnp.asarray(t, p.dtype) for t, p in zip(tangents, primals)), has_aux)
