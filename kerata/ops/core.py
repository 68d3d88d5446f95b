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
    """Numbers, lists, NumPy arrays, Variables or tensors of any backend as a tensor of the backend in force.

    Args:
        x: what to convert.
        dtype: name of a dtype; by default that of `x`, for Python floats floatx, for Python integers int32.
        sparse: False makes a dense tensor of a sparse one (TensorFlow's and JAX's); otherwise it stays what it
            is.
        ragged: the same for TensorFlow's ragged tensors.

    Returns:
        Tensor; `x` itself if it is one already and has the dtype.

    >>> kerata.ops.convert_to_tensor([1, 2], "float32")  # [1, 2]
    """
    return convert(x, None if dtype is None else dtypes.standardize_dtype(dtype))


def convert_to_numpy(x):
    """The values of a tensor as a NumPy array, copied from the device if need be.

    Args:
        x: tensor of any backend, Variable, list or number; sparse tensors become dense.

    Returns:
        NumPy array of the same shape.

    >>> kerata.ops.convert_to_numpy(kerata.ops.ones((2,)))
    array([1., 1.], dtype=float32)
    """
    import numpy as np

    if isinstance(x, Variable):
        return x.numpy()
    owner = backend.owner(type(x)) or backend.current()
    return np.asarray(owner.to_numpy(x))


def is_tensor(x) -> bool:
    """Whether an object is a tensor of the backend in force; NumPy arrays are on the backend "numpy" only.

    Args:
        x: any object.

    Returns:
        A Python boolean.

    >>> kerata.ops.is_tensor(kerata.ops.ones((2,))), kerata.ops.is_tensor([1.0])
    (True, False)
    """
    return backend.current().is_tensor(x)


@op
def cast(x, dtype):
    """Converts to another dtype.

    Floats become integers by dropping the fraction, complex numbers real ones by their real part.

    Args:
        x: tensor of any shape.
        dtype: name of the wanted dtype.

    Returns:
        Tensor of the shape of `x`. What the dtype cannot hold comes out differently from backend to backend; see
        `saturate_cast`.

    >>> kerata.ops.cast([1.7, -1.7], "int32")  # [1, -1]
    """
    b = backend.current()
    dtype = dtypes.standardize_dtype(dtype)
    x = x if type(x) is b.Tensor else b.convert(x)
    if b.dtype(x) in dtypes.COMPLEX and dtype not in dtypes.COMPLEX:
        x = b.xp.real(x)
    return b.cast(x, dtype)


@op
def saturate_cast(x, dtype):
    """Converts to another dtype; what lies beyond its range becomes its lowest or highest number.

    Args:
        x: tensor of any shape.
        dtype: name of the wanted dtype.

    Returns:
        Tensor of the shape of `x`.

    >>> kerata.ops.saturate_cast([300.0, -5.0, 1.7], "uint8")  # [255, 0, 1]
    """
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
    """The sizes of the axes.

    Args:
        x: tensor, KerasTensor, Variable or anything that converts to a tensor.

    Returns:
        Tuple of integers; None in a KerasTensor, and scalar tensors inside a `tf.function`, where a size is
        unknown.

    >>> kerata.ops.shape(kerata.ops.ones((2, 3)))
    (2, 3)
    """
    if isinstance(x, KerasTensor | Variable):
        return x.shape
    owner = backend.owner(type(x))
    if owner is not None:
        return tuple(owner.shape(x))
    return tuple(x.shape) if hasattr(x, "shape") else tuple(convert(x).shape)


def dtype(x) -> str:
    """The name of the dtype.

    Args:
        x: tensor, KerasTensor, Variable or anything that converts to a tensor.

    Returns:
        A string such as "float32".

    >>> kerata.ops.dtype(kerata.ops.ones((2,), "int32"))
    'int32'
    """
    if isinstance(x, KerasTensor | Variable):
        return x.dtype
    if hasattr(x, "dtype"):
        return dtypes.standardize_dtype(x.dtype)
    b = backend.current()
    return b.dtype(b.convert(x))


def ndim(x) -> int:
    """The number of axes.

    Args:
        x: tensor, KerasTensor, Variable or anything that converts to a tensor.

    Returns:
        A Python integer.

    >>> kerata.ops.ndim([[1, 2, 3]])
    2
    """
    return len(x.shape) if hasattr(x, "shape") else len(convert(x).shape)


def size(x):
    """The number of elements.

    Args:
        x: tensor, KerasTensor, Variable or anything that converts to a tensor.

    Returns:
        An integer; None for a KerasTensor with an unknown size.

    >>> kerata.ops.size([[1, 2, 3], [4, 5, 6]])
    6
    """
    count = 1
    for n in shape(x):
        if n is None:
            return None
        count = count * n
    return count


