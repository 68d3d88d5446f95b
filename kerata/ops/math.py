"""Special functions, segments, Fourier transforms, frames of signals, distances."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.core.claims import claim
from kerata.ops._op import arrays, convert, floating, op
from kerata.ops.einops import rearrange  # noqa: F401
from kerata.ops.elementwise import rsqrt  # noqa: F401
from kerata.ops.linalg import slogdet
from kerata.ops.reductions import logsumexp  # noqa: F401
from kerata.ops.sorting import in_top_k, top_k  # noqa: F401


@op
def erf(x):
    """The error function, `2 / sqrt(pi)` times the integral of `exp(-t**2)` from 0 to x.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.erf([0.0, 1.0])  # [0, 0.842701]
    """
    x, xp = floating(x)
    return xp.erf(x)


@op
def erfc(x):
    """`1 - erf(x)`, which keeps its digits where erf is near 1.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.erfc([0.0, 1.0])  # [1, 0.157299]
    """
    x, xp = floating(x)
    return xp.erfc(x)


@op
def erfinv(x):
    """The inverse of `erf`.

    Args:
        x: tensor of any shape, with values from -1 to 1 (where it is infinite); others give NaN.

    Returns:
        Tensor like `x`: a float dtype stays, integers and booleans become floatx.

    >>> kerata.ops.erfinv([0.0, 0.842701])  # [0, 1]
    """
    x, xp = floating(x)
    return xp.erfinv(x)


# ---- segments
def _segment(data, segment_ids, num_segments, reduction):
    b = backend.current()
    data, ids = convert(data), b.convert(segment_ids)
    if len(ids.shape) != 1:
        raise ValueError(f"`segment_ids` must be a vector; its shape is {tuple(ids.shape)}.")
    if data.shape[0] != ids.shape[0] and None not in (data.shape[0], ids.shape[0]):
        raise ValueError(f"`data` has {data.shape[0]} rows and `segment_ids` {ids.shape[0]}; they must be as many.")
    if num_segments is None:
        num_segments = int(b.to_numpy(ids).max(initial=-1)) + 1
    return b.xp.segment(data, b.cast(ids, "int32"), num_segments, reduction)


def _segment_spec(data, segment_ids, num_segments=None, sorted=False):
    from kerata.core.keras_tensor import KerasTensor

    return KerasTensor((num_segments, *data.shape[1:]), data.dtype)


@op(spec=_segment_spec)
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """Adds up rows in groups.

    Args:
        data: tensor (rows, ...).
        segment_ids: the group of each row, integers (rows,); rows whose id is out of range are left out.
        num_segments: how many groups there are; by default the largest id plus 1, which compiled code cannot
            know.
        sorted: a promise that the ids rise; not needed here.

    Returns:
        Tensor (num_segments, ...) of the dtype of `data`; 0 for a group without rows.

    Raises:
        ValueError: if the ids are no vector, or not as many as the rows.

    >>> kerata.ops.segment_sum([1.0, 2.0, 3.0], [0, 0, 1])  # [3, 3]
    """
    return _segment(data, segment_ids, num_segments, "add")


@op(spec=_segment_spec)
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """The largest elements in groups of rows.

    Args:
        data: tensor (rows, ...).
        segment_ids: the group of each row, integers (rows,); rows whose id is out of range are left out.
        num_segments: how many groups there are; by default the largest id plus 1, which compiled code cannot
            know.
        sorted: a promise that the ids rise; not needed here.

    Returns:
        Tensor (num_segments, ...) of the dtype of `data`; for a group without rows -infinity, or the lowest
        integer.

    Raises:
        ValueError: if the ids are no vector, or not as many as the rows.

    >>> kerata.ops.segment_max([1.0, 5.0, 3.0], [0, 0, 1])  # [5, 3]
    """
    return _segment(data, segment_ids, num_segments, "max")


@op(spec=_segment_spec)
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """The smallest elements in groups of rows.

    Args:
        data: tensor (rows, ...).
        segment_ids: the group of each row, integers (rows,); rows whose id is out of range are left out.
        num_segments: how many groups there are; by default the largest id plus 1, which compiled code cannot
            know.
        sorted: a promise that the ids rise; not needed here.

    Returns:
        Tensor (num_segments, ...) of the dtype of `data`; for a group without rows infinity, or the highest
        integer.

    Raises:
        ValueError: if the ids are no vector, or not as many as the rows.

    >>> kerata.ops.segment_min([1.0, 5.0, 3.0], [0, 0, 1])  # [1, 3]
    """
    return _segment(data, segment_ids, num_segments, "min")


@op(spec=_segment_spec)
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """Multiplies rows in groups.

    Args:
        data: tensor (rows, ...).
        segment_ids: the group of each row, integers (rows,); rows whose id is out of range are left out.
        num_segments: how many groups there are; by default the largest id plus 1, which compiled code cannot
            know.
        sorted: a promise that the ids rise; not needed here.

    Returns:
        Tensor (num_segments, ...) of the dtype of `data`; 1 for a group without rows.

    Raises:
        ValueError: if the ids are no vector, or not as many as the rows.

    >>> kerata.ops.segment_prod([2.0, 5.0, 3.0], [0, 0, 1])  # [10, 3]
    """
    return _segment(data, segment_ids, num_segments, "mul")


# ---- complex numbers
@op
def view_as_complex(x):
    """Joins real and imaginary parts, which stand side by side in the last axis.

    Args:
        x: float tensor (..., 2).

    Returns:
        Complex tensor (...): complex64, or complex128 for float64.

    Raises:
        ValueError: if the last axis has another size.

    >>> kerata.ops.view_as_complex([[1.0, 2.0], [3.0, -4.0]])  # [1 + 2j, 3 - 4j]
    """
    x, _ = floating(x)
    if not len(x.shape) or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex() needs a last axis of size 2; the shape was {tuple(x.shape)}.")
    return _complex(x[..., 0], x[..., 1])


@op
def view_as_real(x):
    """Puts real and imaginary parts side by side in a new last axis.

    Args:
        x: complex tensor (...).

    Returns:
        Float tensor (..., 2).

    >>> kerata.ops.view_as_real(np.array([1 + 2j, 3 - 4j], "complex64"))  # [[1, 2], [3, -4]]
    """
    x, xp = arrays(x)
    return xp.stack([xp.real(x), xp.imag(x)], axis=-1)


def _complex(real, imag):
    b = backend.current()
    part = "float64" if b.dtype(real) == "float64" else "float32"
    return b.xp.make_complex(b.cast(real, part), b.cast(imag, part))


def _pair_to_complex(x, name: str):
    if not isinstance(x, list | tuple) or len(x) != 2:
        raise ValueError(f"{name}() takes a pair (real part, imaginary part); it was given {type(x).__name__}.")
    (real, _), (imag, _) = floating(x[0]), floating(x[1])
    if tuple(real.shape) != tuple(imag.shape):
        raise ValueError(f"{name}(): the parts have the shapes {tuple(real.shape)} and {tuple(imag.shape)}.")
    return _complex(real, imag), backend.current().dtype(real)


def _parts(z, name):
    b = backend.current()
    return b.cast(b.xp.real(z), name), b.cast(b.xp.imag(z), name)


@op
def fft(x):
    """Discrete Fourier transform of the last axis: `X[k] = sum over n of x[n] * exp(-2 pi i k n / N)`.

    Args:
        x: pair of tensors of one shape: real parts and imaginary parts.

    Returns:
        Pair of tensors of that shape, real and imaginary parts; of the float dtype of the real parts.

    Raises:
        ValueError: if `x` is no pair, or the parts differ in shape.

    >>> real, imaginary = kerata.ops.fft(([1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]))
    >>> real  # [10, -2, -2, -2]
    >>> imaginary  # [0, 2, 0, -2]
    """
    z, name = _pair_to_complex(x, "fft")
    return _parts(backend.current().xp.fft.fft(z), name)


@op
def fft2(x):
    """Discrete Fourier transform of the last two axes.

    Args:
        x: pair of tensors of one shape: real parts and imaginary parts.

    Returns:
        Pair of tensors of that shape, real and imaginary parts; of the float dtype of the real parts.

    Raises:
        ValueError: if `x` is no pair, or the parts differ in shape.

    >>> kerata.ops.fft2(([[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 0.0]]))[0]  # [[10, -2], [-4, 0]]
    """
    z, name = _pair_to_complex(x, "fft2")
    return _parts(backend.current().xp.fft.fft2(z), name)


@op
def ifft2(x):
    """Undoes `fft2`, with the factor `1 / N` for N elements.

    Args:
        x: pair of tensors of one shape: real parts and imaginary parts.

    Returns:
        Pair of tensors of that shape, real and imaginary parts; of the float dtype of the real parts.

    Raises:
        ValueError: if `x` is no pair, or the parts differ in shape.

    >>> kerata.ops.ifft2(([[10.0, -2.0], [-4.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]))[0]  # [[1, 2], [3, 4]]
    """
    z, name = _pair_to_complex(x, "ifft2")
    return _parts(backend.current().xp.fft.ifft2(z), name)


@op
def rfft(x, fft_length=None):
    """Discrete Fourier transform of real numbers along the last axis: the half that determines the rest.

    Args:
        x: real tensor (..., n).
        fft_length: how many elements to transform: more are cut off, missing ones are 0. By default n.

    Returns:
        Pair (real parts, imaginary parts) of tensors (..., fft_length // 2 + 1).

    Raises:
        ValueError: if `fft_length` is not positive.

    >>> real, imaginary = kerata.ops.rfft([1.0, 2.0, 3.0, 4.0])
    >>> real  # [10, -2, -2]
    >>> imaginary  # [0, 2, 0]
    """
    if isinstance(fft_length, int) and fft_length < 1:  # with 0, TensorFlow ends the process
        raise ValueError(f"rfft() needs a positive `fft_length`; it was {fft_length}.")
    x, xp = floating(x)
    b = backend.current()
    name = b.dtype(x)
    x = b.cast(x, "float32") if name in ("float16", "bfloat16") else x
    return _parts(xp.fft.rfft(x, fft_length), name)


@op
def irfft(x, fft_length=None):
    """Undoes `rfft`.

    Args:
        x: pair (real parts, imaginary parts) of tensors (..., n).
        fft_length: the length of the result; 2 * (n - 1) by default, so give it where it was odd.

    Returns:
        Real tensor (..., fft_length).

    Raises:
        ValueError: if `x` is no pair, or the parts differ in shape.

    >>> kerata.ops.irfft(([10.0, -2.0, -2.0], [0.0, 2.0, 0.0]))  # [1, 2, 3, 4]
    """
    z, name = _pair_to_complex(x, "irfft")
    b = backend.current()
    return b.cast(b.xp.fft.irfft(z, fft_length), name)


# ---- signals
@op
def extract_sequences(x, sequence_length, sequence_stride):
    """Windows of equal length out of the last axis; a rest that fills no window is left out.

    Args:
        x: tensor (..., n).
        sequence_length: elements in a window.
        sequence_stride: elements from the beginning of one to the beginning of the next.

    Returns:
        Tensor (..., windows, sequence_length) with `(n - sequence_length) // sequence_stride + 1` windows.

    >>> kerata.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2)  # [[1, 2, 3], [3, 4, 5]]
    """
    x, xp = arrays(x)
    size = backend.current().shape(x)[-1]
    count = (size - sequence_length) // sequence_stride + 1
    starts = xp.reshape(xp.arange(0, count, 1) * sequence_stride, (-1, 1))
    index = starts + xp.reshape(xp.arange(0, sequence_length, 1), (1, -1))
    return xp.take(x, index, axis=-1)


def _stft_window(window, sequence_length, fft_length, name):
    """The window, with zeros around it up to `fft_length`."""
    b = backend.current()
    if window is None:
        return b.xp.ones((fft_length,), dtype=b.native_dtype(name))
    elif isinstance(window, str):
        if window not in ("hann", "hamming"):
            raise ValueError(f"`window` is 'hann', 'hamming', None or a tensor; it was {window!r}.")
        a = 0.5 if window == "hann" else 0.54
        # The periodic form: the next period begins where this one ends.
        turn = b.xp.arange(0, sequence_length, 1, dtype=b.native_dtype(name)) * (2 * 3.141592653589793 / sequence_length)
        values = a - (1 - a) * b.xp.cos(turn)
    else:
        values = b.convert(window, name)
        if tuple(values.shape) != (sequence_length,):
            raise ValueError(f"`window` must have the shape ({sequence_length},), not {tuple(values.shape)}.")
    before = (fft_length - sequence_length) // 2
    return b.xp.pad(values, ((before, fft_length - sequence_length - before),))


@op
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """Short-time Fourier transform: `rfft` of overlapping windows of the last axis.

    Args:
        x: real tensor (..., n).
        sequence_length: elements in a window.
        sequence_stride: elements from the beginning of one to the beginning of the next.
        fft_length: elements of each transform, at least `sequence_length`; the window stands in their middle.
        window: "hann" or "hamming" (in their periodic form), a vector of `sequence_length` factors, or None for
            ones.
        center: whether window t has its middle at `t * sequence_stride`; the signal is mirrored at its ends for
            that.

    Returns:
        Pair (real parts, imaginary parts) of tensors (..., windows, fft_length // 2 + 1).

    Raises:
        ValueError: for another window, or an `fft_length` that is too small.

    >>> kerata.ops.stft(np.ones(32, "float32"), 8, 4, 8)[0].shape
    (9, 5)
    """
    _check_stft(sequence_length, fft_length)
    claim((fft_length,), "a window")
    x, xp = floating(x)
    b = backend.current()
    values = _stft_window(window, sequence_length, fft_length, b.dtype(x))
    if center:
        pad = [(0, 0)] * (len(x.shape) - 1) + [(fft_length // 2, fft_length // 2)]
        x = xp.pad(x, tuple(pad), mode="reflect")
    return rfft(extract_sequences(x, fft_length, sequence_stride) * values, fft_length)


def _check_stft(sequence_length, fft_length):
    if fft_length < sequence_length:
        raise ValueError(f"`fft_length` ({fft_length}) must be at least `sequence_length` ({sequence_length}).")


@op
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """Undoes `stft`: windows added where they overlap, divided by the sum of the squared window functions.

    Args:
        x: pair (real parts, imaginary parts), as `stft` gives it.
        sequence_length, sequence_stride, fft_length, window, center: as they were given to `stft`.
        length: elements of the result; by default as many as the windows cover.

    Returns:
        Real tensor (..., length).

    Raises:
        ValueError: for another window, or an `fft_length` that is too small.

    Source: https://doi.org/10.1109/TASSP.1984.1164317 (Griffin and Lim, 1984)

    >>> parts = kerata.ops.stft(np.arange(8.0, dtype="float32"), 4, 2, 4)
    >>> kerata.ops.istft(parts, 4, 2, 4)  # [0, 1, 2, 3, 4, 5, 6, 7]
    """
    _check_stft(sequence_length, fft_length)
    frames = irfft(x, fft_length)
    b = backend.current()
    xp = b.xp
    values = _stft_window(window, sequence_length, fft_length, b.dtype(frames))
    count = b.shape(frames)[-2]
    total = _overlap_add(frames * values, sequence_stride)
    weight = _overlap_add(xp.ones((count, 1), dtype=values.dtype) * xp.square(values), sequence_stride)
    out = total / xp.where(weight > 1e-10, weight, xp.ones_like(weight))
    start = fft_length // 2 if center else 0
    full = fft_length + (count - 1) * sequence_stride
    if length is not None:
        end = start + length
        if isinstance(full, int) and end > full:
            out = xp.pad(out, tuple([(0, 0)] * (len(out.shape) - 1) + [(0, end - full)]))
    else:
        end = full - fft_length // 2 if center else full
    return out[..., start:end]


def _overlap_add(frames, stride):
    """Sum frames (..., n, size) that begin `stride` apart."""
    b = backend.current()
    xp = b.xp
    *lead, count, size = b.shape(frames)
    # Cut each frame in pieces of one stride; piece j of frame i then stands in row i + j.
    pieces = -(-size // stride)
    frames = xp.pad(frames, tuple([(0, 0)] * (len(lead) + 1) + [(0, pieces * stride - size)]))
    frames = xp.reshape(frames, (*lead, count, pieces, stride))
    none = [(0, 0)] * len(lead)
    rows = [xp.pad(frames[..., j, :], tuple([*none, (j, pieces - 1 - j), (0, 0)])) for j in range(pieces)]
    out = rows[0]
    for row in rows[1:]:
        out = out + row
    return xp.reshape(out, (*lead, -1))[..., : size + (count - 1) * stride]


# ---- matrices
@op
def logdet(x):
    """`log(|det(x)|)`, which cannot overflow as the determinant may.

    Args:
        x: square matrices (..., n, n).

    Returns:
        Float tensor (...); minus infinity for a singular matrix.

    Raises:
        ValueError: if the matrices are not square.

    >>> kerata.ops.logdet([[2.0, 0.0], [0.0, 3.0]])  # 1.791759
    """
    return slogdet(x)[1]


@op
def cdist(x, y):
    """The Euclidean distance of each row of one tensor from each row of another.

    Args:
        x: (..., n, features).
        y: (..., m, features); the leading axes broadcast.

    Returns:
        Float tensor (..., n, m).

    Raises:
        ValueError: for tensors with less than two axes, or of other features.

    >>> kerata.ops.cdist([[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0]])  # [[0], [5]]
    """
    b = backend.current()
    x, y = convert(x), convert(y)
    name = dtypes.result_type(b.dtype(x), b.dtype(y), float)
    x, y = b.cast(x, name), b.cast(y, name)
    if min(len(x.shape), len(y.shape)) < 2 or (x.shape[-1] != y.shape[-1] and None not in (x.shape[-1], y.shape[-1])):
        raise ValueError(
            "cdist() needs rows of equally many features, (..., n, features) and (..., m, features); the shapes are "
            f"{tuple(x.shape)} and {tuple(y.shape)}."
        )
    gap = b.xp.expand_dims(x, -2) - b.xp.expand_dims(y, -3)
    return b.xp.sqrt(b.xp.sum(b.xp.square(gap), axis=-1))
