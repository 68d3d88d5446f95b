"""New tensors: constants, ranges, grids, diagonals and window functions."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import config, dtypes
from kerata.ops._op import arrays, convert, floating, op


def _dtype(dtype: str | None):
    """The backend's dtype object, of floatx for None."""
    name = config.config.floatx if dtype is None else dtypes.standardize_dtype(dtype)
    return backend.current().native_dtype(name)


def _shape(shape):
    if isinstance(shape, int):
        return (shape,)
    return tuple(shape) if isinstance(shape, list | tuple) else shape


@op
def zeros(shape, dtype=None):
    """A tensor of zeros.

    >>> kerata.ops.zeros((2, 3)).shape  # (2, 3)
    """
    return backend.current().xp.zeros(_shape(shape), dtype=_dtype(dtype))


@op
def ones(shape, dtype=None):
    """A tensor of ones."""
    return backend.current().xp.ones(_shape(shape), dtype=_dtype(dtype))


@op
def empty(shape, dtype=None):
    """A tensor whose content is not set."""
    return backend.current().xp.empty(_shape(shape), dtype=_dtype(dtype))


@op
def full(shape, fill_value, dtype=None):
    """A tensor filled with `fill_value`, of floatx unless `dtype` is given."""
    b = backend.current()
    value = _fill(fill_value, dtypes.standardize_dtype(dtype))
    return b.xp.broadcast_to(value, _shape(shape)) if len(value.shape) else b.xp.full(_shape(shape), value, value.dtype)


@op
def zeros_like(x, dtype=None):
    """Zeros of the shape (and dtype) of x."""
    x, xp = arrays(x)
    return xp.zeros_like(x) if dtype is None else xp.zeros_like(x, dtype=_dtype(dtype))


@op
def ones_like(x, dtype=None):
    """Ones of the shape (and dtype) of x."""
    x, xp = arrays(x)
    return xp.ones_like(x) if dtype is None else xp.ones_like(x, dtype=_dtype(dtype))


@op
def empty_like(x, dtype=None):
    """A tensor of the shape (and dtype) of x whose content is not set."""
    x, xp = arrays(x)
    return xp.empty_like(x) if dtype is None else xp.empty_like(x, dtype=_dtype(dtype))


@op
def full_like(x, fill_value, dtype=None):
    """`fill_value` everywhere, in the shape of x (and its dtype, unless one is given)."""
    x, xp = arrays(x)
    b = backend.current()
    name = b.dtype(x) if dtype is None else dtypes.standardize_dtype(dtype)
    return xp.broadcast_to(_fill(fill_value, name), b.shape(x))


def _fill(value, name):
    """`value` as a tensor of dtype `name`, cut off where that cannot hold it."""
    b = backend.current()
    return b.cast(b.convert(value), name)


@op
def copy(x):
    """A tensor with the same content that shares no memory with x."""
    x, xp = arrays(x)
    return xp.copy(x)


@op
def array(x, dtype=None):
    """x as a tensor."""
    return convert(x, None if dtype is None else dtypes.standardize_dtype(dtype))


@op
def arange(start, stop=None, step=None, dtype=None):
    """Numbers from `start` (0 when only one bound is given) up to but without `stop`, `step` apart."""
    if dtype is None:
        given = [v for v in (start, stop, 1 if step is None else step) if v is not None]
        dtype = dtypes.result_type(*[getattr(v, "dtype", type(v)) for v in given])
    if stop is None:
        start, stop = 0, start
    return backend.current().xp.arange(start, stop, 1 if step is None else step, dtype=_dtype(dtype))


@op
def eye(N, M=None, k=0, dtype=None):
    """An N by M matrix with ones on the k-th diagonal."""
    return backend.current().xp.eye(int(N), None if M is None else int(M), k=k, dtype=_dtype(dtype))


@op
def identity(n, dtype=None):
    """The n by n identity matrix."""
    return backend.current().xp.eye(int(n), dtype=_dtype(dtype))


