"""`value_and_grad`, `grad` and `jit`: one form of gradients and compilation for all backends."""

from __future__ import annotations

import functools

from kerata import backend
from kerata.core.variable import Variable


def value_and_grad(fn, variables=None, has_aux: bool = False):
    """A function that gives the value of `fn` and its gradients.

    Args:
        fn: a function whose result is a scalar tensor, or `(scalar, anything)` with `has_aux`.
        variables: the `Variable`s to differentiate by; without them, the first argument (a tensor, or a nest of
            tensors).
        has_aux: whether `fn` gives something besides the scalar.

    Returns:
        A function with the arguments of `fn` that gives `(value, gradients)`, or `((value, aux), gradients)`.
        Gradients come in a list as long as `variables` (None where a variable does not matter, on PyTorch and
        TensorFlow), or with the structure of the first argument. It may be nested, for gradients of gradients.

    >>> import kerata
    >>> w = kerata.Variable([1.0, 2.0])
    >>> value, (g,) = kerata.value_and_grad(lambda x: kerata.ops.sum(w * w * x), [w])(3.0)
    >>> float(value), kerata.ops.convert_to_numpy(g).tolist()
    (15.0, [6.0, 12.0])
    """
    if variables is not None:
        variables = [variables] if isinstance(variables, Variable) else list(variables)
        for v in variables:
            if not isinstance(v, Variable):
                raise TypeError(f"value_and_grad() differentiates by kerata Variables; got {type(v).__name__}.")

    @functools.wraps(fn)
    def gradients(*args, **kwargs):
        if variables is None:
            if not args:
                raise TypeError("Without `variables`, the function must be called with a positional argument.")
            (value, aux), grads = backend.current().input_gradients(fn, args, kwargs, has_aux)
        else:
            b = variables[0]._backend if variables else backend.current()
            with backend.backend_scope(b):
                (value, aux), grads = b.variable_gradients(lambda: fn(*args, **kwargs), variables, has_aux)
        return ((value, aux), grads) if has_aux else (value, grads)

    return gradients


def grad(fn, variables=None, has_aux: bool = False):
    """Like `value_and_grad`, without the value.

    >>> import kerata
    >>> float(kerata.grad(lambda x: x * x)(kerata.ops.convert_to_tensor(3.0)))
    6.0
    """
    both = value_and_grad(fn, variables, has_aux)

    @functools.wraps(fn)
    def gradients(*args, **kwargs):
        value, grads = both(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return gradients


def jit(fn):
    """`fn` compiled by the backend in force at its first call.

    Reads and assignments of Variables in it work as in plain Python. On JAX it is traced once for each combination
    of shapes and of static arguments (strings, booleans, integers, None); on TensorFlow it is a `tf.function`; on
    PyTorch it goes through `torch.compile`; NumPy runs it as it is.

    >>> import kerata
    >>> count = kerata.Variable(0.0)
    >>> @kerata.jit
    ... def step(x):
    ...     count.assign_add(1.0)
    ...     return kerata.ops.sum(x)
    >>> _ = step(kerata.ops.ones((3,))); _ = step(kerata.ops.ones((3,)))
    >>> float(count)
    2.0
    """
    compiled: dict = {}

    @functools.wraps(fn)
    def call(*args, **kwargs):
        b = backend.current()
        if b.name not in compiled:
            compiled[b.name] = b.compile_function(fn)
        return compiled[b.name](*args, **kwargs)

    return call
