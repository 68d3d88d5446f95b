"""New tensors: constants, ranges, grids, diagonals and window functions."""

from __future__ import annotations

import builtins

from kerata import backend
from kerata.core import config, dtypes
from kerata.core.claims import claim
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

    Args:
        shape: integer or sequence of integers.
        dtype: name of a dtype; floatx by default.

    Returns:
        Tensor of that shape and dtype.

    >>> kerata.ops.zeros((2, 2))  # [[0, 0], [0, 0]]
    """
    return backend.current().xp.zeros(_shape(shape), dtype=_dtype(dtype))


@op
def ones(shape, dtype=None):
    """A tensor of ones.

    Args:
        shape: integer or sequence of integers.
        dtype: name of a dtype; floatx by default.

    Returns:
        Tensor of that shape and dtype.

    >>> kerata.ops.ones((2,), "int32")  # [1, 1]
    """
    return backend.current().xp.ones(_shape(shape), dtype=_dtype(dtype))


@op
def empty(shape, dtype=None):
    """A tensor to be filled later: what it holds is left to chance (on JAX it is zeros).

    Args:
        shape: integer or sequence of integers.
        dtype: name of a dtype; floatx by default.

    Returns:
        Tensor of that shape and dtype.

    >>> kerata.ops.empty((2, 3)).shape
    (2, 3)
    """
    return backend.current().xp.empty(_shape(shape), dtype=_dtype(dtype))


@op
def full(shape, fill_value, dtype=None):
    """A tensor that holds one value everywhere.

    Args:
        shape: integer or sequence of integers.
        fill_value: number, or tensor that broadcasts to the shape.
        dtype: name of a dtype; floatx by default, also for integers.

    Returns:
        Tensor of that shape and dtype.

    >>> kerata.ops.full((2, 2), 7)  # [[7, 7], [7, 7]]
    """
    b = backend.current()
    value = _fill(fill_value, dtypes.standardize_dtype(dtype))
    return b.xp.broadcast_to(value, _shape(shape)) if len(value.shape) else b.xp.full(_shape(shape), value, value.dtype)


@op
def zeros_like(x, dtype=None):
    """Zeros in the shape of another tensor.

    Args:
        x: the tensor.
        dtype: name of a dtype; that of `x` by default.

    Returns:
        Tensor of the shape of `x`.

    >>> kerata.ops.zeros_like([[1, 2]])  # [[0, 0]]
    """
    x, xp = arrays(x)
    return xp.zeros_like(x) if dtype is None else xp.zeros_like(x, dtype=_dtype(dtype))


@op
def ones_like(x, dtype=None):
    """Ones in the shape of another tensor.

    Args:
        x: the tensor.
        dtype: name of a dtype; that of `x` by default.

    Returns:
        Tensor of the shape of `x`.

    >>> kerata.ops.ones_like([[1, 2]])  # [[1, 1]]
    """
    x, xp = arrays(x)
    return xp.ones_like(x) if dtype is None else xp.ones_like(x, dtype=_dtype(dtype))


@op
def empty_like(x, dtype=None):
    """A tensor to be filled later, in the shape of another one.

    Args:
        x: the tensor.
        dtype: name of a dtype; that of `x` by default.

    Returns:
        Tensor of the shape of `x`; its elements are left to chance.

    >>> kerata.ops.empty_like([[1, 2]]).shape
    (1, 2)
    """
    x, xp = arrays(x)
    return xp.empty_like(x) if dtype is None else xp.empty_like(x, dtype=_dtype(dtype))


@op
def full_like(x, fill_value, dtype=None):
    """One value everywhere, in the shape of another tensor.

    Args:
        x: the tensor.
        fill_value: number, or tensor that broadcasts to the shape; it is cast to the dtype.
        dtype: name of a dtype; that of `x` by default.

    Returns:
        Tensor of the shape of `x`.

    >>> kerata.ops.full_like([[1, 2]], 5)  # [[5, 5]]
    """
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
    """The same values in memory of their own.

    Args:
        x: tensor of any shape.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.copy([1, 2])  # [1, 2]
    """
    x, xp = arrays(x)
    return xp.copy(x)


@op
def array(x, dtype=None):
    """Numbers, lists, NumPy arrays or tensors as a tensor of the backend in force.

    Args:
        x: what to convert.
        dtype: name of a dtype; by default that of `x`, for Python floats floatx, for Python integers int32.

    Returns:
        Tensor; `x` itself if it is one already and has the dtype.

    >>> kerata.ops.array([[1, 2], [3, 4]], "float32")  # [[1, 2], [3, 4]]
    """
    return convert(x, None if dtype is None else dtypes.standardize_dtype(dtype))


@op
def arange(start, stop=None, step=None, dtype=None):
    """Numbers at equal distances: `start`, `start + step`, ... as long as they are below `stop`.

    Args:
        start: the first number; if it is the only argument, it is the end and the numbers start at 0.
        stop: the end, which is left out.
        step: the distance; 1 by default. With a negative one the numbers fall towards `stop`.
        dtype: name of a dtype; by default int32 if all arguments are integers, else floatx.

    Returns:
        Vector of `ceil((stop - start) / step)` elements.

    >>> kerata.ops.arange(5)  # [0, 1, 2, 3, 4]
    >>> kerata.ops.arange(1.0, 0.0, -0.25)  # [1, 0.75, 0.5, 0.25]
    """
    if dtype is None:
        given = [v for v in (start, stop, 1 if step is None else step) if v is not None]
        dtype = dtypes.result_type(*[getattr(v, "dtype", type(v)) for v in given])
    if stop is None:
        start, stop = 0, start
    return backend.current().xp.arange(start, stop, 1 if step is None else step, dtype=_dtype(dtype))


@op
def eye(N, M=None, k=0, dtype=None):
    """A matrix with ones on one diagonal and zeros elsewhere.

    Args:
        N: how many rows.
        M: how many columns; as many as rows by default.
        k: which diagonal: 0 is the main one, positive ones lie above it.
        dtype: name of a dtype; floatx by default.

    Returns:
        Tensor of shape (N, M).

    >>> kerata.ops.eye(2, 3, k=1)  # [[0, 1, 0], [0, 0, 1]]
    """
    return backend.current().xp.eye(int(N), None if M is None else int(M), k=k, dtype=_dtype(dtype))


@op
def identity(n, dtype=None):
    """The identity matrix.

    Args:
        n: how many rows and columns.
        dtype: name of a dtype; floatx by default.

    Returns:
        Tensor of shape (n, n).

    >>> kerata.ops.identity(2)  # [[1, 0], [0, 1]]
    """
    return backend.current().xp.eye(int(n), dtype=_dtype(dtype))


@op
def tri(N, M=None, k=0, dtype=None):
    """A matrix with ones on a diagonal and below it, zeros above.

    Args:
        N: how many rows.
        M: how many columns; as many as rows by default.
        k: which diagonal: 0 is the main one, positive ones lie above it.
        dtype: name of a dtype; floatx by default.

    Returns:
        Tensor of shape (N, M).

    >>> kerata.ops.tri(2, 3)  # [[1, 0, 0], [1, 1, 0]]
    """
    xp = backend.current().xp
    return xp.tril(xp.ones((N, N if M is None else M), dtype=_dtype(dtype)), k=k)


def _between(start, stop, num, endpoint, dtype, axis, curve=None):
    """Evenly spaced numbers in float, passed through `curve`; and the step."""
    b = backend.current()
    xp = b.xp
    if num < 0:
        raise ValueError(f"`num` is how many numbers are wanted and cannot be negative; it was {num}.")
    start, stop = (b.convert(v) if isinstance(v, list | tuple) else v for v in (start, stop))
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
    """Numbers at equal distances from `start` to `stop`.

    Args:
        start, stop: the ends, numbers or tensors whose shapes broadcast.
        num: how many numbers.
        endpoint: whether `stop` is the last of them; otherwise it would be the next.
        retstep: whether to give the distance as well.
        dtype: name of a dtype; the promoted float dtype of the ends by default. For integers, values are rounded down.
        axis: where the axis of size `num` stands, if the ends are not scalars.

    Returns:
        Tensor with an axis of `num` elements; a pair with the distance if `retstep`.

    Raises:
        ValueError: if `num` is negative.

    >>> kerata.ops.linspace(0.0, 1.0, 3)  # [0, 0.5, 1]
    """
    out, step = _between(start, stop, num, endpoint, dtype, axis)
    return (out, step) if retstep else out


@op
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """Powers of `base` whose exponents go in equal steps from `start` to `stop`.

    Args:
        start, stop: the first and the last exponent, numbers or tensors whose shapes broadcast.
        num: how many numbers.
        endpoint: whether `base**stop` is the last of them.
        base: what is raised.
        dtype: name of a dtype; the promoted float dtype of the ends by default.
        axis: where the axis of size `num` stands, if the ends are not scalars.

    Returns:
        Tensor with an axis of `num` elements.

    Raises:
        ValueError: if `num` is negative.

    >>> kerata.ops.logspace(0, 3, 4)  # [1, 10, 100, 1000]
    """
    xp = backend.current().xp

    def raised(x):
        return xp.power(backend.current().convert(base, backend.current().dtype(x)), x)

    return _between(start, stop, num, endpoint, dtype, axis, raised)[0]


@op
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """Numbers from `start` to `stop` each of which is the one before times a constant.

    Args:
        start, stop: the first and the last number, of one sign and not 0; tensors may broadcast.
        num: how many numbers.
        endpoint: whether `stop` is the last of them.
        dtype: name of a dtype; the float dtype of the ends by default.
        axis: where the axis of size `num` stands, if the ends are not scalars.

    Returns:
        Tensor with an axis of `num` elements.

    Raises:
        ValueError: if `num` is negative.

    >>> kerata.ops.geomspace(1.0, 8.0, 4)  # [1, 2, 4, 8]
    """
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
    """The coordinates of all points of a grid, from the values on each of its axes.

    Args:
        x: one vector an axis, as separate arguments.
        indexing: "ij" gives grids of shape (len(x0), len(x1), ...); "xy" exchanges the first two axes.

    Returns:
        List with one tensor for each vector, all of the shape of the grid.

    Raises:
        ValueError: for another `indexing`.

    >>> rows, columns = kerata.ops.meshgrid([1, 2], [3, 4, 5], indexing="ij")
    >>> rows  # [[1, 1, 1], [2, 2, 2]]
    >>> columns  # [[3, 4, 5], [3, 4, 5]]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"`indexing` is 'xy' or 'ij'; it was {indexing!r}.")
    xs = [convert(v) for v in x]
    xp = backend.current().xp
    xs = [xp.reshape(v, (-1,)) for v in xs]
    return list(xp.meshgrid(*xs, indexing=indexing))


