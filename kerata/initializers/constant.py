"""Initializers without chance."""

from __future__ import annotations

import numpy as np

from kerata.core.errors import missing_package
from kerata.initializers.initializer import Initializer


def _native(dtype: str):
    from kerata.backend.numpy.arrays import native_dtype

    return native_dtype(dtype)


class Constant(Initializer):
    """Every element is `value` (a number, or an array that broadcasts to the shape).

    >>> import kerata
    >>> kerata.initializers.Constant(3.0)((2,)).shape[0]
    2
    """

    def __init__(self, value=0.0):
        self.value = value

    def _sample(self, shape, dtype):
        value = np.asarray(self.value)
        try:
            return np.broadcast_to(value, shape).astype(_native(dtype))
        except ValueError:
            raise ValueError(
                f"The `value` of Constant has the shape {value.shape}, and a weight of shape {shape} is wanted: give a number, or "
                "an array of that shape (or one that broadcasts to it)."
            ) from None


class Zeros(Initializer):
    """Every element is 0."""

    def _sample(self, shape, dtype):
        return np.zeros(shape, _native(dtype))


class Ones(Initializer):
    """Every element is 1."""

    def _sample(self, shape, dtype):
        return np.ones(shape, _native(dtype))


class Identity(Initializer):
    """`gain` on the diagonal of a matrix, 0 elsewhere."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def _sample(self, shape, dtype):
        if len(shape) != 2:
            raise ValueError(f"Identity makes matrices; the shape {shape} was asked for.")
        return (self.gain * np.eye(*shape)).astype(_native(dtype))


class STFT(Initializer):
    """The kernel of a convolution that computes a short-time Fourier transform: shape (frame_length, 1, bins).

    The transform's size is `2 * (bins - 1)`; frames that are shorter stand at its beginning.

    Args:
        side: "real" or "imag".
        window: name of a window of SciPy, a vector, or None.
        scaling: "density", "spectrum" or None.
        periodic: whether the window is periodic rather than symmetric.
    """

    def __init__(self, side="real", window="hann", scaling="density", periodic=False):
        if side not in ("real", "imag"):
            raise ValueError(f"`side` of STFT is 'real' or 'imag'; got {side!r}.")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(f"`scaling` of STFT is 'density', 'spectrum' or None; got {scaling!r}.")
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def _sample(self, shape, dtype):
        length, channels, bins = shape
        if channels != 1:
            raise ValueError(f"STFT kernels have the shape (frame_length, 1, bins); {shape} was asked for.")
        window = self._window(length)
        scale = 1.0
        if self.window is not None and self.scaling == "density":
            scale = 1.0 / np.sqrt(np.sum(window**2))
        elif self.window is not None and self.scaling == "spectrum":
            scale = 1.0 / np.sum(np.abs(window))
        angle = np.pi * np.outer(np.arange(length), np.arange(bins)) / max(bins - 1, 1)  # of a transform of 2 * (bins - 1)
        wave = np.cos(angle) if self.side == "real" else -np.sin(angle)
        return (wave * window[:, None] * scale)[:, None, :].astype(_native(dtype))

    def _window(self, length):
        if self.window is None:
            return np.ones(length)
        if not isinstance(self.window, str):
            window = np.asarray(self.window, "float64")
            if window.shape != (length,):
                raise ValueError(f"`window` of STFT has shape ({length},) for kernels of that length; got {window.shape}.")
            return window
        try:
            from scipy.signal import get_window
        except ImportError:
            raise missing_package("scipy", "A window of the STFT initializer") from None
        return get_window(self.window, length, fftbins=self.periodic)
