"""Conversion, control flow and gradients."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import dtypes, tree
from kerata.core.keras_tensor import KerasTensor
from kerata.core.variable import Variable
from kerata.ops._op import arrays, convert, op
from kerata.ops.indexing import scatter, scatter_update, slice, slice_update  # noqa: F401
from kerata.ops.shaping import unstack  # noqa: F401


# ---- conversion
@op
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """x as a tensor of the backend in force, with the dtype that is given.

    >>> kerata.ops.convert_to_tensor([1, 2, 3], "float32")
    """
    return convert(x, None if dtype is None else dtypes.standardize_dtype(dtype))


def convert_to_numpy(x):
    """The values of a tensor of any backend as a NumPy array."""
    import numpy as np

    if isinstance(x, Variable):
        return x.numpy()
    owner = backend.owner(type(x)) or backend.current()
    return np.asarray(owner.to_numpy(x))


def is_tensor(x) -> bool:
    """Whether x is a tensor of the backend in force."""
    return backend.current().is_tensor(x)


@op
def cast(x, dtype):
    """x with another dtype."""
    b = backend.current()
    dtype = dtypes.standardize_dtype(dtype)
    x = x if type(x) is b.Tensor else b.convert(x)
    if b.dtype(x) in dtypes.COMPLEX and dtype not in dtypes.COMPLEX:
        x = b.xp.real(x)
    return b.cast(x, dtype)


@op
def saturate_cast(x, dtype):
    """x with another dtype; values out of its range become its nearest end."""
    b = backend.current()
    dtype = dtypes.standardize_dtype(dtype)
    x, xp = arrays(x)
    name = b.dtype(x)
    if name == "bool" or dtype == "bool":
        return b.cast(x, dtype)
    (low_in, high_in), (low, high) = _range(name), _range(dtype)
    ends = builtins.max(low, low_in), builtins.min(high, high_in)
    if dtypes.is_float(name):
        # The ends must be numbers of the dtype that lie inside the range; what lies beyond is set afterwards.
        ends = _inside(ends[0], name, 1), _inside(ends[1], name, -1)
    out = b.cast(xp.minimum(xp.maximum(x, b.convert(ends[0], name)), b.convert(ends[1], name)), dtype)
    if dtypes.is_float(name) and not dtypes.is_float(dtype):
        out = xp.where(x > b.convert(ends[1], name), b.convert(high, dtype), out)
        out = xp.where(x < b.convert(ends[0], name), b.convert(low, dtype), out)
    return out


def _range(name: str):
    if not dtypes.is_float(name):
        bits = int("".join(c for c in name if c.isdigit()))
        return (0, 2**bits - 1) if name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    import ml_dtypes

    info = ml_dtypes.finfo(name)
    return float(info.min), float(info.max)


def _inside(end, name: str, direction: int):
    """`end` rounded in `direction` to a number that the float dtype `name` holds exactly."""
    import ml_dtypes
    import numpy as np

    kind = np.dtype(getattr(ml_dtypes, name, name))
    value = np.asarray(float(end)).astype(kind)
    if (direction > 0 and float(value) < end) or (direction < 0 and float(value) > end):
        value = np.nextafter(value, np.asarray(direction * np.inf).astype(kind))
    return float(value)


def shape(x) -> tuple:
    """The sizes of x: integers; None in a KerasTensor where unknown, scalar tensors inside a `tf.function`."""
    if isinstance(x, KerasTensor | Variable):
        return x.shape
    owner = backend.owner(type(x))
    if owner is not None:
        return tuple(owner.shape(x))
    return tuple(x.shape) if hasattr(x, "shape") else tuple(convert(x).shape)


def dtype(x) -> str:
    """The name of the dtype of x."""
    if isinstance(x, KerasTensor | Variable):
        return x.dtype
    if hasattr(x, "dtype"):
        return dtypes.standardize_dtype(x.dtype)
    b = backend.current()
    return b.dtype(b.convert(x))


def ndim(x) -> int:
    """The number of axes of x."""
    return len(x.shape) if hasattr(x, "shape") else len(convert(x).shape)


def size(x):
    """The number of elements of x; None for a KerasTensor with an unknown size."""
    count = 1
    for n in shape(x):
        if n is None:
            return None
        count = count * n
    return count


def stop_gradient(variable):
    """The same value, through which no gradient flows."""
    return _stop_gradient(variable)


@op
def _stop_gradient(variable):
    return backend.current().stop_gradient(convert(variable))


_stop_gradient.__name__ = "stop_gradient"


# ---- control flow
@op
def cond(pred, true_fn, false_fn):
    """What `true_fn()` gives if `pred` holds, else what `false_fn()` gives."""
    return backend.current().cond(pred.value if isinstance(pred, Variable) else pred, true_fn, false_fn)


@op
def switch(index, branches, *operands):
    """What `branches[index](*operands)` gives; an index out of range counts as the nearest one."""
    return backend.current().switch(convert(index), list(branches), operands)


@op
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Replace `loop_vars` by `body(*loop_vars)` as long as `cond(*loop_vars)` holds.

    Args:
        loop_vars: a tensor or a tuple or list of tensors (or structures); shapes and dtypes must stay.
        maximum_iterations: the most rounds.
    """
    many = isinstance(loop_vars, list | tuple)
    start = tuple(loop_vars) if many else (loop_vars,)
    start = tree.map_structure(lambda v: v if v is None else convert(v), start)

    def step(values):
        out = body(*values)
        out = tuple(out) if isinstance(out, list | tuple) and many else (out,)
        if len(out) != len(values):
            raise ValueError(f"while_loop(): `body` gave {len(out)} values for {len(values)} loop variables.")
        return out

    b = backend.current()
    if maximum_iterations is None:
        out = b.while_loop(lambda v: cond(*v), step, start)
    else:
        limit = int(maximum_iterations)

        def go_on(state):
            return b.xp.logical_and(convert(state[0] < limit), convert(cond(*state[1])))

        out = b.while_loop(go_on, lambda s: (s[0] + 1, step(s[1])), (b.convert(0, "int32"), start))[1]
    out = type(loop_vars)(out) if many and type(loop_vars) in (list, tuple) else tuple(out)
    return tuple(out) if many else out[0]