def stop_gradient(variable):
    """The same value as a constant: gradients do not flow back through it.

    Args:
        variable: tensor or Variable.

    Returns:
        Tensor of the same shape and dtype.

    >>> kerata.ops.stop_gradient([1.0, 2.0])  # [1, 2]
    """
    return _stop_gradient(variable)


@op
def _stop_gradient(variable):
    return backend.current().stop_gradient(convert(variable))


_stop_gradient.__name__ = "stop_gradient"


# ---- control flow
@op
def cond(pred, true_fn, false_fn):
    """Calls one of two functions, which a condition chooses, also inside compiled code.

    Args:
        pred: boolean, or scalar tensor.
        true_fn: called without arguments if it holds.
        false_fn: called without arguments if not. Both give the same structure of shapes and dtypes.

    Returns:
        What the function gave.

    >>> kerata.ops.cond(kerata.ops.array(3) > 2, lambda: kerata.ops.array(1), lambda: kerata.ops.array(0))  # 1
    """
    return backend.current().cond(pred.value if isinstance(pred, Variable) else pred, true_fn, false_fn)


@op
def switch(index, branches, *operands):
    """Calls one of several functions, which a number chooses, also inside compiled code.

    Args:
        index: integer, or scalar tensor; below 0 it counts as 0, beyond the last as the last.
        branches: list of functions that give the same structure of shapes and dtypes.
        operands: what the function is called with.

    Returns:
        What the function gave.

    >>> kerata.ops.switch(1, [lambda x: x + 1, lambda x: x * 10], kerata.ops.array(5))  # 50
    """
    return backend.current().switch(convert(index), list(branches), operands)


@op
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Calls a function again and again with its own results, as long as a condition holds.

    Args:
        cond: function of the variables, whose value is one boolean.
        body: function of the variables, which gives their next values, in the same structure, shapes and dtypes.
        loop_vars: a tensor, or a tuple or list of tensors (or structures of them).
        maximum_iterations: the most rounds; None for no limit.

    Returns:
        The last values, in the structure of `loop_vars`.

    Raises:
        ValueError: if `body` gives another number of values.

    >>> kerata.ops.while_loop(lambda i, total: i < 4, lambda i, total: (i + 1, total + i), (0, 0))  # [4, 6]
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
        limit = maximum_iterations if isinstance(maximum_iterations, int) else cast(maximum_iterations, "int32")

        def go_on(state):
            return b.xp.logical_and(convert(state[0] < limit), convert(cond(*state[1])))

        out = b.while_loop(go_on, lambda s: (s[0] + 1, step(s[1])), (b.convert(0, "int32"), start))[1]
    out = type(loop_vars)(out) if many and type(loop_vars) in (list, tuple) else tuple(out)
    return tuple(out) if many else out[0]


@op
def fori_loop(lower, upper, body_fun, init_val):
    """Calls `value = body_fun(i, value)` for each integer i from `lower` to `upper - 1`.

    Args:
        lower: the first index.
        upper: the end, which is left out; both are integers or scalar tensors.
        body_fun: function of the index and the value; the value keeps its structure, shapes and dtypes.
        init_val: the value at the beginning.

    Returns:
        The last value; `init_val` if there is no index.

    >>> kerata.ops.fori_loop(0, 4, lambda i, value: value + i, 0)  # 6
    """
    return backend.current().fori_loop(lower, upper, body_fun, init_val)


@op
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Carries a state along the first axis: `carry, y = f(carry, x)` for one slice x after the other.

    Args:
        f: function of the carry and a slice; the carry keeps its structure, shapes and dtypes.
        init: the first carry, a structure of tensors.
        xs: a structure of tensors whose first axes agree; None if `f` needs no slices.
        length: how many steps; needed if `xs` is None.
        reverse: whether to begin at the end (the results stand where their slices stood).
        unroll: how many steps a compiled loop makes at once, or whether to write out all of them.

    Returns:
        `(carry, ys)`: the last carry, and what `f` gave, stacked along a new first axis.

    Raises:
        TypeError: if `f` is no function.
        ValueError: without `xs` and `length`, if they disagree, or for another `unroll`.

    >>> last, sums = kerata.ops.scan(lambda total, x: (total + x, total + x), 0, kerata.ops.array([1, 2, 3]))
    >>> sums  # [1, 3, 6]
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
    """Calls a function with each slice along the first axis, one after the other, and stacks the results.

    Args:
        f: function of one slice (of a structure like `xs`).
        xs: tensor, or structure of tensors whose first axes agree.

    Returns:
        What `f` gives, with a new first axis.

    >>> kerata.ops.map(lambda row: kerata.ops.sum(row), kerata.ops.array([[1, 2], [3, 4]]))  # [3, 7]
    """
    return backend.current().scan(lambda carry, x: (carry, f(x)), (), _converted(xs), _rows(xs))[1]


