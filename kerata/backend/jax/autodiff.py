"""Gradients, and the compilation of impure-looking Python into pure JAX programs."""

from __future__ import annotations

from collections import OrderedDict

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kerata.backend.jax import arrays, nn, placement, processes
from kerata.backend.protocol import PreferSteps
from kerata.core import staging, tree
from kerata.core.dtypes import is_text
from kerata.core.masks import get_mask, set_mask
from kerata.core.scopes import StatelessScope, context

__all__ = ["compile_chunk", "compile_function", "compile_step", "input_gradients", "to_device", "variable_gradients"]


def _raw(variable):
    return variable._value if context.scope is None else context.scope.get(variable)


def variable_gradients(fn, variables, has_aux):
    """`(value, aux), gradients` of `fn()` with respect to the variables; assignments in `fn` take effect."""
    variables = list(variables)
    written: list = []

    def pure(values):
        with StatelessScope(zip(variables, values)) as scope:
            out = fn()
        value, aux = out if has_aux else (out, None)
        updates = scope.updates()
        written[:] = [v for v, _ in updates]
        return jnp.asarray(value), (value, aux, _masks(aux), [x for _, x in updates])

    (_, (value, aux, masks, new)), grads = jax.value_and_grad(pure, has_aux=True)([_raw(v) for v in variables])
    for variable, x in zip(written, new):
        _store(variable, x)
    return (value, _masked(aux, masks)), grads


def _masks(aux) -> dict:
    """The masks that travel with the leaves of a tree, by place: results of a transformed function lose them."""
    leaves = jax.tree.leaves(aux)
    return {i: mask for i, x in enumerate(leaves) if (mask := get_mask(x)) is not None}


def _masked(aux, masks: dict):
    if not masks:
        return aux
    leaves, structure = jax.tree.flatten(aux)
    return jax.tree.unflatten(structure, [set_mask(x, masks[i]) if i in masks else x for i, x in enumerate(leaves)])


def input_gradients(fn, args, kwargs, has_aux):
    """Like `variable_gradients`, with respect to the first positional argument (a tree of arrays)."""
    written: list = []

    def pure(first):
        with StatelessScope() as scope:
            out = fn(first, *args[1:], **kwargs)
        value, aux = out if has_aux else (out, None)
        updates = scope.updates()
        written[:] = [v for v, _ in updates]
        return jnp.asarray(value), (value, aux, [x for _, x in updates])

    (_, (value, aux, new)), grads = jax.value_and_grad(pure, has_aux=True)(args[0])
    for variable, x in zip(written, new):
        _store(variable, x)
    return (value, aux), grads


def _store(variable, value) -> None:
    if context.scope is not None:
        context.scope.set(variable, value)
    else:
        variable._value = value


class _NeedVariables(Exception):
    """The traced code touched variables that were not among the program's inputs."""

    def __init__(self, variables):
        self.variables = variables


class _Program:
    """A compiled pure function of variables' values, around a Python function that reads and assigns variables.

    Variables that the function touches and nobody named are found while it is traced, and become inputs as well.
    With `donate`, the old values' memory is reused for the new ones.
    """

    def __init__(self, pure, variables, jit=True, donate=True):
        self.variables = list(variables)
        self._pure = pure
        self._jit, self._donate = jit, donate
        self.assigns = False  # whether it changes variables; known after the first call
        self._make()

    def _make(self) -> None:
        def traced(values, *args):
            with StatelessScope(zip(self.variables, values)) as scope:
                scope.missed = {}
                out = self._pure(*args)
                new = {
                    i: placement.stays(v, scope.get(v))
                    for i, v in enumerate(self.variables)
                    if self._donate or id(v) in scope.written
                }
            known = {id(v) for v in self.variables}
            touched = {**scope.missed, **{k: v for k, v in scope.variables.items() if k in scope.written}}
            unknown = [v for k, v in touched.items() if k not in known]
            if unknown:
                raise _NeedVariables(unknown)
            return out, new

        self._traced = traced
        self._call = jax.jit(traced, donate_argnums=(0,) if self._donate else ()) if self._jit else traced

    def __call__(self, *args):
        if context.scope is not None:  # inside another program's trace
            return self._pure(*args)
        if self._call is self._traced:
            args = to_device(args)
        while True:
            values = [v._value for v in self.variables]
            if self._donate:
                values = _distinct(values)
            try:
                out, new = self._call(values, *args)
            except TypeError:
                if self._call is self._traced or not any(map(is_text, jax.tree.leaves(args))):
                    raise
                self._call = self._traced  # JAX has no texts: a program that takes them runs eagerly
                args = to_device(args)
                continue
            except _NeedVariables as e:
                self.variables += e.variables
                self._make()
                continue
            self.assigns = bool(new)
            for i, x in new.items():
                self.variables[i]._value = x
            return out


def _distinct(values: list) -> list:
    """The values with no array twice: one buffer cannot be given away twice."""
    if len(set(map(id, values))) == len(values):
        return values
    seen: set[int] = set()
    out = []
    for x in values:
        if id(x) in seen:
            x = jnp.array(x, copy=True)
        seen.add(id(x))
        out.append(x)
    return out


