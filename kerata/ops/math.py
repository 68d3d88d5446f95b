"""Special functions, segments, Fourier transforms, frames of signals, distances."""

from __future__ import annotations

from kerata import backend
from kerata.core import dtypes
from kerata.ops._op import arrays, convert, floating, op
from kerata.ops.einops import rearrange  # noqa: F401
from kerata.ops.elementwise import rsqrt  # noqa: F401
from kerata.ops.reductions import logsumexp  # noqa: F401
from kerata.ops.sorting import in_top_k, top_k  # noqa: F401


@op
def erf(x):
    """The error function, 2/sqrt(pi) * integral of exp(-t**2) from 0 to x."""
    x, xp = floating(x)
    return xp.erf(x)


@op
def erfc(x):
    """1 - erf(x), exact for large x."""
    x, xp = floating(x)
    return xp.erfc(x)


@op
def erfinv(x):
    """The inverse of erf."""
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
    """The sums of the rows of `data` with equal ids.

    Args:
        segment_ids: vector of integers, one a row; ids out of range are left out.
        num_segments: the number of rows of the result (by default the largest id plus 1).
        sorted: a promise that the ids are sorted; not needed here.

    >>> kerata.ops.segment_sum([1.0, 2.0, 3.0], [0, 0, 1])  # [3.0, 3.0]
    """
    return _segment(data, segment_ids, num_segments, "add")


@op(spec=_segment_spec)
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """The largest of the rows of `data` with equal ids; the dtype's lowest value where there are none."""
    return _segment(data, segment_ids, num_segments, "max")


@op(spec=_segment_spec)
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """The smallest of the rows of `data` with equal ids; the dtype's highest value where there are none."""
    return _segment(data, segment_ids, num_segments, "min")


@op(spec=_segment_spec)
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """The products of the rows of `data` with equal ids; 1 where there are none."""
    return _segment(data, segment_ids, num_segments, "mul")


# ---- complex numbers
@op
def view_as_complex(x):
    """A last axis of two (real and imaginary parts) as complex numbers."""
    x, _ = floating(x)
    if not len(x.shape) or x.shape[-1] != 2:
        raise ValueError(f"view_as_complex() needs a last axis of size 2; the shape was {tuple(x.shape)}.")
    return _complex(x[..., 0], x[..., 1])


@op
def view_as_real(x):
    """Complex numbers as a new last axis of two: real and imaginary parts."""
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
    """The discrete Fourier transform of the last axis. `x` and the result are pairs (real, imaginary)."""
    z, name = _pair_to_complex(x, "fft")
    return _parts(backend.current().xp.fft.fft(z), name)


@op
def fft2(x):
    """The Fourier transform of the last two axes. `x` and the result are pairs (real, imaginary)."""
    z, name = _pair_to_complex(x, "fft2")
    return _parts(backend.current().xp.fft.fft2(z), name)


@op
def ifft2(x):
    """The inverse of `fft2`."""
    z, name = _pair_to_complex(x, "ifft2")
    return _parts(backend.current().xp.fft.ifft2(z), name)


@op
def rfft(x, fft_length=None):
    """The Fourier transform of the real last axis, cut or filled to `fft_length`: a pair (real, imaginary)."""
    x, xp = floating(x)
    b = backend.current()
    name = b.dtype(x)
    x = b.cast(x, "float32") if name in ("float16", "bfloat16") else x
    return _parts(xp.fft.rfft(x, fft_length), name)


@op
def irfft(x, fft_length=None):
    """The inverse of `rfft`: real numbers from a pair (real, imaginary)."""
    z, name = _pair_to_complex(x, "irfft")
    b = backend.current()
    return b.cast(b.xp.fft.irfft(z, fft_length), name)


# ---- signals
@op
def extract_sequences(x, sequence_length, sequence_stride):
    """Windows of the last axis, `sequence_length` long, beginning every `sequence_stride` places."""
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
    """The short-time Fourier transform of the last axis: a pair (real, imaginary), (..., frames, fft_length // 2 + 1).

    Args:
        sequence_length: the length of each window.
        sequence_stride: the distance between the beginnings of windows.
        fft_length: the size of each transform, at least `sequence_length`.
        window: "hann", "hamming", a vector, or None.
        center: whether window t is centred at t * sequence_stride (the signal is reflected at its ends).
    """
    _check_stft(sequence_length, fft_length)
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
    """The inverse of `stft`: windows added where they overlap, divided by the sum of squared windows.

    Args:
        length: the length of the result.
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
    """`log(det x)`, by Cholesky's factors; x (..., n, n) is positive definite."""
    x, xp = floating(x)
    factor = xp.linalg.cholesky(x)
    return 2 * xp.sum(xp.log(xp.diagonal(factor, 0, -2, -1)), axis=-1)


@op
def cdist(x, y):
    """The Euclidean distances between the rows of x and those of y: (..., rows of x, rows of y)."""
    b = backend.current()
    x, y = convert(x), convert(y)
    name = dtypes.result_type(b.dtype(x), b.dtype(y), float)
    x, y = b.cast(x, name), b.cast(y, name)
    gap = b.xp.expand_dims(x, -2) - b.xp.expand_dims(y, -3)
    return b.xp.sqrt(b.xp.sum(b.xp.square(gap), axis=-1))