@op
def diag(x, k=0):
    """Takes a diagonal out of a matrix, or makes the matrix with a vector on it.

    Args:
        x: matrix or vector.
        k: which diagonal: 0 is the main one, positive ones lie above it.

    Returns:
        Vector for a matrix; for a vector of n elements, a matrix with n + |k| rows and columns.

    Raises:
        ValueError: for other numbers of axes.

    >>> kerata.ops.diag([[1, 2], [3, 4]])  # [1, 4]
    >>> kerata.ops.diag([1, 2])  # [[1, 0], [0, 2]]
    """
    x, xp = arrays(x)
    if len(x.shape) == 1:
        return _as_diagonal(x, k)
    if len(x.shape) == 2:
        return xp.diagonal(x, k)
    raise ValueError(f"diag() needs a vector or a matrix; it was given a tensor of shape {tuple(x.shape)}.")


@op
def diagflat(x, k=0):
    """The square matrix that has all elements of `x`, in their order, on a diagonal.

    Args:
        x: tensor of any shape.
        k: which diagonal: 0 is the main one, positive ones lie above it.

    Returns:
        Matrix of the dtype of `x` with n + |k| rows and columns, n being the size of `x`.

    >>> kerata.ops.diagflat([[1, 2]], k=1)  # [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
    """
    x, xp = arrays(x)
    return _as_diagonal(xp.reshape(x, (-1,)), k)