@op
def tri(N, M=None, k=0, dtype=None):
    """An N by M matrix with ones on and below the k-th diagonal."""
    xp = backend.current().xp
    return xp.tril(xp.ones((N, N if M is None else M), dtype=_dtype(dtype)), k=k)


def _between(start, stop, num, endpoint, dtype, axis, curve=None):
    """Evenly spaced numbers in float, passed through `curve`; and the step."""
    b = backend.current()
    xp = b.xp
    if num < 0:
        raise ValueError(f"`num` is how many numbers are wanted and cannot be negative; it was {num}.")
    name = dtypes.result_type(*[getattr(v, "dtype", type(v)) for v in (start, stop)], float)
    wanted = name if dtype is None else dtypes.standardize_dtype(dtype)
    compute = dtypes.result_type(name, wanted) if dtypes.is_float(wanted) else name
    compute = "float32" if compute in ("float16", "bfloat16") else compute
    start, stop = b.convert(start, compute), b.convert(stop, compute)
    gaps = num - 1 if endpoint else num
    step = (stop - start) / builtins.max(gaps, 1)
    index = xp.arange(0, num, 1, dtype=b.native_dtype(compute))
    index = xp.reshape(index, (num, *[1] * builtins.max(len(start.shape), len(stop.shape))))
    out = start + index * step
    if endpoint and num > 1:
        out = xp.where(index == num - 1, stop + xp.zeros_like(out), out)
    out = out if curve is None else curve(out)
    if axis not in (0, None) and len(out.shape) > 1:
        out = xp.moveaxis(out, 0, axis)
    return _to(out, wanted), _to(step, wanted) if gaps > 0 else xp.full((), float("nan"), dtype=step.dtype)


def _to(x, name):
    b = backend.current()
    if not dtypes.is_float(name) and dtypes.is_float(b.dtype(x)):
        x = b.xp.floor(x)
    return b.cast(x, name)


@op
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` evenly spaced numbers from `start` to `stop`; with `retstep`, the step as well.

    >>> kerata.ops.linspace(0.0, 1.0, 3)  # [0.0, 0.5, 1.0]
    """
    out, step = _between(start, stop, num, endpoint, dtype, axis)
    return (out, step) if retstep else out


@op
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """`num` numbers from base**start to base**stop whose logarithms are evenly spaced."""
    xp = backend.current().xp

    def raised(x):
        return xp.power(backend.current().convert(base, backend.current().dtype(x)), x)

    return _between(start, stop, num, endpoint, dtype, axis, raised)[0]


@op
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` numbers from `start` to `stop` (of one sign) with a constant ratio."""
    start, xp = floating(start)
    stop, _ = floating(stop)
    sign = xp.sign(start)
    out, _ = _between(xp.log(xp.abs(start)), xp.log(xp.abs(stop)), num, endpoint, None, 0, xp.exp)
    out = out * sign
    if num > 0:
        first = xp.reshape(xp.arange(0, num, 1), (num, *[1] * (len(out.shape) - 1)))
        out = xp.where(first == 0, start + xp.zeros_like(out), out)
        if endpoint and num > 1:
            out = xp.where(first == num - 1, stop + xp.zeros_like(out), out)
    out = xp.moveaxis(out, 0, axis) if axis and len(out.shape) > 1 else out
    return out if dtype is None else _to(out, dtypes.standardize_dtype(dtype))


@op
def meshgrid(*x, indexing="xy"):
    """Coordinate matrices of vectors; `indexing` "ij" keeps their order, "xy" swaps the first two axes."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"`indexing` is 'xy' or 'ij'; it was {indexing!r}.")
    xs = [convert(v) for v in x]
    xp = backend.current().xp
    xs = [xp.reshape(v, (-1,)) for v in xs]
    return list(xp.meshgrid(*xs, indexing=indexing))


@op
def diag(x, k=0):
    """The k-th diagonal of a matrix, or the matrix with the vector x on that diagonal."""
    x, xp = arrays(x)
    if len(x.shape) == 1:
        return _as_diagonal(x, k)
    if len(x.shape) == 2:
        return xp.diagonal(x, k)
    raise ValueError(f"diag() needs a vector or a matrix; it was given a tensor of shape {tuple(x.shape)}.")