def _converted(xs):
    return tree.map_structure(convert, xs)


def _rows(xs) -> int:
    return backend.current().shape(convert(tree.flatten(xs)[0]))[0]


@op
def vectorized_map(function, elements):
    """Calls a function with each slice along the first axis, all at once, and stacks the results.

    Args:
        function: function of one slice (of a structure like `elements`).
        elements: tensor, or structure of tensors whose first axes agree.

    Returns:
        What `function` gives, with a new first axis.

    >>> kerata.ops.vectorized_map(lambda row: kerata.ops.sum(row), kerata.ops.array([[1, 2], [3, 4]]))  # [3, 7]
    """
    return backend.current().vectorized_map(function, _converted(elements))


@op
def associative_scan(f, elems, reverse=False, axis=0):
    """Combines all elements up to each position, in a number of steps that grows with the logarithm of their number.

    Args:
        f: associative function of two structures like `elems`: slices with any size along `axis`, combined one
            by one.
        elems: tensor, or structure of tensors that agree in size along `axis`.
        reverse: whether to combine from each position to the end.
        axis: the axis.

    Returns:
        A structure like `elems`: position i holds `f(...f(f(e0, e1), e2)..., ei)`.

    Raises:
        TypeError: if `f` is no function.
        ValueError: if the sizes disagree.

    Source: Blelloch (1990), technical report CMU-CS-90-190

    >>> kerata.ops.associative_scan(lambda a, b: a * b, kerata.ops.array([1, 2, 3, 4]))  # [1, 2, 6, 24]
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
    """A decorator that gives a function a gradient of its own.

    Args:
        f: function of tensors that gives `(value, grad)`; `grad(upstream)` (or `grad(*args, upstream)`) turns
            the gradient of the value into those of the arguments.

    Returns:
        A function of the same arguments that gives the value alone.

    >>> @kerata.ops.custom_gradient
    ... def round_straight_through(x):
    ...     return kerata.ops.round(x), lambda upstream: upstream
    >>> round_straight_through(kerata.ops.array([1.4, 2.6]))  # [1, 3]
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
    """A function's value, and its derivative in one direction (forward-mode differentiation).

    Args:
        fun: function of tensors.
        primals: list of its arguments.
        tangents: list of as many tensors of the same shapes: the direction.
        has_aux: whether `fun` gives `(value, aux)`, of which only the value is differentiated.

    Returns:
        `(value, derivative)`, and the auxiliary part as a third with `has_aux`.

    Raises:
        ValueError: if `fun` is no function, or the lists differ in length.

    >>> value, slope = kerata.ops.jvp(lambda x: x * x, [kerata.ops.array(3.0)], [kerata.ops.array(1.0)])
    >>> slope  # 6
    """
    if not callable(fun):
        raise ValueError(f"jvp() needs a function; it was given {fun!r}.")
    primals, tangents = list(primals), list(tangents)
    if len(primals) != len(tangents):
        raise ValueError(f"jvp() was given {len(primals)} primals and {len(tangents)} tangents.")
    return backend.current().jvp(fun, [convert(p) for p in primals], tangents, has_aux)


def vectorize(pyfunc, *, excluded=None, signature=None):
    """Makes a function of single elements one of whole tensors, whose shapes broadcast.

    Args:
        pyfunc: function of scalar tensors, written with `kerata.ops`.
        excluded: positions and names of arguments that are passed on as they are.
        signature: for a function of vectors or matrices, the axes of its arguments and results, such as
            "(n),(n)->()".

    Returns:
        A function of the same arguments.

    Raises:
        TypeError: if `pyfunc` is no function, or `excluded` holds anything but integers and strings.

    >>> def larger(a, b):
    ...     return kerata.ops.where(a > b, a, b)
    >>> kerata.ops.vectorize(larger)([1, 5, 3], 2)  # [2, 5, 3]
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize() needs a function; it was given {pyfunc!r}.")
    if builtins.any(not isinstance(e, str | int) for e in excluded or ()):
        raise TypeError(f"`excluded` holds positions and names; got {excluded!r}.")
    from kerata.ops._vectorize import Vectorized

    return Vectorized(pyfunc, frozenset(excluded or ()), signature)