def _as_diagonal(x, k):
    b = backend.current()
    xp, n = b.xp, b.shape(x)[0]
    size = n + builtins.abs(k)
    claim((size, size), "a diagonal matrix")
    rows = xp.reshape(xp.arange(0, size, 1), (-1, 1))
    columns = xp.reshape(xp.arange(0, size, 1), (1, -1))
    padded = xp.pad(x, ((builtins.max(k, 0), builtins.max(-k, 0)),))
    return xp.where(columns - rows == k, xp.reshape(padded, (1, -1)), xp.zeros((), dtype=x.dtype))


@op
def tril(x, k=0):
    """Sets everything above a diagonal to 0.

    Args:
        x: matrix or stack of matrices (..., rows, columns).
        k: which diagonal stays as the last: 0 is the main one, positive ones lie above it.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.tril([[1, 2], [3, 4]])  # [[1, 0], [3, 4]]
    """
    x, xp = arrays(x)
    return xp.tril(x, k=k)


@op
def triu(x, k=0):
    """Sets everything below a diagonal to 0.

    Args:
        x: matrix or stack of matrices (..., rows, columns).
        k: which diagonal stays as the last: 0 is the main one, positive ones lie above it.

    Returns:
        Tensor of the shape and dtype of `x`.

    >>> kerata.ops.triu([[1, 2], [3, 4]])  # [[1, 2], [0, 4]]
    """
    x, xp = arrays(x)
    return xp.triu(x, k=k)