@op
def diagflat(x, k=0):
    """The matrix with the elements of x on its k-th diagonal."""
    x, xp = arrays(x)
    return _as_diagonal(xp.reshape(x, (-1,)), k)


def _as_diagonal(x, k):
    b = backend.current()
    xp, n = b.xp, b.shape(x)[0]
    size = n + builtins.abs(k)
    rows = xp.reshape(xp.arange(0, size, 1), (-1, 1))
    columns = xp.reshape(xp.arange(0, size, 1), (1, -1))
    padded = xp.pad(x, ((builtins.max(k, 0), builtins.max(-k, 0)),))
    return xp.where(columns - rows == k, xp.reshape(padded, (1, -1)), xp.zeros((), dtype=x.dtype))


@op
def tril(x, k=0):
    """The elements on and below the k-th diagonal of each matrix, zeros above."""
    x, xp = arrays(x)
    return xp.tril(x, k=k)


@op
def triu(x, k=0):
    """The elements on and above the k-th diagonal of each matrix, zeros below."""
    x, xp = arrays(x)
    return xp.triu(x, k=k)


@op
def vander(x, N=None, increasing=False):
    """The Vandermonde matrix: columns are powers of x, falling unless `increasing`."""
    x, xp = arrays(x)
    if len(x.shape) != 1:
        raise ValueError(f"vander() needs a vector; it was given a tensor of shape {tuple(x.shape)}.")
    b = backend.current()
    n = b.shape(x)[0] if N is None else N
    if N is not None and N < 0:
        raise ValueError(f"`N` cannot be negative; it was {N}.")
    powers = xp.arange(0, n, 1, dtype=x.dtype) if increasing else xp.arange(n - 1, -1, -1, dtype=x.dtype)
    return xp.power(xp.expand_dims(x, -1), powers)


# ---- windows
def _window(x, formula):
    """`formula(xp, n, width)` for positions n = 0..x-1 and width x - 1, in floatx."""
    b = backend.current()
    size = int(x)
    native = b.native_dtype(config.config.floatx)
    if size <= 1:
        return b.xp.ones((builtins.max(size, 0),), dtype=native)
    return b.cast(formula(b.xp, b.xp.arange(0, size, 1, dtype=native), size - 1), config.config.floatx)


_PI = 3.141592653589793


@op
def bartlett(x):
    """The triangular window of `x` points, zero at both ends."""
    return _window(x, lambda xp, n, w: 1.0 - xp.abs(n * (2.0 / w) - 1.0))


@op
def hanning(x):
    """The Hann window of `x` points: 0.5 - 0.5 cos(2 pi n / (x - 1))."""
    return _window(x, lambda xp, n, w: 0.5 - 0.5 * xp.cos(n * (2 * _PI / w)))


@op
def hamming(x):
    """The Hamming window of `x` points: 0.54 - 0.46 cos(2 pi n / (x - 1))."""
    return _window(x, lambda xp, n, w: 0.54 - 0.46 * xp.cos(n * (2 * _PI / w)))


@op
def blackman(x):
    """The Blackman window of `x` points: 0.42 - 0.5 cos(2 pi n / (x - 1)) + 0.08 cos(4 pi n / (x - 1))."""
    return _window(x, lambda xp, n, w: 0.42 - 0.5 * xp.cos(n * (2 * _PI / w)) + 0.08 * xp.cos(n * (4 * _PI / w)))


@op
def kaiser(x, beta):
    """The Kaiser window of `x` points: I0(beta sqrt(1 - (2n/(x-1) - 1)**2)) / I0(beta)."""

    def formula(xp, n, w):
        beta_ = backend.current().convert(beta, config.config.floatx)
        inside = xp.maximum(1.0 - xp.square(n * (2.0 / w) - 1.0), xp.zeros_like(n))
        return xp.i0(beta_ * xp.sqrt(inside)) / xp.i0(beta_)

    return _window(x, formula)