def compile_step(step, result, variables, jit=True, donate=True):
    """A function of a batch on the host: one step, then its logs (`result(what the step gave)`)."""

    def pure(batch):
        with nn.tracing(reverse_only=step.built_in and jit):
            return _in_order(result(step(placement.spread(batch))))

    program = _Program(pure, variables, jit, donate)
    return processes.OfProcesses(program) if placement.over_processes() else _OnHostBatches(program)


class _OnHostBatches:
    """A program as a function of a batch on the host.

    A compiled program shares the memory of a NumPy array that it is given, as long as it needs it, which costs a tenth of
    making an array of JAX's first. So it is given arrays that nobody else writes to.
    """

    assigns = property(lambda self: self.program.assigns)

    def __init__(self, program):
        self.program = program

    def __call__(self, batch):
        return self.program(tree.map_structure(_own_memory, batch, none_is_leaf=False))


def _in_order(logs):
    """A dictionary as one whose order JAX keeps (it sorts the keys of plain ones)."""
    return OrderedDict(logs) if type(logs) is dict else logs


def compile_chunk(step, result, variables, batch_size: int, ordered: bool, jit=True, donate=True):
    """A function `(data, order, start, count) -> logs`: `count` steps, from batch `start`, in one program.

    The data stay on the device; each step gathers its batch. The number of steps is an argument of the program, so
    its length may follow the clock without compiling again.
    """

    def batch_at(data, order, i):
        begin = i * batch_size
        if not ordered:
            return tree.map_structure(lambda a: lax.dynamic_slice_in_dim(a, begin, batch_size), data, none_is_leaf=False)
        index = lax.dynamic_slice_in_dim(order, begin, batch_size)
        return tree.map_structure(lambda a: a.at[index].get(mode="promise_in_bounds"), data, none_is_leaf=False)

    def pure(data, order, start, count):
        scope = context.scope

        def one(values, i):
            inner = StatelessScope(zip(carried, values))
            with inner, nn.tracing(loop=True, refuses_shallow=not donate, reverse_only=step.built_in):
                logs = step(placement.spread(batch_at(data, order, i)))
                written.update((id(v), v) for v, _ in inner.updates())
                if carried and any(k not in known for k in written):
                    raise _NeedVariables([v for k, v in written.items() if k not in known])
                return [inner.get(v) for v in carried], _in_order(logs)

        written: dict[int, object] = {}
        carried: list = []
        if donate:  # a training step writes nearly all of them
            carried = list(scope.variables.values())
        else:
            jax.eval_shape(lambda i: one([], i)[1], start)
            carried = list(written.values())
        known = {id(v) for v in carried}
        first = [scope.get(v) for v in carried]
        shapes = jax.eval_shape(lambda v: one(v, start)[1], first) if not step.silent else None
        blank = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)

        def body(k, carry):
            return one(carry[0], start + k)

        values, logs = lax.fori_loop(0, count, body, (first, blank))
        for v, x in zip(carried, values):
            scope.set(v, x)
        return _in_order(result(logs))

    if not jit:
        from kerata.backend.eager import eager_chunk

        return eager_chunk(step, result, batch_size, ordered, lambda a, i: a[i])
    chunk = _Chunk(_Program(pure, variables, donate=donate))
    chunk.refused = placement.over_processes()  # batches of several processes are put together one by one
    return chunk


class _Chunk:
    """A chunk as one program, which remembers that its loop would cost more than it saves."""

    refused = False

    def __init__(self, program):
        self.program = program

    def __call__(self, data, order, start, count):
        try:
            return self.program(data, order, start, count)
        except PreferSteps:
            self.refused = True
            raise


def to_device(data):
    """The arrays of a tree as arrays of this backend (for the time of a `fit`)."""
    return tree.map_structure(_to_device, data, none_is_leaf=False)


def _to_device(a):
    if is_text(a):
        return a
    a = _own_memory(a)
    return arrays.of_own_memory(a) if type(a) is np.ndarray else jax.device_put(a)


def _own_memory(a):
    """A NumPy array in memory of our own, which JAX may share (it would share the user's, too); other arrays as JAX's."""
    if is_text(a) or isinstance(a, jax.Array):
        return a
    if type(a) is np.ndarray and not a.dtype.hasobject:
        return staging.staged(a, jax.dtypes.canonicalize_dtype(a.dtype))
    return jnp.asarray(a)


def compile_function(fn):
    """`fn`, compiled; its assignments to variables take effect. Strings, booleans and None are static."""
    programs: dict = {}

    def compiled(*args, **kwargs):
        if context.scope is not None:
            return fn(*args, **kwargs)
        leaves, structure = tree.flatten_with_structure((args, kwargs))
        static = tuple((i, x) for i, x in enumerate(leaves) if isinstance(x, str | bool | int | type(None)) or callable(x))
        places = {i for i, _ in static}
        dynamic = [x for i, x in enumerate(leaves) if i not in places]
        key = (structure, static)
        if key not in programs:
            fixed = dict(static)

            def pure(*arrays):
                rest = iter(arrays)
                filled = [fixed[i] if i in fixed else next(rest) for i in range(len(leaves))]
                a, k = tree.unflatten(structure, filled)
                return fn(*a, **k)

            programs[key] = _Program(pure, [], donate=False)
        return programs[key](*dynamic)

    return compiled