@op
def fori_loop(lower, upper, body_fun, init_val):
    """`init_val` after `value = body_fun(i, value)` for i from `lower` up to but without `upper`."""
    return backend.current().fori_loop(lower, upper, body_fun, init_val)


@op
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Carry a state along the first axis: `carry, y = f(carry, x)` for each x. Gives the last carry and all y.

    Args:
        init: the first carry (a structure of tensors).
        xs: a structure of tensors with the same first axis, or None (then `length` says how often).
        reverse: begin at the end.
        unroll: how many steps a compiled loop does at once (a number or a boolean).
    """
    if not callable(f):
        raise TypeError(f"scan() needs a function; it was given {f!r}.")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"`unroll` is a positive integer or a boolean; it was {unroll!r}.")
    b = backend.current()
    xs = tree.map_structure(lambda x: None if x is None else convert(x), xs)
    init = tree.map_structure(lambda x: None if x is None else convert(x), init)
    sizes = {b.shape(x)[0] for x in tree.flatten(xs) if x is not None and isinstance(b.shape(x)[0], int)}
    if not sizes and length is None:
        raise ValueError("scan() needs `xs` or `length`.")
    if length is None:
        length = next(iter(sizes))
    if len(sizes | {int(length)}) != 1:
        raise ValueError(f"scan(): the first axes of `xs` and `length` must agree; they are {sizes | {int(length)}}.")
    return b.scan(f, init, xs, int(length), reverse, unroll)


@op
def map(f, xs):
    """`f` of each slice of `xs` (a structure) along the first axis, stacked; one after the other."""
    return backend.current().scan(lambda carry, x: (carry, f(x)), (), _converted(xs), _rows(xs))[1]


def _converted(xs):
    return tree.map_structure(convert, xs)


def _rows(xs) -> int:
    return backend.current().shape(convert(tree.flatten(xs)[0]))[0]


@op
def vectorized_map(function, elements):
    """`function` of each slice of `elements` (a structure) along the first axis, stacked; all at once."""
    return backend.current().vectorized_map(function, _converted(elements))


@op
def associative_scan(f, elems, reverse=False, axis=0):
    """All prefixes combined with the associative function `f(a, b)`, in logarithmically many steps.

    Args:
        elems: a structure of tensors.
        reverse: suffixes instead of prefixes.
        axis: the axis along which to combine.
    """
    if not callable(f):
        raise TypeError(f"associative_scan() needs a function; it was given {f!r}.")
    xp = backend.current().xp
    leaves, structure = tree.flatten_with_structure(_converted(elems))
    sizes = {x.shape[axis] for x in leaves}
    if len(sizes) != 1:
        raise ValueError(f"associative_scan(): the sizes of axis {axis} must agree; they are {sorted(sizes)}.")
    leaves = [xp.moveaxis(x, axis, 0) for x in leaves]
    leaves = [xp.flip(x, axis=0) for x in leaves] if reverse else leaves

    def combine(a, b):
        a, b = ([xp.moveaxis(x, 0, axis) for x in part] for part in (a, b))
        out = tree.flatten(f(tree.unflatten(structure, a), tree.unflatten(structure, b)))
        return [xp.moveaxis(x, axis, 0) for x in out]

    out = _prefixes(xp, combine, leaves)
    out = [xp.flip(x, axis=0) for x in out] if reverse else out
    return tree.unflatten(structure, [xp.moveaxis(x, 0, axis) for x in out])


def _prefixes(xp, combine, leaves):
    """Combine neighbours, solve the half-sized problem, fill in the other half."""
    n = leaves[0].shape[0]
    if n < 2:
        return leaves
    odd = _prefixes(xp, combine, combine([x[0 : n - 1 : 2] for x in leaves], [x[1:n:2] for x in leaves]))
    if n == 2:
        even = [x[:1] for x in leaves]
    else:
        rest = combine([x[: (n - 1) // 2] for x in odd], [x[2:n:2] for x in leaves])
        even = [xp.concat([x[:1], r], axis=0) for x, r in zip(leaves, rest)]
    return [_interleaved(xp, e, o, n) for e, o in zip(even, odd)]


def _interleaved(xp, even, odd, n):
    """e0 o0 e1 o1 ...: n rows in all."""
    last = even[odd.shape[0] :]
    pairs = xp.stack([even[: odd.shape[0]], odd], axis=1)
    pairs = xp.reshape(pairs, (2 * odd.shape[0], *even.shape[1:]))
    return pairs if n % 2 == 0 else xp.concat([pairs, last], axis=0)


# ---- gradients
def custom_gradient(f):
    """Give a function a gradient of its own.

    `f(*args)` gives the value and a function `grad(upstream)` (or `grad(*args, upstream)`), which gives the gradients
    of the arguments from that of the value.

    >>> @kerata.ops.custom_gradient
    ... def round_straight_through(x):
    ...     return kerata.ops.round(x), lambda upstream: upstream
    """
    import functools

    @functools.wraps(f)
    def value(*args, **kwargs):
        if builtins.any(isinstance(a, KerasTensor) for a in args):
            return _custom(*args, f=f, **kwargs)
        args = [a.value if isinstance(a, Variable) else a for a in args]
        return backend.current().custom_gradient(f)(*args, **kwargs)

    return value


@op
def _custom(*args, f=None, **kwargs):
    return f(*args, **kwargs)[0]


def jvp(fun, primals, tangents, has_aux=False):
    """`fun(*primals)` and its derivative in the direction `tangents` (and what else it gives, with `has_aux`)."""
    if not callable(fun):
        raise ValueError(f"jvp() needs a function; it was given {fun!r}.")
    primals, tangents = list(primals), list(tangents)
    if len(primals) != len(tangents):
        raise ValueError(f"jvp() was given {len(primals)} primals and {len(tangents)} tangents.")
    return backend.current().jvp(fun, [convert(p) for p in primals], tangents, has_aux)


def vectorize(pyfunc, *, excluded=None, signature=None):
    """Make a function of single elements (or of the core axes that `signature` names) one of whole tensors.

    Args:
        pyfunc: a function over `kerata.ops`.
        excluded: positions and names of arguments to pass as they are.
        signature: as in NumPy, e.g. "(n),(n)->()".
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize() needs a function; it was given {pyfunc!r}.")
    if builtins.any(not isinstance(e, str | int) for e in excluded or ()):
        raise TypeError(f"`excluded` holds positions and names; got {excluded!r}.")
    from kerata.ops._vectorize import Vectorized

    return Vectorized(pyfunc, frozenset(excluded or ()), signature)