@op
def vander(x, N=None, increasing=False):
    """The Vandermonde matrix: row i holds the powers of `x[i]`.

    Args:
        x: vector.
        N: how many powers; as many as elements by default.
        increasing: whether they rise from `x**0` instead of falling to it.

    Returns:
        Matrix (len(x), N) of the dtype of `x`.

    Raises:
        ValueError: if `x` is no vector, or `N` is negative.

    >>> kerata.ops.vander([1, 2, 3], 3)  # [[1, 1, 1], [4, 2, 1], [9, 3, 1]]
    """
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
    """The triangular window, which is 0 at both ends: `1 - |2n / (x - 1) - 1|`.

    Args:
        x: how many points.

    Returns:
        Vector of floatx.

    >>> kerata.ops.bartlett(5)  # [0, 0.5, 1, 0.5, 0]
    """
    return _window(x, lambda xp, n, w: 1.0 - xp.abs(n * (2.0 / w) - 1.0))


@op
def hanning(x):
    """The Hann window: `0.5 - 0.5 cos(2 pi n / (x - 1))`, which is 0 at both ends.

    Args:
        x: how many points.

    Returns:
        Vector of floatx.

    >>> kerata.ops.hanning(5)  # [0, 0.5, 1, 0.5, 0]
    """
    return _window(x, lambda xp, n, w: 0.5 - 0.5 * xp.cos(n * (2 * _PI / w)))


@op
def hamming(x):
    """The Hamming window: `0.54 - 0.46 cos(2 pi n / (x - 1))`, which is 0.08 at both ends.

    Args:
        x: how many points.

    Returns:
        Vector of floatx.

    >>> kerata.ops.hamming(5)  # [0.08, 0.54, 1, 0.54, 0.08]
    """
    return _window(x, lambda xp, n, w: 0.54 - 0.46 * xp.cos(n * (2 * _PI / w)))


@op
def blackman(x):
    """The Blackman window: `0.42 - 0.5 cos(2 pi n / (x - 1)) + 0.08 cos(4 pi n / (x - 1))`.

    Args:
        x: how many points.

    Returns:
        Vector of floatx.

    >>> kerata.ops.blackman(5)  # [0, 0.34, 1, 0.34, 0]
    """
    return _window(x, lambda xp, n, w: 0.42 - 0.5 * xp.cos(n * (2 * _PI / w)) + 0.08 * xp.cos(n * (4 * _PI / w)))


@op
def kaiser(x, beta):
    """The Kaiser window: `i0(beta * sqrt(1 - (2n / (x - 1) - 1)**2)) / i0(beta)`.

    Args:
        x: how many points.
        beta: the shape: 0 gives ones; the larger, the narrower the window and the lower its side lobes.

    Returns:
        Vector of floatx.

    >>> kerata.ops.kaiser(3, 5.0)  # [0.03671, 1, 0.03671]
    """

    def formula(xp, n, w):
        beta_ = backend.current().convert(beta, config.config.floatx)
        inside = xp.maximum(1.0 - xp.square(n * (2.0 / w) - 1.0), xp.zeros_like(n))
        return xp.i0(beta_ * xp.sqrt(inside)) / xp.i0(beta_)

    return _window(x, formula)
